import { app, Menu, type MenuItemConstructorOptions } from 'electron';
import type { Host } from '@host/host.ts';

export interface MenuActions {
  /** Lets the person choose a file and opens it. */
  choose(): void;
  open(file: string): void;
}

const RECENTS = 10;

/** The application menu, renewed whenever the list of recent databases may have changed. */
export function keepMenu(host: Host, actions: MenuActions): void {
  const renew = (): void => Menu.setApplicationMenu(Menu.buildFromTemplate(template(host, actions)));
  host.events.on((name) => {
    if (name === 'database:opened' || name === 'database:closed') renew();
  });
  renew();
}

function template(host: Host, actions: MenuActions): MenuItemConstructorOptions[] {
  const isMac = process.platform === 'darwin';
  const about: MenuItemConstructorOptions = {
    id: 'about',
    label: 'About Phasewise',
    click: () => app.showAboutPanel(),
  };
  return [
    ...(isMac ? [{ role: 'appMenu' as const }] : []),
    {
      label: '&File',
      submenu: [
        { id: 'open', label: 'Open…', accelerator: 'CmdOrCtrl+O', click: actions.choose },
        { id: 'recent', label: 'Open recent', submenu: recentItems(host, actions) },
        { type: 'separator' },
        { role: isMac ? 'close' : 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        { id: 'reload-data', label: 'Look again', accelerator: 'F5', click: () => lookAgain(host) },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(app.isPackaged ? [] : [{ role: 'toggleDevTools' as const }]),
      ],
    },
    { role: 'windowMenu' },
    { role: 'help', submenu: [about] },
  ];
}

function recentItems(host: Host, { open }: MenuActions): MenuItemConstructorOptions[] {
  const recents = host.recents.list().filter((recent) => recent.exists);
  if (recents.length === 0) return [{ label: 'None yet', enabled: false }];
  return recents.slice(0, RECENTS).map(({ recentId, name, folder }) => ({
    // An ampersand would mark the next letter as a shortcut.
    label: `${name} (${folder})`.replaceAll('&', '&&'),
    click: () => {
      const file = host.recents.pathOf(recentId);
      if (file.ok) open(file.value);
    },
  }));
}

/** Tells the window to ask for everything again. */
function lookAgain(host: Host): void {
  for (const { handle } of host.databases.list()) host.events.emit('database:changed', { handle });
}
