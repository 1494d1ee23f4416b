import { Children, isValidElement, type ReactElement, type ReactNode } from 'react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { BrowseColumn } from '@shared/browse.ts';
import { mount } from './hooks.ts';

/** What Escape does, by the listeners of the window: those that hear it first, and then the others. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
type Listener = (event: object) => void;
const listeners: { listener: Listener; isFirst: boolean }[] = [];
const location = { hash: '#/' };
vi.stubGlobal('location', location);
vi.stubGlobal('history', { state: null, replaceState: () => {} });
vi.stubGlobal('Element', class {});
vi.stubGlobal('HTMLElement', class {});
vi.stubGlobal('document', { querySelector: () => null });
vi.stubGlobal('window', {
  phasewise: { call: () => new Promise(() => {}), on: () => {} },
  addEventListener: (name: string, listener: Listener, how?: { capture: boolean }) => {
    if (name === 'keydown') listeners.push({ listener, isFirst: how?.capture === true });
  },
  removeEventListener: (_: string, listener: Listener) => {
    const at = listeners.findIndex((each) => each.listener === listener);
    if (at >= 0) listeners.splice(at, 1);
  },
});
const { useShortcuts } = await import('../../../renderer/panels/shortcuts/use-shortcuts.ts');
const { ColumnMenu } = await import('../../../renderer/panels/data/grid/column-menu.tsx');
const { FilterBox } = await import('../../../renderer/panels/data/filters/filter-box.tsx');
const { useRoute } = await import('../../../renderer/stores/route.ts');
const { parseRoute } = await import('../../../renderer/route.ts');

mount(useShortcuts).draw();

function stand(hash: string): void {
  location.hash = hash;
  useRoute.setState({ route: parseRoute(hash), step: null });
}

function pressEscape(): string {
  let defaultPrevented = false;
  const event = {
    key: 'Escape',
    code: 'Escape',
    target: null,
    preventDefault: () => (defaultPrevented = true),
    get defaultPrevented() {
      return defaultPrevented;
    },
  };
  for (const { listener } of listeners.toSorted((a, b) => Number(b.isFirst) - Number(a.isFirst))) listener(event);
  return location.hash;
}

beforeEach(() => stand('#/db/k3/data/runs'));

describe('Escape goes one page up', () => {
  it.each([
    ['#/db/k3/phases/upgrade-to-1', '#/db/k3/phases'],
    ['#/db/k3/backups', '#/db/k3/overview'],
    ['#/db/k3/data/runs', '#/db/k3/overview'],
    ['#/db/k3/overview', '#/db/k3/overview'],
  ])('from %s to %s', (from, to) => {
    stand(from);
    expect(pressEscape()).toBe(to);
  });
});

const column = { name: 'status', type: 'TEXT', isSensitive: false } as BrowseColumn;
const query = { table: 'runs', sort: [], filters: [], find: null };

function columnMenu(isOpen: boolean) {
  const arranged = { pinned: [], order: [], hidden: new Set() } as never;
  const shown = { handle: 'k3', query, name: 'status', isSortable: true, widthPx: 80, arranged };
  return mount(() => ColumnMenu({ ...shown, isOpen, onChange: () => {} }));
}

/** The menu of a filter box, by the element that the box draws for it. */
function operatorMenu(isOpen: boolean) {
  const box = mount(() => FilterBox({ handle: 'k3', column, query, describedBy: '', onLeave: () => {} })).draw();
  const menu = Children.toArray((box as ReactElement<{ children: ReactNode }>).props.children).find(
    (child) => isValidElement<object>(child) && 'onChoose' in child.props,
  ) as ReactElement<object, (props: object) => ReactNode>;
  return mount(() => menu.type({ ...menu.props, isOpen }));
}

describe.each([
  ['of a column', columnMenu],
  ['of a filter box', operatorMenu],
])('the menu %s', (_, menu) => {
  it('has its Escape to itself, also where it is gone before the window hears the key', () => {
    const open = menu(true);
    void open.draw();
    expect(pressEscape()).toBe('#/db/k3/data/runs');
    open.takeAway();

    void menu(false).draw();
    expect(pressEscape()).toBe('#/db/k3/overview');
  });
});
