import {
  columnOrderingFeature,
  columnPinningFeature,
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  createColumnHelper,
  functionalUpdate,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import type { BrowseColumn, BrowseTable } from '@shared/browse.ts';
import { useEffect, useLayoutEffect, useMemo, useState, type RefObject } from 'react';
import { changeLayout, layoutId, loadLayout, useLayouts } from '../../../stores/browse-layouts.ts';
import { arrange, layoutOf, NARROWEST_PX, plainLayout, WIDEST_PX, withWidth, type Arrangement } from './arrange.ts';

const features = tableFeatures({
  columnOrderingFeature,
  columnPinningFeature,
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
});
/** Rows come from elsewhere: the table is asked for its columns only. */
const noRows: never[] = [];
const WIDEST_START = 260;
const CHARACTER_PX = 7.6;
const BADGES_PX = 62;

/**
 * What the table calls a column. A column may have any name: without one TanStack throws, and what it remembers by id
 * stands in plain objects, where a "constructor" is there already.
 */
export const columnId = (name: string): string => `column ${name}`;
const columnName = (id: string): string => id.slice(columnId('').length);

export interface ShownColumn {
  readonly column: BrowseColumn;
  /** Index in the table, as in the cells of a row. */
  readonly index: number;
  /** Place among the shown ones. */
  readonly number: number;
  readonly left: number;
  readonly width: number;
  readonly isPinned: boolean;
}

/** How a person arranged the columns of a table; null until the host has said what it remembers. */
export function useArrangement(handle: string, { name: table, columns }: BrowseTable) {
  const layout = useLayouts((state) => state.byTable[layoutId(handle, table)]);
  useEffect(() => void loadLayout(handle, table), [handle, table]);
  return useMemo(() => {
    if (layout === undefined) return null;
    const names = columns.map(({ name }) => name);
    return {
      ...arrange(layout ?? plainLayout, names),
      change: (next: Arrangement) => changeLayout(handle, table, layoutOf(next)),
      reset: () => changeLayout(handle, table, null),
    };
  }, [handle, table, columns, layout]);
}

export type ArrangedColumns = NonNullable<ReturnType<typeof useArrangement>>;

/** The columns that are in view, where they stand, and how wide they are. */
export function useColumns(
  columns: readonly BrowseColumn[],
  arranged: ArrangedColumns,
  box: RefObject<HTMLDivElement | null>,
) {
  const defs = useMemo(() => {
    const helper = createColumnHelper<typeof features, never>();
    return helper.columns(
      columns.map((column) =>
        helper.display({
          id: columnId(column.name),
          size: startWidth(column),
          minSize: NARROWEST_PX,
          maxSize: WIDEST_PX,
        }),
      ),
    );
  }, [columns]);
  const state = useMemo(
    () => ({
      columnOrder: arranged.order.map(columnId),
      columnPinning: { start: arranged.pinned.map(columnId), end: [] },
      columnVisibility: Object.fromEntries([...arranged.hidden].map((name) => [columnId(name), false])),
      columnSizing: Object.fromEntries(Object.entries(arranged.widths).map(([name, px]) => [columnId(name), px])),
    }),
    [arranged],
  );
  const table = useTable({
    features,
    columns: defs,
    data: noRows,
    columnResizeMode: 'onChange',
    state,
    onColumnSizingChange: (update) => {
      const widths = functionalUpdate(update, state.columnSizing);
      arranged.change(
        Object.entries(widths).reduce<Arrangement>((now, [id, px]) => withWidth(now, columnName(id), px), arranged),
      );
    },
  });
  const indexOf = useMemo(() => new Map(columns.map(({ name }, index) => [columnId(name), index])), [columns]);
  const pinned = table.getStartVisibleLeafColumns();
  const free = table.getCenterVisibleLeafColumns();
  const pinnedPx = pinned.reduce((sum, column) => sum + column.getSize(), 0);
  // A box that somebody types in stays, wherever the columns are scrolled to.
  const [kept, keep] = useState<string | null>(null);
  const keptAt = free.findIndex(({ id }) => kept !== null && id === columnId(kept));
  const virtual = useVirtualizer<HTMLDivElement, HTMLDivElement>({
    horizontal: true,
    count: free.length,
    getScrollElement: () => box.current,
    estimateSize: (at) => free[at]?.getSize() ?? NARROWEST_PX,
    overscan: 2,
    paddingStart: pinnedPx,
    scrollPaddingStart: pinnedPx,
    rangeExtractor: (range) => {
      const own = defaultRangeExtractor(range);
      return keptAt < 0 || own.includes(keptAt) ? own : [...own, keptAt].toSorted((a, b) => a - b);
    },
  });
  const sizes = free.map((column) => column.getSize()).join();
  useLayoutEffect(() => virtual.measure(), [virtual, sizes]);

  const shown = (id: string, number: number, left: number, width: number, isPinned: boolean): ShownColumn[] => {
    const index = indexOf.get(id);
    const column = index === undefined ? undefined : columns[index];
    return column && index !== undefined ? [{ column, index, number, left, width, isPinned }] : [];
  };
  let left = 0;
  const pinnedShown = pinned.flatMap((column, at) => {
    const own = shown(column.id, at, left, column.getSize(), true);
    left += column.getSize();
    return own;
  });
  const scrolled = virtual
    .getVirtualItems()
    .flatMap(({ index, start }) =>
      shown(free[index]?.id ?? '', pinned.length + index, start, free[index]?.getSize() ?? NARROWEST_PX, false),
    );
  const all = [...pinnedShown, ...scrolled];
  // The same list while nothing in it changed: rows that stay in view are not drawn again.
  const drawnId = all
    .map(({ index, number, left: at, width, isPinned }) => [index, number, at, width, isPinned])
    .join();
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- drawnId says all of it
  const drawn = useMemo(() => all, [columns, drawnId]);
  const ids = [...pinned, ...free].map(({ id }) => id);
  return {
    table,
    arranged,
    /** Pinned ones, and those of the others that are in view. */
    drawn,
    /** All that are not hidden, by their index in the table. */
    order: ids.flatMap((id) => indexOf.get(id) ?? []),
    /** The same by name. */
    names: ids.map(columnName),
    widthPx: pinnedPx + free.reduce((sum, column) => sum + column.getSize(), 0),
    pinnedPx,
    keep,
    /** Scrolls sideways so that the column is in view. */
    show(number: number) {
      if (number < pinned.length) return;
      virtual.scrollToIndex(number - pinned.length);
      // The browser tells of a scroll with its next frame, which a busy machine keeps back: the column is drawn before.
      box.current?.dispatchEvent(new Event('scroll'));
    },
  };
}

/** Wide enough for the name and a usual value. */
const startWidth = ({ name, type }: BrowseColumn): number => {
  const usual = /int|real|num|bool/i.test(type) ? 100 : 170;
  return Math.min(WIDEST_START, Math.max(usual, Math.round(name.length * CHARACTER_PX) + BADGES_PX));
};

export type GridColumns = ReturnType<typeof useColumns>;
