import fs from 'node:fs';
import path from 'node:path';
import { CodedError, coded } from '@shared/errors.ts';
import type { Manifest } from '@shared/manifest.ts';
import { assertNotConnected, fsyncFile, fsyncFolder, renameWithRetry, sha256File } from './fsync.ts';
import { holdersOf } from './lock-holders.ts';

const SIDECARS = ['-wal', '-journal', '-shm'];

/**
 * Restores by file, for a target that is missing or that SQLite cannot open. What was there goes, byte for byte, into
 * a new folder beside it; its sidecars with it, because a stale WAL would be played over the restored data.
 * Killed anywhere, the path names the old file or the whole new one, and doing it again ends well.
 * @returns the folder with what was replaced; null when there was nothing.
 * @throws CodedError E_DB_IN_USE | E_RESTORE_TARGET with the target untouched.
 */
export function putInPlaceOf(target: string, backup: string, manifest: Manifest): string | null {
  const folder = path.dirname(target);
  const holders = holdersOf(target);
  if (holders.length > 0) throw coded('E_DB_IN_USE', `${holders.join(', ')} has ${path.basename(target)} open.`);
  const stage = `${target}.restore-stage`;
  try {
    fs.rmSync(stage, { force: true }); // of a restore that was killed
    stageCopy(backup, stage, manifest, target);
    const kept = keepOldFiles(target, folder);
    renameWithRetry(stage, target);
    fsyncFolder(folder);
    return kept;
  } catch (error) {
    fs.rmSync(stage, { force: true });
    if (error instanceof CodedError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw coded('E_RESTORE_TARGET', `The backup could not be put into ${folder}: ${reason}`, { folder });
  }
}

/**
 * Copies the database and its sidecars byte for byte into a new folder beside it, before SQLite opens it: opening plays
 * a journal back, closing writes a WAL back, and either changes a damaged file.
 */
export function keepRawCopy(target: string): string {
  const folder = path.dirname(target);
  const kept = fs.mkdtempSync(path.join(folder, `${path.basename(target)} replaced-`));
  try {
    for (const suffix of ['', ...SIDECARS].filter((each) => fs.existsSync(target + each)))
      copyWhole(target + suffix, kept);
    fsyncFolder(kept);
    fsyncFolder(folder);
    return kept;
  } catch (error) {
    fs.rmSync(kept, { recursive: true, force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw coded('E_RESTORE_TARGET', `What is there could not be kept beside it: ${reason}`, { folder });
  }
}

function copyWhole(from: string, folder: string): void {
  const to = path.join(folder, path.basename(from));
  assertNotConnected(from);
  fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
  fs.chmodSync(to, 0o600);
  fsyncFile(to);
  if (sha256File(from) !== sha256File(to)) throw new Error('the old file could not be copied');
}

function stageCopy(backup: string, stage: string, manifest: Manifest, target: string): void {
  fs.copyFileSync(backup, stage, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
  const old = fs.statSync(target, { throwIfNoEntry: false });
  if (old) fs.chmodSync(stage, old.mode & 0o777);
  fsyncFile(stage);
  if (sha256File(stage) !== manifest.sha256)
    throw coded('E_RESTORE_TARGET', 'The copy beside the target does not equal the backup.');
}

/** The main file is copied and not moved, so that the path is never empty; the sidecars are moved. */
function keepOldFiles(target: string, folder: string): string | null {
  const present = ['', ...SIDECARS].filter((suffix) => fs.existsSync(target + suffix));
  if (present.length === 0) return null;
  const kept = fs.mkdtempSync(path.join(folder, `${path.basename(target)} replaced-`));
  for (const suffix of present) {
    const from = target + suffix;
    if (suffix === '') copyWhole(from, kept);
    else renameWithRetry(from, path.join(kept, path.basename(from)));
  }
  fsyncFolder(kept);
  fsyncFolder(folder);
  return kept;
}
