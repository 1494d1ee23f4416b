import { quoteName, type Db } from './migration.ts';

/**
 * Row-by-row comparison of two databases on one connection ('main' and an attached one), entirely in SQL: values never
 * pass through JavaScript, so nothing is lost to number or text conversion, and memory does not grow with the data.
 */

export interface TableComparison {
  readonly table: string;
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  /** Rows of `before` that are in `after` with every compared column identical in value and type. */
  readonly kept: number;
  /** Keys of rows that are missing or differ, a few. */
  readonly sampleKeys: readonly string[];
  readonly sql: string;
}

/** The two sides by the name they are attached under. `after` must hold every row of `before`. */
export interface Sides {
  readonly before: string;
  readonly after: string;
}

export interface StoredTable {
  readonly name: string;
  readonly sql: string;
}

/** Tables that hold rows of their own: ordinary, shadow and SQLite's own; neither views nor virtual tables. */
export const storedTables = (db: Db, schema: string): StoredTable[] =>
  db
    .prepare<[], StoredTable>(
      `SELECT name, sql FROM ${quoteName(schema)}.sqlite_schema
       WHERE type = 'table' AND sql NOT LIKE 'create virtual table%' ORDER BY name`,
    )
    .all();

export const countRows = (db: Db, schema: string, table: string): number =>
  db
    .prepare<[], number>(`SELECT count(*) FROM ${quoteName(schema)}.${quoteName(table)}`)
    .pluck()
    .get() ?? 0;

/**
 * Compares `columns` of one table. Rows are matched by rowid, or by primary key in tables without one.
 * @param columns names present on both sides; generated columns that are not stored are left out by the caller.
 */
export function compareTable(db: Db, sides: Sides, table: string, columns: readonly string[]): TableComparison {
  const [first, ...others] = matchings(db, sides.before, table);
  let result = compareBy(db, sides, table, columns, first ?? 'all-columns');
  for (const matching of others) {
    if (result.kept === result.rowsBefore) break;
    result = compareBy(db, sides, table, columns, matching);
  }
  return result;
}

/** Columns whose stored value can be compared: everything but virtual generated ones. */
export const comparableColumns = (db: Db, schema: string, table: string): string[] =>
  db
    .prepare<[string, string], string>(`SELECT name FROM pragma_table_xinfo(?, ?) WHERE hidden IN (0, 3)`)
    .pluck()
    .all(table, schema);

/** How rows of the two sides belong together: 'rowid' alias, key columns, or (no key at all) whole rows counted. */
type Matching = { rowid: string } | { key: readonly string[]; rowid: string | undefined } | 'all-columns';

/** A name by which the rowid can be asked for; undefined where there is none, or columns have taken them all. */
export function rowidName(db: Db, schema: string, table: string): string | undefined {
  const names = comparableColumns(db, schema, table).map((name) => name.toLowerCase());
  const isWithout = db
    .prepare<[string, string], number>(`SELECT wr FROM pragma_table_list(?) WHERE schema = ?`)
    .pluck()
    .get(table, schema);
  return isWithout === 0 ? ['rowid', '_rowid_', 'oid'].find((word) => !names.includes(word)) : undefined;
}

function matchings(db: Db, schema: string, table: string): Matching[] {
  const rowid = rowidName(db, schema, table);
  const key = db
    .prepare<[string, string], string>(`SELECT name FROM pragma_table_xinfo(?, ?) WHERE pk > 0 ORDER BY pk`)
    .pluck()
    .all(table, schema);
  const found: Matching[] = [];
  if (rowid) found.push({ rowid });
  // A later phase may rebuild a table and give its rows new rowids; the primary key then still names them.
  if (key.length > 0) found.push({ key, rowid });
  return found;
}

function compareBy(
  db: Db,
  sides: Sides,
  table: string,
  columns: readonly string[],
  matching: Matching,
): TableComparison {
  const rowsBefore = countRows(db, sides.before, table);
  const rowsAfter = countRows(db, sides.after, table);
  const base = { table, rowsBefore, rowsAfter };
  if (matching === 'all-columns') return { ...base, ...compareWholeRows(db, sides, table, columns) };
  const from = `${quoteName(sides.before)}.${quoteName(table)} AS b`;
  const to = `${quoteName(sides.after)}.${quoteName(table)} AS a`;
  const keyColumns = 'key' in matching ? matching.key.map(quoteName) : [matching.rowid];
  const on = keyColumns.map((name) => `a.${name} = b.${name}`).join(' AND ');
  const same = sameValues(columns);
  const sql = `SELECT count(*) FROM ${from} CROSS JOIN ${to} ON ${on} WHERE ${same}`;
  const kept = (db.prepare<[], number>(sql).pluck().get() ?? 0) + keptKeyless(db, { from, to, same }, matching);
  const sampleSql = `SELECT ${keyColumns.map((name) => `quote(substr(b.${name}, 1, 60))`).join(` || ', ' || `)} FROM ${from}
    WHERE NOT EXISTS (SELECT 1 FROM ${to} WHERE ${on} AND ${same}) LIMIT 5`;
  const sampleKeys = kept === rowsBefore ? [] : db.prepare<[], string>(sampleSql).pluck().all();
  return { ...base, kept, sampleKeys, sql };
}

/**
 * The primary key of an ordinary table may hold NULL, also more than once: such rows are known by their rowid alone.
 * Matched by their key, each would be found as often as there are others.
 */
function keptKeyless(
  db: Db,
  { from, to, same }: { from: string; to: string; same: string },
  matching: Matching,
): number {
  if (matching === 'all-columns' || !('key' in matching) || matching.rowid === undefined) return 0;
  const { key, rowid } = matching;
  const isKeyless = key.map((name) => `b.${quoteName(name)} IS NULL`).join(' OR ');
  const isSameKey = key.map((name) => `a.${quoteName(name)} IS b.${quoteName(name)}`).join(' AND ');
  const sql = `SELECT count(*) FROM ${from} CROSS JOIN ${to} ON a.${rowid} = b.${rowid} WHERE (${isKeyless}) AND ${isSameKey} AND ${same}`;
  return db.prepare<[], number>(sql).pluck().get() ?? 0;
}

/**
 * True when every column of `a` and `b` is identical in type and bytes. Row values keep the expression flat: a chain of ANDs over a
 * 2,000-column table would exceed SQLite's expression depth.
 */
export function sameValues(columns: readonly string[]): string {
  if (columns.length === 0) return '1';
  const side = (alias: string) =>
    columns
      .flatMap((name) => [`${alias}.${quoteName(name)} COLLATE BINARY`, `typeof(${alias}.${quoteName(name)})`])
      .join(', ');
  return `(${side('b')}) IS (${side('a')})`;
}

/** For tables that name neither a rowid nor a key: equal rows are counted on both sides. */
function compareWholeRows(db: Db, sides: Sides, table: string, columns: readonly string[]) {
  const list = columns.flatMap((name) => [quoteName(name), `typeof(${quoteName(name)})`]).join(', ');
  // First: of two columns called n, one of them the table's own, the first bears the name outside.
  const grouped = (schema: string) =>
    `SELECT count(*) AS n, ${list} FROM ${quoteName(schema)}.${quoteName(table)} GROUP BY ${list}`;
  const sql = `SELECT coalesce(sum(n), 0) FROM (${grouped(sides.before)} INTERSECT ${grouped(sides.after)})`;
  return { kept: db.prepare<[], number>(sql).pluck().get() ?? 0, sampleKeys: [], sql };
}

/** A few facts of a database that a copy must share, and its whole schema text as one string. */
export function schemaFacts(db: Db, schema: string): Record<string, string | number> {
  const pragma = (name: string) => db.pragma(`${quoteName(schema)}.${name}`, { simple: true }) as string | number;
  return {
    user_version: pragma('user_version'),
    application_id: pragma('application_id'),
    encoding: pragma('encoding'),
    page_size: pragma('page_size'),
    schema: schemaText(db, schema),
  };
}

/** Every object of the schema, one after the other, in a fixed order. */
export const schemaText = (db: Db, schema: string): string =>
  db
    .prepare<[], string>(
      `SELECT type || ' ' || name || ' ' || tbl_name || char(10) || coalesce(sql, '') FROM ${quoteName(schema)}.sqlite_schema
       ORDER BY type, name, tbl_name`,
    )
    .pluck()
    .all()
    .join('\n');
