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

/** A table of somebody else of `rows` rows in 200 columns: small numbers, a text in every tenth, NULL in every seventh. */
export function addWideRows(db: Database.Database, rows: number): void {
  const columns = Array.from({ length: 200 }, (_, at) => `c${at}`);
  const valueOf = (at: number): string =>
    at % 10 === 9 ? `'note ' || i` : at % 7 === 6 ? 'NULL' : `i * ${7919 + at} % 100`;
  db.exec(`CREATE TABLE my_readings (id INTEGER PRIMARY KEY, ${columns.join(', ')});
    CREATE INDEX my_first_reading ON my_readings (c0);`);
  db.transaction(() => {
    db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      INSERT INTO my_readings SELECT i, ${columns.map((_, at) => valueOf(at)).join(', ')} FROM n`);
  })();
}
