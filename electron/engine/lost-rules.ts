import { appError, type AppError } from '@shared/errors.ts';
import { some } from './counted.ts';
import { quoteName, type Db, type Pack, type Schema, type TableInfo } from './migration.ts';
import { nameKey } from './schema.ts';

/** Rows that break a unique rule which every program of the family declares and this file's table has lost. */
export interface BrokenRule {
  readonly table: string;
  readonly columns: readonly string[];
  /** Values that stand in more than one row. */
  readonly count: number;
  /** One of them, cut. */
  readonly sample: string;
  /** Only as texts they are the same: 1 and '1'. */
  readonly isAsText: boolean;
}

/**
 * A file that was copied table by table, or put together by another tool, may have lost the keys of its tables. As long
 * as no two rows break them that is no obstacle; where two do, no step could tell the rows apart. Rows are read only of
 * tables that lack the rule, or whose key has no type and can hold both 1 and '1': new tables and notes keep keys as
 * texts.
 */
export function brokenRules(
  db: Db,
  schema: Schema,
  { programUniques = {}, migrations }: Pick<Pack, 'programUniques' | 'migrations'>,
): BrokenRule[] {
  const backfills = migrations.flatMap((migration) => migration.backfills ?? []);
  const keys = new Set(backfills.map(({ source, key }) => nameKey(`${source}.${key}`)));
  return Object.entries(programUniques).flatMap(([name, rules]) => {
    const table = schema.table(name);
    if (table?.kind !== 'table') return [];
    return rules
      .filter((columns) => columns.every((column) => schema.column(name, column)))
      .flatMap((columns) => {
        const found = isEnforced(table, columns) ? [] : breaches(db, table.name, columns, false);
        return found.length > 0 || !isLooseKey(table, columns, keys) ? found : breaches(db, table.name, columns, true);
      });
  });
}

/** The refusal that names them; null when there are none. */
export function duplicatesProblem(broken: readonly BrokenRule[]): AppError | null {
  const [first] = broken;
  if (!first) return null;
  const named = broken.map(
    ({ table, columns, count, isAsText }) =>
      `${table}(${columns.join(', ')}): ${some(count, 'value')}${isAsText ? ' as text' : ''}`,
  );
  const why = broken.every(({ isAsText }) => isAsText)
    ? 'will not, because the upgrade keeps ids as texts'
    : 'do not, because their table has lost its rules';
  return appError(
    'E_PREFLIGHT_DUPLICATES',
    `Rows that must differ ${why}. ${named.join('; ')} in more than one row, such as ${first.sample}.`,
    { rules: named.join('; '), count: broken.reduce((sum, { count }) => sum + count, 0) },
  );
}

/** A rule over some of the columns is the stricter one. NULLs differ from each other in all of them. */
function isEnforced({ columns, indexes }: TableInfo, wanted: readonly string[]): boolean {
  const within = (names: readonly string[]) =>
    names.length > 0 && names.every((name) => wanted.some((each) => nameKey(each) === nameKey(name)));
  const key = columns.filter(({ primaryKeyPosition }) => primaryKeyPosition > 0).map(({ name }) => name);
  return (
    within(key) ||
    indexes.some(
      ({ isUnique, isPartial, columns: own }) => isUnique && !isPartial && within(own.map(({ name }) => name ?? '')),
    )
  );
}

/** A key by which rows are moved and noted, in a column that takes every value as it comes. */
function isLooseKey({ name, isStrict, columns }: TableInfo, wanted: readonly string[], keys: ReadonlySet<string>) {
  const [key = '', ...more] = wanted;
  if (more.length > 0 || !keys.has(nameKey(`${name}.${key}`))) return false;
  const type = columns.find((each) => nameKey(each.name) === nameKey(key))?.type ?? '';
  return type === '' || (isStrict ? /^ANY$/i.test(type) : /BLOB/i.test(type) && !/INT|CHAR|CLOB|TEXT/i.test(type));
}

function breaches(db: Db, table: string, columns: readonly string[], isAsText: boolean): BrokenRule[] {
  const compared = (name: string) =>
    isAsText ? `CASE typeof(${name}) WHEN 'blob' THEN ${name} ELSE CAST(${name} AS TEXT) END` : name;
  const names = columns.map((name) => `${compared(quoteName(name))} COLLATE BINARY`);
  const sample = columns
    .map(
      (name) =>
        `CASE WHEN typeof(${quoteName(name)}) IN ('text', 'blob') THEN quote(substr(${quoteName(name)}, 1, 60)) ELSE quote(${quoteName(name)}) END`,
    )
    .join(` || ', ' || `);
  const doubled = `SELECT ${sample} AS sample FROM ${quoteName(table)}
    WHERE ${columns.map((name) => `${quoteName(name)} IS NOT NULL`).join(' AND ')} GROUP BY ${names.join(', ')} HAVING count(*) > 1`;
  const found = db
    .prepare<[], { count: number; sample: string | null }>(
      `SELECT count(*) AS count, min(sample) AS sample FROM (${doubled})`,
    )
    .get();
  return found && found.count > 0 ? [{ table, columns, count: found.count, sample: found.sample ?? '', isAsText }] : [];
}
