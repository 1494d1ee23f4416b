import {
  copyFileSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import Database from 'better-sqlite3';
import type { Source } from '../databases/source.ts';

/**
 * What became of the database since its backup. later: used on, so that it is sound but another. damaged: its header and
 * its list of tables are right, and SQLite can lock it, but not read all of it. unusable: each source another kind of
 * damage, that SQLite cannot work with.
 */
export type LaterState = 'later' | 'damaged' | 'unusable';

export function damage(file: string, source: Source, kind: LaterState): void {
  useOn(file, source);
  if (kind === 'later') return;
  if (kind === 'damaged') return damageBody(file, source);
  const wal = `${file}-wal`;
  switch (source.name) {
    case 'kroma':
    case 'shop-utf16':
      return truncateSync(file, 40_000);
    case 'shop':
      return rmSync(file);
    case 'shop-wal':
      return writeFileSync(file, '');
    case 'kroma-utf16':
      return writeFileSync(file, readFileSync(file).reverse());
    default:
      keepLog(file, wal);
      return smashHeader(file);
  }
}

/** Rows come, change and go; one database also gets another page size. */
function useOn(file: string, source: Source): void {
  const db = new Database(file);
  db.exec(`CREATE TABLE later_work (id INTEGER PRIMARY KEY, text TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    INSERT INTO later_work SELECT i, 'written after the backup ' || i FROM n;`);
  if (source.family === 'shop') db.exec(`UPDATE member SET city = 'later'; DELETE FROM note WHERE id % 3 = 0`);
  else db.exec(`UPDATE runs SET status = 'later'; DELETE FROM chat_messages`);
  if (source.name === 'shop') {
    db.pragma('page_size = 4096');
    db.exec('VACUUM');
  }
  db.close();
}

/** Leaves a log beside the file, as a program that was killed would. */
function keepLog(file: string, wal: string): void {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.exec(`UPDATE later_work SET text = 'in the log only'`);
  copyFileSync(wal, `${wal}.kept`);
  db.close();
  copyFileSync(`${wal}.kept`, wal);
  rmSync(`${wal}.kept`);
}

const smashHeader = (file: string): void => writeAt(file, 0, Buffer.alloc(100, 0x5a));

/** A table that was made last and is in nobody's way: where it begins is smashed, or its last pages are zeros. */
function damageBody(file: string, source: Source): void {
  const db = new Database(file); // one that only reads would leave an empty log behind
  const first =
    db.prepare<[], number>(`SELECT rootpage FROM sqlite_schema WHERE name = 'later_work'`).pluck().get() ?? 0;
  const pageBytes = Number(db.pragma('page_size', { simple: true }));
  db.close();
  if (source.name === 'shop-wal' || source.name === 'kroma') {
    const bytes = Math.max(pageBytes, 8_192);
    return writeAt(file, statSync(file).size - bytes, Buffer.alloc(bytes));
  }
  writeAt(file, (first - 1) * pageBytes, Buffer.alloc(pageBytes, 0x5a));
}

function writeAt(file: string, at: number, bytes: Buffer): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, bytes, 0, bytes.length, at);
  closeSync(handle);
}
