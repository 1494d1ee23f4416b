import type { MenuActions } from '../../../electron/shell/menu-template.ts';
import { describe, expect, it } from 'vitest';
import { shortcuts } from '../../../renderer/panels/shortcuts/shortcuts.ts';
import { tabs } from '../../../renderer/route.ts';
import { isUsable, menuTemplate, placeBound } from '../../../electron/shell/menu-template.ts';

const called: string[] = [];
const note = (name: string) => (what?: unknown) =>
  void called.push(typeof what === 'string' ? `${name} ${what}` : name);
const actions: MenuActions = {
  choose: note('choose'),
  clearRecents: note('clearRecents'),
  lookAgain: note('lookAgain'),
  show: note('show'),
  showPage: note('showPage'),
  showDocumentation: note('showDocumentation'),
  showLog: note('showLog'),
  about: note('about'),
};
const menu = (platform: NodeJS.Platform, more: object = {}) =>
  menuTemplate({ platform, isPackaged: true, recents: [], hasDocumentation: true, shown: 'rows', ...more }, actions);
type Items = ReturnType<typeof menu>;
const namesOf = (items: unknown): string[] =>
  (items as Items).filter(({ type }) => type !== 'separator').map(({ label, role }) => role ?? label ?? '');
const all = (items: Items): Items =>
  items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? all(item.submenu) : [])]);
const click = (item: Items[0] | undefined): void =>
  item?.click?.(...([] as unknown as Parameters<NonNullable<Items[0]['click']>>));

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
    click(items.find(({ label }) => label === 'R&&D.db (/data)'));
    click(items.find(({ id }) => id === 'clear-recent'));
    expect(called.splice(0)).toEqual(['open', 'clearRecents']);
    expect(all(menu('linux')).find(({ id }) => id === 'clear-recent')).toBeUndefined();
  });

  it('gives every item of its own an id, and no accelerator twice', () => {
    const items = all(menu('darwin', { isPackaged: false }));
    const accelerators = items.flatMap(({ accelerator }) => (accelerator === undefined ? [] : [String(accelerator)]));
    expect(new Set(accelerators).size).toBe(accelerators.length);
    const clicked = items.filter(({ click }) => click !== undefined);
    expect(clicked.filter(({ id }) => id === undefined)).toEqual([]);
    expect(clicked).toHaveLength(16);
  });

  it('knows every key of the window that is no ordinary typing', () => {
    const keys = shortcuts.filter(({ action }) => action !== 'back' && action !== 'help');
    const names: Record<string, string> = { Ctrl: 'CmdOrCtrl', '←': 'Left' };
    const wanted = keys.map((shortcut) => shortcut.keys.map((key) => names[key] ?? key).join('+'));
    const accelerators = all(menu('win32')).map(({ accelerator }) => accelerator);
    expect(wanted.filter((each) => !accelerators.includes(each))).toEqual([]);
    expect(wanted).toContain('CmdOrCtrl+F');
  });

  it('names the pages as the tabs do, with their numbers', () => {
    const items = all(menu('linux'));
    const chosen = tabs.map((tab) => items.find(({ id }) => id === tab));
    expect(chosen.map((item) => item?.accelerator)).toEqual(['Alt+1', 'Alt+2', 'Alt+3', 'Alt+4', 'Alt+5']);
    const titles = shortcuts.flatMap(({ action, what }) => (action === 'tab' ? [what] : []));
    expect(chosen.map((item) => item?.label)).toEqual(titles);
    for (const item of chosen) click(item);
    expect(called.splice(0)).toEqual(tabs.map((tab) => `showPage ${tab}`));
  });

  it.each(['darwin', 'win32', 'linux'] as const)('of %s edits what is typed, and finds in the table', (platform) => {
    const edit = menu(platform).find(({ role }) => role === 'editMenu');
    expect(namesOf(edit?.submenu)).toEqual(
      expect.arrayContaining(['undo', 'redo', 'cut', 'copy', 'paste', 'delete', 'selectAll', 'Find in table']),
    );
    expect(namesOf(edit?.submenu).includes('Speech')).toBe(platform === 'darwin');
    click(all(menu(platform)).find(({ id }) => id === 'find'));
    expect(called.splice(0)).toEqual(['show find']);
  });

  it('leaves Alt and an arrow to the caret: of macOS always, elsewhere to the page, which knows who types', () => {
    const back = (platform: NodeJS.Platform) => all(menu(platform)).find(({ id }) => id === 'previous');
    expect(back('darwin')).toMatchObject({ accelerator: 'Cmd+[' });
    for (const platform of ['win32', 'linux'] as const)
      expect(back(platform)).toMatchObject({ accelerator: 'Alt+Left', registerAccelerator: false });
  });

  it('leaves Alt and a digit to the keyboards of macOS, which have characters there', () => {
    const keys = all(menu('darwin')).flatMap(({ accelerator }) => accelerator ?? []);
    expect(keys).toEqual(expect.arrayContaining(['Cmd+1', 'Cmd+5', 'Cmd+R']));
    expect(keys.filter((key) => key.startsWith('Alt+'))).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('enlarges with the key of the plus, with Shift or without', () => {
    const zoom = all(menu('win32')).filter(({ role }) => role === 'zoomIn');
    expect(zoom).toMatchObject([{ role: 'zoomIn' }, { accelerator: 'CmdOrCtrl+=', visible: false }]);
  });

  it('is grey where it could not do anything', () => {
    const grey = (shown: string) =>
      all(menu('darwin', { shown }))
        .filter(({ enabled, id }) => enabled === false && id !== undefined)
        .map(({ id }) => id)
        .toSorted();
    const ofDatabase = ['reload-data', ...tabs];
    expect(grey('nothing')).toEqual([...ofDatabase, 'find', 'previous'].toSorted());
    expect(grey('page')).toEqual([...ofDatabase, 'find'].toSorted());
    expect(grey('database')).toEqual(['find']);
    expect(grey('rows')).toEqual([]);
    for (const shown of ['nothing', 'page', 'database', 'rows'] as const)
      expect(placeBound.filter((id) => !isUsable(id, shown)).toSorted()).toEqual(grey(shown));
  });

  it('offers documentation only where there is some', () => {
    expect(all(menu('linux', { hasDocumentation: false })).map(({ id }) => id)).not.toContain('documentation');
  });
});
