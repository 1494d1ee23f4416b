import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { coded, CodedError } from '@shared/errors.ts';
import { type FileStamp, stampOf } from '@shared/file-stamp.ts';
import { takeAppLock } from './app-lock.ts';
import { patiently } from './app-lock-wait.ts';
import { isWal, openEngine } from './connection.ts';
import { markConnected } from './fsync.ts';
import { identify, isSameFile, type Identity } from './identity.ts';
import type { Db } from './migration.ts';
import { asSubject, holdersOf } from './lock-holders.ts';
import { assertLocksWork } from './lock-probe.ts';
import { fromSqlite, sqliteCode, unsure } from './sqlite-error.ts';

/**
 * The maintenance lock: SQLite's exclusive lock, taken before the backup and kept until the verdict, so that no other
 * program's write can fall in between. The journal mode stays as it was found.
 */
export interface MaintenanceLock {
  readonly db: Db;
  readonly path: string;
  readonly identity: Identity;
  /** Call before every commit. @throws CodedError E_PATH_CHANGED when the path now names another file. */
  assertSameFile(): void;
  /**
   * Closes the connection, which writes the WAL back, and lets go of every lock. Safe to call twice.
   * @returns what the file was as the last lock went; null when that had happened before.
   */
  release(): FileStamp | null;
}

export interface LockRequest {
  /** The real path, as the gate gave it. */
  readonly path: string;
  /** What the gate saw; the file opened must be that one. */
  readonly identity: Identity;
  /** Where our own instances keep their lock files. */
  readonly lockFolder: string;
  /** How long to try while others hold the file. */
  readonly waitMs?: number;
  /** Awaited between two tries; what it throws ends the waiting. */
  readonly stopPoint?: () => Promise<void>;
  /** Told once when another process of ours, which was ended a moment ago, is waited for. */
  readonly onWait?: () => void;
}

const WAIT_MS = 10_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 400;

/**
 * Opens the file and locks everybody else out of it, readers too. Changes nothing in it.
 * @throws CodedError E_RUN_ACTIVE when another Phasewise works on it; E_DB_IN_USE or E_DB_BUSY when another program
 * still has it open or writes to it after `waitMs`; E_LOCKING_UNAVAILABLE; E_PATH_CHANGED when it is no longer the file the gate saw.
 */
export async function lockForMaintenance(request: LockRequest): Promise<MaintenanceLock> {
  const { lockFolder, stopPoint, onWait } = request;
  const appLock = await patiently(() => takeAppLock(lockFolder, request.identity), {
    ...(stopPoint ? { stopPoint } : {}),
    ...(onWait ? { onWait } : {}),
    ...(request.waitMs === undefined ? {} : { graceMs: Math.min(request.waitMs, WAIT_MS / 10) }),
  });
  let unmark: (() => void) | undefined;
  let db: Db | undefined;
  try {
    assertSame(request);
    unmark = markConnected(request.path);
    db = await openExclusively(request.path, request.waitMs ?? WAIT_MS, request.stopPoint);
    assertSame(request);
  } catch (error) {
    db?.close();
    unmark?.();
    appLock.release();
    throw error;
  }
  const connection = db;
  return {
    db: connection,
    path: request.path,
    identity: request.identity,
    assertSameFile: () => assertSame(request),
    release: () => {
      try {
        return closeWhole(connection, request.path);
      } finally {
        unmark();
        appLock.release();
      }
    },
  };
}

/**
 * For whoever may have changed something: it is in the log, also where that cannot be written back.
 * @throws CodedError that says of no data that it is untouched.
 */
export function letGoChanged(lock: MaintenanceLock): void {
  try {
    lock.release();
  } catch (error) {
    throw error instanceof CodedError ? unsure(error) : error;
  }
}

function assertSame({ path: file, identity }: LockRequest): void {
  const stats = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stats && isSameFile(identify(file), identity)) return;
  const name = path.basename(file);
  if (stats) throw coded('E_PATH_CHANGED', `${name} was moved or replaced by another file in the meantime.`);
  throw coded(
    'E_PATH_CHANGED',
    `${name} is gone: it was removed or moved in the meantime, not by Phasewise.`,
    undefined,
    {
      nextStep: 'Look for it in the bin, or for a drive that was unplugged. Else restore its backup.',
    },
  );
}

/** Every try is a fresh connection: one that failed would keep its shared lock and get in the other program's way. */
async function openExclusively(file: string, waitMs: number, stopPoint?: () => Promise<void>): Promise<Db> {
  const deadline = performance.now() + waitMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const db = tryExclusively(file);
    if (db !== undefined) return db;
    if (pauseMs === FIRST_PAUSE_MS && holdersOf(file).length === 0) assertLocksWork(file);
    if (performance.now() + pauseMs > deadline) throw inUse(file);
    await sleep(pauseMs);
    await stopPoint?.();
  }
}

/** @returns undefined when somebody else holds a lock. */
function tryExclusively(file: string): Db | undefined {
  let db: Db | undefined;
  try {
    db = openEngine(file, { locking: 'exclusive', timeoutMs: 0 });
    db.exec('BEGIN EXCLUSIVE');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    db.exec('ROLLBACK'); // keeps the lock; a commit with no change of ours still cuts off free pages and mends the header
    return db;
  } catch (error) {
    db?.close();
    const wrapped = fromSqlite(error, `locking ${path.basename(file)}`, 'untouched');
    if (wrapped.appError.code === 'E_DB_BUSY') return undefined;
    throw wrapped;
  }
}

/** Somebody who writes is waited for; somebody who merely has it open must close it. */
function inUse(file: string): CodedError {
  const holders = holdersOf(file);
  const who = holders.length > 0 ? asSubject(holders) : 'Another program';
  const details = { holders: holders.join(', ') };
  return isBeingWritten(file)
    ? coded('E_DB_BUSY', `${who} is writing to ${path.basename(file)}.`, details)
    : coded('E_DB_IN_USE', `${who} has ${path.basename(file)} open.`, details);
}

function isBeingWritten(file: string): boolean {
  let db: Db | undefined;
  try {
    db = openEngine(file, { timeoutMs: 0 });
    db.exec('BEGIN IMMEDIATE');
    db.exec('ROLLBACK');
    return false;
  } catch (error) {
    return (sqliteCode(error) ?? 'SQLITE_BUSY').startsWith('SQLITE_BUSY');
  } finally {
    db?.close();
  }
}

/** A WAL that could not be written back would be left to the next program: we want to hear about that. */
function closeWhole(db: Db, file: string): FileStamp | null {
  if (!db.open) return null;
  try {
    if (db.inTransaction) db.exec('ROLLBACK');
    if (isWal(db)) {
      const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      if (result?.busy !== 0) throw coded('E_IO', 'The write-ahead log could not be written back to the database.');
    }
    return stampOf(fs.lstatSync(file, { bigint: true })); // while nobody else can write yet
  } catch (error) {
    throw fromSqlite(error, 'closing the database');
  } finally {
    db.close();
  }
}
