import { coded } from '@shared/errors.ts';
import { quoteName, type Db, type IndexInfo, type Schema, type TableInfo } from '../migration.ts';
import { nameKey } from '../schema.ts';
import type { TextEncoding } from './cells.ts';

/** A table as the browser sees it: what its rows are told apart by, and which orders its indexes give. */
export interface Subject {
  readonly table: TableInfo;
  /** `"name"` */
  readonly sql: string;
  readonly encoding: TextEncoding;
  /** Columns that a grid shows, in their order; hidden ones of virtual tables are not among them. */
  readonly columns: readonly string[];
  readonly keyKind: 'rowid' | 'primary-key' | 'none';
  /** SQL expressions that tell rows apart; empty = the rows can only be numbered. */
  readonly key: readonly string[];
  /** Lower-case names of columns whose values are shown only when a person asks. */
  readonly masked: ReadonlySet<string>;
  /** By place in `key`: the value is one of a masked column, and is sealed in keys. */
  readonly isKeySealed: readonly boolean[];
}

export const isMasked = ({ masked }: Pick<Subject, 'masked'>, column: string): boolean =>
  masked.has(column.toLowerCase());

/** @throws CodedError E_BAD_REQUEST when there is no such table or view. */
export function subjectOf(db: Db, schema: Schema, name: string, masked: ReadonlySet<string>): Subject {
  const table = schema.table(name);
  if (!table) throw coded('E_BAD_REQUEST', 'There is no such table.', { table: name.slice(0, 100) });
  const columns = table.columns.filter(({ hidden }) => hidden !== 1).map(({ name: column }) => column);
  const key = keyOf(table);
  return {
    table,
    sql: `main.${quoteName(table.name)}`,
    encoding: db.pragma('encoding', { simple: true }) as TextEncoding,
    columns,
    keyKind: key.length === 0 ? 'none' : table.isWithoutRowid ? 'primary-key' : 'rowid',
    key,
    masked,
    isKeySealed: key.map((sql) => [...masked].some((name) => isKeyOf(table, sql, name))),
  };
}

/** The rowid is a column's value too, where that column is an INTEGER PRIMARY KEY. */
function isKeyOf(table: TableInfo, sql: string, masked: string): boolean {
  const isSame = (other: string | null): boolean => other?.toLowerCase() === quoteName(masked);
  return isSame(sql) || (!table.isWithoutRowid && isSame(integerKey(table)));
}

function keyOf(table: TableInfo): string[] {
  const rowid = rowidName(table);
  if (rowid !== null) return [rowid];
  if (!table.isWithoutRowid) return [];
  return table.columns
    .filter(({ primaryKeyPosition }) => primaryKeyPosition > 0)
    .toSorted((a, b) => a.primaryKeyPosition - b.primaryKeyPosition)
    .map(({ name }) => quoteName(name));
}

/** A name by which the rowid can be reached; columns may have taken all three. Virtual tables need not have one. */
export function rowidName(table: TableInfo): string | null {
  if (table.isWithoutRowid || table.kind === 'view' || table.kind === 'virtual') return null;
  const taken = new Set(table.columns.map(({ name }) => nameKey(name)));
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name)) ?? integerKey(table);
}

/** INTEGER PRIMARY KEY is the rowid by another name. */
function integerKey(table: TableInfo): string | null {
  const key = table.columns.filter(({ primaryKeyPosition }) => primaryKeyPosition > 0);
  const only = key.length === 1 ? key[0] : undefined;
  return only && only.type.toUpperCase() === 'INTEGER' ? quoteName(only.name) : null;
}

/** @throws CodedError E_BAD_REQUEST for a name that is no column of the table: identifiers come from the schema only. */
export function columnOf({ table, columns }: Subject, name: string): TableInfo['columns'][number] {
  const column = table.columns.find((each) => each.name === name);
  if (!column || !columns.includes(name))
    throw coded('E_BAD_REQUEST', 'The table has no such column.', { column: name.slice(0, 100) });
  return column;
}

/** Indexes that hold every row, by plain columns. */
export const orderingIndexes = ({ table }: Subject): IndexInfo[] =>
  table.indexes.filter(({ isPartial, columns }) => !isPartial && columns.every(({ name }) => name !== null));

/**
 * A column to sort by.
 * @throws CodedError E_BAD_REQUEST for masked ones, too: the order of hidden values tells what they are.
 */
export function sortableColumn(subject: Subject, name: string): TableInfo['columns'][number] {
  const column = columnOf(subject, name);
  if (isMasked(subject, name))
    throw coded('E_BAD_REQUEST', 'This column is hidden, and its order would tell what is in it.');
  return column;
}
