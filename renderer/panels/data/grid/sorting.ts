import type { SortColumn } from '@shared/browse.ts';

/** As many as the engine takes. */
const MOST_SORTED = 8;

/** The column alone, or with `isMore` after those that are sorted by already. */
export function sortedBy(
  sort: readonly SortColumn[],
  column: string,
  isDescending: boolean,
  isMore: boolean,
): SortColumn[] {
  const own: SortColumn = { column, isDescending };
  if (!isMore) return [own];
  return sort.some((each) => each.column === column)
    ? sort.map((each) => (each.column === column ? own : each))
    : [...sort, own].slice(0, MOST_SORTED);
}

export const unsortedBy = (sort: readonly SortColumn[], column: string): SortColumn[] =>
  sort.filter((each) => each.column !== column);

/** What a click on a column's name means: ascending, then descending, then not any more. */
export function clicked(sort: readonly SortColumn[], column: string, isMore: boolean): SortColumn[] {
  const own = sort.find((each) => each.column === column);
  if (!own || (!isMore && sort.length > 1)) return sortedBy(sort, column, false, isMore);
  if (!own.isDescending) return sortedBy(sort, column, true, isMore);
  return isMore ? unsortedBy(sort, column) : [];
}
