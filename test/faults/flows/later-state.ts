import {
  copyFileSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import Database from 'better-sqlite3';
import type { Source } from '../databases/source.ts';

/**
 * What became of the database since its backup. later: used on, so that it is sound but another. unusable: each source
 * another kind of damage, that SQLite cannot work with.
 */
export function damage(file: string, source: Source, kind: 'later' | 'unusable'): void {
  useOn(file, source);
  if (kind === 'later') return;
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

function smashHeader(file: string): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(100, 0x5a), 0, 100, 0);
  closeSync(handle);
}
