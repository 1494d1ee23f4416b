import type { Anchor, BrowsePage, BrowseRows } from '@shared/browse.ts';

/** One query over one table: its pages, its size, and what they cost. */
export interface View {
  page(anchor: Anchor, limit: number): Omit<BrowsePage, 'version' | 'isOutdated'>;
  count(): BrowseRows;
  /** Works in the background for about `ms`. @returns false when nothing is left to do. */
  work(ms: number): boolean;
  /** Holds the keys of all of its rows: two of these would be more than this process may take. */
  readonly isLarge: boolean;
}
