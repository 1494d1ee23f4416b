import type { SortColumn } from '@shared/browse.ts';
import { quoteName, type Db, type IndexInfo } from '../migration.ts';
import type { SqlValue } from '../migration-values.ts';
import { integerKey } from '../row-address.ts';
import { nameKey } from '../schema.ts';
import { bound, type Place, type PlaceValue } from './row-key.ts';
import { isMasked, isSorted, orderingIndexes, sortableColumn, type Subject } from './subject.ts';

/** One term of a total order of rows. */
export interface Term {
  readonly sql: string;
  readonly isDescending: boolean;
  readonly mayBeNull: boolean;
}

/** A total order: the last terms are the row's key, so that no two rows are equal in it. */
export interface Order {
  readonly terms: readonly Term[];
  /** False: SQLite has to read and sort all rows for every page. */
  readonly isIndexed: boolean;
}

/**
 * The order that a person asked for, made total. Where an index begins with the columns asked for, its remaining columns
 * break ties, because then the index alone gives the order.
 * @throws CodedError E_BAD_REQUEST for unknown columns.
 */
export function orderOf(db: Db, subject: Subject, sort: readonly SortColumn[]): Order {
  const all = sort.map(({ column, isDescending }) => ({ column: sortableColumn(subject, column), isDescending }));
  // No two rows are equal in their key: whatever was asked behind it changes nothing.
  const keyAt = all.findIndex(({ column }) => column.name === integerKey(subject.table));
  const asked = keyAt < 0 ? all : all.slice(0, keyAt + 1);
  if (asked.length === 0 || keyAt === 0) {
    const isDescending = asked[0]?.isDescending ?? false;
    const terms = subject.key.map((sql, at) => term(sql, isDescending !== subject.isKeyDescending[at], false));
    return { terms, isIndexed: true };
  }
  const terms = asked.map(({ column, isDescending }) => term(quoteName(column.name), isDescending, !column.notNull));
  for (const index of orderingIndexes(subject)) {
    // The order of hidden values, among rows that are equal in what was asked, would tell what they are.
    if (index.columns.some(({ name }) => name !== null && isMasked(subject, name))) continue;
    const match = matching(subject, index, sort.slice(0, asked.length));
    const whole = match && withKey(subject, [...terms, ...match.rest], match.isReversed);
    if (whole && isFree(db, subject, whole)) return { terms: whole, isIndexed: true };
  }
  return { terms: withKey(subject, terms, asked.at(-1)?.isDescending ?? false), isIndexed: false };
}

const term = (sql: string, isDescending: boolean, mayBeNull: boolean): Term => ({ sql, isDescending, mayBeNull });

/** An index gives an order when it begins with the same columns, all in its directions or all in the opposite ones. */
function matching(
  subject: Subject,
  index: IndexInfo,
  sort: readonly SortColumn[],
): { isReversed: boolean; rest: Term[] } | null {
  const isReversed = (sort[0]?.isDescending ?? false) !== (index.columns[0]?.descending ?? false);
  const begins = sort.every(({ column, isDescending }, at) => {
    const own = index.columns[at];
    return own?.name !== undefined && own.name === column && (isDescending !== own.descending) === isReversed;
  });
  if (!begins) return null;
  const rest = index.columns.slice(sort.length).map(({ name, descending }) => {
    const column = subject.table.columns.find((each) => each.name === name);
    return term(quoteName(name ?? ''), descending !== isReversed, !(column?.notNull ?? false));
  });
  return { isReversed, rest };
}

const isFree = (db: Db, { sql }: Subject, terms: readonly Term[]): boolean =>
  !isSorted(db, `SELECT 1 FROM ${sql} ORDER BY ${orderBy({ terms }, true)}`);

function withKey({ key }: Subject, terms: readonly Term[], isDescending: boolean): Term[] {
  const named = new Set(terms.map(({ sql }) => nameKey(sql)));
  return [...terms, ...key.filter((sql) => !named.has(nameKey(sql))).map((sql) => term(sql, isDescending, false))];
}

export interface Range {
  readonly where: string;
  readonly params: readonly SqlValue[];
}

/** Rows that follow a place, as conditions that an index can answer one after the other. */
export interface RangeAfter extends Range {
  /** So many leading terms of the order have the same value in all of these rows. */
  readonly fixedTerms: number;
}

/**
 * All rows after `place` (before it, when `isForward` is false), cut into ranges that follow each other in the order:
 * equal in all terms but the last, then in all but the last two, … NULL comes first in SQLite's order.
 * @param isInclusive the row at `place` itself comes first.
 */
export function rangesAfter({ terms }: Order, place: Place, isForward: boolean, isInclusive = false): RangeAfter[] {
  const ranges: RangeAfter[] = [];
  if (isInclusive) ranges.push({ ...equalTo(terms, place), fixedTerms: terms.length });
  for (let at = terms.length - 1; at >= 0; at--) {
    const [own, value] = [terms[at], place[at]];
    if (own === undefined || value === undefined) continue;
    const prefix = equalTo(terms.slice(0, at), place);
    for (const beyond of beyondOne(own, value, isForward))
      ranges.push({
        where: [prefix.where, beyond.where].filter(Boolean).join(' AND '),
        params: [...prefix.params, ...beyond.params],
        fixedTerms: at,
      });
  }
  return ranges;
}

function equalTo(terms: readonly Term[], place: Place): Range {
  const parts = terms.map(({ sql }, at) => {
    const value = bound(place[at] ?? { type: 'null' });
    return { where: `${sql} IS ${value.sql}`, param: value.param };
  });
  return { where: parts.map(({ where }) => where).join(' AND '), params: parts.map(({ param }) => param) };
}

function beyondOne({ sql, isDescending, mayBeNull }: Term, value: PlaceValue, isForward: boolean): Range[] {
  const isRising = isDescending !== isForward;
  const { sql: written, param } = bound(value);
  if (isRising) {
    return value.type === 'null'
      ? [{ where: `${sql} IS NOT NULL`, params: [] }]
      : [{ where: `${sql} > ${written}`, params: [param] }];
  }
  if (value.type === 'null') return [];
  const less = { where: `${sql} < ${written}`, params: [param] };
  return mayBeNull ? [less, { where: `${sql} IS NULL`, params: [] }] : [less];
}

/**
 * What stands behind ORDER BY; '' when nothing is left to be ordered.
 * @param fixedTerms are left out. SQLite does so by itself, but not for a text in a column of another type (dates, mostly):
 * then it would sort all rows of that value for every page.
 */
export const orderBy = ({ terms }: Pick<Order, 'terms'>, isForward: boolean, fixedTerms = 0): string =>
  terms
    .slice(fixedTerms)
    .map(({ sql, isDescending }) => `${sql}${isDescending === isForward ? ' DESC' : ''}`)
    .join(', ');
