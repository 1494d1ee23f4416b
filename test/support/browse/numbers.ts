import path from 'node:path';
import Database from 'better-sqlite3';

/** A million numbered rows: `numbers.number` is the row number, so a test can tell whether it sees the right one. */
export function makeNumbers(folder: string, name: string, rows: number): string {
  const file = path.join(folder, name);
  const db = new Database(file);
  db.exec(`
    PRAGMA synchronous = OFF;
    CREATE TABLE people (person_id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace'), (3, NULL);
    CREATE TABLE numbers (
      number INTEGER PRIMARY KEY, name TEXT, half REAL, kind TEXT, person_id INTEGER REFERENCES people (person_id),
      c1 TEXT, c2 TEXT, c3 TEXT, c4 TEXT, c5 TEXT, c6 TEXT, c7 TEXT, c8 TEXT);
    INSERT INTO numbers
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      SELECT i, 'number ' || i, i / 2.0, CASE i % 3 WHEN 0 THEN 'fizz' WHEN 1 THEN 'one' ELSE 'two' END, i % 3 + 1,
             'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', '<b onclick="alert(1)">c8</b>' FROM n;
    CREATE VIEW endless AS
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT count(*) AS n FROM n;
  `);
  db.close();
  return file;
}
