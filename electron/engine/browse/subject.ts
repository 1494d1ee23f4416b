import { coded } from '@shared/errors.ts';
import { quoteName, type Db, type IndexInfo, type Schema, type TableInfo } from '../migration.ts';
import { integerKey } from '../row-address.ts';
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
  /** By place in `key`: the table itself is stored in descending order of it. */
  readonly isKeyDescending: readonly boolean[];
  /** Lower-case names of columns whose values are shown only when a person asks. */
  readonly masked: ReadonlySet<string>;
  /** By place in `key`: the value is one of a masked column, and is sealed in keys. */
  readonly isKeySealed: readonly boolean[];
  /** Columns that are read one cell at a time, because computing one of them has failed. */
  readonly apart: ReadonlySet<string>;
}

export const isMasked = ({ masked }: Pick<Subject, 'masked'>, column: string): boolean =>
  masked.has(column.toLowerCase());

/** @throws CodedError E_BAD_REQUEST when there is no such table or view. */
export function subjectOf(db: Db, schema: Schema, name: string, masked: ReadonlySet<string>): Subject {
  const table = schema.table(name);
  if (!table) throw coded('E_BAD_REQUEST', 'There is no such table.', { table: name.slice(0, 100) });
  const columns = table.columns.filter(({ hidden }) => hidden !== 1).map(({ name: column }) => column);
  const key = keyOf(db, table);
  return {
    table,
    sql: `main.${quoteName(table.name)}`,
    encoding: db.pragma('encoding', { simple: true }) as TextEncoding,
    columns,
    keyKind: key.length === 0 ? 'none' : table.isWithoutRowid ? 'primary-key' : 'rowid',
    key: key.map(({ sql }) => sql),
    isKeyDescending: key.map(({ isDescending }) => isDescending),
    masked,
    isKeySealed: key.map(({ column }) => column !== null && masked.has(column.toLowerCase())),
    apart: new Set(),
  };
}

/** Generated columns that are not stored: SQLite computes them whenever they are read. */
export const virtualColumns = ({ table }: Pick<Subject, 'table'>): string[] =>
  table.columns.filter(({ hidden }) => hidden === 2).map(({ name }) => name);

interface KeyPart {
  readonly sql: string;
  /** Whose value it is; null = a rowid that is no column. */
  readonly column: string | null;
  readonly isDescending: boolean;
}

function keyOf(db: Db, table: TableInfo): KeyPart[] {
  const rowid = rowidName(table);
  // The rowid is a column's value too, where that column is an INTEGER PRIMARY KEY.
  if (rowid !== null) return [{ sql: rowid, column: integerKey(table), isDescending: false }];
  return table.isWithoutRowid ? primaryKeyOf(db, table) : [];
}

interface StoredPart {
  readonly name: string;
  readonly isDescending: number;
  readonly collation: string;
}

/**
 * As the table is stored by it. Its collations need not be those of the columns: with a column that takes 'a' and 'A' for
 * the same, and a key that does not, two rows would have one key.
 */
function primaryKeyOf(db: Db, table: TableInfo): KeyPart[] {
  const parts = db
    .prepare<[string], StoredPart>(
      `SELECT x.name, x."desc" AS isDescending, x.coll AS collation FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) AS x
       WHERE l.origin = 'pk' AND x.key = 1 ORDER BY x.seqno`,
    )
    .all(table.name);
  const written = (sqlOf: (part: StoredPart) => string): KeyPart[] =>
    parts.map((part) => ({ sql: sqlOf(part), column: part.name, isDescending: part.isDescending === 1 }));
  const plain = written(({ name }) => quoteName(name));
  if (isOrderOf(db, table, plain)) return plain;
  return written(({ name, collation }) => `${quoteName(name)} COLLATE ${quoteName(collation)}`);
}

/** Whether rows come in this order without being sorted. */
function isOrderOf(db: Db, table: TableInfo, key: readonly KeyPart[]): boolean {
  const order = key.map(({ sql, isDescending }) => `${sql}${isDescending ? ' DESC' : ''}`).join(', ');
  try {
    return !isSorted(db, `SELECT 1 FROM main.${quoteName(table.name)} ORDER BY ${order}`);
  } catch {
    return true; // a collation that only another program has; whoever reads the rows hears of it
  }
}

/** SQLite itself says whether an order costs a sort: collations, directions and NULLs are its business. */
export const isSorted = (db: Db, select: string): boolean =>
  db
    .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${select}`)
    .all()
    .some(({ detail }) => detail.includes('TEMP B-TREE'));

/** A name by which the rowid can be reached; columns may have taken all three. Virtual tables need not have one. */
export function rowidName(table: TableInfo): string | null {
  if (table.isWithoutRowid || table.kind === 'view' || table.kind === 'virtual') return null;
  const taken = new Set(table.columns.map(({ name }) => nameKey(name)));
  const free = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  if (free !== undefined) return free;
  const column = integerKey(table);
  return column === null ? null : quoteName(column);
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
