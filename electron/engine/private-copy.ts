import { chmodSync, constants, copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '@shared/error-code.ts';
import { type CodedError, coded, type ErrorDetails } from '@shared/errors.ts';
import { needAndFree } from '@shared/sizes.ts';
import { openCopy } from './connection.ts';
import { freeBytes } from './file-system.ts';
import { removeIfPossible } from './fsync.ts';
import { isSameState, stateOf, type State } from './disk-state.ts';
import { passGate, type GatedFile } from './gate.ts';
import { isSameFile, orRefuse } from './identity.ts';
import type { Db } from './migration.ts';
import { isLiving } from './process-life.ts';
import { fromSqlite } from './sqlite-error.ts';

const PREFIX = 'phasewise-look-';
/** A file written to less than this ago may be written to again within the same tick of the file system's clock. */
const SETTLED_MS = 30;

/**
 * Copies a database with the sidecars that belong to its content into a folder that only this user can enter, lets
 * SQLite merge them there, and hands over the result: a plain file without sidecars. The folder goes, now or later.
 * @throws CodedError E_DB_BUSY when the file keeps changing until `deadline` (ms since 1970), E_CORRUPT, E_NO_PERMISSION
 * when a sidecar cannot be read, E_TEMP_UNAVAILABLE when there is no place or no room for the copy.
 */
export async function withPrivateCopy<T>(
  gated: GatedFile,
  deadline: number,
  use: (copy: string) => T | Promise<T>,
): Promise<T> {
  const folder = makePrivateFolder();
  const remove = (): void => removeIfPossible(folder, { recursive: true });
  process.once('exit', remove);
  try {
    const copy = path.join(folder, 'copy.db');
    await copyUnchanged(gated, copy, deadline);
    mergeSidecars(copy);
    passGate(copy);
    return await use(copy);
  } finally {
    process.removeListener('exit', remove);
    remove();
  }
}

/** @throws CodedError E_TEMP_UNAVAILABLE when there is no usable folder for temporary files. */
function makePrivateFolder(): string {
  try {
    sweep();
    return mkdtempSync(path.join(tmpdir(), `${PREFIX}${process.pid}-`)); // mkdtemp makes it 0700
  } catch (error) {
    const reason = errorCode(error) || 'no reason given';
    throw noPlace(`the folder for temporary files, ${tmpdir()}, cannot be used (${reason})`, { reason });
  }
}

async function copyUnchanged(gated: GatedFile, copy: string, deadline: number): Promise<void> {
  requireSpace(gated);
  for (;;) {
    const before = stateOf(gated.path);
    const main = before.get('');
    if (!main || !isSameFile(main, gated.identity)) {
      throw coded('E_PATH_CHANGED', `${gated.path} was replaced while it was being read.`);
    }
    if (isSettled(before)) {
      const isWhole = [...before.keys()].every((suffix) => copyOne(gated.path, copy, suffix));
      if (isWhole && isSameState(before, stateOf(gated.path))) return;
      for (const [suffix] of before) rmSync(copy + suffix, { force: true });
    }
    if (Date.now() > deadline) {
      throw coded(
        'E_DB_BUSY',
        'Another program keeps writing to the file, so that no whole state of it could be read.',
      );
    }
    await sleep(SETTLED_MS);
  }
}

/**
 * Shares the disk blocks where the file system can. A copy of a read-only file is made writable: it has to be merged.
 * @returns false where a sidecar has gone, as a journal does with every commit of a living program.
 */
function copyOne(file: string, copy: string, suffix: string): boolean {
  const [from, to] = [file + suffix, copy + suffix];
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    const reason = errorCode(error);
    if (reason === 'ENOENT' && suffix !== '') return false;
    if (isFull(reason)) throw noPlace(`the disk of ${tmpdir()} became full`, { reason });
    orRefuse(from, () => {
      throw error;
    });
  }
  chmodSync(to, 0o600);
  return true;
}

const isFull = (code: string): boolean => ['ENOSPC', 'EDQUOT', 'EFBIG', 'SQLITE_FULL'].includes(code);

const isSettled = (state: State): boolean =>
  [...state.values()].every(({ mtimeNs }) => Math.abs(Date.now() - Number(BigInt(mtimeNs) / 1_000_000n)) > SETTLED_MS);

function requireSpace({ identity, sidecars }: GatedFile): void {
  const needBytes = identity.sizeBytes + 2 * sidecars.walBytes; // merging moves the WAL's pages into the copy
  const bytes = freeBytes(tmpdir());
  if (bytes > needBytes) return;
  const { need, free } = needAndFree(needBytes, bytes);
  throw noPlace(`${need} are needed in ${tmpdir()}, of which ${free} are free`, {
    needBytes,
    freeBytes: bytes,
  });
}

const noPlace = (why: string, details: ErrorDetails): CodedError =>
  coded('E_TEMP_UNAVAILABLE', `To look without changing anything, a copy is needed, but ${why}.`, {
    folder: tmpdir(),
    ...details,
  });

/** Plays back a hot journal or merges a WAL, as the next program to open the original would. */
function mergeSidecars(copy: string): void {
  let db: Db | undefined;
  try {
    db = openCopy(copy, { to: 'write', timeoutMs: 0 });
    db.pragma('journal_mode = DELETE');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    if (isFull(errorCode(error))) throw noPlace(`the disk of ${tmpdir()} became full`, { reason: errorCode(error) });
    throw fromSqlite(error, 'reading a private copy');
  } finally {
    db?.close();
  }
}

/** Removes what a killed process of ours left behind. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || isLiving(pid)) continue;
    removeIfPossible(path.join(tmpdir(), name), { recursive: true }); // another user's is theirs to sweep
  }
}
