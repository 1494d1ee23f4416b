import path from 'node:path';
import { CodedError, coded, type ErrorCode } from '@shared/errors.ts';
import { openEngine } from './connection.ts';
import { markConnected } from './fsync.ts';
import { passGate } from './gate.ts';
import { asSubject, holdersOf } from './lock-holders.ts';
import type { Db } from './migration.ts';
import { fromSqlite } from './sqlite-error.ts';

/**
 * For whoever replaces the file itself, under which another program would go on writing into the old one.
 * @throws CodedError E_DB_IN_USE; or what kept it from being asked.
 */
export function requireNotInUse(target: string): void {
  const holders = holdersOf(target);
  const name = path.basename(target);
  if (holders.length > 0) throw coded('E_DB_IN_USE', `${asSubject(holders)} has ${name} open.`);
  if (isLockedBySomebody(target)) throw coded('E_DB_IN_USE', `Another program has ${name} open.`);
}

/**
 * Only Linux tells who has a file open, and only of the same user; locks tell it everywhere, of a program that reads or
 * writes, or keeps a log. A file with a log or a journal is not asked: opening it would play that in.
 */
function isLockedBySomebody(target: string): boolean {
  let db: Db | undefined;
  let unmark = (): void => {};
  try {
    if (!isOpenable(target)) return false;
    unmark = markConnected(target);
    db = openEngine(target, { locking: 'exclusive', timeoutMs: 0 });
    db.exec('BEGIN EXCLUSIVE');
    db.exec('ROLLBACK');
    return false;
  } catch (error) {
    const why = fromSqlite(error, `locking ${path.basename(target)}`, 'untouched');
    if (NO_ANSWER.has(why.appError.code)) throw why;
    return why.appError.code === 'E_DB_BUSY';
  } finally {
    db?.close();
    unmark();
  }
}

/** Then the question could not be asked, which must not pass for "nobody". What else is refused SQLite could not open. */
const NO_ANSWER: ReadonlySet<ErrorCode> = new Set([
  'E_IO',
  'E_NO_MEMORY',
  'E_NO_PERMISSION',
  'E_READONLY_FILE',
  'E_READONLY_DIR',
]);

/** @throws CodedError as `passGate`, and what forbids to write to it. */
function isOpenable(target: string): boolean {
  const { readOnlyReason, sidecars } = passGate(target);
  if (readOnlyReason !== null) throw new CodedError(readOnlyReason);
  return sidecars.walBytes === 0 && !sidecars.isJournalHot;
}
