import { coded } from '@shared/errors.ts';
import type { Db } from '../migration.ts';
import type { SqlValue } from '../migration-values.ts';
import { createRowidList } from './rowid-list.ts';
import { orderBy, type Order, type Range } from './order.ts';
import { encodePlace, decodePlace, placeColumns, placeIn, type Place } from './row-key.ts';
import type { Subject } from './subject.ts';

/**
 * The keys of all matching rows in an order that no index gives: sorted once by SQLite (in files, so memory does not grow
 * with the table), then kept. Any page is then a look-up by number.
 */
export interface SortedList {
  readonly length: number;
  key(position: number): Place;
  /** Looks through the list; about 10 ms for ten million rowids. -1 = not in it. */
  indexOf(key: Place): number;
}

/** 40 MB of rowids, 80 where they are large. */
const MOST_ROWIDS = 10_000_000;
/** Other keys, as text. Each is at least as long as that of an empty text. */
const MOST_KEY_CHARACTERS = 50_000_000;

/**
 * Blocks until SQLite has sorted: about a second per two million rows.
 * @throws CodedError E_BAD_REQUEST where there are more matching rows than can be kept.
 */
export function sortRows(db: Db, subject: Subject, order: Order, condition: Range): SortedList {
  const sorted = (columns: string): string =>
    `SELECT ${columns} FROM ${subject.sql}${condition.where ? ` WHERE ${condition.where}` : ''} ORDER BY ${orderBy(order, true)}`;
  const [rowid = ''] = subject.key;
  return subject.keyKind === 'rowid'
    ? rowidsOf(
        db
          .prepare<SqlValue[], bigint>(sorted(rowid))
          .safeIntegers()
          .pluck()
          .iterate(...condition.params),
      )
    : keysOf(
        db
          .prepare<SqlValue[], SqlValue[]>(sorted(subject.key.map(placeColumns).join(', ')))
          .safeIntegers()
          .raw()
          .iterate(...condition.params),
        subject.key.length,
      );
}

function rowidsOf(rowids: Iterable<bigint>): SortedList {
  const list = createRowidList();
  for (const each of rowids) {
    if (list.length >= MOST_ROWIDS) throw tooMany();
    list.add(each);
  }
  return {
    get length() {
      return list.length;
    },
    key: (position) => [{ type: 'integer', value: list.at(position) }],
    indexOf: ([wanted]) => (wanted?.type === 'integer' ? list.indexOf(wanted.value) : -1),
  };
}

function keysOf(rows: Iterable<SqlValue[]>, width: number): SortedList {
  const keys: string[] = [];
  let characters = 0;
  for (const row of rows) {
    const key = encodePlace(placeIn(row, 0, width));
    characters += key.length;
    if (characters > MOST_KEY_CHARACTERS) throw tooMany();
    keys.push(key);
  }
  return {
    length: keys.length,
    key: (position) => decodePlace(keys[position] ?? '', width),
    indexOf: (key) => keys.indexOf(encodePlace(key)),
  };
}

const tooMany = (): Error =>
  coded('E_BAD_REQUEST', 'Too many rows to sort: filter them first, or sort by an index.', undefined, {
    nextStep: 'Filter the rows, or sort by a column that has an index.',
  });
