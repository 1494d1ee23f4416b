import Database from 'better-sqlite3';
import type { ChunkCount, Db, Finding, KeyRange, SqlValue } from './migration-values.ts';

/** Small tools for migrations; they reach the packs through migration.ts. */
export * from './table-definition.ts';
export { misledTriggers } from './row-address.ts';

/**
 * Runs `use` with an empty database in memory, for trying statements on a schema of one's own: a query that prepares
 * there names nothing else.
 */
export function withEmptyDatabase<T>(use: (db: Db) => T): T {
  const db = new Database(':memory:');
  try {
    return use(db);
  } finally {
    db.close();
  }
}

/** `"name"`, safe in any SQL text. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** `'text'`, safe in any SQL text (for DDL, where values cannot be bound). */
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const tableExists = (db: Db, table: string): boolean =>
  db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE`).get(table) !== undefined;

export const columnNames = (db: Db, table: string): string[] =>
  db.prepare<[string], string>(`SELECT name FROM pragma_table_xinfo(?)`).pluck().all(table);

export const columnExists = (db: Db, table: string, column: string): boolean =>
  columnNames(db, table).some((name) => name.toLowerCase() === column.toLowerCase());

/** `ALTER TABLE … ADD COLUMN` unless the column is there. @returns true when it was added. */
export function addColumn(db: Db, table: string, column: string, definition: string): boolean {
  if (columnExists(db, table, column)) return false;
  db.exec(`ALTER TABLE ${quoteName(table)} ADD COLUMN ${quoteName(column)} ${definition}`);
  return true;
}

/** Names of `columns` that `table` does not have; for `shape`. */
export function missingColumns(db: Db, table: string, columns: readonly string[]): string[] {
  const present = new Set(columnNames(db, table).map((name) => name.toLowerCase()));
  return columns.filter((name) => !present.has(name.toLowerCase()));
}

/** The trigger as it must be: replaces one of the same name whose text differs. Names begin with `_phasewise_`. */
export function ensureTrigger(db: Db, name: string, sql: string): void {
  const present = triggerSql(db, name);
  if (present === sql) return;
  if (present !== null) db.exec(`DROP TRIGGER ${quoteName(name)}`);
  db.exec(sql);
}

export const triggerSql = (db: Db, name: string): string | null =>
  db.prepare<[string], string>(`SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?`).pluck().get(name) ??
  null;

/**
 * Runs a query that must return nothing. It selects ONE column: the key of an offending row.
 * @returns no finding, or one with the count and up to five sample keys.
 */
export function expectNone(db: Db, what: string, sql: string, params: Record<string, SqlValue> = {}): Finding[] {
  const count = db.prepare(`SELECT count(*) FROM (${sql})`).pluck().get(params) as number;
  if (count === 0) return [];
  const keys = db.prepare(`SELECT * FROM (${sql}) LIMIT 5`).pluck().all(params);
  return [{ what, count, sampleKeys: keys.map(String), sql }];
}

/** Makes every trigger be as given, by name. */
export function ensureTriggers(db: Db, triggers: Readonly<Record<string, string>>): void {
  for (const [name, sql] of Object.entries(triggers)) ensureTrigger(db, name, sql);
}

/** In words, which of these triggers are missing or have another text; for `shape`. */
export const wrongTriggers = (db: Db, triggers: Readonly<Record<string, string>>): string[] =>
  Object.entries(triggers).flatMap(([name, sql]) => {
    const present = triggerSql(db, name);
    if (present === sql) return [];
    return [present === null ? `the trigger ${name} is missing` : `the trigger ${name} was changed`];
  });

/**
 * The condition "inside this range" for a key column. Two texts, because one with `:after IS NULL OR …` would make
 * every chunk read the table from its start.
 */
export const inRange = (range: KeyRange, key: string): string =>
  range.after === null ? `${key} <= :upTo` : `${key} > :after AND ${key} <= :upTo`;

/** The values that `inRange` needs. */
export const rangeValues = (range: KeyRange): Record<string, SqlValue> =>
  range.after === null ? { upTo: range.upTo } : { after: range.after, upTo: range.upTo };

/** The account of a range in which nothing is to be done, because the old columns are gone. */
export function allRight(db: Db, range: KeyRange, source: string, key: string): ChunkCount {
  const sql = `SELECT count(*) FROM ${quoteName(source)} WHERE ${inRange(range, quoteName(key))}`;
  const rows = db.prepare<unknown[], number>(sql).pluck().get(rangeValues(range)) ?? 0;
  return { moved: 0, alreadyRight: rows, issueRows: 0 };
}

/** True once this migration is recorded as applied: what it filled may have been edited since, and is not filled again. */
export const isRecorded = (db: Db, migrationId: string): boolean =>
  tableExists(db, '_phasewise_migrations') &&
  db.prepare('SELECT 1 FROM _phasewise_migrations WHERE id = ?').get(migrationId) !== undefined;
