import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, type RefCallback, type RefObject } from 'react';

/** One line of text; rows with more are measured once they are drawn. */
const ROW_PX = 29;
const OVERSCAN = 12;

interface Drawn<Row> {
  readonly rows: readonly { readonly row: Row; readonly index: number }[];
  /** Heights of what is left out above and below, px. */
  readonly before: number;
  readonly after: number;
  readonly measure: RefCallback<HTMLTableRowElement> | undefined;
}

/** Which rows of a table are drawn: all, or of a long one those near the visible part of its box. */
export function useDrawnRows<Row extends { readonly id: string }>({
  rows,
  isLong,
  onEnd,
  box,
}: {
  rows: readonly Row[];
  isLong: boolean;
  onEnd: (() => void) | undefined;
  /** What scrolls. */
  box: RefObject<HTMLDivElement | null>;
}): Drawn<Row> {
  const visible = useVirtualizer<HTMLDivElement, HTMLTableRowElement>({
    count: rows.length,
    enabled: isLong,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: OVERSCAN,
  });
  const items = visible.getVirtualItems();
  const lastDrawn = items.at(-1)?.index ?? -1;
  const isAtEnd = isLong && lastDrawn >= rows.length - 1;
  useEffect(() => {
    if (isAtEnd) onEnd?.();
  }, [isAtEnd, onEnd, rows.length]);
  if (!isLong) return { rows: rows.map((row, index) => ({ row, index })), before: 0, after: 0, measure: undefined };
  return {
    rows: items.flatMap(({ index }) => {
      const row = rows[index];
      return row === undefined ? [] : [{ row, index }];
    }),
    before: items[0]?.start ?? 0,
    after: Math.max(0, visible.getTotalSize() - (items.at(-1)?.end ?? 0)),
    measure: visible.measureElement,
  };
}
