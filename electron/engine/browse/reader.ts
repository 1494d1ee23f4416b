import type { BrowseRow, CellValue } from '@shared/browse.ts';
import { coded } from '@shared/errors.ts';
import type { Db } from '../migration.ts';
import type { SqlValue } from '../migration-values.ts';
import { cellColumns, cellGroups, cellValue, COLUMNS_PER_CELL } from './cells.ts';
import { orderBy, rangesAfter, type Order, type Range, type RangeAfter } from './order.ts';
import { cellOrFailure } from './readable.ts';
import { bound, encodePlace, placeColumns, placeIn, whereKey, type Place } from './row-key.ts';
import { quoteName } from '../migration.ts';
import { isMasked, type Subject } from './subject.ts';

/** Reads rows of one query in its order, from a place on, in either direction. */
export interface Reader {
  /** @param place null = from the very start (or end). @param skip rows to leave out first. */
  rows(
    place: Place | null,
    isForward: boolean,
    limit: number,
    more?: { isInclusive?: boolean; skip?: number },
  ): FoundRow[];
  /** One row by its own key; null = it is not there (any more). */
  row(key: Place): FoundRow | null;
  /** Places only, of every row of the order or of the matching ones. */
  places(place: Place | null, limit: number, isFiltered: boolean, skip?: number): Place[];
  /** How many of the next `limit` rows after `from` match. */
  countMatching(from: Place | null, limit: number): number;
  /** Matching rows after `from`, up to and with `to` (null = the end). Only for orders of a single term. */
  countBetween(from: Place | null, to: Place | null): number;
}

/** `key` is the row's own, whatever the order; `place` is where it stands in this order. */
export interface FoundRow extends BrowseRow {
  readonly place: Place;
}

export interface ReaderQuery {
  readonly subject: Subject;
  readonly order: Order;
  readonly condition: Range;
}

/** Statements are kept by their text. */
export function createReader(db: Db, { subject, order, condition }: ReaderQuery): Reader {
  const statements = new Map<string, ReturnType<Db['prepare']>>();
  const all = (sql: string, params: readonly SqlValue[]): SqlValue[][] => {
    const known = statements.get(sql);
    const statement = known ?? db.prepare(sql).safeIntegers().raw();
    if (!known) statements.set(sql, statement);
    return statement.all(...params) as SqlValue[][];
  };
  const placeSql = order.terms.map(({ sql }) => placeColumns(sql)).join(', ');
  const keySql = subject.key.map(placeColumns).join(', ');
  const [placeLength, keyLength] = [order.terms.length, subject.key.length];

  const readApart = (name: string, key: Place): CellValue => {
    const { where, params } = whereKey(subject.key, key);
    const cell = cellColumns(quoteName(name), isMasked(subject, name));
    const [row] = all(`SELECT ${cell} FROM ${subject.sql} WHERE ${where}`, params);
    return cellValue(row ?? ['null'], isMasked(subject, name), subject.encoding);
  };
  const foundIn = (row: readonly SqlValue[]): FoundRow => {
    const own = placeIn(row, 2 * placeLength, keyLength);
    const cells = subject.columns.map((name, column) => {
      if (subject.apart.has(name)) return cellOrFailure(subject, name, () => readApart(name, own));
      const start = 2 * (placeLength + keyLength) + column * COLUMNS_PER_CELL;
      return cellValue(row.slice(start, start + COLUMNS_PER_CELL), isMasked(subject, name), subject.encoding);
    });
    const key = encodePlace(own, subject.isKeySealed);
    return { key, cells, place: placeIn(row, 0, placeLength) };
  };
  const [firstSql = '', ...furtherSql] = cellGroups(subject.columns).map((names, at) =>
    [
      ...(at === 0 ? [placeSql, keySql] : []),
      ...names.map((name) =>
        subject.apart.has(name) ? 'NULL, NULL, NULL' : cellColumns(quoteName(name), isMasked(subject, name)),
      ),
    ].join(', '),
  );
  /** All groups of columns from one state of the file, side by side. */
  const inGroups = (readGroup: (columns: string) => SqlValue[][]): SqlValue[][] => {
    if (furtherSql.length === 0) return readGroup(firstSql);
    return db.transaction(() => {
      const further = furtherSql.map(readGroup);
      return readGroup(firstSql).map((row, at) => [...row, ...further.flatMap((group) => group[at] ?? [])]);
    })();
  };

  /** Walks the ranges until enough was found; what is skipped may span several of them. */
  const read = (
    columns: string,
    ranges: readonly RangeAfter[],
    isForward: boolean,
    limit: number,
    isFiltered: boolean,
    skip = 0,
  ): SqlValue[][] => {
    const found: SqlValue[][] = [];
    let left = skip;
    for (const range of ranges) {
      if (found.length >= limit) break;
      const where = [range.where, isFiltered ? condition.where : ''].filter(Boolean).map((part) => `(${part})`);
      const params = [...range.params, ...(isFiltered ? condition.params : [])];
      const from = `FROM ${subject.sql}${where.length > 0 ? ` WHERE ${where.join(' AND ')}` : ''}`;
      const ordered = from + inOrder(range, isForward);
      const rows = all(`SELECT ${columns} ${ordered} LIMIT ? OFFSET ?`, [...params, limit - found.length, left]);
      if (rows.length > 0) left = 0;
      else if (left > 0) {
        const [[count] = [0]] = all(`SELECT count(*) FROM (SELECT 1 ${from} LIMIT ?)`, [...params, left]);
        left -= Number(count);
      }
      found.push(...rows);
    }
    return found;
  };
  const inOrder = ({ fixedTerms }: RangeAfter, isForward: boolean): string => {
    const terms = orderBy(order, isForward, fixedTerms);
    return terms === '' ? '' : ` ORDER BY ${terms}`;
  };
  const rangesFrom = (place: Place | null, isForward: boolean, isInclusive = false): RangeAfter[] =>
    place === null ? [{ where: '', params: [], fixedTerms: 0 }] : rangesAfter(order, place, isForward, isInclusive);

  return {
    rows(place, isForward, limit, { isInclusive = false, skip = 0 } = {}) {
      const ranges = rangesFrom(place, isForward, isInclusive);
      const rows = inGroups((columns) => read(columns, ranges, isForward, limit, true, skip)).map(foundIn);
      return isForward ? rows : rows.toReversed();
    },
    row(key) {
      if (key.length !== subject.key.length) throw coded('E_BAD_REQUEST', 'That names no row of this view.');
      const { where, params } = whereKey(subject.key, key);
      const [row] = inGroups((columns) => all(`SELECT ${columns} FROM ${subject.sql} WHERE ${where}`, params));
      return row ? foundIn(row) : null;
    },
    places: (place, limit, isFiltered, skip = 0) =>
      read(placeSql, rangesFrom(place, true), true, limit, isFiltered, skip).map((row) => placeIn(row, 0, placeLength)),
    countMatching(from, limit) {
      const matches = condition.where === '' ? '1' : `(${condition.where}) IS TRUE`;
      let [left, count] = [limit, 0];
      for (const range of rangesFrom(from, true)) {
        const { where, params } = range;
        const [[seen, matching] = [0, 0]] = all(
          // Named outside: within, ORDER BY would take an alias for the column that bears the same name.
          `WITH seen(is_match) AS (SELECT ${matches} FROM ${subject.sql}
             ${where ? `WHERE ${where}` : ''}${inOrder(range, true)} LIMIT ?)
           SELECT count(*), coalesce(sum(is_match), 0) FROM seen`,
          [...condition.params, ...params, left],
        );
        left -= Number(seen);
        count += Number(matching);
        if (left <= 0) break;
      }
      return count;
    },
    countBetween(from, to) {
      const { sql = 'NULL', isDescending = false } = order.terms[0] ?? {};
      const bounds = [
        { sign: isDescending ? '<' : '>', value: from?.[0] },
        { sign: isDescending ? '>=' : '<=', value: to?.[0] },
      ].flatMap(({ sign, value }) => {
        const written = value && bound(value);
        return written ? [{ where: `${sql} ${sign} ${written.sql}`, params: [written.param] }] : [];
      });
      const parts = [...bounds, condition].filter(({ where }) => where !== '');
      const where = parts.map((part) => `(${part.where})`).join(' AND ');
      const [[count] = [0]] = all(
        `SELECT count(*) FROM ${subject.sql}${where ? ` WHERE ${where}` : ''}`,
        parts.flatMap(({ params }) => params),
      );
      return Number(count);
    },
  };
}
