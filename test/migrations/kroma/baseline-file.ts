import type { Db } from '@engine/migration.ts';
import { insertRows, type Row } from '../../support/kroma/insert.ts';
import { baselineTables } from '../../support/kroma/schema-baseline.ts';
import { dualColumns } from '../../support/kroma/schema-dual.ts';
import { legacyDatabase } from '../../support/run-migration.ts';
import { household } from './rows.ts';

/** The shapes in which the tables of phase 4 are found: not at all, as first made, or with old and new columns. */
export type Shape = 'missing' | 'first' | 'dual';

/** A database with these rows, those of later tables included; foreign keys are off, so that rows may be orphans. */
export function laterDatabase(file: string, shape: Shape, rows: Record<string, readonly Row[]> = {}): Db {
  const db = legacyDatabase(file, household);
  if (shape !== 'missing') {
    for (const statement of baselineTables) db.exec(statement);
  }
  if (shape === 'dual') {
    const later = /^(provider_accounts|style_guides|characters|reference_sets|reference_items) /;
    for (const column of dualColumns.filter((each) => later.test(each))) db.exec(`ALTER TABLE ${column}`);
  }
  for (const [table, list] of Object.entries(rows)) insertRows(db, table, list);
  return db;
}

const T = '2026-02-14T09:31:07Z';
/** What every row of knowledge has. */
export const known = (id: string, more: Row = {}): Row => ({
  id,
  project_id: 'p',
  created_at: T,
  updated_at: T,
  ...more,
});

/** Name, type, NOT NULL and default of each column, and what it refers to. */
export const fieldsOf = (db: Db, table: string): string[] => {
  const keys = db
    .prepare<[string], { from: string; table: string; on_delete: string }>(`SELECT * FROM pragma_foreign_key_list(?)`)
    .all(table);
  return db
    .prepare<[string], { name: string; type: string; notnull: number; dflt_value: string | null }>(
      `SELECT * FROM pragma_table_info(?)`,
    )
    .all(table)
    .map(({ name, type, notnull, dflt_value }) => {
      const key = keys.find((each) => each.from === name);
      return [
        name,
        type,
        ...(notnull ? ['NOT NULL'] : []),
        ...(dflt_value === null ? [] : [`DEFAULT ${dflt_value}`]),
        ...(key ? [`-> ${key.table} ${key.on_delete}`] : []),
      ].join(' ');
    });
};
