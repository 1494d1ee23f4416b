import { describe, expect, it } from 'vitest';
import {
  formatRoute,
  pageAddress,
  parseRoute,
  targetPhase,
  upgradeDetail,
  type Route,
} from '../../../renderer/route.ts';
import { shortcutOf } from '../../../renderer/panels/shortcuts/shortcuts.ts';

describe('page addresses', () => {
  const routes: Route[] = [
    { page: 'home' },
    { page: 'refused' },
    { page: 'database', handle: 'k3', tab: 'overview', detail: null },
    { page: 'database', handle: 'a/b c', tab: 'phases', detail: 'upgrade-to-1' },
    { page: 'database', handle: 'k3', tab: 'data', detail: '' }, // a table may be called so
    { page: 'database', handle: 'k3', tab: 'activity', detail: 'run-2026/11' },
  ];
  it.each(routes)('survive a reload: %o', (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  it('lead home when they make no sense', () => {
    expect(parseRoute('')).toEqual({ page: 'home' });
    expect(parseRoute('#/nonsense/x')).toEqual({ page: 'home' });
    expect(parseRoute('#/db')).toEqual({ page: 'home' });
    expect(parseRoute('#/db//data')).toEqual({ page: 'home' });
    expect(parseRoute('#/db/k3/overview/')).toMatchObject({ detail: null });
    expect(parseRoute('#/db/%E0%A4%A/attic')).toEqual({
      page: 'database',
      handle: '%E0%A4%A',
      tab: 'overview',
      detail: null,
    });
  });

  it('are shown without the handle, which means nothing to a person', () => {
    expect(pageAddress({ page: 'database', handle: 'k3', tab: 'phases', detail: upgradeDetail(1) })).toBe(
      'phases/upgrade-to-1',
    );
    expect(targetPhase(upgradeDetail(1))).toBe(1);
    expect(targetPhase('upgrade-to-x')).toBeNull();
  });
});

describe('shortcuts', () => {
  const press = (change: Partial<KeyboardEvent>) => ({
    key: '',
    code: '',
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...change,
  });
  it('open with Ctrl+O and Cmd+O', () => {
    expect(shortcutOf(press({ key: 'o', ctrlKey: true }), false)).toEqual({ action: 'open' });
    expect(shortcutOf(press({ key: 'o', metaKey: true }), true)).toEqual({ action: 'open' });
  });

  it('go to a page with Alt and its number, whatever the keyboard layout types', () => {
    expect(shortcutOf(press({ key: '¡', code: 'Digit1', altKey: true }), false)).toEqual({ action: 'tab', index: 0 });
  });

  it('find with Ctrl+F and Cmd+F, also from the field itself', () => {
    expect(shortcutOf(press({ key: 'f', ctrlKey: true }), false)).toEqual({ action: 'find' });
    expect(shortcutOf(press({ key: 'F', metaKey: true }), true)).toEqual({ action: 'find' });
    expect(shortcutOf(press({ key: 'f', ctrlKey: true, shiftKey: true }), false)).toBeNull();
    expect(shortcutOf(press({ key: 'f' }), false)).toBeNull();
  });

  it('leave Ctrl to macOS, which moves the caret by it, and fills the screen by Ctrl, Cmd and F', () => {
    expect(shortcutOf(press({ key: 'f', ctrlKey: true }), true, true)).toBeNull();
    expect(shortcutOf(press({ key: 'f', ctrlKey: true, metaKey: true }), false, true)).toBeNull();
    expect(shortcutOf(press({ key: 'f', metaKey: true }), true, true)).toEqual({ action: 'find' });
  });

  it('leave Alt and a digit to who types on macOS: brackets are there', () => {
    const bracket = press({ key: '[', code: 'Digit5', altKey: true });
    expect(shortcutOf(bracket, true, true)).toBeNull();
    expect(shortcutOf(bracket, false, true)).toEqual({ action: 'tab', index: 4 });
    expect(shortcutOf(press({ key: '5', code: 'Digit5', altKey: true }), true)).toEqual({ action: 'tab', index: 4 });
  });

  it('leave typing alone', () => {
    expect(shortcutOf(press({ key: '?', shiftKey: true }), true)).toBeNull();
    expect(shortcutOf(press({ key: '?', shiftKey: true }), false)).toEqual({ action: 'help' });
    expect(shortcutOf(press({ key: 'o' }), false)).toBeNull();
    expect(shortcutOf(press({ key: 'Escape' }), true)).toBeNull();
  });
});
