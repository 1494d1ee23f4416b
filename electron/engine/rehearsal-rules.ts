import type { ForeignKeyInfo, IndexInfo, TableInfo } from './migration.ts';
import type { Comparison, Loss } from './rehearsal-comparison.ts';
import type { Stage } from './rehearsal-stage.ts';
import { nameKey } from './schema.ts';

/**
 * Rules that somebody gave to a table of the family and that would not be there afterwards: that values differ, and that
 * a column refers to a row. Those of the family's programs are the pack's own matter, and follow their columns.
 */
export function ruleLosses(table: TableInfo, before: Stage, after: Stage, how: Comparison): Loss[] {
  const now = successorTable(table.name, after, how);
  if (now === undefined) return [];
  const successors = (names: readonly string[]) => names.map((name) => successorColumn(now, name, how));
  const ofPrograms = Object.entries(how.pack.programUniques ?? {})
    .filter(([name]) => nameKey(name) === nameKey(table.name))
    .flatMap(([, uniques]) => uniques);
  const uniques = table.indexes
    .filter(({ origin }) => origin === 'u')
    .map(columnsOf)
    .filter((names) => !ofPrograms.some((each) => isSame(each, names)) && !isUnique(now, successors(names)))
    .map((names) => ({ object: `table ${table.name}`, why: `its rule UNIQUE (${names.join(', ')}) would be removed` }));
  const references = table.foreignKeys
    .filter(({ table: parent }) => before.schema.table(parent))
    .filter((key) => laterReference(key, now, how) === undefined)
    .map(({ from, table: parent }) => ({
      object: `column ${table.name}.${from.join(', ')}`,
      why: `its reference to ${parent} would be removed`,
    }));
  return [...uniques, ...references];
}

/** The table that has the rows afterwards. */
export const successorTable = (name: string, { schema }: Stage, { removal }: Comparison): TableInfo | undefined =>
  schema.table(name) ?? schema.table(removal.tables.get(nameKey(name)) ?? name);

/** The reference that says afterwards what `key` does, whatever becomes of its rows then. */
export const laterReference = (key: ForeignKeyInfo, now: TableInfo, how: Comparison): ForeignKeyInfo | undefined => {
  const parents = [key.table, how.removal.tables.get(nameKey(key.table)) ?? key.table].map(nameKey);
  const from = key.from.map((name) => successorColumn(now, name, how));
  return now.foreignKeys.find((each) => parents.includes(nameKey(each.table)) && isSame(each.from, from));
};

/** The column of that name, or the one that has its values by then. */
function successorColumn({ name: table, columns }: TableInfo, column: string, { pack }: Comparison): string {
  if (columns.some(({ name }) => nameKey(name) === nameKey(column))) return column;
  const { legacyColumns = {} } = pack.canonical.find(({ name }) => nameKey(name) === nameKey(table)) ?? {};
  const [, successor] = Object.entries(legacyColumns).find(([name]) => nameKey(name) === nameKey(column)) ?? [];
  return successor ?? column;
}

function isUnique({ columns, indexes }: TableInfo, names: readonly string[]): boolean {
  const key = columns.filter(({ primaryKeyPosition }) => primaryKeyPosition > 0).map(({ name }) => name);
  const uniques = indexes.filter((index) => index.isUnique && !index.isPartial).map(columnsOf);
  return [key, ...uniques].some((each) => isSame(each, names));
}

const columnsOf = ({ columns }: IndexInfo): string[] => columns.map(({ name }) => name ?? '');

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.map(nameKey).toSorted().join('\n') === others.map(nameKey).toSorted().join('\n');
