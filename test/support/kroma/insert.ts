import type Database from 'better-sqlite3';
import { rowWriter, type Row } from '../../../migrations/kroma/sample/rows.ts';
import type { Tables } from '../oracle/rows.ts';

export { type Row } from '../../../migrations/kroma/sample/rows.ts';

/** Inserts rows with named columns, foreign keys being off: many of the odd rows have no parent. */
export function insertRows(db: Database.Database, table: string, rows: readonly Row[]): void {
  const write = rowWriter(db);
  for (const row of rows) write(table, row);
}

/** Puts the rows of some tables back as they are in memory. */
export function replaceRows(db: Database.Database, tables: Tables, names: readonly string[]): void {
  for (const name of names) {
    db.exec(`DELETE FROM "${name}"`);
    insertRows(db, name, tables.get(name) ?? []);
  }
}

/** Runs `fill` in one transaction with foreign keys off, as a program without them would write. */
export function withoutForeignKeys(db: Database.Database, fill: () => void): void {
  const enforced = db.pragma('foreign_keys', { simple: true }) as number;
  db.pragma('foreign_keys = OFF');
  db.transaction(fill).immediate();
  db.pragma(`foreign_keys = ${enforced}`);
}
