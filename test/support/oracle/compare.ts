import { NOW, type Expected } from './phase1.ts';
import { parsePython, type Json } from './python-json.ts';
import { rowsOf, textOf, type Row, type Tables, type Value } from './rows.ts';
import { policyColumns } from './settings.ts';

/** One issue row as the database has it. */
export interface FoundIssue {
  readonly table: string;
  readonly key: Value;
  readonly reason: string;
  readonly isPlaced: boolean;
}

/** Rows that are matched by something else than their id: generated ids may differ from the original's. */
export type KeyOf = (table: string, row: Row) => string;
export const keyById: KeyOf = (table, row) =>
  table === 'asset_links'
    ? [row['parent_asset_id'], row['child_asset_id'], row['link_type']].map(textOf).join(' ')
    : textOf(row[table === 'project_storage' ? 'project_id' : table === 'schema_migrations' ? 'version' : 'id']);

export interface Difference {
  readonly table: string;
  readonly key: string;
  /** null: the whole row is missing, or too many. */
  readonly column: string | null;
  readonly expected: Value | undefined;
  readonly actual: Value | undefined;
}

/** Every value in which two sets of rows differ, types included. @param isSame may forgive a difference. */
export function compareTables(
  expected: Tables,
  actual: Tables,
  tables: readonly string[],
  {
    keyOf = keyById,
    isSame = () => false,
  }: { keyOf?: KeyOf; isSame?: (difference: Difference, row: Row, other: Row) => boolean } = {},
): Difference[] {
  return tables.flatMap((table) => {
    const found = new Map(rowsOf(actual, table).map((row) => [keyOf(table, row), row]));
    const wanted = new Map(rowsOf(expected, table).map((row) => [keyOf(table, row), row]));
    const missing = [...wanted.keys()]
      .filter((key) => !found.has(key))
      .map((key) => whole(table, key, 'row', undefined));
    const extra = [...found.keys()].filter((key) => !wanted.has(key)).map((key) => whole(table, key, undefined, 'row'));
    const differing = [...wanted].flatMap(([key, row]) => {
      const other = found.get(key);
      return other ? differences(table, key, row, other).filter((difference) => !isSame(difference, row, other)) : [];
    });
    return [...missing, ...extra, ...differing];
  });
}

const whole = (table: string, key: string, expected: Value | undefined, actual: Value | undefined): Difference => ({
  table,
  key,
  column: null,
  expected,
  actual,
});

function differences(table: string, key: string, row: Row, other: Row): Difference[] {
  const columns = [...new Set([...Object.keys(row), ...Object.keys(other)])];
  return columns
    .filter((column) => !isEqual(row[column], other[column]))
    .map((column) => ({ table, key, column, expected: row[column], actual: other[column] }));
}

/** Same type and same value; an absent column equals only an absent column. */
export function isEqual(a: Value | undefined, b: Value | undefined): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  return Object.is(a, b);
}

/** Differences between what phase 1 must make and what it made. */
export function compareWithExpected(expected: Expected, source: Tables, actual: Tables): Difference[] {
  const before = new Map(rowsOf(source, 'project_storage').map((row) => [textOf(row['project_id']), row]));
  const known = new Map([...source].map(([table, rows]) => [table, new Set(rows.map((row) => keyById(table, row)))]));
  return compareTables(
    expected.tables,
    withoutOwnEvents(actual),
    [...expected.tables.keys()].filter((table) => table !== 'schema_migrations'),
    {
      isSame: ({ table, key, column, expected: wanted, actual: found }, _row, other) => {
        // New rows get the defaults of columns that are not ours: early quota numbers, whatever a person added.
        if (wanted === undefined && !known.get(table)?.has(key)) return !ourColumns.has(column ?? '');
        // Of several candidates with the same two files, any may give its id to the link between them.
        if (table === 'asset_links' && column === 'id' && textOf(wanted).endsWith(':link'))
          return textOf(found).endsWith(':link');
        if (column === 'summary_json' && saySame(wanted, found)) return true;
        if (wanted !== NOW) return false;
        if (isTimeOfRun(found)) return true;
        // A storage row that was right already need not be touched.
        const old = table === 'project_storage' && column === 'updated_at' ? before.get(key) : undefined;
        return (
          old !== undefined &&
          found === old['updated_at'] &&
          policyColumns.every((name) => isEqual(old[name], other[name]))
        );
      },
    },
  );
}

/** What the upgrade says of itself in the list of events is not the source's. */
export const withoutOwnEvents = (tables: Tables): Tables =>
  new Map(
    [...tables].map(([table, rows]) => [
      table,
      table === 'audit_events' ? rows.filter((row) => !textOf(row['id']).startsWith('phasewise:')) : rows,
    ]),
  );

/** Two JSON texts with the same content; how a number or a text is written does not matter. */
export function saySame(a: Value | undefined, b: Value | undefined): boolean {
  const [one, other] = [parsePython(textOf(a)), parsePython(textOf(b))];
  return one !== null && other !== null && isSameJson(one, other);
}

function isSameJson(a: Json, b: Json): boolean {
  if (a.kind === 'object' && b.kind === 'object')
    return (
      a.entries.size === b.entries.size &&
      [...a.entries].every(([key, value]) => isSameMember(value, b.entries.get(key)))
    );
  if (a.kind === 'list' && b.kind === 'list')
    return a.items.length === b.items.length && a.items.every((item, at) => isSameMember(item, b.items[at]));
  const isNumber = (json: Json) => json.kind === 'integer' || json.kind === 'float';
  if (isNumber(a) && isNumber(b)) return Object.is(Number(valueOf(a)), Number(valueOf(b)));
  return a.kind === b.kind && valueOf(a) === valueOf(b);
}

const isSameMember = (a: Json, b: Json | undefined): boolean => b !== undefined && isSameJson(a, b);
const valueOf = (json: Json): unknown => ('value' in json ? json.value : null);

const ourColumns = new Set<string>([
  ...policyColumns,
  'kind',
  'storage_uri',
  'metadata_json',
  'storage_backend',
  'output_asset_id',
  'final_asset_id',
]);

export const isTimeOfRun = (value: Value | undefined): boolean =>
  typeof value === 'string' && /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value);

/**
 * Issue rows, one line per disagreement. A backfill records one reason per row, so of several reasons of one row any may
 * be the recorded one; but a row with a reason must have one, and a row without must not.
 */
export function compareIssues(expected: Expected, found: readonly FoundIssue[]): string[] {
  const reasons = (issues: readonly FoundIssue[]): Map<string, Set<string>> => {
    const map = new Map<string, Set<string>>();
    for (const { table, key, reason, isPlaced } of issues) {
      const name = `${table} ${textOf(key)}`;
      map.set(name, (map.get(name) ?? new Set()).add(`${reason}${isPlaced ? '' : ' (no place)'}`));
    }
    return map;
  };
  const [wanted, present] = [reasons(expected.issues), reasons(found)];
  const silent = [...wanted]
    .filter(([name]) => !present.has(name))
    .map(([name, set]) => `${name}: no issue row for ${[...set].join(', ')}`);
  const needless = [...present].flatMap(([name, set]) =>
    [...set]
      .filter((reason) => !wanted.get(name)?.has(reason))
      .map((reason) => `${name}: unexpected issue row ${reason}`),
  );
  return [...silent, ...needless];
}

/** For messages of failing tests: the first differences, shortened. */
export function describeDifferences(found: readonly Difference[], limit = 25): string[] {
  const short = (value: Value | undefined): string =>
    value === undefined ? 'absent' : typeof value === 'bigint' ? `${value}n` : JSON.stringify(value).slice(0, 90);
  return found
    .slice(0, limit)
    .map(
      ({ table, key, column, expected, actual }) =>
        `${table}[${key}].${column ?? '(row)'}: expected ${short(expected)}, found ${short(actual)}`,
    );
}
