import { coded } from '@shared/errors.ts';
import type { Db } from '../migration.ts';
import type { SqlValue } from '../migration-values.ts';
import { createRowidList } from './rowid-list.ts';
import { orderBy, type Order, type Range } from './order.ts';
import type { Subject } from './subject.ts';

/**
 * The rowids of all matching rows in an order that no index gives: sorted once by SQLite (in files, so memory does not
 * grow with the table), then kept as 4 or 8 bytes per row. Any page is then a look-up by number.
 */
export interface SortedList {
  readonly length: number;
  rowid(position: number): bigint;
  /** Looks through the list; about 10 ms for ten million rows. -1 = not in it. */
  indexOf(rowid: bigint): number;
}

/** 40 MB of list, 80 where rowids are large. */
const MOST_ROWS = 10_000_000;

/**
 * Blocks until SQLite has sorted: about a second per two million rows.
 * @throws CodedError E_BAD_REQUEST for tables without a rowid or with more than ten million matching rows.
 */
export function sortRowids(db: Db, subject: Subject, order: Order, condition: Range): SortedList {
  const [rowid] = subject.keyKind === 'rowid' ? subject.key : [];
  if (rowid === undefined) throw coded('E_BAD_REQUEST', 'This table can only be sorted by columns that have an index.');
  const list = createRowidList();
  const statement = db
    .prepare<SqlValue[], bigint>(
      `SELECT ${rowid} FROM ${subject.sql}${condition.where ? ` WHERE ${condition.where}` : ''} ORDER BY ${orderBy(order, true)}`,
    )
    .safeIntegers()
    .pluck();
  for (const each of statement.iterate(...condition.params)) {
    if (list.length >= MOST_ROWS)
      throw coded('E_BAD_REQUEST', 'Too many rows to sort: filter them first, or sort by an index.');
    list.add(each);
  }
  return {
    get length() {
      return list.length;
    },
    rowid: (position) => list.at(position),
    indexOf: (wanted) => list.indexOf(wanted),
  };
}
