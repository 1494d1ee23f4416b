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
}

/**
 * A file that was copied table by table, or put together by another tool, may have lost the keys of its tables. As long
 * as no two rows break them that is no obstacle; where two do, no step could tell the rows apart. Rows are read only of
 * tables that lack the rule.
 */
export function brokenRules(
  db: Db,
  schema: Schema,
  { programUniques = {} }: Pick<Pack, 'programUniques'>,
): BrokenRule[] {
  return Object.entries(programUniques).flatMap(([name, rules]) => {
    const table = schema.table(name);
    if (table?.kind !== 'table') return [];
    return rules
      .filter((columns) => columns.every((column) => schema.column(name, column)) && !isEnforced(table, columns))
      .flatMap((columns) => breaches(db, table.name, columns));
  });
}

/** The refusal that names them; null when there are none. */
export function duplicatesProblem(broken: readonly BrokenRule[]): AppError | null {
  const [first] = broken;
  if (!first) return null;
  const named = broken.map(({ table, columns, count }) => `${table}(${columns.join(', ')}): ${some(count, 'value')}`);
  return appError(
    'E_PREFLIGHT_DUPLICATES',
    `Rows that must differ do not, because their table has lost its rules. ${named.join('; ')} in more than one row, such as ${first.sample}.`,
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

function breaches(db: Db, table: string, columns: readonly string[]): BrokenRule[] {
  const names = columns.map((name) => `${quoteName(name)} COLLATE BINARY`);
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
  return found && found.count > 0 ? [{ table, columns, count: found.count, sample: found.sample ?? '' }] : [];
}
