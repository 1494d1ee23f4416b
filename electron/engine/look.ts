import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, coded } from '@shared/errors.ts';
import { openInspector } from './connection.ts';
import { passGate, type GatedFile } from './gate.ts';
import { identify, isSameFile } from './identity.ts';
import { checkIntegrity } from './integrity.ts';
import type { Db } from './migration.ts';
import { withPrivateCopy } from './private-copy.ts';
import { fromSqlite } from './sqlite-error.ts';

/** An open, unchanging view of a database: one read transaction on a connection that cannot write. */
export interface Look {
  readonly db: Db;
  readonly file: GatedFile;
  readonly via: 'in-place' | 'private-copy';
  /** A program died in the middle of a write; what is seen here is the state after SQLite has undone it. */
  readonly needsRecovery: boolean;
}

/** How long another program's write is waited for. */
const PATIENCE_MS = 2_500;
const PAUSE_MS = 50;

/**
 * Looks at a database without changing a byte of it, of its sidecars or of its folder. A file in WAL mode, or with a
 * journal to play back, is looked at through a private copy, because opening it would create or change files beside it.
 * Not to be called while this process has the file open through SQLite.
 * @throws CodedError of the gate; E_DB_BUSY after about 3 s; E_CORRUPT; whatever `use` throws, SQLite's errors coded.
 */
export async function lookAt<T>(path: string, use: (look: Look) => T): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await lookOnce(passGate(path), deadline, use);
    } catch (error) {
      const isBusy = error instanceof CodedError && error.appError.code === 'E_DB_BUSY';
      if (!isBusy || Date.now() > deadline) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/**
 * Opening a file with a log or journal changes it: SQLite plays that in, at the latest when it closes. So whoever is
 * going to open one to work on it has that done to a copy first. Costs nothing where there is nothing to play in.
 * @param use may refuse, too.
 * @throws CodedError E_CORRUPT when the outcome is damaged; those of the look; whatever `use` throws.
 */
export async function tryOnCopy(file: GatedFile, use: (look: Look) => unknown = () => {}): Promise<void> {
  if (file.sidecars.walBytes === 0 && !file.sidecars.isJournalHot) return;
  try {
    await lookAt(file.path, (look) => {
      const { isSound, lines } = checkIntegrity(look.db);
      if (!isSound)
        throw coded('E_CORRUPT', `With what lies beside it, the file is damaged: ${lines[0] ?? 'no answer'}.`);
      use(look);
    });
  } catch (error) {
    // Somebody is at work on the file: then the log is theirs, and the locks decide who may do what.
    if (!(error instanceof CodedError) || error.appError.code !== 'E_DB_BUSY') throw error;
  }
}

async function lookOnce<T>(file: GatedFile, deadline: number, use: (look: Look) => T): Promise<T> {
  const isWal = file.header.journalMode === 'wal' || file.sidecars.hasWal;
  if (!isWal) {
    try {
      return readIn(file.path, (db) => use({ db, file, via: 'in-place', needsRecovery: false }), file);
    } catch (error) {
      // SQLite asks the locks whether the journal belongs to a living writer; we cannot.
      if (!isRecoveryNeeded(error)) throw error;
    }
  }
  const needsRecovery = file.sidecars.isJournalHot;
  return withPrivateCopy(file, deadline, (copy) =>
    readIn(copy, (db) => use({ db, file, via: 'private-copy', needsRecovery })),
  );
}

/** Opens, takes one snapshot, and closes whatever happens. */
function readIn<T>(path: string, use: (db: Db) => T, expected?: GatedFile): T {
  const db = openInspector(path, PAUSE_MS);
  try {
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    // lstat only: closing a descriptor of the file would drop the lock that this connection holds.
    if (expected && !isSameFile(expected.identity, identify(path))) {
      throw coded('E_PATH_CHANGED', `${path} was replaced while it was being opened.`);
    }
    return use(db);
  } catch (error) {
    throw fromSqlite(error, 'reading the database');
  } finally {
    db.close();
  }
}

const isRecoveryNeeded = (error: unknown): boolean =>
  error instanceof CodedError && error.appError.details?.['sqlite'] === 'SQLITE_READONLY_ROLLBACK';
