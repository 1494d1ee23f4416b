import Database from 'better-sqlite3';

/** Adds so many tables, each with an index, to a database: what a program that makes a table per user leaves behind. */
export function addTables(file: string, tables: number): void {
  const db = new Database(file);
  db.transaction(() => {
    for (let table = 0; table < tables; table++)
      db.exec(
        `CREATE TABLE extra_${table} (id INTEGER PRIMARY KEY, a, b, c); CREATE INDEX extra_${table}_a ON extra_${table}(a)`,
      );
  })();
  db.close();
}
