import { isValidElement, type ReactNode } from 'react';
import { beforeEach, expect, it, vi } from 'vitest';
import type { BrowseTable } from '@shared/browse.ts';
import { mount } from './hooks.ts';

/** The row that is open beside the others, and where the focus is; the pieces that draw them are left out. */
vi.mock('react', async (actual) => ({
  ...(await actual<object>()),
  ...(await import('./hooks.ts')).hooks,
  useCallback: <T>(act: T) => act,
  useSyncExternalStore: <T>(_: unknown, current: () => T) => current(),
}));
vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('history', { state: null });
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call: () => new Promise(() => {}), on: () => {} } });
const focused = { activeElement: null as unknown, body: {} };
vi.stubGlobal('document', focused);
vi.mock('../../../renderer/panels/data/export/use-copy.ts', () => ({ useCopy: () => ({}) }));
vi.mock('../../../renderer/panels/data/grid/use-columns.ts', () => ({ useColumns: () => ({ order: [0] }) }));
vi.mock('../../../renderer/panels/data/grid/use-row-window.ts', () => ({ useRowWindow: () => ({ moveTo: () => {} }) }));
vi.mock('../../../renderer/panels/data/use-rows-place.ts', () => ({
  useKeptPlace: () => null,
  useRowsPlace: () => {},
}));
vi.mock('../../../renderer/panels/data/viewer/use-cell-viewer.tsx', () => ({
  useCellViewer: () => ({ dialog: null }),
}));
const { Grid } = await import('../../../renderer/panels/data/grid/grid.tsx');
const { RecordPanel } = await import('../../../renderer/panels/data/record-panel.tsx');
const { RowsView } = await import('../../../renderer/panels/data/rows-view.tsx');

const grid = { focus: vi.fn(() => void (focused.activeElement = grid)) };
const table = { name: 'users', kind: 'table', columns: [{ name: 'id' }], references: [] } as unknown as BrowseTable;
const everyRow = { table: 'users', sort: [], filters: [], find: null };

/** Rows by their keys; undefined = on its way. */
function view(...keys: (string | undefined)[]) {
  const given = { keys, query: everyRow, isAsking: false };
  const source = () => ({
    query: given.query,
    row: (at: number) => given.keys[at] && { key: given.keys[at] },
    subscribe: () => () => {},
    state: { rows: { value: given.keys.length, isExact: true, isFinal: true }, error: null },
  });
  const { draw } = mount(
    () =>
    RowsView({ handle: 'k3', table, query: everyRow, source: source() as never, arranged: {} as never, step: null, isCopy: false, isAsking: given.isAsking, copySlot: null }), // prettier-ignore
  );
  const drawnGrid = () => propsOf(draw(), Grid) as unknown as Parameters<typeof Grid>[0];
  drawnGrid().box.current = grid as never;
  return {
    given,
    moveTo: (row: number) => drawnGrid().active.select({ row, column: 0 }, false),
    open: (row: number) => drawnGrid().onOpen({ row, column: 0 }),
    openKey: () => propsOf(draw(), RecordPanel)?.['rowKey'],
    draw,
  };
}

function propsOf(node: ReactNode, type: unknown): Readonly<Record<string, unknown>> | undefined {
  if (Array.isArray(node)) return node.map((each: ReactNode) => propsOf(each, type)).find((found) => found);
  if (!isValidElement<{ children?: ReactNode }>(node)) return undefined;
  return node.type === type ? node.props : propsOf(node.props.children, type);
}

beforeEach(() => {
  focused.activeElement = grid;
  grid.focus.mockClear();
});

it('the open row follows the active one, also one that is still on its way', () => {
  const rows = view('a', 'b', undefined);
  rows.open(0);
  expect(rows.openKey()).toBe('a');
  rows.moveTo(1);
  expect(rows.openKey()).toBe('b');
  rows.moveTo(2);
  expect(rows.openKey()).toBe('b');
  rows.given.keys = ['a', 'b', 'c'];
  expect(rows.openKey()).toBe('c');
});

it('the open row stays when another row comes to stand at its number', () => {
  const rows = view('a', 'b', 'c');
  rows.moveTo(1);
  rows.open(1);
  expect(rows.openKey()).toBe('b');
  rows.given.keys = ['new', 'a', 'b', 'c'];
  expect(rows.openKey()).toBe('b');
  rows.moveTo(3);
  expect(rows.openKey()).toBe('c');
  rows.given.keys = ['a', 'b']; // it was deleted, and the active cell is in the last row there is
  expect(rows.openKey()).toBe('c');
});

it('nor is a row replaced that was on its way when it was opened', () => {
  const rows = view(undefined);
  rows.open(0);
  expect(rows.openKey()).toBeUndefined();
  rows.given.keys = ['a'];
  expect(rows.openKey()).toBe('a');
  rows.given.keys = ['new', 'a'];
  expect(rows.openKey()).toBe('a');
});

it('in another order the first row is the active one, and the open row follows', () => {
  const rows = view('a', 'b');
  rows.open(0);
  expect(rows.openKey()).toBe('a');
  Object.assign(rows.given, { keys: [], query: { ...everyRow, sort: [{ column: 'id', isDescending: true }] } });
  expect(rows.openKey()).toBe('a');
  rows.given.keys = ['b', 'a'];
  expect(rows.openKey()).toBe('b');
});

it('the focus goes to the rows when the question before them is gone, unless it is in a field', () => {
  const rows = view('a');
  for (const [where, goes] of [
    [{}, 0],
    [focused.body, 1],
  ] as const) {
    // prettier-ignore
    rows.given.isAsking = true;
    rows.draw();
    focused.activeElement = where;
    rows.given.isAsking = false;
    rows.draw();
    expect(grid.focus).toHaveBeenCalledTimes(goes);
  }
});
