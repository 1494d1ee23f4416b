import { isOfTheDisk } from '@shared/disk-error.ts';
import { appError, type AppError, CodedError, type ErrorCode, type Safety, safetyText } from '@shared/errors.ts';
import type { Census } from './census.ts';
import type { Db, IdentifiedMigration, Pack, SourceFiles } from './migration.ts';
import type { Progress } from './progress.ts';
import type { References } from './references.ts';
import { fromSqlite, sqliteCode } from './sqlite-error.ts';

/** Sizes and times of a run; tests make them small. */
export interface RunTuning {
  /**
   * What one chunk should take, its commit included: 200 ms commit 99 times over 200,000 candidates, 50 ms 226 times
   * (0.8 s less on an idle disk, much more on a busy one). A pause is heard between two chunks.
   */
  readonly chunkMs: number;
  readonly firstChunkRows: number;
  readonly maxChunkRows: number;
  /** A migration with no more source rows than this is applied in a single transaction. */
  readonly smallRows: number;
  /** With less than this free, a run pauses between two chunks; null = the margin that the plan asks for. */
  readonly spareBytes: number | null;
}
export const defaultTuning: RunTuning = {
  ...{ chunkMs: 200, firstChunkRows: 1_000, maxChunkRows: 20_000, smallRows: 2_000 },
  spareBytes: null,
};

/** Points at which tests kill the process or meddle with the file. */
export type RunPoint =
  | 'locked'
  | 'backed-up'
  | 'recorded'
  | 'step-begun'
  | 'step-up'
  | 'step-opened'
  | 'chunk'
  | 'chunk-committed'
  | 'step-closing'
  | 'step-applied'
  | 'checkpoint'
  | 'checked'
  | 'finished';

/** What every part of a run shares. */
export interface RunSession {
  readonly db: Db;
  readonly pack: Pack;
  readonly runId: string;
  /** Fixed for the run: the "now" of every row it writes. */
  readonly now: string;
  /** The folder is fixed for the run. */
  readonly sourceFiles: SourceFiles | null;
  readonly tuning: RunTuning;
  readonly progress: Progress;
  /** Ids that are recorded, but no longer true; applying one takes it out. */
  readonly untrue: Set<string>;
  /** As of the last commit. */
  census: Census;
  /** Of others, as the run found them. */
  readonly references: References;
  /** @throws CodedError E_PATH_CHANGED */
  assertSameFile(): void;
  /** A safe place to stop, or to wait for room on the disks. @throws CodedError E_CANCELLED */
  boundary(migration: IdentifiedMigration | null): Promise<void>;
  /** A step met a full disk and was taken back: waits until somebody says that there is room. @throws CodedError E_CANCELLED */
  roomAgain(error: AppError): Promise<void>;
  probe(point: RunPoint, subject: string): void;
}

/**
 * Runs `body` in one transaction and commits, or takes everything back.
 * A commit that failed is never tried again: after a failed flush nobody knows what the disk holds.
 * @throws CodedError naming `subject`.
 */
export function inTransaction<T>(
  session: Pick<RunSession, 'db' | 'assertSameFile'> & Partial<Pick<RunSession, 'census'>>,
  subject: string,
  body: () => T,
): T {
  const { db, census } = session;
  if (db.inTransaction || db.pragma('foreign_keys', { simple: true }) !== 0) {
    throw new Error('a step must begin outside a transaction and with foreign keys off');
  }
  try {
    db.exec('BEGIN IMMEDIATE');
    const result = body();
    requireTransaction(db);
    session.assertSameFile();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    rollBack(db);
    if (census !== undefined) session.census = census; // as of the last commit, also when the step is tried again
    throw stepError(movedError(session, error), subject);
  }
}

/** SQLite says of a file that is gone no more than of one that was moved. */
function movedError({ assertSameFile }: Pick<RunSession, 'assertSameFile'>, error: unknown): unknown {
  if (sqliteCode(error) !== 'SQLITE_READONLY_DBMOVED') return error;
  try {
    assertSameFile();
    return error;
  } catch (moved) {
    return moved;
  }
}

/** Asked right after code of a pack ran. @throws Error when it ended the transaction it was given. */
export function requireTransaction(db: Db): void {
  if (!db.inTransaction) throw new Error('it ended the transaction it was given');
}

/** Takes back what is open; never throws. */
export function rollBack(db: Db): void {
  try {
    if (db.inTransaction) db.exec('ROLLBACK');
  } catch {
    // The first error is the one to report; SQLite undoes the rest at the next opening.
  }
}

/** Where "at the last completed step, and a verified backup exists" would promise more than there is. */
const LESS_THAN_SAFE: Partial<Record<ErrorCode, Safety>> = {
  E_BACKUP_GONE: 'step-only',
  E_PATH_CHANGED: 'moved-away', // what the path names is another file, or none
};

/**
 * Says which step failed, and that the file is at the last whole one. Of a damaged file nobody can say that, and after an
 * error of the disk nobody before it is closed, opened anew and read: the host has a fresh process do that.
 */
export function stepError(error: unknown, subject: string): CodedError {
  const wrapped = fromSqlite(error, `working on ${subject}`, 'whole-step');
  const { code, message, details } = wrapped.appError;
  if (code === 'E_INTERNAL') {
    const text = error instanceof Error ? error.message : String(error);
    return new CodedError(appError('E_MIGRATION_FAILED', `${subject}: ${text}`, { step: subject, ...details }), {
      cause: error,
    });
  }
  const isUnread = code === 'E_CORRUPT' || isOfTheDisk(wrapped.appError);
  const isUnknown = isUnread || wrapped.appError.safety === safetyText.unknown;
  const safety = safetyText[isUnknown ? 'unknown' : (LESS_THAN_SAFE[code] ?? 'whole-step')];
  return new CodedError(
    { ...wrapped.appError, message, safety, details: { step: subject, ...details } },
    { cause: error },
  );
}
