import type { BrowseRecord, BrowseReference, BrowseTable, Filter } from '@shared/browse.ts';
import { coded } from '@shared/errors.ts';
import type { Db, Schema, TableInfo } from '../migration.ts';
import { nameKey } from '../schema.ts';
import type { SqlValue } from '../migration-values.ts';
import { sqliteCode } from '../sqlite-error.ts';
import { conditionOf, kindOf } from './filters.ts';
import { locate } from './locate.ts';
import { encodePlace, type Place } from './row-key.ts';
import { readPlace, readStored } from './stored-row.ts';
import { subjectOf, type Subject } from './subject.ts';

/** Counted exactly up to here; "1,000 or more" beyond. */
const MOST_COUNTED = 1_000;

export interface RecordContext {
  readonly db: Db;
  readonly schema: Schema;
  readonly subject: Subject;
  readonly table: BrowseTable;
  /** Lower-case names of masked columns. */
  readonly masked: (table: string) => ReadonlySet<string>;
}

/**
 * One row with the rows it points to and those that point to it.
 * @throws CodedError E_BAD_REQUEST when the row is not there.
 */
export function readRecord({ db, schema, subject, table, masked }: RecordContext, key: string): BrowseRecord {
  const row = locate(subject, key);
  const stored = readStored(db, subject, row, subject.columns);
  if (stored === null) throw coded('E_BAD_REQUEST', 'That row is not there any more.');
  const valuesOf = (columns: readonly string[]): Place => readPlace(db, row, columns);
  // A masked value at one end of a reference is the same value at the other.
  const isSealed = ({ fromTable, from, toTable, to }: BrowseReference): boolean[] =>
    from.map(
      (name, at) => masked(fromTable).has(name.toLowerCase()) || masked(toTable).has((to[at] ?? '').toLowerCase()),
    );
  return {
    key,
    cells: subject.columns.flatMap((name) => stored.cells.get(name) ?? []),
    references: table.references.map((reference) => {
      const filter = filterFor(reference.to, valuesOf(reference.from), isSealed(reference));
      return {
        reference,
        filter,
        isThere: filter !== null && (countMatching(db, schema, reference.toTable, filter, 1) ?? 0) > 0,
      };
    }),
    referencedBy: table.referencedBy.map((reference) => {
      const pointing = filterFor(reference.from, valuesOf(reference.to), isSealed(reference));
      const filter = pointing && {
        ...pointing,
        collations: collationsOf(db, reference),
        isNumeric: reference.to.map((name) => isNumber(subject.table, name)),
      };
      const count = filter ? countMatching(db, schema, reference.fromTable, filter, MOST_COUNTED + 1) : 0;
      return {
        reference,
        filter,
        count: Math.min(count ?? 0, MOST_COUNTED),
        isExact: count !== null && count <= MOST_COUNTED,
      };
    }),
  };
}

/** null = one of the values is NULL, which refers to nothing. */
const filterFor = (
  columns: BrowseReference['to'],
  values: Place,
  isSealed: readonly boolean[],
): Extract<Filter, { operator: 'refers' }> | null =>
  values.some(({ type }) => type === 'null')
    ? null
    : { operator: 'refers', columns: [...columns], key: encodePlace(values, isSealed) };

const isNumber = (table: TableInfo, name: string): boolean => {
  const column = table.columns.find((each) => each.name === name);
  return column !== undefined && !/TEXT|BLOB/.test(kindOf(table, column));
};

type Collation = 'BINARY' | 'NOCASE' | 'RTRIM';

/** Of the columns pointed to: the unique index that a reference needs has them. Without one: those of a rowid. */
function collationsOf(db: Db, { toTable, to }: BrowseReference): Collation[] {
  const indexed = db
    .prepare<[string], [index: string, column: string, collation: string, keys: number]>(
      `SELECT l.name, x.name, x.coll, (SELECT count(*) FROM pragma_index_xinfo(l.name) WHERE key = 1)
       FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) AS x WHERE l."unique" = 1 AND l.partial = 0 AND x.key = 1`,
    )
    .raw()
    .all(toTable)
    .filter(([, , , keys]) => keys === to.length);
  return to.map((name) => {
    const found = indexed.find(([, column]) => nameKey(column ?? '') === nameKey(name))?.[2]?.toUpperCase();
    return found === 'NOCASE' || found === 'RTRIM' ? found : 'BINARY';
  });
}

/** @returns null for a table or view whose rows cannot be read: the row in question can be, all the same. */
function countMatching(db: Db, schema: Schema, table: string, filter: Filter, limit: number): number | null {
  const subject = subjectOf(db, schema, table, new Set());
  const { where, params } = conditionOf(subject, [filter], null);
  try {
    return (
      db
        .prepare<SqlValue[], number>(`SELECT count(*) FROM (SELECT 1 FROM ${subject.sql} WHERE ${where} LIMIT ?)`)
        .pluck()
        .get(...params, limit) ?? 0
    );
  } catch (error) {
    if (sqliteCode(error) === 'SQLITE_ERROR') return null;
    throw error;
  }
}
