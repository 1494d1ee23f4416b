import React, { createElement, isValidElement, type ReactElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { appError } from '@shared/errors.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { status } from './values.ts';

vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call: () => new Promise(() => {}), on: () => {} } });
const { DatabasePage } = await import('../../../renderer/panels/frame/database-page.tsx');
const { BackupsPanel, DataPanel } = await import('../../../renderer/panels/frame/pages.ts');
const { useDatabases } = await import('../../../renderer/stores/databases.ts');
const { useRecovery } = await import('../../../renderer/stores/recovery.ts');

const unknown = appError('E_IO', 'The journal could not be read.');
const view = { recovery: null, isLoaded: true, isStruck: false, looking: null, busy: null, error: null };

/** Drawn without a window, a store would show what it began with. */
beforeEach(() => void vi.spyOn(React, 'useSyncExternalStore').mockImplementation((_, current) => current()));

interface Place {
  readonly element: ReactElement<{ children?: ReactNode; error?: unknown }>;
  /** Where React looks for it: it begins anew where this, or a type on the way, differs. */
  readonly at: string;
}

/** Everything that the page puts on the window, its panels undrawn. */
function drawn(tab: 'data' | 'backups', isUnknown: boolean): Place[] {
  const byHandle = { h: { ...view, unknown: isUnknown ? unknown : null, putOff: null, hasRestored: false } };
  useRecovery.setState({ byHandle });
  let tree: ReactNode = null;
  const Page = () => {
    tree = DatabasePage({ route: { page: 'database', handle: 'h', tab, detail: null } as never });
    return null;
  };
  renderToStaticMarkup(createElement(Page));
  return placesIn(tree, '');
}

function placesIn(node: ReactNode, at: string): Place[] {
  if (Array.isArray(node)) return node.flatMap((child: ReactNode, index) => placesIn(child, `${at}[${index}]`));
  if (!isValidElement<{ children?: ReactNode }>(node)) return [];
  const name = typeof node.type === 'string' ? node.type : typeof node.type === 'function' ? node.type.name : '';
  return [{ element: node, at: `${at}/${name}` }, ...placesIn(node.props.children, `${at}/${name}`)];
}

describe.each([
  ['data', DataPanel],
  ['backups', BackupsPanel],
] as const)('on the page of %s', (tab, Panel) => {
  const panelIn = (places: Place[]) => places.find(({ element }) => element.type === Panel)?.at;
  const isTold = (places: Place[]) => places.some(({ element }) => element.props.error === unknown);

  it('why it is not known whether anything was interrupted is told, and leaves what is shown in its place', () => {
    useDatabases.setState({ isListed: false, views: { h: { status: status(), error: null } } as never });
    const [quiet, told] = [drawn(tab, false), drawn(tab, true)];
    expect([isTold(quiet), isTold(told)]).toEqual([false, true]);
    expect(panelIn(told)).toBeDefined();
    expect(panelIn(told)).toBe(panelIn(quiet));
  });
});

it('the page of backups tells it also of a database that cannot be shown', () => {
  useDatabases.setState({
    isListed: false,
    views: { h: { status: null, error: appError('E_NOT_FOUND', '') } } as never,
  });
  expect(drawn('backups', true).some(({ element }) => element.props.error === unknown)).toBe(true);
});
