import type { RowCount } from '@shared/status.ts';
import { quoteName, type Db, type TableInfo } from './migration.ts';
import { nameKey } from './schema.ts';

/** Tables up to this size are counted; above it a count would make opening a large file slow. */
const COUNTED_ROWS = 200_000;
/** And up to this many in all, so that a look costs the same whatever the number of tables. */
const COUNTED_ROWS_IN_ALL = 1_000_000;
/** A table whose keys have gaps may be small all the same: this many rows are always looked for. */
const PROBED_ROWS = 2_000;

/** Exact number of rows; reads the whole smallest index of the table. */
export const countRows = (db: Db, table: string): number =>
  db
    .prepare<[], number>(`SELECT count(*) FROM ${quoteName(table)}`)
    .pluck()
    .get() ?? 0;

/**
 * Counts rows within a budget: exact for small tables, "about n" from the span of rowids for large ones. One counter
 * serves one look and answers each table once.
 */
export function rowCounter(db: Db): (table: TableInfo) => RowCount {
  const known = new Map<string, RowCount>();
  let budget = COUNTED_ROWS_IN_ALL;
  return (table) => {
    const key = nameKey(table.name);
    const count = known.get(key) ?? rowsOf(db, table, Math.min(budget, COUNTED_ROWS));
    if (!known.has(key) && count.isExact) budget -= count.value;
    known.set(key, count);
    return count;
  };
}

function rowsOf(db: Db, table: TableInfo, limit: number): RowCount {
  const span = rowidSpan(db, table);
  if (span !== null && span <= limit) return { value: countRows(db, table.name), isExact: true };
  const probed = countUpTo(db, table.name, span === null ? Math.max(limit, PROBED_ROWS) : PROBED_ROWS);
  return probed.isExact ? probed : { value: Math.max(span ?? 0, probed.value), isExact: false };
}

/** Greatest minus smallest rowid plus one: two look-ups, and never less than the number of rows. null = no rowid. */
function rowidSpan(db: Db, table: TableInfo): number | null {
  const taken = new Set(table.columns.map(({ name }) => nameKey(name)));
  const rowid = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  if (table.kind !== 'table' || table.isWithoutRowid || rowid === undefined) return null;
  const [least, greatest] = ['min', 'max'].map((end) =>
    db
      .prepare<[], number | null>(`SELECT ${end}(${rowid}) FROM ${quoteName(table.name)}`)
      .pluck()
      .get(),
  );
  return least === null || greatest === null || least === undefined || greatest === undefined
    ? 0
    : greatest - least + 1;
}

function countUpTo(db: Db, table: string, limit: number): RowCount {
  const value = db
    .prepare<[number], number>(`SELECT count(*) FROM (SELECT 1 FROM ${quoteName(table)} LIMIT ?)`)
    .pluck()
    .get(limit + 1);
  return { value: value ?? 0, isExact: (value ?? 0) <= limit };
}
