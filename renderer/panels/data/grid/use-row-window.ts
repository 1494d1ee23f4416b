import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { flushSync } from 'react-dom';
import { HEADER_PX } from './grid-sizes.ts';
import {
  isRunningOut,
  laidOutOf,
  MOST_LAID_OUT,
  placeOf,
  ROW_PX,
  scrolledTo,
  settled,
  topToShow,
  type Place,
} from './row-window.ts';

const OVERSCAN = 8;
/** A scroll by more than so many screens at once is a drag of the scrollbar. */
const JUMP_SCREENS = 3;
/** Unless the wheel was turned that far shortly before, ms: a slow machine delivers many of its steps as one. */
const WHEEL_MS = 600;
const WHEEL_LINE_PX = 40;
const SETTLE_MS = 150;
/** Scroll positions are fractions where the screen is zoomed. */
const ROUNDING_PX = 0.5;

export interface DrawnRow {
  readonly position: number;
  /** Place in the box, px. */
  readonly top: number;
}

export interface RowWindow {
  readonly drawn: readonly DrawnRow[];
  readonly heightPx: number;
  /** Numbers of the first and last row of which a part can be seen. */
  readonly first: number;
  readonly last: number;
  /** Whole rows that fit. */
  readonly visibleRows: number;
  /** Scrolls so that the row is in view; it is drawn when this returns. */
  show(position: number): void;
  /** Puts the row at the top. */
  moveTo(position: number): void;
}

/** The rows in view of a table of any size, by plain virtual scrolling of the part that is laid out. */
export function useRowWindow(total: number, box: RefObject<HTMLDivElement | null>): RowWindow {
  const laidOut = laidOutOf(total);
  const [shift, setShift] = useState(0);
  const live = useRef<Live>(atStart());
  const virtual = useVirtualizer<HTMLDivElement, HTMLDivElement>({
    count: laidOut,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const bodyPx = (box.current?.clientHeight ?? virtual.scrollRect?.height ?? 600) - HEADER_PX;
  const visibleRows = Math.max(1, Math.floor(bodyPx / ROW_PX));

  const put = useCallback(
    (next: Place, offsetPx: number): void => {
      const element = box.current;
      if (!element) return;
      // One paint: rows of the old shift at the new place of the scrollbar would be wrong rows.
      flushSync(() => setShift(next.shift));
      element.scrollTop = next.index * ROW_PX + offsetPx;
      Object.assign(live.current, next, { top: element.scrollTop });
      element.dispatchEvent(new Event('scroll'));
    },
    [box],
  );
  const moveTo = useCallback((position: number): void => put(placeOf(position, total), 0), [put, total]);
  const show = useCallback(
    (position: number): void => {
      const { index, shift: by, top } = live.current;
      const isCut = top - index * ROW_PX > ROUNDING_PX;
      const next = topToShow(position, { index: isCut ? index + 1 : index, shift: by }, visibleRows);
      if (next !== null) moveTo(next);
    },
    [moveTo, visibleRows],
  );

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const { current } = live;
    const onWheel = ({ deltaY, deltaMode }: WheelEvent): void => {
      const px = Math.abs(deltaY) * (deltaMode === WheelEvent.DOM_DELTA_LINE ? WHEEL_LINE_PX : 1);
      const isFresh = performance.now() - current.wheelAt < WHEEL_MS;
      Object.assign(current, { wheelAt: performance.now(), wheelPx: px + (isFresh ? current.wheelPx : 0) });
    };
    const onScroll = (): void => {
      const top = element.scrollTop;
      const distance = Math.abs(top - current.top);
      if (distance < ROUNDING_PX) return; // our own move, which has been accounted for
      const wheelPx = performance.now() - current.wheelAt < WHEEL_MS ? current.wheelPx : 0;
      const isJump = distance > Math.max(JUMP_SCREENS * element.clientHeight, 2 * wheelPx);
      const next = scrolledTo(Math.floor((top + ROUNDING_PX) / ROW_PX), current, isJump, total);
      if (next.shift !== current.shift) setShift(next.shift);
      Object.assign(current, next, { top });
      clearTimeout(current.timer);
      if (total <= MOST_LAID_OUT) return;
      current.timer = window.setTimeout(
        () => {
          const rest = settled(current, total);
          if (rest.index !== current.index || rest.shift !== current.shift)
            put(rest, current.top - current.index * ROW_PX);
        },
        isRunningOut(next, visibleRows, total) ? 0 : SETTLE_MS,
      );
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    element.addEventListener('wheel', onWheel, { passive: true });
    return () => {
      clearTimeout(current.timer);
      element.removeEventListener('scroll', onScroll);
      element.removeEventListener('wheel', onWheel);
    };
  }, [box, total, visibleRows, put]);

  // A better count moves the whole table under the scrollbar; the rows in view stay. Not inside of React's own commit.
  const known = useRef(total);
  useLayoutEffect(() => {
    if (known.current === total) return;
    known.current = total;
    const { index, shift: by, top } = live.current;
    const next = placeOf(index + by, total);
    if (next.index !== index || next.shift !== by) queueMicrotask(() => put(next, top - index * ROW_PX));
  }, [total, put]);

  const scrolledPx = virtual.scrollOffset ?? 0;
  const first = Math.floor((scrolledPx + ROUNDING_PX) / ROW_PX) + shift;
  const last = Math.ceil((scrolledPx + bodyPx - ROUNDING_PX) / ROW_PX) - 1 + shift;
  const drawn = virtual
    .getVirtualItems()
    .map(({ index, start }) => ({ position: index + shift, top: start }))
    .filter(({ position }) => position >= 0 && position < total);
  return {
    drawn,
    heightPx: laidOut * ROW_PX,
    first: Math.max(0, Math.min(first, total - 1)),
    last: Math.max(0, Math.min(last, total - 1)),
    visibleRows,
    show,
    moveTo,
  };
}

/** What changes between two renderings. */
interface Live extends Place {
  /** Of the box, px. */
  top: number;
  timer: number;
  wheelAt: number;
  wheelPx: number;
}

const atStart = (): Live => ({ index: 0, shift: 0, top: 0, timer: 0, wheelAt: -Infinity, wheelPx: 0 });
