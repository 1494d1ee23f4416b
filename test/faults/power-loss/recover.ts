import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { fingerprint } from '../oracles/content.ts';
import type { Content } from './image.ts';
import { isAboutRows } from './truth.ts';

/** A database as SQLite finds it again, after it has played back what lay beside it. */
export interface Recovered {
  /** Of all rows and objects; `unreadable …` or `missing` where there are none to be had. Equal content, equal text. */
  readonly content: string;
  /** What integrity_check says; empty = sound. */
  readonly problems: readonly string[];
  /** The main file after recovery: what a fuller judgement looks at. */
  readonly bytes: Buffer | null;
}

export interface Recovery {
  of(main: Content | undefined, journal: Content | undefined, wal: Content | undefined): Recovered;
  /** How many different files were recovered, and how many different states they led to. */
  readonly counts: { recovered: number; states: number };
}

/**
 * Recovers images of one database in `folder`, which should lie in memory. Equal files are recovered once; files that are
 * equal after their recovery are checked once.
 */
export function createRecovery(folder: string): Recovery {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'project.db');
  const byFiles = new Map<string, Recovered>();
  const byBytes = new Map<string, Recovered>();
  const counts = { recovered: 0, states: 0 };
  return {
    counts,
    of(main, journal, wal) {
      const key = [main, journal, wal].map((content) => content?.sha ?? '-').join();
      let found = byFiles.get(key);
      if (found === undefined) {
        counts.recovered += 1;
        found = recover(main, journal, wal);
        byFiles.set(key, found);
      }
      return found;
    },
  };

  function recover(main: Content | undefined, journal: Content | undefined, wal: Content | undefined): Recovered {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(file + end, { force: true });
    if (main === undefined) return { content: 'missing', problems: [], bytes: null };
    writeFileSync(file, main.bytes);
    if (journal) writeFileSync(`${file}-journal`, journal.bytes);
    if (wal) writeFileSync(`${file}-wal`, wal.bytes);
    const error = playBack(file) ?? (existsSync(`${file}-wal`) ? 'the log could not be written back' : null);
    const bytes = readFileSync(file);
    const sha = createHash('sha1').update(error ?? '').update(bytes).digest('base64'); // prettier-ignore
    let found = byBytes.get(sha);
    if (found === undefined) {
      counts.states += 1;
      found = error === null ? look(file, bytes) : unreadable(error, bytes);
      byBytes.set(sha, found);
    }
    return found;
  }
}

const unreadable = (error: string, bytes: Buffer): Recovered => ({
  content: `unreadable ${createHash('sha256').update(bytes).digest('hex')}`,
  problems: [error],
  bytes,
});

/** @returns what SQLite said when it could not. */
function playBack(file: string): string | null {
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { fileMustExist: true });
    // Takes the lock that recovery needs, and reads no schema; closing writes the log back.
    db.exec('BEGIN IMMEDIATE; COMMIT');
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    db?.close();
  }
}

function look(file: string, bytes: Buffer): Recovered {
  const db = new Database(file, { fileMustExist: true });
  try {
    const lines = db.prepare<[], string>('PRAGMA integrity_check(5)').pluck().all();
    const problems = lines.filter((line) => line !== 'ok' && !isAboutRows(line));
    return { content: fingerprint(db), problems, bytes };
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error), bytes);
  } finally {
    db.close();
  }
}
