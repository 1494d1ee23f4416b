import fs from 'node:fs';
import path from 'node:path';
import { replacingPrefix } from '@shared/beside.ts';
import { CodedError, coded } from '@shared/errors.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import { fsyncFolder, removeIfPossible, renameWithRetry, sha256File } from './fsync.ts';
import { isStillThere, isUnchanged, type Identity } from './identity.ts';
import { removeIntent, writeIntent } from './intent.ts';
import { requireNotInUse } from './not-in-use.ts';
import { dropReplacedIfDerived, finalName, isThere, letRawCopyGo, replacedIn, REPLACED, SIDECARS } from './raw-copy.ts';
import { placeWhereNothingIs, takeFirstNameAway } from './restore-place.ts';
import {
  type About,
  asRefusal,
  dropStaged,
  type FileProbe,
  type NewFile,
  removeStages,
  type Staged,
  stageOf,
  stateOf,
  type Suffix,
} from './restore-stage.ts';
import { unsure } from './sqlite-error.ts';

/**
 * Restores by file, for a target that is missing or that SQLite cannot open. What was there goes, byte for byte, into
 * a new folder beside it; its sidecars with it, because a stale WAL would be played over the restored data. Until the
 * intent lies there nothing is touched; from then on `carryOn` ends what was begun. The caller removes the intent.
 * @param staged what `stageByFile` has made ready.
 * @returns the folder with what was replaced; null when there was nothing.
 * @throws CodedError E_DB_IN_USE | E_RESTORE_TARGET | E_STATE_CHANGED with the target untouched; others with the intent
 * beside it.
 */
export function placeStaged(staged: Staged, probe?: FileProbe): string | null {
  const { target, files, about, found, kept } = staged;
  const intent = intentFor(target, files, about, kept);
  try {
    requireNotInUse(target);
    writeIntent(target, intent);
  } catch (error) {
    throw dropStaged(staged, asRefusal(target, error));
  }
  probe?.('intended', target);
  try {
    carryOn(target, intent, probe, found);
  } catch (error) {
    throw isStateChanged(error) ? asWhatIsLeft(staged, intent, error) : error;
  }
  return quarantineOf(target, intent);
}

function intentFor(target: string, files: readonly NewFile[], about: About, kept: string | null): RestoreIntent {
  return {
    ...about,
    format: 'phasewise-restore 1',
    databaseName: path.basename(target),
    way: 'by-file',
    sha256: files.find(({ suffix }) => suffix === '')?.sha256 ?? '',
    files: files.map(({ suffix, sha256 }) => ({ suffix, sha256 })),
    quarantine: kept === null ? null : path.basename(finalName(target, kept)),
    beforePath: null,
  };
}

const isStateChanged = (error: unknown): error is CodedError =>
  error instanceof CodedError && error.appError.code === 'E_STATE_CHANGED';

/** Somebody else was at the file: unless sidecars were moved, it is as if nothing had been begun. */
function asWhatIsLeft({ target, raw, found }: Staged, intent: RestoreIntent, error: CodedError): CodedError {
  const kept = quarantineOf(target, intent);
  if (kept !== null && SIDECARS.some((suffix) => isThere(replacedIn(kept, target) + suffix)))
    return coded('E_RESTORE_UNFINISHED', `${error.message} What lay beside it is kept in ${path.basename(kept)}.`);
  removeStages(target);
  const mayBeLast = raw !== null || (found !== null && !isStillThere(target, found));
  if (kept !== null && !mayBeLast) removeIfPossible(kept, { recursive: true });
  removeIntent(target);
  return kept !== null && mayBeLast ? letRawCopyGo(target, kept, error) : error;
}

/**
 * Whether an interrupted replacement can be carried through, because nothing else has happened since; see `canCarryOn`.
 * Looking changes nothing, and takes long: it can be ended.
 * @returns what carries it through; null = it has to begin anew. It throws CodedError E_DB_IN_USE while another program
 * has the file open, and as `carryOn`; the intent stays.
 */
export function readyToCarryThrough(target: string, intent: RestoreIntent, probe?: FileProbe): (() => void) | null {
  const found = stateOf(target); // before the comparing: somebody may write to it meanwhile
  if (!canCarryOn(target, intent)) return null;
  return () => {
    try {
      if (intent.files.some(({ suffix }) => isThere(stageOf(target, suffix)))) requireNotInUse(target);
      carryOn(target, intent, probe, found);
    } catch (error) {
      // This try may have changed nothing, but the one that was interrupted perhaps has.
      throw error instanceof CodedError ? unsure(error) : error;
    }
  };
}

/**
 * Goes on with an intended replacement from wherever it stopped; may itself be killed and asked again.
 * @param found what the target was when it was kept, or found to be what was kept.
 * @throws CodedError E_STATE_CHANGED when another program has written to it since, or made a file where none was;
 * E_DB_IN_USE when one has just opened it; the system's error. The intent stays.
 */
export function carryOn(target: string, intent: RestoreIntent, probe?: FileProbe, found = stateOf(target)): void {
  const folder = path.dirname(target);
  const kept = keepForGood(target, intent);
  if (isThere(stageOf(target, ''))) {
    requireUnchanged(target, found);
    moveSidecars(target, intent);
    probe?.('cleared', target);
    placeMain(target, intent, found);
    fsyncFolder(folder);
    probe?.('replaced', target);
  } else requireUnchanged(target, found);
  for (const { suffix } of intent.files) {
    if (suffix === '' || !isThere(stageOf(target, suffix))) continue;
    if (isOfAnother(target + suffix)) throw unsure(justOpened('E_DB_IN_USE', target));
    renameWithRetry(stageOf(target, suffix), target + suffix);
  }
  fsyncFolder(folder);
  if (kept !== null) dropReplacedIfDerived(kept, target);
}

/** Where a log or journal is about to be placed. Nothing else of ours makes one; a folder cannot be lost by renaming. */
const isOfAnother = (file: string): boolean => fs.lstatSync(file, { throwIfNoEntry: false })?.isDirectory() === false;

/**
 * Under its final name only once it is intended: a folder that is still being filled is nobody's, and is swept.
 * @returns where the old files are; null = there were none.
 */
export function keepForGood(target: string, intent: RestoreIntent): string | null {
  const kept = quarantineOf(target, intent);
  if (kept === null || path.basename(kept) === intent.quarantine) return kept;
  const final = finalName(target, kept);
  renameWithRetry(kept, final);
  return final;
}

function placeMain(target: string, intent: RestoreIntent, found: Identity | null): void {
  const kept = quarantineOf(target, intent);
  const stage = stageOf(target, '');
  const isReplacing = found !== null && kept !== null && isThere(replacedIn(kept, target));
  if (isReplacing) {
    requireUnchanged(target, found);
    if (SIDECARS.some((suffix) => isThere(target + suffix))) throw justOpened('E_STATE_CHANGED', target);
    renameWithRetry(stage, target);
  }
  // An earlier try was killed between the two names.
  else if (isThere(target) && sha256File(target) === intent.sha256) fs.rmSync(stage);
  else placeWhereNothingIs(stage, target);
}

/** What another program has written since is in no copy. Where nothing was, `placeWhereNothingIs` sees to it. */
function requireUnchanged(target: string, found: Identity | null): void {
  const now = stateOf(target);
  if (found === null || (now !== null && isUnchanged(found, now))) return;
  throw coded('E_STATE_CHANGED', `Another program wrote to ${path.basename(target)} just now.`);
}

const justOpened = (code: 'E_STATE_CHANGED' | 'E_DB_IN_USE', target: string): CodedError =>
  coded(code, `Another program has just opened ${path.basename(target)}.`);

/**
 * For a restore that begins anew: what the earlier one kept may be in no other place, and is not swept. Only one of a
 * missing database gives its copy a second name.
 */
export function endPlacing(target: string, intent: RestoreIntent | null): void {
  const kept = intent && keepForGood(target, intent);
  if (kept === null || !isThere(replacedIn(kept, target))) takeFirstNameAway(stageOf(target, ''), target);
}

/**
 * Whether nothing but the restore itself has happened since the intent was written: the copies beside the database are
 * whole, and the database is what was kept of it. Otherwise the restore has to begin anew, keeping what is there now.
 */
export function canCarryOn(target: string, intent: RestoreIntent): boolean {
  const isWhole = ({ suffix, sha256 }: RestoreIntent['files'][number]) =>
    !isThere(stageOf(target, suffix)) || sha256File(stageOf(target, suffix)) === sha256;
  if (!intent.files.every(isWhole)) return false;
  const kept = quarantineOf(target, intent);
  const inQuarantine = (suffix: Suffix): string | null => (kept === null ? null : replacedIn(kept, target) + suffix);
  if (!isThere(stageOf(target, ''))) {
    const isPlaced = ({ suffix, sha256 }: RestoreIntent['files'][number]) =>
      isThere(stageOf(target, suffix))
        ? !isOfAnother(target + suffix)
        : isThere(target + suffix) && sha256File(target + suffix) === sha256;
    return intent.files.every(isPlaced);
  }
  const old = inQuarantine('');
  const isOld =
    old !== null && isThere(old) && isThere(target)
      ? sha256File(old) === sha256File(target)
      : isThere(target)
        ? sha256File(target) === intent.sha256
        : old === null || !isThere(old);
  // Where bytes were kept before the file was opened, what lay beside it is among them: this is of a later writer.
  const isOpened = old?.endsWith(REPLACED) === true;
  const hasNewSidecar = SIDECARS.some((suffix) => {
    const moved = inQuarantine(suffix);
    return isThere(target + suffix) && (moved === null || isThere(moved) || (isOpened && suffix !== '-shm'));
  });
  return isOld && !hasNewSidecar;
}

/** The folder with the old files of a restore, whether or not it has its final name yet. */
export function quarantineOf(target: string, { quarantine }: RestoreIntent): string | null {
  if (quarantine === null) return null;
  const final = path.join(path.dirname(target), quarantine);
  const filling = path.join(path.dirname(target), replacingPrefix(path.basename(target)) + quarantine.slice(-6));
  return isThere(filling) ? filling : final;
}

function moveSidecars(target: string, { quarantine }: RestoreIntent): void {
  const present = SIDECARS.filter((suffix) => isThere(target + suffix));
  if (present.length === 0) return;
  // Then it came a moment ago, with a program that is at work on the file.
  if (quarantine === null) throw justOpened('E_DB_IN_USE', target);
  const kept = path.join(path.dirname(target), quarantine);
  const old = replacedIn(kept, target);
  for (const suffix of present) {
    const to = old + suffix;
    if (isThere(to)) throw justOpened('E_DB_IN_USE', target);
    renameWithRetry(target + suffix, to);
  }
  fsyncFolder(kept);
  fsyncFolder(path.dirname(target));
}
