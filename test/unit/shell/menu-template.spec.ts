import type { MenuActions } from '../../../electron/shell/menu-template.ts';
import { describe, expect, it } from 'vitest';
import { menuTemplate } from '../../../electron/shell/menu-template.ts';

const called: string[] = [];
const note = (name: string) => (what?: unknown) =>
  void called.push(typeof what === 'string' ? `${name} ${what}` : name);
const actions: MenuActions = {
  choose: note('choose'),
  clearRecents: note('clearRecents'),
  lookAgain: note('lookAgain'),
  show: note('show'),
  showDocumentation: note('showDocumentation'),
  showLog: note('showLog'),
  about: note('about'),
};
const menu = (platform: NodeJS.Platform, more: object = {}) =>
  menuTemplate({ platform, isPackaged: true, recents: [], hasDocumentation: true, ...more }, actions);
type Items = ReturnType<typeof menu>;
const namesOf = (items: unknown): string[] =>
  (items as Items).filter(({ type }) => type !== 'separator').map(({ label, role }) => role ?? label ?? '');
const all = (items: Items): Items =>
  items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? all(item.submenu) : [])]);

describe('the menu', () => {
  it('of macOS keeps what belongs to the app in the menu of its name', () => {
    const [app, file, edit, view, window, help] = menu('darwin');
    expect([edit, view, window, help].map((item) => item?.role ?? item?.label)).toEqual([
      ...['editMenu', '&View', 'windowMenu', 'help'],
    ]);
    expect(namesOf(app?.submenu)).toEqual([
      ...['About Phasewise', 'Version and updates…', 'services', 'hide', 'hideOthers', 'unhide', 'quit'],
    ]);
    expect(namesOf(file?.submenu)).toEqual(['&Open…', 'Open &recent', 'close']);
    expect(namesOf(help?.submenu)).toEqual(['Documentation', 'Keyboard shortcuts', 'Show the log']);
  });

  it.each(['win32', 'linux'] as const)('of %s has Exit under File and About under Help', (platform) => {
    const items = menu(platform);
    expect(namesOf(items)).toEqual(['&File', 'editMenu', '&View', 'windowMenu', 'help']);
    expect(namesOf(items[0]?.submenu)).toEqual(['&Open…', 'Open &recent', 'quit']);
    expect(all(items).find(({ role }) => role === 'quit')?.label).toBe('E&xit');
    expect(namesOf(items[4]?.submenu)).toEqual([
      ...['Documentation', 'Keyboard shortcuts', 'Show the log', 'Version and updates…', 'About Phasewise'],
    ]);
  });

  it('has no developer tools in what is given out, and no way to load the page anew', () => {
    expect(all(menu('win32')).map(({ role }) => role)).not.toContain('toggleDevTools');
    expect(all(menu('win32', { isPackaged: false })).map(({ role }) => role)).toContain('toggleDevTools');
    for (const role of ['reload', 'forceReload', 'viewMenu', 'appMenu', 'fileMenu'])
      expect(all(menu('darwin', { isPackaged: false })).map((item) => item.role)).not.toContain(role);
  });

  it('lists recent databases, ampersands and all, and can forget them', () => {
    const recents = [{ label: 'R&D.db (/data)', open: note('open') }];
    const items = all(menu('linux', { recents }));
    items
      .find(({ label }) => label === 'R&&D.db (/data)')
      ?.click?.(...([] as unknown as Parameters<NonNullable<Items[0]['click']>>));
    items
      .find(({ id }) => id === 'clear-recent')
      ?.click?.(...([] as unknown as Parameters<NonNullable<Items[0]['click']>>));
    expect(called.splice(0)).toEqual(['open', 'clearRecents']);
    expect(all(menu('linux')).find(({ id }) => id === 'clear-recent')).toBeUndefined();
  });

  it('gives every item of its own an id, and no accelerator twice', () => {
    const items = all(menu('darwin', { isPackaged: false }));
    const accelerators = items.flatMap(({ accelerator }) => (accelerator === undefined ? [] : [String(accelerator)]));
    expect(new Set(accelerators).size).toBe(accelerators.length);
    const clicked = items.filter(({ click }) => click !== undefined);
    expect(clicked.filter(({ id }) => id === undefined)).toEqual([]);
    expect(clicked).toHaveLength(9);
  });

  it('offers documentation only where there is some', () => {
    expect(all(menu('linux', { hasDocumentation: false })).map(({ id }) => id)).not.toContain('documentation');
  });
});
