import { MantineProvider } from '@mantine/core';
import React, { createElement, isValidElement, type FunctionComponent, type ReactElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { BrowseTable } from '@shared/browse.ts';
import { appError } from '@shared/errors.ts';

/** Buttons that go when they are pressed, and where the focus goes then. Elements are the little that they ask for. */
const answers: Record<string, unknown> = {};
const sent: [string, object][] = [];
const document = { body: {}, activeElement: {}, getElementById: (id: string) => ({ focus: () => focused.push(id) }) };
vi.stubGlobal('document', document);
vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('history', { state: null });
vi.stubGlobal('window', {
  addEventListener: () => {},
  phasewise: {
    call: (name: string, input: object) => {
      sent.push([name, input]);
      return Promise.resolve(answers[name] ?? { ok: true, value: [] });
    },
    on: () => () => {},
  },
});
const { connect } = await import('../../../renderer/api.ts');
const { DataTable } = await import('../../../renderer/components/data-table.tsx');
const { FilterBar } = await import('../../../renderer/panels/data/filters/filter-bar.tsx');
const { DatabaseList } = await import('../../../renderer/panels/frame/database-list.tsx');
const { useDatabases } = await import('../../../renderer/stores/databases.ts');
const { FIND_FIELD } = await import('../../../renderer/stores/find-field.ts');
connect();

const focused: string[] = [];
const button = (name: string) => ({ focus: () => void focused.push(name) });
interface Pressed {
  readonly onClick?: (event: object) => void;
  readonly 'aria-label'?: string;
  readonly children?: ReactNode;
}

/** What can be pressed in what a component draws, in the components of `inner` too. */
function pressable(element: ReactElement, inner: readonly string[] = []): Pressed[] {
  const found: Pressed[] = [];
  const collect = (node: ReactNode): void => {
    if (Array.isArray(node)) return node.forEach(collect);
    if (!isValidElement<Pressed>(node)) return;
    if (node.props.onClick) found.push(node.props);
    const { type } = node;
    if (typeof type === 'function' && inner.includes(type.name))
      return collect((type as FunctionComponent)(node.props) as ReactNode);
    collect(node.props.children);
  };
  const Page = () => {
    collect((element.type as FunctionComponent<unknown>)(element.props) as ReactNode);
    return null;
  };
  renderToStaticMarkup(createElement(MantineProvider, null, createElement(Page)));
  return found;
}

beforeEach(() => {
  vi.spyOn(React, 'useSyncExternalStore').mockImplementation((_, current) => current());
  focused.length = 0;
});

describe('the filter that is removed', () => {
  const filters = ['a', 'b'].map((value) => ({ operator: 'equals' as const, column: 'id', value }));
  const table = { name: 'runs', columns: [{ name: 'id' }], references: [] } as unknown as BrowseTable;
  const press = (of: typeof filters, at: number, before: string | null): void => {
    const query = { table: 'runs', sort: [], filters: of, find: null };
    const chips = pressable(createElement(FilterBar, { handle: 'k3', table, query, column: undefined }));
    const chip = { previousElementSibling: before === null ? null : { querySelector: () => button(before) } };
    chips[at]?.onClick?.({ currentTarget: { closest: () => chip } });
  };

  it('as the last one leaves the focus to the one before it, and alone to the search', () => {
    press(filters, 1, 'a');
    expect(focused).toEqual(['a']);
    press(filters.slice(0, 1), 0, null);
    expect(focused).toEqual(['a', FIND_FIELD]);
  });

  it('among others leaves it to the next one, which takes its place', () => {
    press(filters, 0, null);
    expect(focused).toEqual([]);
  });
});

describe('the last rows that are shown on request', () => {
  const rows = Array.from({ length: 60 }, (_, at) => at);
  const columns = [{ id: 'id', header: 'Id', value: (row: number) => row }];
  const press = (isConnected: boolean, inRow: object | null): void => {
    const [more] = pressable(
      createElement(DataTable<number>, { label: 'Rows', rows, columns, rowId: String, canSort: false }),
    );
    const querySelector = (what: string) => ({ ...button(what), querySelector: () => inRow });
    more?.onClick?.({ currentTarget: { isConnected, closest: () => ({ querySelector }) } });
  };

  it('have the focus at the first of them, in what can be pressed there', () => {
    press(false, null);
    press(false, button('Details'));
    expect(focused).toEqual([':scope > tr[data-index="50"]', 'Details']);
  });

  it('before the last ones it stays where more can be asked for', () => {
    press(true, null);
    expect(focused).toEqual([]);
  });
});

describe('a database that is closed', () => {
  const open = ['k3', 'k4'].map((handle) => ({ handle, name: `${handle}.db`, folder: '/p' }));
  const press = async (handle: string): Promise<void> => {
    useDatabases.setState({ open });
    const [close] = pressable(createElement(DatabaseList), ['Item']).filter(
      (each) => each['aria-label'] === `Close ${handle}.db`,
    );
    const left = [...open.filter((each) => each.handle !== handle).map(({ name }) => name), 'Open…'];
    close?.onClick?.({ currentTarget: { closest: () => ({ querySelectorAll: () => left.map(button) }) } });
    await vi.waitUntil(() => useDatabases.getState().open.length < open.length);
    await new Promise((resolve) => setTimeout(resolve));
  };

  it('leaves the focus to what stands in its place', async () => {
    document.activeElement = document.body;
    await press('k3');
    expect(focused).toEqual(['k4.db']);
    await press('k4');
    expect(focused).toEqual(['k4.db', 'Open…']);
  });

  it('leaves it there too where an export had to be ended first', async () => {
    document.activeElement = document.body;
    const error = appError('E_RUN_ACTIVE', 'Rows are being written.', { endsExport: true });
    useDatabases.setState({ open, notClosed: { handle: 'k3', error } });
    const end = pressable(createElement(DatabaseList), ['Item']).find(
      ({ children }) => children === 'End the export and close',
    );
    const left = ['k4.db', 'Open…'].map(button);
    end?.onClick?.({ currentTarget: { closest: () => ({ querySelectorAll: () => left }) } });
    await vi.waitUntil(() => useDatabases.getState().open.length < open.length);
    await new Promise((resolve) => setTimeout(resolve));
    expect(sent).toContainEqual(['database:close', { handle: 'k3', endsExport: true }]);
    expect(focused).toEqual(['k4.db']);
  });

  it('takes it from nobody who has gone on meanwhile', async () => {
    document.activeElement = {};
    await press('k3');
    expect(focused).toEqual([]);
  });
});
