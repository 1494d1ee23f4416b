import path from 'node:path';
import Database from 'better-sqlite3';
import { coded } from '@shared/errors.ts';
import { requireAlone } from './backup-alone.ts';
import type { Db } from './migration.ts';
import { fromSqlite } from './sqlite-error.ts';

/**
 * The ways in which this program opens a database. Every setting is read back, because a pragma that SQLite does
 * not take is silent. While a connection is open its process must not touch the file or its sidecars with `fs`:
 * closing any descriptor of them drops SQLite's locks.
 */

/** The SQLite we test with, and the first that has all the repairs we rely on. */
const OLDEST_SQLITE = [3, 54] as const;

/**
 * Looks only. The file must have passed the gate.
 * @param timeoutMs how long SQLite waits for a lock of another program before BUSY.
 * @throws CodedError E_DB_BUSY, E_CORRUPT, … as `fromSqlite`.
 */
export function openInspector(file: string, timeoutMs = 500): Db {
  return open(file, { readonly: true, timeout: timeoutMs }, (db) => {
    harden(db);
    must(db, 'query_only', 1);
    must(db, 'temp_store', 2);
  });
}

export interface EngineOptions {
  /**
   * exclusive: `locking_mode=EXCLUSIVE` is set before the first read, so that whatever lock the connection takes is
   * kept until it closes.
   */
  readonly locking?: 'normal' | 'exclusive';
  readonly timeoutMs?: number;
}

/**
 * The writing connection: foreign keys off, every commit on the disk before it is reported.
 * @throws CodedError E_DB_BUSY when somebody else holds the file (the settings need one read), others as `fromSqlite`.
 */
export function openEngine(file: string, options: EngineOptions = {}): Db {
  return open(file, { readonly: false, timeout: options.timeoutMs ?? 200 }, (db) => {
    if (options.locking === 'exclusive') {
      must(db, 'locking_mode', 'exclusive');
      // Such a journal is kept after a commit. Emptied, not only its head zeroed: else what follows the next one's end
      // cannot be told from damage, should this process be killed in it.
      must(db, 'journal_size_limit', 0);
    }
    harden(db);
    // Outside any transaction: inside one, SQLite ignores it and DROP TABLE would delete the children.
    must(db, 'foreign_keys', 0);
    must(db, 'temp_store', 1); // file: index builds of large tables must not fill the memory
    // Rows are written in the order of random ids. 16 MB, this build's default, takes 9 % more CPU over 200,000 candidates;
    // 64 MB saves nothing more. An index being built may take as much again: with 32 MB the process reaches its 150 MB.
    must(db, 'cache_size', -28_000); // kibibytes
    must(db, 'synchronous', isWal(db) ? 2 : 3);
  });
}

/** Opened for writing, so that SQLite also checks CHECK and NOT NULL, but forbidden to write. */
export function openVerifier(file: string, timeoutMs = 500): Db {
  return open(file, { readonly: false, timeout: timeoutMs }, (db) => {
    harden(db);
    must(db, 'query_only', 1);
    must(db, 'temp_store', 1);
    must(db, 'cache_size', -32_000); // as the engine's; the verdict stays at 125 MB
  });
}

export interface CopyOptions {
  /** write: to be given a rollback journal. prove: opened for writing, as the verifier is, but forbidden to write. */
  readonly to: 'write' | 'prove';
  readonly timeoutMs?: number;
}

/**
 * A copy of a database that we made: to be made ready, or to be proven.
 * @throws SqliteError as it is: who proves a copy has to tell damage from a lock, and from a disk that does not answer.
 * CodedError E_RUNTIME_MISMATCH.
 */
export function openCopy(file: string, { to, timeoutMs = 5_000 }: CopyOptions): Db {
  return openUncoded(file, { readonly: false, timeout: timeoutMs }, (db) => {
    harden(db);
    must(db, 'query_only', to === 'prove' ? 1 : 0);
  });
}

/**
 * An empty database in memory, to try the schema of a stranger's file in: it may do no more there than in the file, where
 * the engine works on it.
 * @param like open on that file: texts are kept in its encoding.
 */
export function openTrial(like: Db): Db {
  return settled(new Database(':memory:'), (trial) => {
    trial.pragma(`encoding = '${String(like.pragma('encoding', { simple: true }))}'`); // before anything is in it
    harden(trial);
    must(trial, 'foreign_keys', 0);
  });
}

/**
 * Attaches a backup to be compared row by row. Both are read in the same order, so a few pages of it are enough; SQLite's
 * 16 MB per file would come on top of those of the connection.
 * @throws CodedError as `requireAlone`, with the backup not opened.
 */
export function attachBackup(db: Db, file: string, name: 'backup' | 'backup_copy'): void {
  requireAlone(file);
  db.prepare(`ATTACH ? AS ${name}`).run(file);
  try {
    must(db, `${name}.cache_size`, -4_000); // kibibytes
  } catch (error) {
    db.exec(`DETACH ${name}`);
    throw error;
  }
}

/** @returns true when the open database is in WAL mode. */
export const isWal = (db: Db): boolean => db.pragma('journal_mode', { simple: true }) === 'wal';

/**
 * Sets a pragma and reads it back.
 * @throws CodedError E_RUNTIME_MISMATCH when SQLite did not take it.
 */
export function must(db: Db, pragma: string, value: string | number): void {
  db.pragma(`${pragma} = ${value}`);
  const found = db.pragma(pragma, { simple: true });
  if (String(found) === String(value)) return;
  throw coded('E_RUNTIME_MISMATCH', `SQLite did not accept the setting ${pragma}.`, {
    pragma,
    want: value,
    found: String(found),
  });
}

/** @throws CodedError E_RUNTIME_MISMATCH when the SQLite inside is older than the one we rely on. */
export function requireSqliteVersion(db: Db): void {
  const version = db.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > OLDEST_SQLITE[0] || (major === OLDEST_SQLITE[0] && minor >= OLDEST_SQLITE[1]);
  if (!isEnough) {
    const need = OLDEST_SQLITE.join('.');
    throw coded('E_RUNTIME_MISMATCH', `Phasewise needs SQLite ${need} or newer, but found ${version}.`, { version });
  }
}

function harden(db: Db): void {
  must(db, 'trusted_schema', 0);
  must(db, 'cell_size_check', 1);
  must(db, 'recursive_triggers', 0);
  // macOS: only with these does SQLite ask the drive to empty its own cache (F_FULLFSYNC); elsewhere they do nothing. Also
  // where nothing is to be written: whoever closes a file last writes its log back.
  must(db, 'fullfsync', 1);
  must(db, 'checkpoint_fullfsync', 1);
  db.pragma('mmap_size = 0'); // its answer is the size in use, and empty for a file that is not mapped
}

interface OpenOptions {
  readonly readonly: boolean;
  readonly timeout: number;
}

function open(file: string, options: OpenOptions, settle: (db: Db) => void): Db {
  try {
    return openUncoded(file, options, settle);
  } catch (error) {
    throw fromSqlite(error, `opening ${path.basename(file)}`);
  }
}

function openUncoded(file: string, options: OpenOptions, settle: (db: Db) => void): Db {
  // better-sqlite3 trims the name and would open a neighbour; a relative name could begin with "file:" and be a URI.
  if (file !== file.trim() || !path.isAbsolute(file)) {
    throw coded('E_PATH_UNSUPPORTED', `The path ${JSON.stringify(file)} cannot be opened safely.`);
  }
  return settled(new Database(file, { ...options, fileMustExist: true }), (db) => {
    requireSqliteVersion(db);
    settle(db);
  });
}

/** A connection that could not be set is closed. */
function settled(db: Db, settle: (db: Db) => void): Db {
  try {
    settle(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
