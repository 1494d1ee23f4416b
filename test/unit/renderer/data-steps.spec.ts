import { createElement, isValidElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it, vi } from 'vitest';
import type { BrowseTable } from '@shared/browse.ts';

vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('history', { state: null });
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call: () => new Promise(() => {}), on: () => {} } });
const { FilterBar } = await import('../../../renderer/panels/data/filters/filter-bar.tsx');
const { TableView } = await import('../../../renderer/panels/data/table-view.tsx');

const table = { name: 'runs', kind: 'table', columns: [{ name: 'id' }], references: [] } as unknown as BrowseTable;

/** By which React tells whether the bar is the one that was there before. */
function barAt(step: string, find: string | null): string | null | undefined {
  const query = { table: 'runs', sort: [], filters: [], find };
  const view = { tables: [table], isCopy: false, error: null, asked: 0, consented: [], step };
  let tree: ReactNode = null;
  const Page = () => {
    tree = TableView({ handle: 'k3', table, query, view: { ...view, trail: [{ query, from: null, label: 'runs' }] } });
    return null;
  };
  renderToStaticMarkup(createElement(Page));
  return keyOf(tree);
}

function keyOf(node: ReactNode): string | null | undefined {
  if (Array.isArray(node)) return node.map(keyOf).find((key) => key !== undefined);
  if (!isValidElement<{ children?: ReactNode }>(node)) return undefined;
  return node.type === FilterBar ? node.key : keyOf(node.props.children);
}

it('what is looked for at one step of the way is not put onto the next one, also in the same table', () => {
  expect(barAt('1', 'night')).toBe(barAt('1', null)); // a bar that is typed in stays
  expect(barAt('1', 'night')).not.toBe(barAt('2', null));
});
