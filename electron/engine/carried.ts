import { keylessAccounted } from './carried-keyless.ts';
import { comparableColumns, countRows } from './compare.ts';
import { quoteName, quoteText, tableExists, type Db } from './migration.ts';
import { nameKey } from './schema.ts';

/**
 * Where a contracting run took rows of the backup to: into the table that has their place, or among the issue rows,
 * whole. Everything is asked in sets.
 */
export interface Whereabouts {
  readonly inSuccessor: number;
  readonly amongIssues: number;
  /** Keys of rows that are in neither, a few. */
  readonly sampleKeys: readonly string[];
}

/**
 * The one column that names a row of a table; null where there is none.
 * @param walked by it a backfill walked the table, where the table declares no key.
 */
export function keyColumn(db: Db, schema: string, table: string, walked?: string): string | null {
  const key = db
    .prepare<[string, string], string>(`SELECT name FROM pragma_table_xinfo(?, ?) WHERE pk > 0 ORDER BY pk`)
    .pluck()
    .all(table, schema);
  if (key.length === 0 && walked !== undefined && comparableColumns(db, schema, table).includes(walked)) return walked;
  return key.length === 1 ? (key[0] ?? null) : null;
}

/**
 * Rows of a table of the backup that is gone.
 * @param successor has its rows under the same keys; what they say there is the pack's to prove.
 * @param columns of the backup that an issue row must hold unchanged.
 */
export function findRemoved(
  db: Db,
  backup: string,
  table: string,
  successor: string,
  columns: readonly string[],
  walked?: string,
): Whereabouts {
  const key = keyColumn(db, backup, table, walked);
  const theirs = tableExists(db, successor) ? comparableColumns(db, 'main', successor) : [];
  if (key === null || !theirs.some((name) => nameKey(name) === nameKey(key)))
    return { inSuccessor: 0, amongIssues: 0, sampleKeys: [] };
  const k = quoteName(key);
  const from = `${quoteName(backup)}.${quoteName(table)} AS b`;
  const isCarried = `EXISTS (SELECT 1 FROM main.${quoteName(successor)} AS a WHERE a.${k} = b.${k})`;
  const inSuccessor = numberOf(db, `SELECT count(*) FROM ${from} WHERE ${isCarried}`);
  if (inSuccessor === countRows(db, backup, table)) return { inSuccessor, amongIssues: 0, sampleKeys: [] };
  return { inSuccessor, ...findAmongIssues(db, backup, table, key, `NOT ${isCarried}`, columns) };
}

/** Rows of a table that is still there, but that are not in it any more under their key. */
export function findSetAside(
  db: Db,
  backup: string,
  table: string,
  columns: readonly string[],
  walked?: string,
): Whereabouts {
  const key = keyColumn(db, backup, table, walked);
  if (key === null) return { inSuccessor: 0, amongIssues: 0, sampleKeys: [] };
  const isThere = `EXISTS (SELECT 1 FROM main.${quoteName(table)} AS a WHERE a.${quoteName(key)} = b.${quoteName(key)})`;
  return { inSuccessor: 0, ...findAmongIssues(db, backup, table, key, `NOT ${isThere}`, columns) };
}

/** Of the rows `b` that are not in their place: those that an issue row without a place holds whole. */
function findAmongIssues(
  db: Db,
  backup: string,
  table: string,
  key: string,
  isAway: string,
  columns: readonly string[],
): { amongIssues: number; sampleKeys: string[] } {
  const k = `b.${quoteName(key)}`;
  const issues = `main._phasewise_quarantine AS q JOIN ${quoteName(backup)}.${quoteName(table)} AS b ON ${k} = q.source_key
    WHERE q.is_placed = 0 AND q.source_table = ${quoteText(table)} COLLATE NOCASE AND ${isWhole(columns)}`;
  const isNoted = tableExists(db, '_phasewise_quarantine');
  const keyed = isNoted ? numberOf(db, `SELECT count(*) FROM (SELECT DISTINCT ${k} FROM ${issues} AND ${isAway})`) : 0;
  const rows = `${quoteName(backup)}.${quoteName(table)} AS b`;
  const keyless = isNoted ? keylessAccounted(db, backup, table, key, columns) : 0;
  const away = numberOf(db, `SELECT count(*) FROM ${rows} WHERE ${isAway}`);
  if (away === keyed + keyless) return { amongIssues: away, sampleKeys: [] };
  const isUnknown = isNoted ? `AND ${k} NOT IN (SELECT ${k} FROM ${issues})` : '';
  const sample = `SELECT quote(substr(${k}, 1, 60)) FROM ${rows} WHERE ${isAway} ${isUnknown} LIMIT 5`;
  return { amongIssues: keyed + keyless, sampleKeys: db.prepare<[], string>(sample).pluck().all() };
}

/**
 * SQL: the issue row `q` holds every one of these columns of `b`, value for value, as it is read back: the expression that
 * wrote the row would not see its own mistakes.
 */
const isWhole = (columns: readonly string[]): string =>
  isHeldBy(
    'q.row_json',
    columns.map((name) => isSaidBy('q.row_json', name, `b.${quoteName(name)}`)),
  );

/**
 * SQL: the row `row` still says what an issue row does of these columns, those aside that the issue row does not have.
 * @param json SQL for the content of the issue row.
 */
export const isSaidStill = (json: string, row: string, columns: readonly string[]): string =>
  isHeldBy(
    json,
    columns.map(
      (name) =>
        `(json_type(${json}, ${memberPath(name)}) IS NULL OR ${isSaidBy(json, name, `${row}.${quoteName(name)}`)})`,
    ),
  );

const GROUP = 40;

/** All of these; in groups, because SQLite limits the depth of an expression; min() of one value alone would be the aggregate. */
function isHeldBy(json: string, members: readonly string[]): string {
  const groups = Array.from({ length: Math.ceil(members.length / GROUP) }, (_, at) =>
    [1, ...members.slice(at * GROUP, (at + 1) * GROUP)].join(', '),
  );
  const isHeld = groups.map((group) => `min(${group})`).join(' AND ');
  // JSON that cannot be read would be an error, and AND promises no order.
  return `CASE WHEN json_valid(${json}) THEN ${isHeld === '' ? '1' : isHeld} ELSE 0 END`;
}

const memberPath = (...path: string[]): string =>
  quoteText(['$', ...path.map((name) => JSON.stringify(name))].join('.'));

/** The issue row says exactly this of the column: type and value, text by its bytes. */
const isSaidBy = (json: string, column: string, value: string): string => {
  const said = `json_extract(${json}, ${memberPath(column)})`;
  return `CASE typeof(${value}) WHEN 'blob' THEN json_extract(${json}, ${memberPath(column, '$blob')}) IS hex(${value})
      WHEN 'text' THEN CASE json_type(${json}, ${memberPath(column)}) WHEN 'text' THEN CAST(${said} AS BLOB) = CAST(${value} AS BLOB)
        ELSE json_extract(${json}, ${memberPath(column, '$brokenText')}) IS hex(${value}) END
      ELSE json_type(${json}, ${memberPath(column)}) IS typeof(${value}) AND ${said} IS +${value} END`;
};

const numberOf = (db: Db, sql: string): number => db.prepare<[], number>(sql).pluck().get() ?? 0;
