import type Database from 'better-sqlite3';

/** A table of somebody else with `rows` small rows, as large as projects' own tables never get. Made by SQL alone. */
export function addManyRows(db: Database.Database, rows: number): void {
  db.exec(`CREATE TABLE my_measurements (id INTEGER PRIMARY KEY, at INTEGER, value REAL, note TEXT);
    CREATE INDEX my_by_time ON my_measurements (at);`);
  db.transaction(() => {
    db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      INSERT INTO my_measurements SELECT i, i * 7919 % 1000003, i / 7.0, 'note ' || i FROM n`);
  })();
}
