import type Database from 'better-sqlite3';

/** A value exactly as SQLite holds it: INTEGER as bigint, REAL as number. */
export type Value = string | number | bigint | Uint8Array | null;
export type Row = Record<string, Value>;
/** All rows of a database in memory, by table. */
export type Tables = Map<string, Row[]>;

/** Reads every ordinary table, in rowid order; `_phasewise_*` and SQLite's own tables are left out. */
export function readTables(db: Database.Database): Tables {
  const names = db
    .prepare<[], string>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE '!_phasewise!_%' ESCAPE '!'`,
    )
    .pluck()
    .all();
  return new Map(names.map((name) => [name, db.prepare<[], Row>(`SELECT * FROM "${name}"`).safeIntegers().all()]));
}

/** A copy in which rows can be changed without changing the original. */
export const copyTables = (tables: Tables): Tables =>
  new Map([...tables].map(([name, rows]) => [name, rows.map((row) => ({ ...row }))]));

export const rowsOf = (tables: Tables, table: string): Row[] => tables.get(table) ?? [];

export const isEmpty = (value: Value | undefined): boolean => value === null || value === undefined || value === '';

/** Fills an empty value; nothing is better than nothing, so an empty one stays what it is. */
export function fillEmpty(row: Row, column: string, value: Value | undefined): void {
  if (isEmpty(row[column]) && value !== null && value !== undefined) row[column] = value;
}

/** The text of a value, as SQLite's CAST AS TEXT; NULL gives ''. */
export function textOf(value: Value | undefined): string {
  if (value === null || value === undefined) return '';
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value);
}

export function groupBy<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}

/** Rows by their id, the primary key of every table here. */
export const byId = (rows: readonly Row[]): Map<string, Row> => new Map(rows.map((row) => [textOf(row['id']), row]));
