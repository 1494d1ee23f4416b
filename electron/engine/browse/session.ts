import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { CodedError } from '@shared/errors.ts';
import { must, openInspector } from '../connection.ts';
import { passGate } from '../gate.ts';
import type { Db } from '../migration.ts';
import { withPrivateCopy } from '../private-copy.ts';
import { fromSqlite } from '../sqlite-error.ts';
import { fileState } from './file-state.ts';

/** A database that is being browsed: open for reading, without a transaction, so that other programs can go on writing. */
export interface BrowseSession {
  readonly db: Db;
  readonly via: 'in-place' | 'private-copy';
  /** Another number than before: somebody has written meanwhile. A private copy never changes. No two sessions share one. */
  version(): number;
  /**
   * False: what lies at the path is not what is open here. The file was replaced, restored, or written to, by whomever;
   * SQLite itself notices only what is written by SQLite into the very file that is open.
   */
  isCurrent(): boolean;
  close(): void;
}

const PATIENCE_MS = 2_500;
const LOCK_WAIT_MS = 500;

/**
 * Opens a database for browsing and keeps it open. What cannot be read without leaving a trace beside it (a WAL, a
 * journal to play back) is copied first, and the copy is browsed.
 * @throws CodedError of the gate, E_DB_BUSY, E_CORRUPT.
 */
export async function openBrowseSession(path: string): Promise<BrowseSession> {
  keepSmall();
  const deadline = Date.now() + PATIENCE_MS;
  const file = passGate(path);
  // Before it is opened or copied: what is written from here on is noticed, if need be once too often.
  const opened = fileState(file.path);
  const isCurrent = (): boolean => fileState(file.path) === opened;
  if (file.header.journalMode === 'rollback' && !file.sidecars.hasWal) {
    try {
      return sessionOn(openReadable(file.path), 'in-place', isCurrent, () => {});
    } catch (error) {
      if (!isRecoveryNeeded(error)) throw error;
    }
  }
  // The copy lives as long as the promise inside is open.
  return new Promise((resolve, reject) => {
    withPrivateCopy(file, deadline, async (copy) => {
      const db = openReadable(copy);
      await new Promise<void>((release) => resolve(sessionOn(db, 'private-copy', isCurrent, release)));
    }).catch(reject);
  });
}

/**
 * V8 lets the garbage of thousands of pages pile up to half of what this process needs: over ten million rows it grew to
 * 173 MB. With this it collects sooner, and stays below 120 MB; pages take as long as before.
 */
const keepSmall = (): void => setFlagsFromString('--optimize-for-size');

function openReadable(file: string): Db {
  const db = openInspector(file, LOCK_WAIT_MS);
  try {
    must(db, 'cache_size', -8_000); // kibibytes: the inner pages of the indexes of ten million rows take 2 MB
    must(db, 'temp_store', 1); // file: what is sorted may be larger than the memory
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return db;
  } catch (error) {
    db.close();
    throw fromSqlite(error, 'opening the data', 'untouched');
  }
}

/** SQLite counts from 1 in every connection: a process that took the place of another would give its numbers again. */
const MOST_BASE = 2 ** 47;

function sessionOn(
  db: Db,
  via: BrowseSession['via'],
  isCurrent: BrowseSession['isCurrent'],
  onClosed: () => void,
): BrowseSession {
  const base = randomInt(MOST_BASE);
  return {
    db,
    via,
    version: () => base + Number(db.pragma('data_version', { simple: true })),
    isCurrent,
    close() {
      db.close();
      onClosed();
    },
  };
}

const isRecoveryNeeded = (error: unknown): boolean =>
  error instanceof CodedError && error.appError.details?.['sqlite'] === 'SQLITE_READONLY_ROLLBACK';

/** Lets messages in between two pieces of work in the background. */
export const breathe = (): Promise<void> => sleep(0);
