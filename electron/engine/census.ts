import { coded } from '@shared/errors.ts';
import { isOwnName, type AddedShape } from './bookkeeping.ts';
import { countRows, storedTables } from './compare.ts';
import { foreignKeyViolations } from './integrity.ts';
import { columnNames, type Db, type Migration } from './migration.ts';
import { nameKey } from './schema.ts';

/**
 * Counts of everything, taken before and compared after each step. A mistake that wipes a table (a cascade, somebody's
 * trigger) leaves no other trace: foreign_key_check and integrity_check stay clean.
 */
export interface Census {
  /** Rows per table; our own tables are left out. */
  readonly rows: ReadonlyMap<string, number>;
  /** "kind name" -> text, of every object; columns as "column table.name" -> type, nullability, default. */
  readonly objects: ReadonlyMap<string, string>;
  /** Columns per table, our own tables left out. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

/** Reads every table's row count and the definition of every object. */
export function takeCensus(db: Db): Census {
  const counted = storedTables(db, 'main').filter(({ name }) => !isOwnName(name) && name !== 'sqlite_sequence');
  return {
    rows: new Map(counted.map(({ name }) => [name, countRows(db, 'main', name)])),
    objects: readObjects(db),
    columns: readColumns(db, counted),
  };
}

/**
 * Holds a step to its declared effect.
 * @param ledger its rows may be added to by every step.
 * @throws CodedError E_INVARIANT when a table lost rows, gained rows undeclared, or an existing object was changed.
 */
export function assertEffect(
  before: Census,
  after: Census,
  migration: Pick<Migration, 'effect' | 'kind'>,
  ledger: string,
): void {
  const grows = new Set([...migration.effect.grows, ledger].map(nameKey));
  for (const [table, rows] of before.rows) {
    const now = after.rows.get(table);
    if (now === undefined) throw broken(`table ${table} is gone`);
    if (now < rows) throw broken(`table ${table} has ${rows - now} rows less than before`);
    if (now > rows && !grows.has(nameKey(table)))
      throw broken(`table ${table} gained ${now - rows} rows that were not planned`);
  }
  for (const [table, rows] of after.rows) {
    const isUnplanned = !before.rows.has(table) && rows > 0 && !grows.has(nameKey(table));
    if (isUnplanned) throw broken(`the new table ${table} has rows that were not planned`);
  }
  if (migration.kind === 'contract') return; // rebuilds change texts; its own checks and the parity of rows decide
  for (const [name, text] of before.objects) {
    if (after.objects.get(name) !== text) throw broken(`${name} was changed or removed`);
  }
}

/** Tables and columns of `after` that `before` did not have. */
export function addedBetween(before: Census, after: Census): AddedShape {
  const tables = [...after.columns.keys()].filter((table) => !before.columns.has(table));
  const columns = [...after.columns].map(
    ([table, names]) => [table, names.filter((name) => !before.columns.get(table)?.includes(name))] as const,
  );
  return {
    tables,
    columns: Object.fromEntries(columns.filter(([table, names]) => !tables.includes(table) && names.length > 0)),
  };
}

/** Foreign-key violations per table; our own tables have none. */
export const fkCensus = (db: Db): ReadonlyMap<string, number> => foreignKeyViolations(db);

/** @throws CodedError E_INVARIANT when a table has more violations than before. */
export function assertForeignKeysNotWorse(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): void {
  for (const [table, count] of after) {
    const earlier = before.get(table) ?? 0;
    if (count > earlier && earlier >= 0)
      throw broken(`${count - earlier} rows of ${table} point to rows that do not exist`);
  }
}

const readColumns = (db: Db, tables: readonly { name: string }[]): Map<string, string[]> =>
  new Map(tables.map(({ name }) => [name, columnNames(db, name)]));

/**
 * Objects that an expanding step must leave as they are. A table's own text is left out, because ADD COLUMN changes
 * it; its columns stand for it.
 */
function readObjects(db: Db): Map<string, string> {
  const objects = db
    .prepare<[], { kind: string; name: string; owner: string; sql: string }>(
      `SELECT type AS kind, name, tbl_name AS owner, coalesce(sql, '') AS sql FROM sqlite_schema WHERE type IN ('view', 'index', 'trigger')`,
    )
    .all()
    .filter(({ name, owner }) => !isOwnName(name) && !isOwnName(owner));
  const columns = db
    .prepare<[], { kind: string; name: string; sql: string }>(
      `SELECT 'column' AS kind, m.name || '.' || c.name AS name,
         c.type || ' ' || c."notnull" || ' ' || coalesce(c.dflt_value, '-') || ' ' || c.pk || ' ' || c.hidden AS sql
       FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS c WHERE m.type = 'table'`,
    )
    .all()
    .filter(({ name }) => !isOwnName(name));
  return new Map([...objects, ...columns].map(({ kind, name, sql }) => [`${kind} ${name}`, sql]));
}

const broken = (what: string) => coded('E_INVARIANT', `The step was taken back because ${what}.`);
