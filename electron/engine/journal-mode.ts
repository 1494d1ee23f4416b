import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '@shared/errors.ts';
import { isWal, must, openEngine } from './connection.ts';
import type { Db } from './migration.ts';
import { readSidecars } from './sidecars.ts';
import { fromSqlite } from './sqlite-error.ts';

/** What needs the file for a moment alone, after somebody else may have opened it. */

/** So long somebody who has come in is waited for. */
export const PATIENCE_MS = 3_000;
const PAUSE_MS = 50;

/** @returns false when somebody else still has the file after `patienceMs`. Errors as `fromSqlite`. */
export function setMode(file: string, mode: 'wal' | 'delete', patienceMs: number): Promise<boolean> {
  return patiently(file, patienceMs, (db) => {
    if (isWal(db) !== (mode === 'wal')) must(db, 'journal_mode', mode);
    return true;
  });
}

/** Empties the log into the file. @returns false when somebody still reads from it after `patienceMs`. */
export async function writeLogBack(file: string, patienceMs: number): Promise<boolean> {
  if (readSidecars(file).walBytes === 0) return true;
  return patiently(file, patienceMs, (db) => {
    const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    return result?.busy === 0;
  });
}

/**
 * A process that keeps its lock empties its journal after each commit and leaves the file; when it is killed then, no
 * opening removes it any more. SQLite itself removes it here, under its lock, if nobody else has the file.
 */
export function removeEmptiedJournal(file: string): void {
  const { hasJournal, isJournalHot } = readSidecars(file);
  if (!hasJournal || isJournalHot) return;
  tryOnce(file, (db) => {
    if (isWal(db)) return true;
    db.pragma('journal_mode = persist');
    must(db, 'journal_mode', 'delete');
    return true;
  });
}

/** Every try is a fresh connection, so that none of ours is in anybody's way in between. */
async function patiently(file: string, patienceMs: number, act: (db: Db) => boolean): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    if (tryOnce(file, act)) return true;
    if (performance.now() > deadline) return false;
    await sleep(PAUSE_MS);
  }
}

function tryOnce(file: string, act: (db: Db) => boolean): boolean {
  let db: Db | undefined;
  try {
    db = openEngine(file, { timeoutMs: 0 });
    return act(db);
  } catch (error) {
    const wrapped = fromSqlite(error, `changing the journal mode of ${path.basename(file)}`);
    if (wrapped instanceof CodedError && wrapped.appError.code === 'E_DB_BUSY') return false;
    throw wrapped;
  } finally {
    db?.close();
  }
}
