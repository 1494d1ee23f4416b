import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { cacheFolder } from '../../build/layout.mjs';

/** The one table of the file. */
export const TABLE = 'measurements';
/** Grows with every change of the file: an older one is built anew. */
const EDITION = 1;

/**
 * A file with so many rows of about 60 bytes, with gaps in its keys, as rows that were deleted leave them, and an index
 * over one column. Built once, in the cache: about a minute for 10 million rows. @returns its path.
 */
export function browseFile(rows: number): string {
  const file = path.join(cacheFolder, 'bench', `browse-${rows}-${EDITION}.db`);
  if (existsSync(file)) return file;
  console.log(`Building ${file}…`);
  mkdirSync(path.dirname(file), { recursive: true });
  const building = `${file}.building`;
  rmSync(building, { force: true });
  const db = new Database(building);
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  db.exec(`CREATE TABLE ${TABLE} (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, weight INTEGER, noted_at TEXT, note TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO ${TABLE} SELECT i * 3 + (i * 7919 % 3), 'kind-' || (i * 7919 % 100), i * 7919 % 1000003,
      printf('2024-%02d-%02dT%02d:00:00Z', 1 + i % 12, 1 + i % 28, i % 24), 'a note on row ' || i FROM n;
    CREATE INDEX measurements_by_weight ON ${TABLE} (weight);`);
  db.close();
  renameSync(building, file);
  return file;
}
