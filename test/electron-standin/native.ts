// The rest of what is outside the page: shell, notifications, power, theme, clipboard, screens.
import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';
import { lifecycle } from './lifecycle.ts';
import { asked, noting, opened } from './shown.ts';

export const shell = {
  openExternal: async (url: string, _options?: object) => void opened.push(url),
  openPath: async (path: string) => {
    opened.push(path);
    return '';
  },
  showItemInFolder: (path: string) => void opened.push(path),
  trashItem: async (path: string) => rmSync(path),
  beep: noting<[]>('shell.beep'),
};

/** The ones shown and not closed, so that a test can click one. */
export const notifications: Notification[] = [];

export class Notification extends EventEmitter {
  static isSupported = () => true;
  title: string;
  body: string;
  readonly #options: object;

  constructor(options: { title?: string; body?: string } = {}) {
    super();
    if (!lifecycle.isReady) throw new Error('Cannot create Notification before app is ready');
    this.title = options.title ?? '';
    this.body = options.body ?? '';
    this.#options = options;
  }
  show() {
    asked.push({ kind: 'notification', options: { ...this.#options, title: this.title, body: this.body } });
    notifications.push(this);
    queueMicrotask(() => this.emit('show', {}));
  }
  close() {
    if (!notifications.includes(this)) return;
    notifications.splice(notifications.indexOf(this), 1);
    this.emit('close', {});
  }
}

const blockers = new Map<number, string>();
let lastBlocker = 0;
/** The kinds of what keeps the computer awake now. */
export const activeBlockers = () => [...blockers.values()];

export const powerSaveBlocker = {
  start(type: 'prevent-app-suspension' | 'prevent-display-sleep'): number {
    if (!lifecycle.isReady) throw new Error('powerSaveBlocker cannot be used before app is ready');
    blockers.set(++lastBlocker, type);
    return lastBlocker;
  },
  stop: (id: number): boolean => blockers.delete(id),
  isStarted: (id: number): boolean => blockers.has(id),
};

class NativeTheme extends EventEmitter {
  #source: 'system' | 'light' | 'dark' = 'system';
  get shouldUseDarkColors() {
    return this.#source === 'dark';
  }
  get themeSource() {
    return this.#source;
  }
  set themeSource(source: 'system' | 'light' | 'dark') {
    const wasDark = this.shouldUseDarkColors;
    this.#source = source;
    if (wasDark !== this.shouldUseDarkColors) this.emit('updated', {});
  }
}
export const nativeTheme = new NativeTheme();

export const powerMonitor = Object.assign(new EventEmitter(), { getSystemIdleTime: () => 0 });

let copied = '';
export const clipboard = {
  writeText: (text: string) => void (copied = text),
  readText: () => copied,
  clear: () => void (copied = ''),
};

export const safeStorage = { isEncryptionAvailable: () => false };

const area = { x: 0, y: 0, width: 1920, height: 1080 };
const display = { id: 1, bounds: area, workArea: area, workAreaSize: { width: 1920, height: 1080 }, scaleFactor: 1 };
export const screen = Object.assign(new EventEmitter(), {
  getPrimaryDisplay: () => display,
  getAllDisplays: () => [display],
  getDisplayMatching: (_rectangle: object) => display,
  getDisplayNearestPoint: (_point: object) => display,
});
