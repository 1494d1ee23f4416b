import type { BrowseQuery, BrowseRow } from '@shared/browse.ts';
import { quoteName, type Db } from '../migration.ts';
import type { SqlValue } from '../migration-values.ts';
import { cellColumns, cellGroups, cellValue, COLUMNS_PER_CELL } from './cells.ts';
import { countFor, type Counted } from './counting.ts';
import type { Range } from './order.ts';
import { numberedKey, numberedPlace, orderOfNumbered } from './locate.ts';
import { isMasked, type Subject } from './subject.ts';
import type { View } from './view-of-rows.ts';

/** The first count takes no longer, ms; each further one twice as long. Pages wait for it. */
const FIRST_COUNT_MS = 20;
/** A view that has not been counted by then is not counted at all: somebody who scrolls finds out where it ends. */
const LONGEST_COUNT_MS = 300;

/**
 * Views, virtual tables, tables whose rowid has no name left: rows have no key, so they are numbered, and SQLite walks
 * over those before a page. The order is what the view gives, unless a sort is asked for.
 */
export function numberedView(db: Db, subject: Subject, query: BrowseQuery, condition: Range): View {
  const groups = cellGroups(subject.columns).map((names) =>
    names.map((name) => cellColumns(quoteName(name), isMasked(subject, name))).join(', '),
  );
  const from = `FROM ${subject.sql}${condition.where ? ` WHERE ${condition.where}` : ''}`;
  const ordered = ` ${orderOfNumbered(subject, query.sort)}`;
  let total: number | null = null;
  const take = (start: number, limit: number) => {
    const [found = [], ...further] = db.transaction(() =>
      groups.map(
        (cells) =>
          db
            .prepare(`SELECT ${cells} ${from}${ordered} LIMIT ? OFFSET ?`)
            .safeIntegers()
            .raw()
            .all(...condition.params, limit, start) as SqlValue[][],
      ),
    )();
    const rows = found.map((first, at): BrowseRow => {
      const row = [...first, ...further.flatMap((group) => group[at] ?? [])];
      const values = subject.columns.map((name, column) =>
        cellValue(
          row.slice(column * COLUMNS_PER_CELL, (column + 1) * COLUMNS_PER_CELL),
          isMasked(subject, name),
          subject.encoding,
        ),
      );
      return { key: numberedKey(start + at, query), cells: values };
    });
    if (rows.length < limit && (rows.length > 0 || start === 0)) total = start + rows.length;
    return { rows, position: start, isPositionExact: true, hasBefore: start > 0, hasAfter: rows.length === limit };
  };
  const countAll = (): number => {
    total ??= countFor(db, subject, condition, Infinity).rows;
    return total;
  };
  let sofar: Counted & { readonly ms: number } = { rows: 0, isWhole: false, ms: FIRST_COUNT_MS / 2 };
  const countFurther = (): void => {
    const ms = 2 * sofar.ms;
    const counted = countFor(db, subject, condition, ms);
    sofar = { rows: Math.max(sofar.rows, counted.rows), isWhole: counted.isWhole, ms };
    if (counted.isWhole) total = counted.rows;
  };
  const numberOf = (key: string): number => Number(numberedPlace(key)[0]);
  return {
    page(anchor, limit) {
      switch (anchor.at) {
        case 'start':
          return take(0, limit);
        case 'end':
          return take(Math.max(0, countAll() - limit), limit);
        case 'after':
          return take(numberOf(anchor.key) + 1, limit);
        case 'from':
          return take(numberOf(anchor.key), limit);
        case 'before': {
          const end = numberOf(anchor.key);
          return take(Math.max(0, end - limit), Math.min(limit, end));
        }
        case 'position':
          return take(anchor.position, limit);
      }
    },
    count() {
      if (total === null && sofar.ms < LONGEST_COUNT_MS) countFurther();
      if (total !== null) return { value: total, isExact: true, isFinal: true };
      return { value: sofar.rows, isExact: false, isFinal: sofar.ms >= LONGEST_COUNT_MS };
    },
    work: () => false,
    isLarge: false,
  };
}
