import type { BrowseCost, BrowseQuery, BrowseRow } from '@shared/browse.ts';
import { coded } from '@shared/errors.ts';
import type { Db } from '../migration.ts';
import { countFor } from './counting.ts';
import { conditionOf } from './filters.ts';
import { orderOf, type Order, type Range } from './order.ts';
import { createPositions, type Positions } from './positions.ts';
import { requireReadable } from './readable.ts';
import { createReader, type FoundRow, type Reader } from './reader.ts';
import { decodePlace, type Place } from './row-key.ts';
import { sortRows, type SortedList } from './sorted-list.ts';
import { numberedView } from './numbered-view.ts';
import type { Subject } from './subject.ts';
import type { View } from './view-of-rows.ts';

/** Up to so many rows a sort takes well under a second, and nobody is asked. */
const SORTED_UNASKED = 200_000;
/** A jump into a part that has not been counted may wait so long for it, ms. */
const JUMP_MS = 12;

/** How long it is tried to count the rows of a view before somebody is asked whether to sort them, ms. */
const PROBE_MS = 30;

/** @param rows estimate of the table's size. */
export function costOf(db: Db, subject: Subject, query: BrowseQuery, rows: number): BrowseCost {
  const { isIndexed } = orderOf(db, subject, query.sort);
  const isFiltered = query.filters.length > 0 || query.find !== null;
  const kind = !isIndexed ? 'sort' : isFiltered ? 'scan' : 'free';
  if (kind !== 'sort' || subject.key.length > 0)
    return { kind, rows, needsConsent: kind === 'sort' && rows > SORTED_UNASKED };
  // A view is sorted again for every page.
  const counted = countFor(db, subject, { where: '', params: [] }, PROBE_MS);
  return { kind, rows: counted.rows, needsConsent: !counted.isWhole || counted.rows > SORTED_UNASKED };
}

/**
 * @param hasConsent a person agreed that a large table is sorted.
 * @throws CodedError E_BAD_REQUEST for unknown columns, or without the consent that the cost asks for; E_HOSTILE_SCHEMA
 * for what cannot be read.
 */
export function openView(db: Db, subject: Subject, query: BrowseQuery, rows: number, hasConsent: boolean): View {
  requireReadable(db, subject);
  const order = orderOf(db, subject, query.sort);
  const condition = conditionOf(subject, query.filters, query.find);
  if (!order.isIndexed && !hasConsent && costOf(db, subject, query, rows).needsConsent)
    throw coded('E_BAD_REQUEST', 'Sorting this many rows has to be agreed to first.');
  if (subject.key.length === 0) return numberedView(db, subject, query, condition);
  if (order.isIndexed) return indexedView(createReader(db, { subject, order, condition }), subject, order, condition);
  const natural = orderOf(db, subject, []);
  const list = sortRows(db, subject, order, condition);
  const reader = createReader(db, { subject, order: natural, condition: { where: '', params: [] } });
  return listedView(reader, list, (key) => decodePlace(key, subject.key.length, subject.isKeySealed));
}

const bare = ({ key, cells }: FoundRow): BrowseRow => ({ key, cells });

/** Rows in an order that an index gives: keyset paging both ways, jumps through the position index. */
function indexedView(reader: Reader, subject: Subject, order: Order, condition: Range): View {
  const isFiltered = condition.where !== '';
  const positions = createPositions(reader, isFiltered, order.terms.length === 1);
  const known = new Map<string, { place: Place; position: number | null }>();
  const recall = (key: string): { place: Place; position: number | null } => {
    const remembered = known.get(key);
    if (remembered) return remembered;
    const row = reader.row(decodePlace(key, subject.key.length, subject.isKeySealed));
    if (row === null) throw coded('E_BAD_REQUEST', 'That row is not there any more.');
    return { place: row.place, position: null };
  };
  const answer = (rows: FoundRow[], position: number | null, isExact: boolean, limit: number, isForward: boolean) => {
    if (known.size > 5_000) known.clear();
    for (const [at, { key, place }] of rows.entries())
      known.set(key, { place, position: position === null || !isExact ? null : position + at });
    return {
      rows: rows.map(bare),
      position,
      isPositionExact: position !== null && isExact,
      hasBefore: isForward ? position !== 0 : rows.length === limit,
      hasAfter: isForward ? rows.length === limit : true,
    };
  };
  const total = (): number | null => (positions.isDone ? positions.counted : null);

  return {
    page(anchor, limit) {
      switch (anchor.at) {
        case 'start':
          return answer(reader.rows(null, true, limit), 0, true, limit, true);
        case 'end': {
          const rows = reader.rows(null, false, limit);
          const count = total();
          return { ...answer(rows, count === null ? null : count - rows.length, true, limit, false), hasAfter: false };
        }
        case 'after': {
          const { place, position } = recall(anchor.key);
          return answer(reader.rows(place, true, limit), position === null ? null : position + 1, true, limit, true);
        }
        case 'from': {
          const { place, position } = recall(anchor.key);
          return answer(reader.rows(place, true, limit, { isInclusive: true }), position, true, limit, true);
        }
        case 'before': {
          const { place, position } = recall(anchor.key);
          const rows = reader.rows(place, false, limit);
          return answer(rows, position === null ? null : position - rows.length, true, limit, false);
        }
        case 'position':
          return jump(anchor.position, limit);
      }
    },
    count: () => ({ value: positions.counted, isExact: positions.isDone, isFinal: positions.isDone }),
    work: (ms) => !positions.build(ms),
    isLarge: false,
  };

  function jump(position: number, limit: number) {
    const found = findWithin(positions, position);
    if (found) {
      const rows = reader.rows(found.after, true, limit, { skip: found.skip });
      return answer(rows, position, true, limit, true);
    }
    if (positions.isDone)
      return {
        ...answer(reader.rows(null, false, limit), Math.max(0, positions.counted - limit), true, limit, false),
        hasAfter: false,
      };
    const guess = isFiltered ? null : guessPlace(reader, order, position, positions);
    const rows = reader.rows(guess ?? positions.reached, true, limit);
    return answer(rows, guess ? position : positions.counted, guess === null, limit, true);
  }
}

function findWithin(positions: Positions, position: number): ReturnType<Positions['find']> {
  const found = positions.find(position);
  if (found || positions.isDone) return found;
  positions.build(JUMP_MS);
  return positions.find(position);
}

/** While the index is being built: rowids are mostly handed out one after the other, so their span is a good guess. */
function guessPlace(reader: Reader, order: Order, position: number, positions: Positions): Place | null {
  const [only] = order.terms;
  if (order.terms.length !== 1 || only === undefined || only.isDescending) return null;
  const last = reader.rows(null, false, 1)[0]?.place[0];
  const reached = positions.reached?.[0];
  if (last?.type !== 'integer') return null;
  const from = reached?.type === 'integer' ? reached.value : 0n;
  const guess = from + BigInt(position - positions.counted);
  return [{ type: 'integer', value: guess < last.value ? guess : last.value - 1n }];
}

/** Rows in an order that had to be sorted: everything goes by number. */
function listedView(reader: Reader, list: SortedList, decode: (key: string) => Place): View {
  const take = (from: number, limit: number) => {
    const start = Math.max(0, Math.min(from, list.length));
    const rows: BrowseRow[] = [];
    for (let at = start; at < Math.min(start + limit, list.length); at++) {
      const row = reader.row(list.key(at));
      if (row) rows.push(bare(row));
    }
    return {
      rows,
      position: start,
      isPositionExact: true,
      hasBefore: start > 0,
      hasAfter: start + limit < list.length,
    };
  };
  const placeOf = (key: string): number => {
    const at = list.indexOf(decode(key));
    if (at < 0) throw coded('E_BAD_REQUEST', 'That row is not in this view.');
    return at;
  };
  return {
    page(anchor, limit) {
      switch (anchor.at) {
        case 'start':
          return take(0, limit);
        case 'end':
          return take(list.length - limit, limit);
        case 'after':
          return take(placeOf(anchor.key) + 1, limit);
        case 'from':
          return take(placeOf(anchor.key), limit);
        case 'before': {
          const end = placeOf(anchor.key);
          return take(Math.max(0, end - limit), Math.min(limit, end));
        }
        case 'position':
          return take(Math.min(anchor.position, Math.max(0, list.length - 1)), limit);
      }
    },
    count: () => ({ value: list.length, isExact: true, isFinal: true }),
    work: () => false,
    isLarge: true,
  };
}
