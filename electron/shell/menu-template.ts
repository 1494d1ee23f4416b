import type { MenuItemConstructorOptions } from 'electron';
import type { Shown } from '@host/shown-database.ts';
import type { WindowGoal } from '@shared/about.ts';

type Item = MenuItemConstructorOptions;
type Goal = WindowGoal['show'];
type Page = Extract<WindowGoal, { show: 'database' }>['page'];

export interface MenuState {
  readonly platform: NodeJS.Platform;
  /** Developers' tools are for development. */
  readonly isPackaged: boolean;
  /** Newest first, as they are to be shown. */
  readonly recents: readonly { readonly label: string; readonly open: () => void }[];
  readonly hasDocumentation: boolean;
  readonly shown: Shown;
}

export interface MenuActions {
  /** Lets the person choose a file and opens it. */
  choose(): void;
  clearRecents(): void;
  lookAgain(): void;
  /** Asks the window to show something; opens one where there is none. */
  show(what: Exclude<Goal, 'database'>): void;
  /** Goes to a page of the database that is shown. */
  showPage(page: Page): void;
  showDocumentation(): void;
  showLog(): void;
  about(): void;
}

const separator: Item = { type: 'separator' };

/** In the order of their numbers, as in the window. */
const pages: readonly { readonly page: Page; readonly label: string }[] = [
  { page: 'overview', label: 'Overview' },
  { page: 'phases', label: 'Phases' },
  { page: 'data', label: 'Data' },
  { page: 'activity', label: 'Activity' },
  { page: 'backups', label: 'Backups' },
];

/** Where an item works that cannot work everywhere, by its id. */
const usable: ReadonlyMap<string, readonly Shown[]> = new Map<string, readonly Shown[]>([
  ['find', ['rows']],
  ['previous', ['page', 'database', 'rows']],
  ...['reload-data', ...pages.map(({ page }) => page)].map((id) => [id, ['database', 'rows']] as const),
]);

/** Ids of the items that are grey on some pages. */
export const placeBound: readonly string[] = [...usable.keys()];
export const isUsable = (id: string, shown: Shown): boolean => usable.get(id)?.includes(shown) ?? true;

/** The menu as each system expects it: macOS keeps About, Quit and what belongs to the app in a menu of its own. */
export function menuTemplate(state: MenuState, actions: MenuActions): Item[] {
  const isMac = state.platform === 'darwin';
  return [
    ...(isMac ? [appMenu(actions)] : []),
    fileMenu(state, actions, isMac),
    editMenu(state, actions, isMac),
    viewMenu(state, actions, isMac),
    { role: 'windowMenu' },
    helpMenu(state, actions, isMac),
  ];
}

const aboutItem = (actions: MenuActions): Item => ({ id: 'about', label: 'About Phasewise', click: actions.about });
const versionItem = (actions: MenuActions): Item => ({
  id: 'version',
  label: 'Version and updates…',
  click: () => actions.show('version'),
});

const appMenu = (actions: MenuActions): Item => ({
  label: 'Phasewise',
  submenu: [
    aboutItem(actions),
    versionItem(actions),
    separator,
    { role: 'services' },
    separator,
    { role: 'hide' },
    { role: 'hideOthers' },
    { role: 'unhide' },
    separator,
    { role: 'quit' },
  ],
});

const fileMenu = (state: MenuState, actions: MenuActions, isMac: boolean): Item => ({
  label: '&File',
  submenu: [
    { id: 'open', label: '&Open…', accelerator: 'CmdOrCtrl+O', click: actions.choose },
    { id: 'recent', label: 'Open &recent', submenu: recentItems(state, actions) },
    separator,
    isMac ? { role: 'close' } : { role: 'quit', label: 'E&xit' },
  ],
});

function recentItems({ recents }: MenuState, actions: MenuActions): Item[] {
  if (recents.length === 0) return [{ label: 'None yet', enabled: false }];
  return [
    // An ampersand would mark the next letter as a shortcut.
    ...recents.map(({ label, open }) => ({ label: label.replaceAll('&', '&&'), click: open })),
    separator,
    { id: 'clear-recent', label: 'Clear recent', click: actions.clearRecents },
  ];
}

/** Electron's own, whose items cannot be added to, and the search. */
const editMenu = ({ shown }: MenuState, actions: MenuActions, isMac: boolean): Item => ({
  role: 'editMenu',
  submenu: [
    { role: 'undo' },
    { role: 'redo' },
    separator,
    { role: 'cut' },
    { role: 'copy' },
    { role: 'paste' },
    ...(isMac ? [{ role: 'pasteAndMatchStyle' as const }] : []),
    { role: 'delete' },
    { role: 'selectAll' },
    separator,
    {
      ...{ id: 'find', label: 'Find in table', accelerator: 'CmdOrCtrl+F', enabled: isUsable('find', shown) },
      click: () => actions.show('find'),
    },
    ...(isMac ? [separator, ...macTextItems] : []),
  ],
});

const macTextItems: readonly Item[] = [
  {
    label: 'Substitutions',
    submenu: [
      { role: 'showSubstitutions' },
      separator,
      { role: 'toggleSmartQuotes' },
      { role: 'toggleSmartDashes' },
      { role: 'toggleTextReplacement' },
    ],
  },
  { label: 'Speech', submenu: [{ role: 'startSpeaking' }, { role: 'stopSpeaking' }] },
];

const viewMenu = ({ isPackaged, shown }: MenuState, actions: MenuActions, isMac: boolean): Item => ({
  label: '&View',
  submenu: [
    {
      ...{ id: 'reload-data', label: 'Look again', enabled: isUsable('reload-data', shown) },
      ...{ accelerator: isMac ? 'Cmd+R' : 'F5', click: actions.lookAgain },
    },
    separator,
    {
      ...{ id: 'previous', label: 'Back', enabled: isUsable('previous', shown) },
      // In a text field of macOS, Alt and an arrow moves the caret. Elsewhere the page hears it, and knows who types.
      ...(isMac ? { accelerator: 'Cmd+[' } : { accelerator: 'Alt+Left', registerAccelerator: false }),
      click: () => actions.show('previous'),
    },
    { id: 'palette', label: 'Go to…', accelerator: 'CmdOrCtrl+P', click: () => actions.show('palette') },
    { id: 'home', label: 'Start page', click: () => actions.show('home') },
    separator,
    ...pages.map(({ page, label }, at) => ({
      ...{ id: page, label, enabled: isUsable(page, shown) },
      // Alt and a digit are characters on keyboards of macOS: a German one has its brackets there.
      ...{ accelerator: `${isMac ? 'Cmd' : 'Alt'}+${at + 1}`, click: () => actions.showPage(page) },
    })),
    separator,
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    // The plus is on the key of the equals sign, with Shift: without it, people expect the same.
    { role: 'zoomIn', accelerator: 'CmdOrCtrl+=', visible: false },
    { role: 'zoomOut' },
    separator,
    { role: 'togglefullscreen' },
    ...(isPackaged ? [] : [{ role: 'toggleDevTools' as const }]),
  ],
});

const helpMenu = ({ hasDocumentation }: MenuState, actions: MenuActions, isMac: boolean): Item => ({
  role: 'help',
  submenu: [
    ...(hasDocumentation
      ? [{ id: 'documentation', label: 'Documentation', accelerator: 'F1', click: actions.showDocumentation }]
      : []),
    { id: 'shortcuts', label: 'Keyboard shortcuts', click: () => actions.show('shortcuts') },
    { id: 'show-log', label: 'Show the log', click: actions.showLog },
    ...(isMac ? [] : [separator, versionItem(actions), aboutItem(actions)]),
  ],
});
