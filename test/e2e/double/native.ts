// What a person sees outside the page: dialogs, menus, the shell. A test scripts the answers and reads what was asked.
import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';

export interface Question {
  readonly kind: 'open' | 'save' | 'message' | 'error' | 'popup' | 'notification';
  readonly options: unknown;
}
export interface Answer {
  readonly kind: Question['kind'];
  readonly value: unknown;
}

/** What the app asked and showed, in order. */
export const asked: Question[] = [];
/** What the next dialogs of each kind will return; a dialog without an answer is cancelled. */
export const answers: Answer[] = [];
/** Paths and addresses that the app handed to the operating system. */
export const opened: string[] = [];

async function ask(kind: Question['kind'], args: unknown[], cancelled: unknown): Promise<unknown> {
  asked.push({ kind, options: args.at(-1) });
  const at = answers.findIndex((answer) => answer.kind === kind);
  return at < 0 ? cancelled : answers.splice(at, 1)[0]?.value;
}

export const dialog = {
  showOpenDialog: (...args: unknown[]) => ask('open', args, { canceled: true, filePaths: [] }),
  showSaveDialog: (...args: unknown[]) => ask('save', args, { canceled: true, filePath: '' }),
  showMessageBox: (...args: unknown[]) => {
    const { cancelId = 0 } = args.at(-1) as { cancelId?: number };
    return ask('message', args, { response: cancelId, checkboxChecked: false });
  },
  showErrorBox(title: string, content: string) {
    asked.push({ kind: 'error', options: { title, content } });
    console.error(`${title}\n${content}`); // often the last that an app says
  },
};

export const shell = {
  openExternal: async (url: string) => void opened.push(url),
  openPath: async (path: string) => {
    opened.push(path);
    return '';
  },
  showItemInFolder: (path: string) => void opened.push(path),
  trashItem: async (path: string) => rmSync(path),
  beep: () => {},
};

export interface MenuItem {
  id?: string;
  label?: string;
  role?: string;
  enabled: boolean;
  visible: boolean;
  submenu?: Menu;
  click?: (item: MenuItem, window: unknown, event: object) => void;
}
type Template = (Partial<Omit<MenuItem, 'submenu'>> & { submenu?: Template })[];

export class Menu {
  static #application: Menu | null = null;
  items: MenuItem[] = [];

  static buildFromTemplate(template: Template): Menu {
    const menu = new Menu();
    menu.items = template.map(({ submenu, ...item }) => ({
      enabled: true,
      visible: true,
      ...item,
      ...(submenu && { submenu: submenu instanceof Menu ? submenu : Menu.buildFromTemplate(submenu) }),
    }));
    return menu;
  }
  static setApplicationMenu(menu: Menu | null) {
    Menu.#application = menu;
  }
  static getApplicationMenu(): Menu | null {
    return Menu.#application;
  }
  append = (item: MenuItem) => void this.items.push(item);
  popup = () => void asked.push({ kind: 'popup', options: this.items.map(({ label }) => label) });
  closePopup = () => {};

  /** Finds an item by id, else by label, here or in a submenu. */
  find(name: string): MenuItem | null {
    for (const item of this.items) {
      if (item.id === name || item.label === name) return item;
      const below = item.submenu?.find(name);
      if (below) return below;
    }
    return null;
  }
  getMenuItemById = (id: string) => this.find(id);
}

export class Notification extends EventEmitter {
  static isSupported = () => true;
  readonly options: object;
  constructor(options: object = {}) {
    super();
    this.options = options;
  }
  show = () => void asked.push({ kind: 'notification', options: this.options });
  close = () => {};
}

export const nativeTheme = Object.assign(new EventEmitter(), { shouldUseDarkColors: false, themeSource: 'system' });
export const powerSaveBlocker = { start: () => 1, stop: () => {}, isStarted: () => true };
export const powerMonitor = new EventEmitter();
let copied = '';
export const clipboard = { writeText: (text: string) => void (copied = text), readText: () => copied };
