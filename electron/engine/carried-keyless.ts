import { comparableColumns, rowidName, sameValues } from './compare.ts';
import { quoteName, quoteText, tableExists, type Db } from './migration.ts';
import { nameKey } from './schema.ts';

/**
 * Rows of a backup that have no key and are not in their table any more: how many of them issue rows hold whole. Such
 * rows cannot be named, so equal ones are counted on both sides, in one sort: to ask the issue rows for each row would
 * take hours where there are many.
 * @param key column that names a row; these are the rows where it is NULL.
 * @param columns of the backup that an issue row must hold unchanged.
 * @returns at most as many as the table has lost, and of equal rows at most as many as one backfill has noted.
 */
export function keylessAccounted(
  db: Db,
  backup: string,
  table: string,
  key: string,
  columns: readonly string[],
): number {
  const isThere = tableExists(db, table);
  const keylessIn = (schema: string) =>
    numberOf(db, `SELECT count(*) FROM ${schema}.${quoteName(table)} WHERE ${quoteName(key)} IS NULL`);
  const lost = keylessIn(quoteName(backup)) - (isThere ? keylessIn('main') : 0);
  if (lost <= 0) return 0;
  const names = columns.map((_, at) => `c${at}`);
  const values = (of: (column: string) => string) => columns.map((name, at) => `${of(name)} AS c${at}`);
  const away = `SELECT ${[...values((name) => stored(`b.${quoteName(name)}`)), 'NULL AS walk'].join(', ')}
    FROM ${quoteName(backup)}.${quoteName(table)} AS b
    WHERE b.${quoteName(key)} IS NULL ${isThere ? `AND NOT ${isInPlace(db, backup, table, key, columns)}` : ''}`;
  const noted = `SELECT ${[...values(saidBy), 'backfill_id AS walk'].join(', ')} FROM (
    SELECT backfill_id, CASE WHEN json_valid(row_json) THEN row_json END AS row ${keylessIssues(table)})`;
  const counted = `SELECT ${[...names, 'count(*) - count(walk) AS away', 'count(walk) AS noted'].join(', ')}
    FROM (${away} UNION ALL ${noted}) GROUP BY ${[...names, 'walk'].join(', ')}`;
  const equal = `SELECT sum(away) AS away, max(noted) AS noted FROM (${counted}) ${names.length === 0 ? '' : `GROUP BY ${names.join(', ')}`}`;
  return Math.min(
    lost,
    numberOf(db, `SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n ${keylessIssues(table)} GROUP BY backfill_id)`),
    numberOf(db, `SELECT coalesce(sum(min(away, noted)), 0) FROM (${equal})`),
  );
}

const keylessIssues = (table: string): string => `FROM main._phasewise_quarantine
     WHERE is_placed = 0 AND source_key IS NULL AND source_table = ${quoteText(table)} COLLATE NOCASE`;

/** The row `b` is in its table as it was: its note accounts for no other row. */
function isInPlace(db: Db, backup: string, table: string, key: string, columns: readonly string[]): string {
  const rowid = rowidName(db, backup, table);
  if (rowid === undefined) return '0';
  const present = new Set(comparableColumns(db, 'main', table).map(nameKey));
  const same = sameValues(columns.filter((name) => present.has(nameKey(name))));
  return `EXISTS (SELECT 1 FROM main.${quoteName(table)} AS a WHERE a.${rowid} = b.${rowid} AND a.${quoteName(key)} IS NULL AND ${same})`;
}

/**
 * A value in a form in which equal means the same type and the same bytes: 1 is not 1.0, and no text is taken for either.
 * Adding 0.0 makes one zero of two.
 */
const stored = (value: string): string =>
  `CASE typeof(${value}) WHEN 'text' THEN 't' || ${value} WHEN 'real' THEN 'r' || quote(${value} + 0.0) ELSE ${value} END`;

/** The same form of what the issue row `row` says of a column, as it is read back. */
function saidBy(column: string): string {
  const held = (...path: string[]) => `row, ${quoteText(['$', ...path.map((name) => JSON.stringify(name))].join('.'))}`;
  const value = `json_extract(${held(column)})`;
  return `CASE json_type(${held(column)}) WHEN 'null' THEN NULL WHEN 'integer' THEN ${value} WHEN 'text' THEN 't' || ${value}
    WHEN 'real' THEN 'r' || quote(${value} + 0.0)
    WHEN 'object' THEN coalesce(unhex(json_extract(${held(column, '$blob')})),
      't' || CAST(unhex(json_extract(${held(column, '$brokenText')})) AS TEXT), 'nothing')
    ELSE 'nothing' END`;
}

const numberOf = (db: Db, sql: string): number => db.prepare<[], number>(sql).pluck().get() ?? 0;
