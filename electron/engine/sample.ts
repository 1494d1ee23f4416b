import fs from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { coded } from '@shared/errors.ts';
import { must, openEngine } from './connection.ts';
import { fsyncFile, fsyncFolder, removeIfPossible } from './fsync.ts';
import { requireSafePath } from './identity.ts';
import type { Pack } from './migration.ts';
import type { EngineRequests } from './protocol.ts';
import { fromSqlite } from './sqlite-error.ts';

/**
 * Builds a pack's sample database in a new file. Never touches a file that is there; one that could not be finished is
 * removed again.
 * @throws CodedError E_FILE_EXISTS, E_NOT_FOUND without its folder, E_READONLY_DIR, E_NO_SPACE, E_PATH_UNSUPPORTED,
 * E_BAD_REQUEST for a pack without a sample.
 */
export function buildSample(
  { path: file, packId, seed }: EngineRequests['sample']['input'],
  packs: readonly Pack[],
): { path: string } {
  const pack = packs.find(({ id }) => id === packId);
  if (!pack?.buildSample) throw coded('E_BAD_REQUEST', `There is no sample database of the kind ${packId}.`);
  requireSafePath(file);
  if (!path.isAbsolute(file)) throw coded('E_PATH_UNSUPPORTED', `${file} is not a complete path.`);
  reserve(file);
  try {
    fill(file, pack, seed);
    fsyncFile(file);
    fsyncFolder(path.dirname(file));
    return { path: file };
  } catch (error) {
    for (const suffix of ['', '-journal', '-wal', '-shm']) removeIfPossible(file + suffix);
    throw fromSqlite(error, 'building the sample database', 'untouched');
  }
}

function reserve(file: string): void {
  try {
    fs.closeSync(fs.openSync(file, 'wx', 0o644));
  } catch (error) {
    const reason = errorCode(error);
    const folder = path.dirname(file);
    if (reason === 'EEXIST') throw coded('E_FILE_EXISTS', `${file} is there already.`);
    if (reason === 'ENOENT' || reason === 'ENOTDIR') throw coded('E_NOT_FOUND', `There is no folder ${folder}.`);
    if (MAY_NOT.includes(reason)) throw coded('E_READONLY_DIR', `No file can be made in ${folder}.`, { reason });
    throw fromSqlite(error, 'making the file of the sample database', 'untouched');
  }
}

const MAY_NOT: readonly string[] = ['EACCES', 'EPERM', 'EROFS'];

function fill(file: string, pack: Pack, seed: number): void {
  const db = openEngine(file);
  try {
    // Nobody misses a sample that a power cut destroys; the file is flushed as a whole at the end.
    must(db, 'synchronous', 0);
    pack.buildSample?.(db, { seed });
  } finally {
    db.close();
  }
}
