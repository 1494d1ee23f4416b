import type { Anchor, BrowsePage, BrowseRows } from '@shared/browse.ts';

/** One query over one table: its pages, its size, and what they cost. */
export interface View {
  page(anchor: Anchor, limit: number): Omit<BrowsePage, 'version'>;
  count(): BrowseRows;
  /** Works in the background for about `ms`. @returns false when nothing is left to do. */
  work(ms: number): boolean;
}
