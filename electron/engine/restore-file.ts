import fs from 'node:fs';
import path from 'node:path';
import { errorWords } from '@shared/error-code.ts';
import { replacingPrefix, restoreLockFile } from '@shared/beside.ts';
import { CodedError, coded } from '@shared/errors.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import { fsyncFile, fsyncFolder, removeIfPossible, renameWithRetry, sha256File } from './fsync.ts';
import { identify, isUnchanged, type Identity } from './identity.ts';
import { removeIntent, writeIntent } from './intent.ts';
import { requireNotInUse } from './not-in-use.ts';
import {
  copyWhole,
  dropReplacedIfDerived,
  finalName,
  isThere,
  letRawCopyGo,
  replacedIn,
  REPLACED,
  SIDECARS,
  sweepRawCopies,
} from './raw-copy.ts';
import { placeWhereNothingIs, takeFirstNameAway } from './restore-place.ts';
import { unsure } from './sqlite-error.ts';

type Suffix = RestoreIntent['files'][number]['suffix'];

/** A file that is put in place: the database (suffix '') or one beside it. */
export interface NewFile {
  readonly suffix: Suffix;
  readonly from: string;
  readonly sha256: string;
}

export type FileProbe = (point: 'staged' | 'kept' | 'intended' | 'cleared' | 'replaced', file: string) => void;

const stageOf = (target: string, suffix: Suffix): string => `${target}.restore-stage${suffix}`;

/** What a restore by file is about, for its note. */
type About = Pick<RestoreIntent, 'source' | 'backupPath' | 'startedAt'>;

/**
 * Restores by file, for a target that is missing or that SQLite cannot open. What was there goes, byte for byte, into
 * a new folder beside it; its sidecars with it, because a stale WAL would be played over the restored data. Until the
 * intent lies there nothing is touched; from then on `carryOn` ends what was begun. The caller removes the intent.
 * @param raw a copy that was made before SQLite opened the file, and may have changed it: then that is what is kept.
 * @returns the folder with what was replaced; null when there was nothing.
 * @throws CodedError E_DB_IN_USE | E_RESTORE_TARGET | E_STATE_CHANGED with the target untouched; others with the intent
 * beside it.
 */
export function replaceByFile(
  target: string,
  files: readonly NewFile[],
  about: About,
  probe?: FileProbe,
  raw: string | null = null,
): string | null {
  const folder = path.dirname(target);
  let kept: string | null = null;
  let intent: RestoreIntent;
  let found: Identity | null;
  if (raw === null) requireNotInUse(target); // else we have had it locked a moment ago
  try {
    sweep(target, raw);
    for (const file of files) stageCopy(file, target);
    fsyncFolder(folder);
    probe?.('staged', stageOf(target, ''));
    found = stateOf(target);
    kept = keepOldFile(target, raw);
    probe?.('kept', kept ?? '');
    intent = intentFor(target, files, about, kept);
    requireNotInUse(target);
    writeIntent(target, intent);
  } catch (error) {
    // Copies: the originals are where they were. What cannot be removed is swept by a later restore.
    for (const suffix of ['', ...SIDECARS] as const) removeIfPossible(stageOf(target, suffix));
    const told =
      error instanceof CodedError
        ? error
        : coded('E_RESTORE_TARGET', `The backup could not be put into ${folder}: ${errorWords(error)}`, { folder });
    if (raw !== null) throw letRawCopyGo(target, raw, told);
    if (kept !== null) removeIfPossible(kept, { recursive: true });
    throw told;
  }
  probe?.('intended', target);
  try {
    carryOn(target, intent, probe, found);
  } catch (error) {
    throw isStateChanged(error) ? asWhatIsLeft(target, intent, error, raw !== null) : error;
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
function asWhatIsLeft(target: string, intent: RestoreIntent, error: CodedError, isRaw: boolean): CodedError {
  const kept = quarantineOf(target, intent);
  if (kept !== null && SIDECARS.some((suffix) => isThere(replacedIn(kept, target) + suffix)))
    return coded('E_RESTORE_UNFINISHED', `${error.message} What lay beside it is kept in ${path.basename(kept)}.`);
  removeStages(target);
  if (kept !== null && !isRaw) removeIfPossible(kept, { recursive: true });
  removeIntent(target);
  return kept !== null && isRaw ? letRawCopyGo(target, kept, error) : error;
}

/**
 * Carries an interrupted replacement through, where nothing else has happened since; see `canCarryOn`.
 * @returns false = it has to begin anew.
 * @throws CodedError E_DB_IN_USE while another program has it open, and as `carryOn`. The intent stays.
 */
export function carryThrough(target: string, intent: RestoreIntent, probe?: FileProbe): boolean {
  const found = stateOf(target); // before the comparing, which takes long: somebody may write to it meanwhile
  if (!canCarryOn(target, intent)) return false;
  try {
    if (intent.files.some(({ suffix }) => isThere(stageOf(target, suffix)))) requireNotInUse(target);
    carryOn(target, intent, probe, found);
    return true;
  } catch (error) {
    // This try may have changed nothing, but the one that was interrupted perhaps has.
    throw error instanceof CodedError ? unsure(error) : error;
  }
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

const stateOf = (target: string): Identity | null => (isThere(target) ? identify(target) : null);

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

/** Removes the copies beside `target` that an abandoned restore left. */
export function removeStages(target: string): void {
  for (const suffix of ['', ...SIDECARS] as const) fs.rmSync(stageOf(target, suffix), { force: true });
}

/** What killed restores left before they touched anything. Only where no restore is unfinished. */
export function sweep(target: string, raw: string | null = null): void {
  removeStages(target);
  sweepRawCopies(target, raw);
  const [folder, name] = [path.dirname(target), path.basename(target)];
  for (const each of fs.readdirSync(folder)) {
    const isDraft =
      (each.startsWith(`${name}.restore-intent.`) && each.endsWith('.tmp')) ||
      each.startsWith(`${path.basename(restoreLockFile(target))}.`);
    // Drafts have names of their own: one that cannot be removed stands in nobody's way.
    if (isDraft) removeIfPossible(path.join(folder, each));
  }
}

/** After one that is good: whether or not they can be removed. */
export function sweepIfPossible(target: string): void {
  try {
    sweep(target);
  } catch {
    // a later restore does it
  }
}

function stageCopy({ suffix, from, sha256 }: NewFile, target: string): void {
  const stage = stageOf(target, suffix);
  fs.copyFileSync(from, stage, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
  const old = fs.statSync(target, { throwIfNoEntry: false });
  if (old) giveToOwnerOf(old, stage);
  fs.chmodSync(stage, old ? old.mode & 0o777 : 0o600);
  fsyncFile(stage);
  if (sha256File(stage) !== sha256)
    throw coded('E_RESTORE_TARGET', 'The copy beside the target does not equal what is to be put there.');
}

/** An administrator who restores must not lock the owner out. Nobody else can give files away, or needs to. */
function giveToOwnerOf({ uid, gid }: fs.Stats, stage: string): void {
  const own = fs.statSync(stage);
  if (own.uid === uid && own.gid === gid) return;
  try {
    fs.chownSync(stage, uid, gid);
  } catch {
    // then it belongs to whoever restores, as every file of theirs
  }
}

/** The main file is copied and not moved, so that the path is never empty; the sidecars are moved, later. */
function keepOldFile(target: string, raw: string | null): string | null {
  const [folder, name] = [path.dirname(target), path.basename(target)];
  const present = ['', ...SIDECARS].filter((suffix) => isThere(target + suffix));
  if (present.length === 0) return raw;
  const filling = raw ?? fs.mkdtempSync(path.join(folder, replacingPrefix(name)));
  try {
    if (present.includes('')) copyWhole(target, filling, raw === null ? name : name + REPLACED);
    fsyncFolder(filling);
    fsyncFolder(folder);
    return filling;
  } catch (error) {
    if (raw === null) removeIfPossible(filling, { recursive: true });
    throw error;
  }
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
