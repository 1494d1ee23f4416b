import { describe, expect, it } from 'vitest';
import {
  END_ROWS,
  indexOf,
  isRunningOut,
  laidOutOf,
  MOST_LAID_OUT,
  placeOf,
  positionOf,
  scrolledTo,
  settled,
  topToShow,
  type Place,
} from '../../../renderer/panels/data/grid/row-window.ts';

const VISIBLE = 20;
const totals = [100_001, 250_000, 1_000_000, 10_000_000, 3_000_000_000];

/** As the window does: a scroll by some rows, moved along where the box ends, and settled once the hand rests. */
function wheel(start: number, byRows: number, steps: number, total: number): number {
  let place: Place = placeOf(start, total);
  const most = laidOutOf(total) - VISIBLE;
  for (let step = 0; step < steps; step++) {
    const index = Math.max(0, Math.min(most, place.index + byRows));
    place = scrolledTo(index, place, false, total);
    if (isRunningOut(place, VISIBLE, total) || step % 9 === 8) place = settled(place, total);
  }
  return place.index + place.shift;
}

describe('the rows that lie in the box', () => {
  it('are all of them up to 100,000: nothing is moved along', () => {
    expect(laidOutOf(MOST_LAID_OUT)).toBe(100_000);
    expect(placeOf(77_777, MOST_LAID_OUT)).toEqual({ index: 77_777, shift: 0 });
    expect(scrolledTo(50_000, { index: 3, shift: 0 }, true, MOST_LAID_OUT)).toEqual({ index: 50_000, shift: 0 });
    expect(isRunningOut({ index: 0, shift: 0 }, VISIBLE, 50)).toBe(false);
  });

  it.each(totals)('begin with the first row and end with the last one of %i', (total) => {
    expect(placeOf(0, total)).toEqual({ index: 0, shift: 0 });
    expect(indexOf(total - 1, total)).toBe(MOST_LAID_OUT - 1);
    expect(positionOf(0, total)).toBe(0);
    expect(positionOf(MOST_LAID_OUT - VISIBLE, total)).toBe(total - VISIBLE);
    expect(positionOf(MOST_LAID_OUT / 2, total)).toBeCloseTo(total / 2, -5);
  });

  it.each(totals)('stand in order, and the scrollbar leads back to the place of %i rows', (total) => {
    let before = -1;
    for (let step = 0; step <= 5_000; step++) {
      const position = Math.round(((total - 1) * step) / 5_000);
      const index = indexOf(position, total);
      expect(index).toBeGreaterThanOrEqual(before);
      expect(indexOf(positionOf(index, total), total)).toBe(index);
      before = index;
    }
  });

  it.each(totals)('are reached one by one at both ends of %i rows', (total) => {
    for (let row = 0; row < END_ROWS; row++) {
      expect(positionOf(row, total)).toBe(row);
      expect(indexOf(total - 1 - row, total)).toBe(MOST_LAID_OUT - 1 - row);
    }
  });
});

describe('the wheel', () => {
  it.each(totals)('comes to the first row and to the last screen of %i rows, from wherever it started', (total) => {
    for (const start of [40, 500, 999, 1_001, 3_000]) {
      expect(wheel(start, -3, 1_200, total)).toBe(0);
      expect(wheel(total - start, 3, 1_200, total)).toBe(total - VISIBLE);
    }
  });

  it('goes row by row in the middle, however long it is turned', () => {
    expect(wheel(5_000_000, 3, 1_000, 10_000_000)).toBe(5_003_000);
    expect(wheel(5_000_000, -3, 1_000, 10_000_000)).toBe(4_997_000);
  });

  it('meets the end of the box before it meets the end of the table only for a moment', () => {
    const place = { index: 10, shift: 4_000 };
    expect(isRunningOut(place, VISIBLE, 10_000_000)).toBe(true);
    const next = settled(place, 10_000_000);
    expect(next.index + next.shift).toBe(4_010);
    expect(isRunningOut(next, VISIBLE, 10_000_000)).toBe(false);
  });
});

describe('the scrollbar', () => {
  it('means the place in the whole table when it is dragged', () => {
    const place = scrolledTo(50_000, { index: 0, shift: 0 }, true, 10_000_000);
    expect(place.index + place.shift).toBe(5_000_000);
  });

  it('does not twitch when the hand rests, unless it has to move', () => {
    const dragged = scrolledTo(54_321, { index: 0, shift: 0 }, true, 10_000_000);
    expect(settled(dragged, 10_000_000)).toBe(dragged);
    const turned = { index: dragged.index + 700, shift: dragged.shift };
    const next = settled(turned, 10_000_000);
    expect(next.index + next.shift).toBe(turned.index + turned.shift);
    expect(next.index).toBeLessThan(turned.index);
  });
});

describe('showing a row', () => {
  it('scrolls as little as needed, and not at all for one in view', () => {
    const place = { index: 100, shift: 1_000 };
    expect(topToShow(1_100, place, VISIBLE)).toBeNull();
    expect(topToShow(1_119, place, VISIBLE)).toBeNull();
    expect(topToShow(1_099, place, VISIBLE)).toBe(1_099);
    expect(topToShow(1_120, place, VISIBLE)).toBe(1_101);
    expect(topToShow(0, place, VISIBLE)).toBe(0);
  });
});
