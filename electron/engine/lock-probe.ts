import fs from 'node:fs';
import path from 'node:path';
import { coded } from '@shared/errors.ts';
import { openEngine } from './connection.ts';
import { removeIfPossible } from './fsync.ts';
import type { Db } from './migration.ts';
import { pause } from './pause.ts';
import { fromSqlite } from './sqlite-error.ts';

/**
 * A disk whose driver does not lock at all (ENOLCK) looks to SQLite as if somebody else held a lock, for ever. So a lock
 * is tried on an empty file of our own beside the database, which nobody else can hold.
 * @throws CodedError E_LOCKING_UNAVAILABLE when even that one cannot be locked. Silent where no such file can be made.
 */
export function assertLocksWork(database: string): void {
  const scratch = path.join(path.dirname(database), `.${path.basename(database)}.lock-test`);
  // Another of ours may be trying the same for a moment.
  for (let left = TRIES; left > 0; left--) {
    if (!isLockedOut(scratch)) return;
    pause(PAUSE_MS);
  }
  throw coded('E_LOCKING_UNAVAILABLE', `In ${path.dirname(database)} not even a new file can be locked.`);
}

const TRIES = 5;
const PAUSE_MS = 20;

/** One that a killed process left is as good; it is empty, or not ours. */
function makeEmpty(scratch: string): boolean {
  try {
    fs.closeSync(fs.openSync(scratch, 'wx', 0o600));
    return true;
  } catch {
    const stats = fs.lstatSync(scratch, { throwIfNoEntry: false });
    return stats?.isFile() === true && stats.size === 0;
  }
}

function isLockedOut(scratch: string): boolean {
  if (!makeEmpty(scratch)) return false;
  let db: Db | undefined;
  try {
    db = openEngine(scratch, { timeoutMs: 0 });
    db.exec('BEGIN EXCLUSIVE');
    db.exec('ROLLBACK');
    return false;
  } catch (error) {
    return fromSqlite(error, 'trying a lock').appError.code === 'E_DB_BUSY';
  } finally {
    db?.close();
    removeIfPossible(scratch);
  }
}
