import type { BrowseQuery, SortColumn } from '@shared/browse.ts';
import { coded } from '@shared/errors.ts';
import { must } from '../connection.ts';
import { quoteName, type Db } from '../migration.ts';
import type { SqlValue } from '../migration-values.ts';
import { aloneReader, VALUE_WIDTH, valueColumns, valueOf, type StoredValue } from './export-values.ts';
import { conditionOf } from './filters.ts';
import { orderBy, orderOf, rangesAfter, type Order, type Range } from './order.ts';
import { placeColumns, placeIn, type Place } from './row-key.ts';
import { columnOf, isMasked, sortableColumn, type Subject } from './subject.ts';

/** All rows of a query from the first to the last, a few at a time. */
export interface RowWalk {
  /** Hands rows over until a moment (performance.now). @returns false when there are no more. */
  /** One statement from the first row to the last: nobody else's writing can come in between. */
  readonly isOneStatement: boolean;
  go(until: number, take: (values: readonly StoredValue[]) => void): boolean;
  /** Lets go of what is being read. */
  end(): void;
}

export interface WalkRequest {
  readonly query: BrowseQuery;
  /** In this order. */
  readonly columns: readonly string[];
  /** Masked ones whose values are meant. */
  readonly revealed: readonly string[];
}

/** SQLite answers with at most 2,000 result columns. */
export const MOST_COLUMNS = 900;

/**
 * Where an index gives the order, every stretch of rows is a statement of its own, and other programs can write in
 * between. Where rows have to be sorted (in files) or have no key, one statement is kept from the first row to the last,
 * which holds a lock that lets others read only.
 * @throws CodedError E_BAD_REQUEST for columns that there are none of.
 */
export function walkRows(db: Db, subject: Subject, request: WalkRequest): RowWalk {
  if (request.columns.length > MOST_COLUMNS)
    throw coded('E_BAD_REQUEST', `At most ${MOST_COLUMNS} columns can be written at once. Choose fewer.`);
  const { sort, filters, find } = request.query;
  const condition = conditionOf(subject, filters, find);
  const order = subject.key.length > 0 ? orderOf(db, subject, sort) : null;
  if (order?.isIndexed) return byStretches(createRows(db, subject, request, order.terms), order, condition);
  if (sort.length > 0) must(db, 'temp_store', 1); // file: what is sorted may be larger than the memory
  const terms = order ? orderBy(order, true) : sort.map((each) => sortTerm(subject, each)).join(', ');
  const rows = createRows(db, subject, request, []);
  return byOneStatement(rows, rows.iterate([condition.where], terms, condition.params));
}

const sortTerm = (subject: Subject, { column, isDescending }: SortColumn): string =>
  `${quoteName(sortableColumn(subject, column).name)}${isDescending ? ' DESC' : ''}`;

function byStretches({ iterate, valuesIn, placeOf }: Rows, order: Order, condition: Range): RowWalk {
  let place: Place | null = null;
  return {
    isOneStatement: false,
    go(until, take) {
      const ranges = place === null ? [{ where: '', params: [], fixedTerms: 0 }] : rangesAfter(order, place, true);
      for (const range of ranges) {
        const params = [...range.params, ...condition.params];
        for (const row of iterate([range.where, condition.where], orderBy(order, true, range.fixedTerms), params)) {
          take(valuesIn(row));
          if (performance.now() < until) continue;
          place = placeOf(row);
          return true;
        }
      }
      return false;
    },
    end() {},
  };
}

function byOneStatement({ valuesIn }: Rows, rows: IterableIterator<SqlValue[]>): RowWalk {
  return {
    isOneStatement: true,
    go(until, take) {
      for (;;) {
        const next = rows.next();
        if (next.done) return false;
        take(valuesIn(next.value));
        if (performance.now() >= until) return true;
      }
    },
    end: () => void rows.return?.(),
  };
}

/** How rows are asked for, and what their result columns mean. */
interface Rows {
  iterate(where: readonly string[], order: string, params: readonly SqlValue[]): IterableIterator<SqlValue[]>;
  valuesIn(row: readonly SqlValue[]): StoredValue[];
  /** Its place in the order. */
  placeOf(row: readonly SqlValue[]): Place;
}

/** @param terms of the order, where rows are read from a place on. */
function createRows(db: Db, subject: Subject, request: WalkRequest, terms: Order['terms']): Rows {
  const shown = request.columns.map((name) => {
    const column = columnOf(subject, name).name;
    return { column, isHidden: isMasked(subject, column) && !request.revealed.includes(column) };
  });
  const selected = [
    ...terms.map(({ sql }) => placeColumns(sql)),
    ...subject.key.map(placeColumns),
    ...shown.map(({ column, isHidden }) => valueColumns(subject, quoteName(column), isHidden, subject.key.length > 0)),
  ].join(', ');
  const [keyAt, valuesAt] = [terms.length * 2, (terms.length + subject.key.length) * 2];
  const readAlone = aloneReader(db, subject);
  const statements = new Map<string, ReturnType<Db['prepare']>>();
  return {
    iterate(where, order, params) {
      const conditions = where.filter(Boolean).map((part) => `(${part})`);
      const filter = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
      const sql = `SELECT ${selected} FROM ${subject.sql}${filter}${order === '' ? '' : ` ORDER BY ${order}`}`;
      const statement = statements.get(sql) ?? db.prepare(sql).safeIntegers().raw();
      statements.set(sql, statement);
      return statement.iterate(...params) as IterableIterator<SqlValue[]>;
    },
    valuesIn: (row) =>
      shown.map(({ column, isHidden }, at) => {
        const from = valuesAt + at * VALUE_WIDTH;
        const alone = (): StoredValue => readAlone(placeIn(row, keyAt, subject.key.length), column);
        return valueOf(row[from] ?? null, row[from + 1] ?? null, subject, isHidden, alone);
      }),
    placeOf: (row) => placeIn(row, 0, terms.length),
  };
}
