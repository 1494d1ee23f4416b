import { describe, expect, it, vi } from 'vitest';
import { mount } from './hooks.ts';

vi.mock('react', async () => (await import('./hooks.ts')).hooks);
const { useActiveCell } = await import('../../../renderer/panels/data/grid/use-active-cell.ts');

/** Effects come after the keys that were pressed since the rows were drawn: what they do starts from where one is by then. */
describe('a key that is pressed right after other rows were drawn', () => {
  const pressed = () => {
    const cell = mount(() => useActiveCell({ row: 7, column: 1 }));
    const drawn = cell.draw();
    drawn.select({ row: 7, column: 2 }, false);
    return { ...drawn, now: () => cell.draw().selection.active };
  };

  it('is not taken back when the first of them becomes the active one', () => {
    const { selectFirstRow, now } = pressed();
    selectFirstRow();
    expect(now()).toEqual({ row: 0, column: 2 });
  });

  it('is not taken back when the active cell is kept where there are cells', () => {
    const { stayWithin, now } = pressed();
    stayWithin({ row: 9, column: 2 });
    expect(now()).toEqual({ row: 7, column: 2 });
    stayWithin({ row: 3, column: 9 });
    expect(now()).toEqual({ row: 3, column: 2 });
  });
});
