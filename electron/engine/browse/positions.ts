import type { Place } from './row-key.ts';
import type { Reader } from './reader.ts';

/**
 * The position index of one query: the place of every thousandth row of the order, and how many matching rows there are
 * up to it. A jump to any row number is then one look-up and at most a thousand rows to skip, wherever it leads. Built in
 * slices of a fraction of a millisecond; grows by some 200 bytes per slice.
 */
export interface Positions {
  /** Builds for about `ms`. @returns true when every row has been counted. */
  build(ms: number): boolean;
  readonly isDone: boolean;
  /** Matching rows counted so far. */
  readonly counted: number;
  /** Where to start reading, and how many matching rows to skip from there. null = not counted that far yet. */
  find(position: number): { readonly after: Place | null; readonly skip: number } | null;
  /** The last place that has been reached; null = none. */
  readonly reached: Place | null;
}

const SLICE_ROWS = 1_000;

interface Slice {
  /** The last row of the slice; null = the end of the table. */
  readonly end: Place | null;
  /** Matching rows up to and with it. */
  readonly total: number;
}

/** @param isFiltered false: every row matches, so a slice need not be counted. */
export function createPositions(reader: Reader, isFiltered: boolean, hasSingleTerm: boolean): Positions {
  const slices: Slice[] = [];
  let isDone = false;
  const last = (): Slice => slices.at(-1) ?? { end: null, total: 0 };

  const step = (): void => {
    const { end: from, total } = last();
    const [end] = reader.places(from, 1, false, SLICE_ROWS - 1);
    const matching = isFiltered || end === undefined ? countTo(from, end ?? null) : SLICE_ROWS;
    slices.push({ end: end ?? null, total: total + matching });
    isDone = end === undefined;
  };
  const countTo = (from: Place | null, to: Place | null): number => {
    if (!isFiltered) return reader.places(from, SLICE_ROWS, false).length;
    return hasSingleTerm ? reader.countBetween(from, to) : reader.countMatching(from, SLICE_ROWS);
  };

  return {
    build(ms) {
      const until = performance.now() + ms;
      while (!isDone && performance.now() < until) step();
      return isDone;
    },
    get isDone() {
      return isDone;
    },
    get counted() {
      return last().total;
    },
    get reached() {
      return slices.findLast(({ end }) => end !== null)?.end ?? null;
    },
    find(position) {
      if (position > last().total || (position === last().total && !isDone)) return null;
      let [low, high] = [0, slices.length];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((slices[middle]?.total ?? 0) <= position) low = middle + 1;
        else high = middle;
      }
      const before = slices[low - 1];
      return { after: before?.end ?? null, skip: position - (before?.total ?? 0) };
    },
  };
}
