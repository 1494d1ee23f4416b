import { describe, expect, it } from 'vitest';
import {
  arrange,
  canMove,
  layoutOf,
  plainLayout,
  withHidden,
  withMove,
  withPin,
  withWidth,
} from '../../../renderer/panels/data/grid/arrange.ts';
import { clicked, sortedBy, unsortedBy } from '../../../renderer/panels/data/grid/sorting.ts';
import { moved, rangeOf } from '../../../renderer/panels/data/grid/use-active-cell.ts';

describe('the active cell', () => {
  const size = { rows: 1_000, columns: 5, pageRows: 20 };
  const from = { row: 100, column: 2 };
  const by = (key: string, isCommand = false) => moved(from, { key, isCommand }, size);

  it('goes one cell by an arrow, a screen by PgUp and PgDn, to the ends of the row by Home and End', () => {
    expect(by('ArrowUp')).toEqual({ row: 99, column: 2 });
    expect(by('ArrowDown')).toEqual({ row: 101, column: 2 });
    expect(by('ArrowLeft')).toEqual({ row: 100, column: 1 });
    expect(by('ArrowRight')).toEqual({ row: 100, column: 3 });
    expect(by('PageUp')).toEqual({ row: 80, column: 2 });
    expect(by('PageDown')).toEqual({ row: 120, column: 2 });
    expect(by('Home')).toEqual({ row: 100, column: 0 });
    expect(by('End')).toEqual({ row: 100, column: 4 });
  });

  it('goes to the edges with Ctrl', () => {
    expect(by('ArrowUp', true)).toEqual({ row: 0, column: 2 });
    expect(by('ArrowDown', true)).toEqual({ row: 999, column: 2 });
    expect(by('ArrowLeft', true)).toEqual({ row: 100, column: 0 });
    expect(by('ArrowRight', true)).toEqual({ row: 100, column: 4 });
    expect(by('Home', true)).toEqual({ row: 0, column: 0 });
    expect(by('End', true)).toEqual({ row: 999, column: 4 });
  });

  it('stays inside, also of a table without rows, and leaves other keys alone', () => {
    expect(moved({ row: 990, column: 4 }, { key: 'PageDown', isCommand: false }, size)).toEqual({
      row: 999,
      column: 4,
    });
    expect(moved({ row: 3, column: 0 }, { key: 'PageUp', isCommand: false }, size)).toEqual({ row: 0, column: 0 });
    const none = { rows: 0, columns: 0, pageRows: 20 };
    expect(moved({ row: 0, column: 0 }, { key: 'ArrowDown', isCommand: true }, none)).toEqual({ row: 0, column: 0 });
    expect(by('Enter')).toBeNull();
    expect(by('x')).toBeNull();
  });

  it('marks a range from where it began, in whichever direction', () => {
    const selection = { active: from, corner: { row: 7, column: 4 }, head: { row: 3, column: 1 } };
    expect(rangeOf(selection)).toEqual({ from: { row: 3, column: 1 }, to: { row: 7, column: 4 } });
  });
});

describe('the arrangement of columns', () => {
  const names = ['id', 'name', 'size', 'note'];
  const plain = arrange(plainLayout, names);

  it('ignores what it remembers of columns that are gone, and puts new ones last', () => {
    const arranged = arrange(
      {
        order: ['note', 'gone', 'id'],
        pinned: ['gone', 'id', 'id'],
        hidden: ['gone', 'note'],
        widths: [
          { column: 'gone', px: 90 },
          { column: 'id', px: 120 },
        ],
      },
      names,
    );
    expect(arranged.order).toEqual(['note', 'id', 'name', 'size']);
    expect(arranged.pinned).toEqual(['id']);
    expect([...arranged.hidden]).toEqual(['note']);
    expect(arranged.widths).toEqual({ id: 120 });
  });

  it('comes back as it was from what is remembered', () => {
    const changed = withWidth(
      withHidden(withPin(withMove(plain, 'note', -1), 'size', true), 'name', true),
      'id',
      222.4,
    );
    expect(arrange(layoutOf(changed), names)).toEqual(changed);
    expect(changed.widths).toEqual({ id: 222 });
  });

  it('moves a column among those it stands with, past hidden ones', () => {
    const hidden = withHidden(plain, 'name', true);
    expect(withMove(hidden, 'size', -1).order).toEqual(['size', 'id', 'name', 'note']);
    expect(withMove(plain, 'id', 1).order).toEqual(['name', 'id', 'size', 'note']);
    const pinned = withPin(withPin(plain, 'note', true), 'id', true);
    expect(withMove(pinned, 'id', -1).pinned).toEqual(['id', 'note']);
    expect(withMove(pinned, 'name', 1).order).toEqual(['id', 'size', 'name', 'note']);
    expect(canMove(plain, 'id', -1)).toBe(false);
    expect(canMove(pinned, 'note', -1)).toBe(false);
    expect(canMove(plain, 'note', 1)).toBe(false);
  });

  it('never hides the last column, and keeps widths within reason', () => {
    const one = ['id', 'name', 'size'].reduce((now, name) => withHidden(now, name, true), plain);
    expect(withHidden(one, 'note', true)).toBe(one);
    expect(arrange({ ...plainLayout, hidden: names }, names).hidden.size).toBe(0);
    expect(withWidth(plain, 'id', 1).widths['id']).toBe(60);
    expect(withWidth(plain, 'id', 99_999).widths['id']).toBe(1_200);
  });
});

describe('sorting by clicks', () => {
  const up = (column: string) => ({ column, isDescending: false });
  const down = (column: string) => ({ column, isDescending: true });

  it('goes up, down, and back to no order', () => {
    expect(clicked([], 'a', false)).toEqual([up('a')]);
    expect(clicked([up('a')], 'a', false)).toEqual([down('a')]);
    expect(clicked([down('a')], 'a', false)).toEqual([]);
  });

  it('adds and changes one of several with Shift, and starts again without', () => {
    expect(clicked([up('a')], 'b', true)).toEqual([up('a'), up('b')]);
    expect(clicked([up('a'), up('b')], 'a', true)).toEqual([down('a'), up('b')]);
    expect(clicked([down('a'), up('b')], 'a', true)).toEqual([up('b')]);
    expect(clicked([up('a'), up('b')], 'b', false)).toEqual([up('b')]);
  });

  it('takes no more columns than can be asked for', () => {
    const eight = [...'abcdefgh'].map(up);
    expect(sortedBy(eight, 'i', false, true)).toEqual(eight);
    expect(sortedBy(eight, 'h', true, true).at(-1)).toEqual(down('h'));
    expect(unsortedBy([up('a'), up('b')], 'a')).toEqual([up('b')]);
  });
});
