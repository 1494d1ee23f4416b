import { app, type BrowserWindow, Menu } from 'electron';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import { type Shown, shownAt } from '@host/shown-database.ts';
import { isUsable, type MenuActions, menuTemplate, placeBound } from './menu-template.ts';
import { followAddress } from './window.ts';

const RECENTS = 10;

export interface MenuOptions {
  readonly hasDocumentation: boolean;
  /** As MenuActions; what concerns the list of recent databases and the host is done here. */
  readonly actions: Omit<MenuActions, 'clearRecents' | 'lookAgain' | 'about'> & { open(file: string): void };
}

/**
 * The application menu and the system's list of recent files, renewed whenever the list of recent databases changes.
 * @returns watches a window: what cannot work on the page that it shows is grey.
 */
export function keepMenu(host: Host, { hasDocumentation, actions }: MenuOptions): (window: BrowserWindow) => void {
  let shown: Shown = 'nothing';
  let recents: RecentItem[] = [];
  const template = () =>
    menuTemplate(
      {
        platform: process.platform,
        isPackaged: app.isPackaged,
        recents,
        hasDocumentation,
        shown,
      },
      {
        ...actions,
        clearRecents: () => clearRecents(host),
        lookAgain: () => lookAgain(host),
        about: () => app.showAboutPanel(),
      },
    );
  const set = (): void => Menu.setApplicationMenu(Menu.buildFromTemplate(template()));
  let looks = 0;
  /** A menu that is set anew closes under somebody's hand: only when it would look different. */
  const renew = async (): Promise<void> => {
    const mine = ++looks;
    const next = await recentsOf(host, actions.open);
    if (mine !== looks || JSON.stringify(next) === JSON.stringify(recents)) return;
    recents = next;
    set();
  };
  app.setAboutPanelOptions({ applicationName: 'Phasewise', applicationVersion: app.getVersion() });
  host.recents.watch(() => void renew());
  host.events.on((name, payload) => {
    if (name === 'database:opened') rememberFile(host, (payload as { handle: string }).handle);
    if (name === 'database:opened' || name === 'database:closed') void renew();
  });
  set(); // whatever a drive takes to answer
  void renew();
  const show = (next: Shown): void => {
    shown = next;
    const menu = Menu.getApplicationMenu();
    for (const id of placeBound) {
      const item = menu?.getMenuItemById(id);
      if (item) item.enabled = isUsable(id, shown);
    }
  };
  return (window) => {
    followAddress(window, (url) => show(shownAt(url)));
    window.on('closed', () => show('nothing'));
  };
}

interface RecentItem {
  readonly label: string;
  readonly open: () => void;
}

async function recentsOf(host: Host, open: (file: string) => void): Promise<RecentItem[]> {
  const known = await host.recents.list();
  return known
    .filter(({ exists }) => exists)
    .slice(0, RECENTS)
    .map(({ recentId, name, folder }) => ({
      label: printable(`${name} (${folder})`, 120),
      open: () => {
        const file = host.recents.pathOf(recentId);
        if (file.ok) open(file.value);
      },
    }));
}

/** Dock menu and jump list; Linux has no such list. */
const hasSystemList = process.platform === 'darwin' || process.platform === 'win32';

function rememberFile(host: Host, handle: string): void {
  const database = host.databases.get(handle);
  if (hasSystemList && database.ok) app.addRecentDocument(database.value.path);
}

function clearRecents(host: Host): void {
  if (hasSystemList) app.clearRecentDocuments();
  try {
    host.recents.clear();
  } catch {
    // a read-only data folder: then the list stays
  }
}

/** Tells the window to ask for everything again. */
function lookAgain(host: Host): void {
  for (const { handle } of host.databases.list()) host.events.emit('database:changed', { handle });
}
