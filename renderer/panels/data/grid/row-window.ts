/**
 * Which part of a table lies in the scrolled box. Browsers cannot lay out a box of 10 million rows, so at most 100,000
 * are laid out. A box row `index` then shows the table row `index + shift`. At both ends box and table run row by row,
 * so that the first and the last row are reached by the wheel; between them the scrollbar stands for the whole table.
 */

export const ROW_PX = 28;
export const MOST_LAID_OUT = 100_000;
/** So many rows at each end keep their own place in the box: more than a flick of the wheel goes. */
export const END_ROWS = 1_000;

/** Where the box stands. */
export interface Place {
  /** Box row at the top of the view. */
  readonly index: number;
  /** Table row minus box row. */
  readonly shift: number;
}

export const laidOutOf = (total: number): number => Math.min(total, MOST_LAID_OUT);

/** @returns the box row at which a table row lies while nothing moves. */
export function indexOf(position: number, total: number): number {
  const laidOut = laidOutOf(total);
  if (total === laidOut || position < END_ROWS) return position;
  if (position >= total - END_ROWS) return position - (total - laidOut);
  return END_ROWS + Math.round((position - END_ROWS) * scaleOf(total));
}

/** The table row that the scrollbar means at this box row: the way back of `indexOf`, give or take its rounding. */
export function positionOf(index: number, total: number): number {
  const laidOut = laidOutOf(total);
  if (total === laidOut || index < END_ROWS) return index;
  if (index >= laidOut - END_ROWS) return index + (total - laidOut);
  return END_ROWS + Math.round((index - END_ROWS) / scaleOf(total));
}

const scaleOf = (total: number): number => (MOST_LAID_OUT - 2 * END_ROWS) / (total - 2 * END_ROWS);

/** @returns where a table row stands once it is at the top of the view. */
export function placeOf(position: number, total: number): Place {
  const inside = Math.max(0, Math.min(total - 1, position));
  const index = indexOf(inside, total);
  return { index, shift: inside - index };
}

/**
 * What a scroll to a box row means.
 * @param isJump the scrollbar was dragged: its place in the whole table is meant, not so many rows more or less.
 */
export function scrolledTo(index: number, before: Place, isJump: boolean, total: number): Place {
  if (total <= MOST_LAID_OUT) return { index, shift: 0 };
  return isJump ? { index, shift: positionOf(index, total) - index } : { index, shift: before.shift };
}

/** Where the scrollbar tells the place in the whole table again; the same place where it does so already. */
export function settled(place: Place, total: number): Place {
  const next = placeOf(place.index + place.shift, total);
  const isAtEnd = next.index < END_ROWS || next.index >= laidOutOf(total) - END_ROWS;
  // Between the ends one box row stands for many: a difference of one is rounding, and would be a twitch on screen.
  return !isAtEnd && Math.abs(next.index - place.index) <= 1 ? place : next;
}

/** True when the box ends before the table does: it has to be moved along at once, or the wheel stands still. */
export function isRunningOut({ index, shift }: Place, visibleRows: number, total: number): boolean {
  const laidOut = laidOutOf(total);
  return (index < 2 * visibleRows && shift !== 0) || (index > laidOut - 4 * visibleRows && shift !== total - laidOut);
}

/** Box row that has to be at the top so that `position` is in view; null = it is. */
export function topToShow(position: number, { index, shift }: Place, visibleRows: number): number | null {
  const first = index + shift;
  if (position < first) return position;
  if (position >= first + visibleRows) return Math.max(0, position - visibleRows + 1);
  return null;
}
