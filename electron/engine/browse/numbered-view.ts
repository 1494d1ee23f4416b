import type { BrowseQuery, BrowseRow } from '@shared/browse.ts';
import { quoteName, type Db } from '../migration.ts';
import type { SqlValue } from '../migration-values.ts';
import { cellColumns, cellGroups, cellValue, COLUMNS_PER_CELL } from './cells.ts';
import type { Range } from './order.ts';
import { numberedKey, numberedPlace, orderOfNumbered } from './locate.ts';
import { isMasked, type Subject } from './subject.ts';
import type { View } from './view-of-rows.ts';

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
  const count = (): number => {
    total ??=
      db
        .prepare<SqlValue[], number>(`SELECT count(*) ${from}`)
        .pluck()
        .get(...condition.params) ?? 0;
    return total;
  };
  const numberOf = (key: string): number => Number(numberedPlace(key)[0]);
  return {
    page(anchor, limit) {
      switch (anchor.at) {
        case 'start':
          return take(0, limit);
        case 'end':
          return take(Math.max(0, count() - limit), limit);
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
    count: () =>
      total === null ? { value: 0, isExact: false, isFinal: false } : { value: total, isExact: true, isFinal: true },
    work: () => false,
  };
}
