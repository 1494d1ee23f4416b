import fs from 'node:fs';
import path from 'node:path';
import { errorWords } from '@shared/error-code.ts';
import { replacingPrefix, restoreLockFile } from '@shared/beside.ts';
import { CodedError, coded } from '@shared/errors.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import { fsyncFile, fsyncFolder, removeIfPossible, sha256File } from './fsync.ts';
import { identify, type Identity } from './identity.ts';
import { requireNotInUse } from './not-in-use.ts';
import { copyWhole, isThere, letRawCopyGo, REPLACED, SIDECARS, sweepRawCopies } from './raw-copy.ts';

/**
 * A restore by file before it touches anything: what is to be put in place and what is to be kept are copied beside the
 * target. Up to its note it can be ended at any moment, and leaves nothing but copies.
 */
export type Suffix = RestoreIntent['files'][number]['suffix'];

/** A file that is put in place: the database (suffix '') or one beside it. */
export interface NewFile {
  readonly suffix: Suffix;
  readonly from: string;
  readonly sha256: string;
}

export type FileProbe = (point: 'staged' | 'kept' | 'intended' | 'cleared' | 'replaced', file: string) => void;

export const stageOf = (target: string, suffix: Suffix): string => `${target}.restore-stage${suffix}`;

/** What a restore by file is about, for its note. */
export type About = Pick<RestoreIntent, 'source' | 'backupPath' | 'startedAt'>;

/** All that is needed is beside the target; nothing is begun. */
export interface Staged {
  readonly target: string;
  readonly files: readonly NewFile[];
  readonly about: About;
  /** What the target was before it was copied. */
  readonly found: Identity | null;
  /** The folder with what will be replaced; null = nothing is there. */
  readonly kept: string | null;
  readonly raw: string | null;
}

/**
 * @param raw a copy that was made before SQLite opened the file, and may have changed it: then that is what is kept.
 * @throws CodedError E_DB_IN_USE | E_RESTORE_TARGET with the target untouched and the copies gone.
 */
export function stageByFile(
  target: string,
  files: readonly NewFile[],
  about: About,
  probe?: FileProbe,
  raw: string | null = null,
): Staged {
  const folder = path.dirname(target);
  let kept: string | null = null;
  if (raw === null) requireNotInUse(target); // else we have had it locked a moment ago
  try {
    sweep(target, raw);
    // The database last: by it an earlier note may be carried on, which needs all of them.
    for (const file of files.toSorted((a, b) => b.suffix.length - a.suffix.length)) stageCopy(file, target);
    fsyncFolder(folder);
    probe?.('staged', stageOf(target, ''));
    const found = stateOf(target);
    kept = keepOldFile(target, raw);
    probe?.('kept', kept ?? '');
    return { target, files, about, found, kept, raw };
  } catch (error) {
    throw dropStaged({ target, kept, raw }, asRefusal(target, error));
  }
}

/**
 * Takes the copies away again: the originals are where they were. What cannot be removed is swept by a later restore.
 * @returns the error to be thrown.
 */
export function dropStaged({ target, kept, raw }: Pick<Staged, 'target' | 'kept' | 'raw'>, error: unknown): unknown {
  for (const suffix of ['', ...SIDECARS] as const) removeIfPossible(stageOf(target, suffix));
  if (raw !== null) return letRawCopyGo(target, raw, error);
  if (kept !== null) removeIfPossible(kept, { recursive: true });
  return error;
}

/** Of what went wrong before anything was begun. */
export function asRefusal(target: string, error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  const folder = path.dirname(target);
  return coded('E_RESTORE_TARGET', `The backup could not be put into ${folder}: ${errorWords(error)}`, { folder });
}

export const stateOf = (target: string): Identity | null => (isThere(target) ? identify(target) : null);

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
