import fs from 'node:fs';
import path from 'node:path';
import { isReplacingFolder, replacedPrefix, replacingPrefix, restoreLockFile } from '@shared/beside.ts';
import { CodedError, coded } from '@shared/errors.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import { assertNotConnected, fsyncFile, fsyncFolder, renameWithRetry, sha256File } from './fsync.ts';
import { removeIntent, writeIntent } from './intent.ts';
import { asSubject, holdersOf } from './lock-holders.ts';
import { placeWhereNothingIs, takeFirstNameAway } from './restore-place.ts';

export const SIDECARS = ['-wal', '-journal', '-shm'] as const;
type Suffix = RestoreIntent['files'][number]['suffix'];

/** A file that is put in place: the database (suffix '') or one beside it. */
export interface NewFile {
  readonly suffix: Suffix;
  readonly from: string;
  readonly sha256: string;
}

export type FileProbe = (point: 'staged' | 'kept' | 'intended' | 'cleared' | 'replaced', file: string) => void;

const stageOf = (target: string, suffix: Suffix): string => `${target}.restore-stage${suffix}`;
const isThere = (file: string): boolean => fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;

/**
 * Restores by file, for a target that is missing or that SQLite cannot open. What was there goes, byte for byte, into
 * a new folder beside it; its sidecars with it, because a stale WAL would be played over the restored data. Until the
 * intent lies there nothing is touched; from then on `carryOn` ends what was begun. The caller removes the intent.
 * @returns the folder with what was replaced; null when there was nothing.
 * @throws CodedError E_DB_IN_USE | E_RESTORE_TARGET with the target untouched; others with the intent beside it.
 */
export function replaceByFile(
  target: string,
  files: readonly NewFile[],
  about: Pick<RestoreIntent, 'source' | 'backupPath' | 'startedAt'>,
  probe?: FileProbe,
): string | null {
  const folder = path.dirname(target);
  assertNotHeld(target);
  let kept: string | null = null;
  let intent: RestoreIntent;
  try {
    sweep(target);
    for (const file of files) stageCopy(file, target);
    fsyncFolder(folder);
    probe?.('staged', stageOf(target, ''));
    kept = keepOldFile(target);
    probe?.('kept', kept ?? '');
    intent = {
      ...about,
      format: 'phasewise-restore 1',
      databaseName: path.basename(target),
      way: 'by-file',
      sha256: files.find(({ suffix }) => suffix === '')?.sha256 ?? '',
      files: files.map(({ suffix, sha256 }) => ({ suffix, sha256 })),
      quarantine: kept === null ? null : path.basename(finalName(target, kept)),
      beforePath: null,
    };
    assertNotHeld(target);
    writeIntent(target, intent);
  } catch (error) {
    removeStages(target);
    if (kept !== null) fs.rmSync(kept, { recursive: true, force: true }); // copies: the originals are where they were
    if (error instanceof CodedError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw coded('E_RESTORE_TARGET', `The backup could not be put into ${folder}: ${reason}`, { folder });
  }
  probe?.('intended', target);
  try {
    carryOn(target, intent, probe);
  } catch (error) {
    throw isStateChanged(error) ? asWhatIsLeft(target, intent, error) : error;
  }
  return quarantineOf(target, intent);
}

const isStateChanged = (error: unknown): error is CodedError =>
  error instanceof CodedError && error.appError.code === 'E_STATE_CHANGED';

/** Nothing was there, but something is by now: unless sidecars were moved, it is as if nothing had been begun. */
function asWhatIsLeft(target: string, intent: RestoreIntent, error: CodedError): CodedError {
  if (intent.quarantine !== null)
    return coded('E_RESTORE_UNFINISHED', `${error.message} What lay beside it is kept in ${intent.quarantine}.`);
  removeStages(target);
  removeIntent(target);
  return error;
}

/**
 * Goes on with an intended replacement from wherever it stopped; may itself be killed and asked again.
 * @throws CodedError E_STATE_CHANGED when a file has appeared where none was; the system's error. The intent stays.
 */
export function carryOn(target: string, intent: RestoreIntent, probe?: FileProbe): void {
  const folder = path.dirname(target);
  const kept = quarantineOf(target, intent);
  // Under its final name only now: a folder that is still being filled is nobody's.
  if (kept !== null && path.basename(kept) !== intent.quarantine) renameWithRetry(kept, finalName(target, kept));
  if (isThere(stageOf(target, ''))) {
    moveSidecars(target, intent);
    probe?.('cleared', target);
    placeMain(target, intent);
    fsyncFolder(folder);
    probe?.('replaced', target);
  }
  for (const { suffix } of intent.files) {
    if (suffix !== '' && isThere(stageOf(target, suffix))) renameWithRetry(stageOf(target, suffix), target + suffix);
  }
  fsyncFolder(folder);
}

function placeMain(target: string, intent: RestoreIntent): void {
  const kept = quarantineOf(target, intent);
  const stage = stageOf(target, '');
  const isReplacing = kept !== null && isThere(path.join(kept, path.basename(target)));
  if (isReplacing) renameWithRetry(stage, target);
  // An earlier try was killed between the two names.
  else if (isThere(target) && sha256File(target) === intent.sha256) fs.rmSync(stage);
  else placeWhereNothingIs(stage, target);
}

/** For a restore that begins anew. Only one of a missing database gives its copy a second name. */
export function endPlacing(target: string, intent: RestoreIntent | null): void {
  const kept = intent && quarantineOf(target, intent);
  if (kept === null || !isThere(path.join(kept, path.basename(target)))) takeFirstNameAway(stageOf(target, ''), target);
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
  const inQuarantine = (suffix: Suffix): string | null =>
    kept === null ? null : path.join(kept, path.basename(target) + suffix);
  if (!isThere(stageOf(target, ''))) {
    const isPlaced = ({ suffix, sha256 }: RestoreIntent['files'][number]) =>
      isThere(stageOf(target, suffix)) || (isThere(target + suffix) && sha256File(target + suffix) === sha256);
    return intent.files.every(isPlaced);
  }
  const old = inQuarantine('');
  const isOld =
    old !== null && isThere(old) && isThere(target)
      ? sha256File(old) === sha256File(target)
      : isThere(target)
        ? sha256File(target) === intent.sha256
        : old === null || !isThere(old);
  const hasNewSidecar = SIDECARS.some((suffix) => {
    const moved = inQuarantine(suffix);
    return isThere(target + suffix) && (moved === null || isThere(moved));
  });
  return isOld && !hasNewSidecar;
}

/**
 * Copies the database and its sidecars byte for byte into a new folder beside it, before SQLite opens it: opening plays
 * a journal back, closing writes a WAL back, and either changes a damaged file.
 * @returns the folder, not yet under the name that says it is kept: see `keepForGood`.
 */
export function makeRawCopy(target: string): string {
  const folder = path.dirname(target);
  const filling = fs.mkdtempSync(path.join(folder, replacingPrefix(path.basename(target))));
  try {
    copyRaw(target, filling);
    fsyncFolder(folder);
    return filling;
  } catch (error) {
    fs.rmSync(filling, { recursive: true, force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw coded('E_RESTORE_TARGET', `What is there could not be kept beside it: ${reason}`, { folder });
  }
}

/** @returns its new path. */
export function keepForGood(target: string, filling: string): string {
  const kept = finalName(target, filling);
  renameWithRetry(filling, kept);
  fsyncFolder(path.dirname(target));
  return kept;
}

const finalName = (target: string, filling: string): string =>
  path.join(path.dirname(target), replacedPrefix(path.basename(target)) + filling.slice(-6));

/** The folder with the old files of a restore, whether or not it has its final name yet. */
export function quarantineOf(target: string, { quarantine }: RestoreIntent): string | null {
  if (quarantine === null) return null;
  const final = path.join(path.dirname(target), quarantine);
  const filling = path.join(path.dirname(target), replacingPrefix(path.basename(target)) + quarantine.slice(-6));
  return isThere(filling) ? filling : final;
}

/** Copies the database and what lies beside it into `folder`, on the disk when it returns. */
export function copyRaw(target: string, folder: string): void {
  for (const suffix of ['', ...SIDECARS].filter((each) => fs.existsSync(target + each)))
    copyWhole(target + suffix, folder);
  fsyncFolder(folder);
}

/** Removes the copies beside `target` that an abandoned restore left. */
export function removeStages(target: string): void {
  for (const suffix of ['', ...SIDECARS] as const) fs.rmSync(stageOf(target, suffix), { force: true });
}

/** What killed restores left before they touched anything. Only where no restore is unfinished. */
export function sweep(target: string): void {
  removeStages(target);
  const [folder, name] = [path.dirname(target), path.basename(target)];
  for (const each of fs.readdirSync(folder)) {
    const isDraft =
      (each.startsWith(`${name}.restore-intent.`) && each.endsWith('.tmp')) ||
      each.startsWith(`${path.basename(restoreLockFile(target))}.`);
    const isOurs = isReplacingFolder(name, each) || isDraft;
    if (isOurs) fs.rmSync(path.join(folder, each), { recursive: true, force: true });
  }
}

function assertNotHeld(target: string): void {
  const holders = holdersOf(target);
  if (holders.length > 0) throw coded('E_DB_IN_USE', `${asSubject(holders)} has ${path.basename(target)} open.`);
}

function copyWhole(from: string, folder: string): void {
  const to = path.join(folder, path.basename(from));
  assertNotConnected(from);
  fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
  fs.chmodSync(to, 0o600);
  fsyncFile(to);
  if (sha256File(from) !== sha256File(to)) throw new Error('the old file could not be copied');
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
function keepOldFile(target: string): string | null {
  const [folder, name] = [path.dirname(target), path.basename(target)];
  const present = ['', ...SIDECARS].filter((suffix) => isThere(target + suffix));
  if (present.length === 0) return null;
  const filling = fs.mkdtempSync(path.join(folder, replacingPrefix(name)));
  try {
    if (present.includes('')) copyWhole(target, filling);
    fsyncFolder(filling);
    fsyncFolder(folder);
    return filling;
  } catch (error) {
    fs.rmSync(filling, { recursive: true, force: true });
    throw error;
  }
}

function moveSidecars(target: string, { quarantine }: RestoreIntent): void {
  const present = SIDECARS.filter((suffix) => isThere(target + suffix));
  if (present.length === 0) return;
  // Then it came a moment ago, with a program that is at work on the file.
  if (quarantine === null) throw coded('E_DB_IN_USE', `Another program has just opened ${path.basename(target)}.`);
  const kept = path.join(path.dirname(target), quarantine);
  for (const suffix of present) {
    const to = path.join(kept, path.basename(target) + suffix);
    if (isThere(to)) throw coded('E_DB_IN_USE', `Another program has just opened ${path.basename(target)}.`);
    renameWithRetry(target + suffix, to);
  }
  fsyncFolder(kept);
  fsyncFolder(path.dirname(target));
}
