import type { ColumnLayout } from '@shared/browse.ts';

/** How the columns of a table stand, by their names. */
export interface Arrangement {
  /** All columns in order, hidden ones too. */
  readonly order: readonly string[];
  /** At the left edge while the others scroll by. */
  readonly pinned: readonly string[];
  readonly hidden: ReadonlySet<string>;
  readonly widths: Readonly<Record<string, number>>;
}

export const plainLayout: ColumnLayout = { order: [], pinned: [], hidden: [], widths: [] };
export const NARROWEST_PX = 60;
export const WIDEST_PX = 1_200;

/** What of a remembered layout holds for the columns there are: forgotten ones are ignored, new ones come last. */
export function arrange(layout: ColumnLayout, names: readonly string[]): Arrangement {
  const there = new Set(names);
  const kept = [...new Set(layout.order)].filter((name) => there.has(name));
  const known = new Set(kept);
  const hidden = new Set(layout.hidden.filter((name) => there.has(name)));
  return {
    order: [...kept, ...names.filter((name) => !known.has(name))],
    pinned: [...new Set(layout.pinned)].filter((name) => there.has(name)),
    // A table without any column to look at would be a dead end.
    hidden: hidden.size < there.size ? hidden : new Set(),
    widths: Object.fromEntries(
      layout.widths.filter(({ column }) => there.has(column)).map(({ column, px }) => [column, px]),
    ),
  };
}

export const layoutOf = ({ order, pinned, hidden, widths }: Arrangement): ColumnLayout => ({
  order: [...order],
  pinned: [...pinned],
  hidden: [...hidden],
  widths: Object.entries(widths).map(([column, px]) => ({ column, px })),
});

export const withPin = (now: Arrangement, name: string, isPinned: boolean): Arrangement => ({
  ...now,
  pinned: isPinned ? [...now.pinned.filter((each) => each !== name), name] : now.pinned.filter((each) => each !== name),
});

/** The last one that is shown stays. */
export function withHidden(now: Arrangement, name: string, isHidden: boolean): Arrangement {
  const hidden = new Set(now.hidden);
  if (isHidden) hidden.add(name);
  else hidden.delete(name);
  return hidden.size < now.order.length ? { ...now, hidden } : now;
}

export const withWidth = (now: Arrangement, name: string, px: number): Arrangement => ({
  ...now,
  widths: { ...now.widths, [name]: Math.round(Math.max(NARROWEST_PX, Math.min(WIDEST_PX, px))) },
});

/** One place to the left (-1) or right (1) among those it stands with: the pinned ones, or the others. */
export function withMove(now: Arrangement, name: string, by: -1 | 1): Arrangement {
  const row = now.pinned.includes(name) ? now.pinned : now.order;
  const neighbours = row.filter((each) => !now.hidden.has(each) && (row === now.pinned || !now.pinned.includes(each)));
  const other = neighbours[neighbours.indexOf(name) + by];
  if (other === undefined || !neighbours.includes(name)) return now;
  const without = row.filter((each) => each !== name);
  const at = without.indexOf(other) + (by === 1 ? 1 : 0);
  const next = [...without.slice(0, at), name, ...without.slice(at)];
  return row === now.pinned ? { ...now, pinned: next } : { ...now, order: next };
}

/** Whether `withMove` would change anything. */
export const canMove = (now: Arrangement, name: string, by: -1 | 1): boolean => withMove(now, name, by) !== now;
