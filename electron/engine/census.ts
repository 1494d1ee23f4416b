import { coded } from '@shared/errors.ts';
import { isOwnName, type AddedShape } from './bookkeeping.ts';
import { countRows, storedTables } from './compare.ts';
import { foreignKeyViolations } from './integrity.ts';
import { columnNames, isSameTable, type Db, type Migration, type Pack } from './migration.ts';
import { alwaysGrowing, isFamilyColumn, isFamilyTable, isStatistics, removalOf, type Removal } from './removal.ts';
import { nameKey } from './schema.ts';
import { countLeft, countSetAside } from './set-aside.ts';

/**
 * Counts of everything, taken before and compared after each step. A mistake that wipes a table (a cascade, somebody's
 * trigger) leaves no other trace: foreign_key_check and integrity_check stay clean.
 */
export interface Census {
  /** Rows per table; our own tables are left out. */
  readonly rows: ReadonlyMap<string, number>;
  /** Every object by "kind name" as SQLite compares names; columns as "column table.name", with type, nullability, default as their text. */
  readonly objects: ReadonlyMap<string, CensusObject>;
  /** Columns per table, our own tables left out. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** Of the step at hand, where it is a contracting one: rows that left their tables for its issue rows, per table. */
  readonly setAside: ReadonlyMap<string, number>;
}
interface CensusObject {
  readonly kind: 'view' | 'index' | 'trigger' | 'table' | 'column';
  readonly name: string;
  readonly table: string;
  readonly sql: string;
}

type Step = Pick<Migration, 'effect' | 'kind' | 'backfills'> & { readonly id: string };

/** Reads every table's row count and the definition of every object. */
export function takeCensus(db: Db, step?: Step): Census {
  const counted = storedTables(db, 'main').filter(({ name }) => !isOwnName(name) && name !== 'sqlite_sequence');
  return {
    rows: new Map(counted.map(({ name }) => [name, countRows(db, 'main', name)])),
    objects: readObjects(db),
    columns: readColumns(db, counted),
    setAside: step === undefined ? new Map() : setAsideBy(db, step),
  };
}

/**
 * Rows that a contracting step has recorded as issue rows and that have left their tables. Those that are recorded but
 * still there do not count: a step may take them out at its end, in another run than the one that recorded them.
 */
export const setAsideBy = (db: Db, { kind, id, backfills = [] }: Step): ReadonlyMap<string, number> =>
  kind === 'contract'
    ? countLeft(
        db,
        backfills.map(({ name, source, key }) => ({ id: `${id}/${name}`, source, key })),
      )
    : new Map();

/**
 * Holds a step to its declared effect. A contracting step may also remove what it declares: tables whose rows are in
 * their successor, columns, indexes of the family, and rows, each of which it has recorded as an issue row meanwhile.
 * @param alsoGrows tables to which triggers of other migrations may add.
 * @throws CodedError E_INVARIANT when a table lost rows, gained rows undeclared, or an existing object was changed.
 */
export function assertEffect(
  db: Db,
  before: Census,
  after: Census,
  migration: Step,
  pack: Pack,
  alsoGrows: readonly string[] = [],
): void {
  const grows = new Set([...migration.effect.grows, ...alsoGrows, ...alwaysGrowing(pack)].map(nameKey));
  const isContract = migration.kind === 'contract';
  const removal = removalOf([migration]);
  for (const [table, rows] of before.rows) {
    if (isContract && isStatistics(table)) continue; // SQLite forgets them with the table they speak of
    const now = after.rows.get(table);
    if (now === undefined) {
      assertMayGo(db, table, rows, after, removal);
      continue;
    }
    if (now < rows - mayLeave(table, before, after, removal))
      throw broken(`table ${table} has ${rows - now} rows less than before`);
    if (now > rows && !grows.has(nameKey(table)))
      throw broken(`table ${table} gained ${now - rows} rows that were not planned`);
  }
  for (const [table, rows] of after.rows) {
    const isUnplanned = !before.rows.has(table) && rows > 0 && !grows.has(nameKey(table));
    if (isUnplanned) throw broken(`the new table ${table} has rows that were not planned`);
  }
  const mayDiffer = isContract ? contractMayChange(pack, removal, after) : expandMayChange;
  for (const [name, object] of before.objects) {
    const now = after.objects.get(name);
    if (now?.sql !== object.sql && !mayDiffer(object, now)) throw broken(`${name} was changed or removed`);
  }
}

/** A table may go when its rows are in its successor or among the issue rows; the verdict looks at each of them. */
function assertMayGo(db: Db, table: string, rows: number, after: Census, removal: Removal): void {
  const successor = removal.tables.get(nameKey(table));
  if (successor === undefined) throw broken(`table ${table} is gone`);
  const carried = [...after.rows].find(([name]) => nameKey(name) === nameKey(successor))?.[1];
  const noted = countSetAside(db, null).get(nameKey(table)) ?? 0;
  if (carried === undefined || rows > carried + noted)
    throw broken(`table ${table} is gone, and ${successor} does not have all of its rows`);
}

/** Rows that a contracting step may take out of a table: those that it recorded whole meanwhile. */
function mayLeave(table: string, before: Census, after: Census, { setsAside }: Removal): number {
  const key = nameKey(table);
  return setsAside.has(key) ? Math.max(0, (after.setAside.get(key) ?? 0) - (before.setAside.get(key) ?? 0)) : 0;
}

type MayChange = (object: CensusObject, now: CensusObject | undefined) => boolean;

/** ADD COLUMN changes a table's text; its columns stand for it. */
const expandMayChange: MayChange = ({ kind }, now) => kind === 'table' && now !== undefined;

/** A rebuild gives tables and columns of the family their final rules. What others made stays as it is. */
function contractMayChange(pack: Pack, removal: Removal, after: Census): MayChange {
  const successors = Object.fromEntries(removalOf(pack.migrations).tables);
  return ({ kind, name, table, sql }, now) => {
    const isTableGone = removal.tables.has(nameKey(table)) && !after.objects.has(nameKey(`table ${table}`));
    switch (kind) {
      case 'table':
        if (now === undefined) return isTableGone;
        // Tables of others may refer to successors, see `Removal.tables`; these are all that any step removes.
        return isFamilyTable(pack, table) || isSameTable(sql, now.sql, successors);
      case 'column':
        if (now !== undefined) return isFamilyColumn(pack, table, name);
        // A table that went with columns of others would take their values along.
        return (
          removal.columns.get(nameKey(table))?.has(nameKey(name)) || (isTableGone && isFamilyColumn(pack, table, name))
        );
      case 'index':
        // Indexes that SQLite makes itself follow from the rules of the table.
        return sql === '' || removal.indexes.has(nameKey(name));
      default:
        return false;
    }
  };
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

/**
 * Of steps that are committed already, so nothing is taken back here.
 * @throws CodedError E_INVARIANT when a table has more violations than before.
 */
export function assertForeignKeysNotWorse(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): void {
  for (const [table, count] of after) {
    const earlier = before.get(table) ?? 0;
    if (count > earlier && earlier >= 0)
      throw coded('E_INVARIANT', `References of ${table} to rows that do not exist: ${count} now, ${earlier} before.`, {
        table,
      });
  }
}

const readColumns = (db: Db, tables: readonly { name: string }[]): Map<string, string[]> =>
  new Map(tables.map(({ name }) => [name, columnNames(db, name)]));

/** Everything that has a definition, our own left out. */
function readObjects(db: Db): Map<string, CensusObject> {
  const objects = db
    .prepare<[], CensusObject>(
      `SELECT type AS kind, name, tbl_name AS "table", coalesce(sql, '') AS sql FROM sqlite_schema
       WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR type = 'index'`,
    )
    .all();
  const columns = db
    .prepare<[], CensusObject>(
      `SELECT 'column' AS kind, c.name, m.name AS "table",
         c.type || ' ' || c."notnull" || ' ' || coalesce(c.dflt_value, '-') || ' ' || c.pk || ' ' || c.hidden AS sql
       FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS c WHERE m.type = 'table'`,
    )
    .all();
  const isOwn = ({ kind, name, table }: CensusObject) => isOwnName(table) || (kind !== 'column' && isOwnName(name));
  const others = [...objects, ...columns].filter((object) => !isOwn(object));
  return new Map(
    others.map((object) => [
      nameKey(object.kind === 'column' ? `column ${object.table}.${object.name}` : `${object.kind} ${object.name}`),
      object,
    ]),
  );
}

const broken = (what: string) => coded('E_INVARIANT', `The step was taken back because ${what}.`);
