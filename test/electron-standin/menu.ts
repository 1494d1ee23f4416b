// Menus: kept as data, so that a test can read them and click an item.
import { app } from './lifecycle.ts';
import { asked, recentDocuments } from './shown.ts';

type Click = (item: MenuItem, window: unknown, event: object) => void;
interface ItemOptions {
  id?: string;
  label?: string;
  role?: string;
  type?: string;
  accelerator?: string;
  enabled?: boolean;
  visible?: boolean;
  checked?: boolean;
  submenu?: Menu | ItemOptions[];
  click?: Click;
}

/** Some of Electron's roles: what they are called, and what they do where that can be done here. */
const ROLES: Record<string, { label: string; accelerator?: string; act?: Click }> = {
  quit: { label: 'Quit', accelerator: 'CommandOrControl+Q', act: () => app.quit() },
  close: {
    label: 'Close Window',
    accelerator: 'CommandOrControl+W',
    act: (_item, window) => asWindow(window)?.close(),
  },
  minimize: {
    label: 'Minimize',
    accelerator: 'CommandOrControl+M',
    act: (_item, window) => asWindow(window)?.minimize(),
  },
  reload: { label: 'Reload', accelerator: 'CmdOrCtrl+R' },
  about: { label: 'About', act: () => app.showAboutPanel() },
  clearRecentDocuments: { label: 'Clear Menu', act: () => void recentDocuments.splice(0) },
  appMenu: { label: app.name },
  fileMenu: { label: 'File' },
  editMenu: { label: 'Edit' },
  viewMenu: { label: 'View' },
  windowMenu: { label: 'Window' },
  help: { label: 'Help' },
  resetZoom: { label: 'Actual Size', accelerator: 'CommandOrControl+0' },
  zoomIn: { label: 'Zoom In', accelerator: 'CommandOrControl+Plus' },
  zoomOut: { label: 'Zoom Out', accelerator: 'CommandOrControl+-' },
  togglefullscreen: { label: 'Toggle Full Screen' },
  toggleDevTools: { label: 'Toggle Developer Tools' },
};
const asWindow = (window: unknown) => window as { close(): void; minimize(): void } | null;

export class MenuItem {
  readonly id: string;
  readonly label: string;
  readonly role: string | undefined;
  readonly type: string;
  readonly accelerator: string | undefined;
  readonly submenu: Menu | undefined;
  readonly click: Click;
  enabled: boolean;
  visible: boolean;
  checked: boolean;

  constructor(options: ItemOptions) {
    const { id = '', role, submenu, click } = options;
    const known = role === undefined ? undefined : ROLES[role];
    if (options.label === undefined && known === undefined && role === undefined && options.type !== 'separator')
      throw new Error('MenuItem label, role or type must be specified');
    this.id = id;
    this.role = role?.toLowerCase();
    this.label = options.label ?? known?.label ?? '';
    this.type = options.type ?? (submenu ? 'submenu' : 'normal');
    this.accelerator = options.accelerator ?? known?.accelerator;
    this.submenu = submenu instanceof Menu ? submenu : submenu && Menu.buildFromTemplate(submenu);
    this.click = role === undefined ? (click ?? (() => {})) : (known?.act ?? (() => {})); // a role wins
    this.enabled = options.enabled ?? true;
    this.visible = options.visible ?? true;
    this.checked = options.checked ?? false;
  }
}

/** A menu as a test reads it. */
export interface MenuNode {
  readonly id: string;
  readonly label: string;
  readonly role: string | null;
  readonly accelerator: string | null;
  readonly isEnabled: boolean;
  readonly items: MenuNode[];
}

export class Menu {
  static #application: Menu | null = null;
  items: MenuItem[] = [];

  static buildFromTemplate(template: (ItemOptions | MenuItem)[]): Menu {
    const menu = new Menu();
    menu.items = template.map((it) => (it instanceof MenuItem ? it : new MenuItem(it)));
    return menu;
  }
  static setApplicationMenu(menu: Menu | null) {
    Menu.#application = menu;
  }
  static getApplicationMenu(): Menu | null {
    return Menu.#application;
  }
  append = (item: MenuItem) => void this.items.push(item);
  popup = (_options?: object) => void asked.push({ kind: 'popup', options: this.items.map(({ label }) => label) });
  closePopup = (_window?: object) => {};

  /** By id, here or in a submenu. */
  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id);
      if (found) return found;
    }
    return null;
  }
}

export const readMenu = (menu: Menu | null | undefined): MenuNode[] =>
  (menu?.items ?? [])
    .filter(({ type, visible }) => visible && type !== 'separator')
    .map(({ id, label, role, accelerator, enabled, submenu }) => ({
      id,
      label,
      role: role ?? null,
      accelerator: accelerator ?? null,
      isEnabled: enabled,
      items: readMenu(submenu),
    }));
