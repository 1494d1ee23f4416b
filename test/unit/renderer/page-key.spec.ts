import { MantineProvider } from '@mantine/core';
import React, { createElement, isValidElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { beforeEach, expect, it, vi } from 'vitest';

vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call: () => new Promise(() => {}), on: () => {} } });
const { App } = await import('../../../renderer/app.tsx');
const { CrashNotice } = await import('../../../renderer/components/crash-notice.tsx');
const { parseRoute } = await import('../../../renderer/route.ts');
const { useRoute } = await import('../../../renderer/stores/route.ts');

/** Drawn without a window, a store would show what it began with. */
beforeEach(() => void vi.spyOn(React, 'useSyncExternalStore').mockImplementation((_, current) => current()));

/** By which React tells whether the page is the one that was there before. */
function keyAt(hash: string): string | null | undefined {
  useRoute.setState({ route: parseRoute(hash), step: null });
  let tree: ReactNode = null;
  const Page = () => {
    tree = App();
    return null;
  };
  renderToStaticMarkup(createElement(MantineProvider, null, createElement(Page)));
  return keyIn(tree);
}

function keyIn(node: ReactNode): string | null | undefined {
  if (!isValidElement<{ children?: ReactNode }>(node)) return undefined;
  return node.type === CrashNotice ? node.key : keyIn(node.props.children);
}

it('the list of tables stays as it is from one table to the next', () => {
  expect(keyAt('#/db/k3/data/runs')).toBeTruthy();
  expect(keyAt('#/db/k3/data/jobs')).toBe(keyAt('#/db/k3/data/runs'));
  expect(keyAt('#/db/k4/data/runs')).not.toBe(keyAt('#/db/k3/data/runs'));
});

it('every other address is a page that begins anew, also after one that could not be drawn', () => {
  const others = ['#/', '#/refused', '#/db/k3/data', '#/db/k3/phases', '#/db/k3/phases/upgrade-to-1', '#/db/k4/phases'];
  expect(new Set(others.map(keyAt)).size).toBe(others.length);
});
