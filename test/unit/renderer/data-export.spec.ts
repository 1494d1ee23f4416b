import { createElement, isValidElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it, vi } from 'vitest';
import type { BrowseTable } from '@shared/browse.ts';

vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('history', { state: null });
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call: () => new Promise(() => {}), on: () => {} } });
const { connect } = await import('../../../renderer/api.ts');
const { WorkBar } = await import('../../../renderer/components/work-bar.tsx');
const { ExportOutcome } = await import('../../../renderer/panels/data/export/export-outcome.tsx');
const { expectedRows } = await import('../../../renderer/panels/data/export/export-words.ts');
const { receiveExport, startExport, useExports } = await import('../../../renderer/stores/exports.ts');
connect();

const everyRow = { table: 'many', sort: [], filters: [], find: null };
const table = { name: 'many', rows: { value: 1_000_000, isExact: true } } as BrowseTable;
const shown = (value: number, change = {}) => ({
  ...{ value, isExact: true, isFinal: true, isAtLeast: false },
  ...change,
});

function totalShown(): unknown {
  const view = useExports.getState().byHandle['k3'];
  if (!view) throw new Error('nothing is exported');
  let tree: ReactNode = null;
  const Page = () => {
    tree = ExportOutcome({ handle: 'k3', view, onClose: () => {} });
    return null;
  };
  renderToStaticMarkup(createElement(Page));
  return totalIn(tree);
}
function totalIn(node: ReactNode): unknown {
  if (Array.isArray(node)) return node.map(totalIn).find((total) => total !== undefined);
  if (!isValidElement<{ children?: ReactNode; total?: unknown }>(node)) return undefined;
  return node.type === WorkBar ? node.props.total : totalIn(node.props.children);
}

it('measures an export by the rows that were to be written when it began, wherever one looks meanwhile', () => {
  void startExport('k3', { query: everyRow, columns: null, format: 'csv', hasMark: true, revealed: [] }, 1_000_000);
  receiveExport({ handle: 'k3', rows: 5_000, bytes: 9 });
  expect(totalShown()).toBe(1_000_000);

  // An estimate that turns out too low measures nothing.
  receiveExport({ handle: 'k3', rows: 1_000_001, bytes: 9 });
  expect(totalShown()).toBeNull();
});

it('expects all rows of the table or those that are shown, and none where nobody has counted them', () => {
  expect(expectedRows(table, shown(12), true)).toBe(1_000_000);
  expect(expectedRows({ ...table, rows: null }, shown(12), true)).toBeNull();
  expect(expectedRows(table, shown(12), false)).toBe(12);
  expect(expectedRows(table, shown(0, { isExact: false }), false)).toBeNull();
  expect(expectedRows(table, shown(300, { isExact: false, isAtLeast: true }), false)).toBeNull();
  expect(expectedRows(table, null, false)).toBeNull();
});
