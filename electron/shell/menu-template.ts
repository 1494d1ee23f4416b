import type { MenuItemConstructorOptions } from 'electron';

type Item = MenuItemConstructorOptions;

export interface MenuState {
  readonly platform: NodeJS.Platform;
  /** Developers' tools are for development. */
  readonly isPackaged: boolean;
  /** Newest first, as they are to be shown. */
  readonly recents: readonly { readonly label: string; readonly open: () => void }[];
  readonly hasDocumentation: boolean;
}

export interface MenuActions {
  /** Lets the person choose a file and opens it. */
  choose(): void;
  clearRecents(): void;
  lookAgain(): void;
  /** Asks the window to show something; opens one where there is none. */
  show(what: 'palette' | 'shortcuts' | 'version' | 'home'): void;
  showDocumentation(): void;
  showLog(): void;
  about(): void;
}

const separator: Item = { type: 'separator' };

/** The menu as each system expects it: macOS keeps About, Quit and what belongs to the app in a menu of its own. */
export function menuTemplate(state: MenuState, actions: MenuActions): Item[] {
  const isMac = state.platform === 'darwin';
  return [
    ...(isMac ? [appMenu(actions)] : []),
    fileMenu(state, actions, isMac),
    { role: 'editMenu' },
    viewMenu(state, actions),
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

const viewMenu = ({ isPackaged }: MenuState, actions: MenuActions): Item => ({
  label: '&View',
  submenu: [
    { id: 'reload-data', label: 'Look again', accelerator: 'F5', click: actions.lookAgain },
    { id: 'palette', label: 'Go to…', accelerator: 'CmdOrCtrl+P', click: () => actions.show('palette') },
    { id: 'home', label: 'Start page', click: () => actions.show('home') },
    separator,
    { role: 'resetZoom' },
    { role: 'zoomIn' },
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
