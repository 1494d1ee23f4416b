import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';
import { app, lifecycle } from './lifecycle.ts';
import { WebContents } from './web-contents.ts';

interface Options {
  width?: number;
  height?: number;
  show?: boolean;
  title?: string;
  webPreferences?: { preload?: string; nodeIntegration?: boolean; contextIsolation?: boolean; sandbox?: boolean };
}

export class BrowserWindow extends EventEmitter {
  static #all: BrowserWindow[] = [];
  static getAllWindows = () => [...BrowserWindow.#all];
  static getFocusedWindow = () => BrowserWindow.#all[0] ?? null;
  static fromWebContents = (contents: WebContents) =>
    BrowserWindow.#all.find((it) => it.webContents === contents) ?? null;
  static fromId = (id: number) => BrowserWindow.#all.find((it) => it.id === id) ?? null;

  readonly id: number;
  readonly webContents: WebContents;
  readonly size: { width: number; height: number };
  #isDestroyed = false;
  #isVisible: boolean;
  #title: string;
  /** What the taskbar shows; -1 for nothing. */
  progress = -1;

  constructor(options: Options = {}) {
    super();
    if (!lifecycle.isReady) throw new Error('Cannot create BrowserWindow before app is ready');
    const { preload, nodeIntegration, contextIsolation, sandbox } = options.webPreferences ?? {};
    if (nodeIntegration === true || contextIsolation === false || sandbox === false) {
      throw new Error('the double knows only pages that are sandboxed, isolated and without Node');
    }
    this.size = { width: options.width ?? 800, height: options.height ?? 600 };
    this.#isVisible = options.show ?? true;
    this.#title = options.title ?? app.getName();
    this.webContents = new WebContents(this, preload);
    this.id = this.webContents.id;
    BrowserWindow.#all.push(this);
    app.emit('web-contents-created', {}, this.webContents);
    app.emit('browser-window-created', {}, this);
  }

  loadURL = (url: string) => this.webContents.loadURL(url);
  loadFile = (file: string) => this.loadURL(pathToFileURL(file).href);
  isDestroyed = () => this.#isDestroyed;
  isVisible = () => this.#isVisible;
  show = () => void (this.#isVisible = true);
  hide = () => void (this.#isVisible = false);
  getTitle = () => this.#title;
  setTitle = (title: string) => void (this.#title = title);
  setProgressBar = (value: number) => void (this.progress = value);
  getBounds = () => ({ x: 0, y: 0, ...this.size });
  getNormalBounds = () => this.getBounds();
  getSize = () => [this.size.width, this.size.height];
  getContentSize = () => this.getSize();
  setBounds = () => {};
  focus = () => {};
  blur = () => {};
  isFocused = () => true;
  isMinimized = () => false;
  isMaximized = () => false;
  isFullScreen = () => false;
  minimize = () => {};
  maximize = () => {};
  restore = () => {};
  setFullScreen = () => {};
  setMenu = () => {};
  removeMenu = () => {};
  setMenuBarVisibility = () => {};
  setAutoHideMenuBar = () => {};
  setBackgroundColor = () => {};
  setRepresentedFilename = () => {};
  setDocumentEdited = () => {};
  flashFrame = () => {};

  close() {
    let isPrevented = false;
    this.emit('close', { preventDefault: () => (isPrevented = true) });
    if (!isPrevented) this.destroy();
  }

  destroy() {
    void this.webContents.close();
    this.targetIsGone();
  }

  targetIsGone = () => {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    BrowserWindow.#all = BrowserWindow.#all.filter((window) => window !== this);
    this.emit('closed');
    const isLast = BrowserWindow.#all.length === 0;
    if (isLast && !app.emit('window-all-closed')) app.quit();
  };
}

lifecycle.closeAllWindows = () => {
  for (const window of BrowserWindow.getAllWindows()) window.destroy();
};
