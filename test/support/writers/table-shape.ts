import type { Db } from '@engine/migration.ts';
import type { Row, Value } from '../oracle/rows.ts';

/** What a table of a file enforces, as SQLite says: enough to foretell what a statement without triggers would do. */
export interface TableShape {
  readonly name: string;
  readonly defaults: Row;
  readonly notNull: readonly string[];
  /** Columns that turn whole numbers into fractions. */
  readonly real: readonly string[];
  /** Beside the id. Rows with a NULL in one of the columns are never in conflict. */
  readonly uniques: readonly (readonly string[])[];
  readonly parents: readonly { readonly from: string; readonly table: string; readonly onDelete: string }[];
}

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
}

export function readShape(db: Db, name: string): TableShape {
  const columns = db.prepare<[string], ColumnRow>('SELECT * FROM pragma_table_xinfo(?) WHERE hidden <> 1').all(name);
  const real = columns.filter(({ type }) => /REAL/i.test(type)).map((column) => column.name);
  const indexes = db
    .prepare<[string], string>(`SELECT name FROM pragma_index_list(?) WHERE "unique" AND origin <> 'pk'`)
    .pluck()
    .all(name);
  const columnsOf = db.prepare<[string], string>('SELECT name FROM pragma_index_info(?) ORDER BY seqno').pluck();
  const parents = db
    .prepare<[string], { from: string; table: string; onDelete: string }>(
      'SELECT "from", "table", on_delete AS onDelete FROM pragma_foreign_key_list(?)',
    )
    .all(name);
  return {
    name,
    defaults: Object.fromEntries(columns.map((column) => [column.name, defaultOf(column)])),
    notNull: columns.filter(({ notnull }) => notnull === 1).map((column) => column.name),
    real,
    uniques: indexes.map((index) => columnsOf.all(index)),
    parents,
  };
}

function defaultOf({ type, dflt_value: text }: ColumnRow): Value {
  if (text === null || text.toUpperCase() === 'NULL') return null;
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  return /REAL/i.test(type) ? Number(text) : BigInt(Math.trunc(Number(text)));
}
