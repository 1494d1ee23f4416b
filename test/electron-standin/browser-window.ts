import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';
import { app, lifecycle } from './lifecycle.ts';
import { noting } from './shown.ts';
import { WebContents } from './web-contents.ts';

interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}
interface Options extends Partial<Rectangle> {
  show?: boolean;
  title?: string;
  webPreferences?: { preload?: string; nodeIntegration?: boolean; contextIsolation?: boolean; sandbox?: boolean };
}

export class BrowserWindow extends EventEmitter {
  static #all: BrowserWindow[] = [];
  static #focused: BrowserWindow | null = null;
  static getAllWindows = () => [...BrowserWindow.#all];
  static getFocusedWindow = () => BrowserWindow.#focused;
  static fromWebContents = (contents: object) => BrowserWindow.#all.find((it) => it.webContents === contents) ?? null;
  static fromId = (id: number) => BrowserWindow.#all.find((it) => it.id === id) ?? null;

  readonly id: number;
  readonly webContents: WebContents;
  #bounds: Rectangle;
  #isDestroyed = false;
  #isVisible: boolean;
  #isMinimized = false;
  #isMaximized = false;
  #isFullScreen = false;
  #title: string;
  /** What only the taskbar shows; a test reads it. */
  readonly taskbar = { progress: -1, mode: 'normal', isFlashing: false };

  constructor(options: Options = {}) {
    super();
    if (!lifecycle.isReady) throw new Error('Cannot create BrowserWindow before app is ready');
    const { nodeIntegration, contextIsolation, sandbox } = options.webPreferences ?? {};
    if (nodeIntegration === true || contextIsolation === false || sandbox === false) {
      throw new Error('the stand-in knows only pages that are sandboxed, isolated and without Node');
    }
    const { x = 0, y = 0, width = 800, height = 600 } = options;
    this.#bounds = { x, y, width, height };
    this.#isVisible = options.show ?? true;
    this.#title = options.title ?? app.getName();
    this.webContents = new WebContents(this, options.webPreferences ?? {}, { width, height });
    this.id = this.webContents.id;
    BrowserWindow.#all.push(this);
    app.emit('web-contents-created', {}, this.webContents);
    app.emit('browser-window-created', {}, this);
    if (this.#isVisible) this.focus();
  }

  loadURL = (url: string) => this.webContents.loadURL(url);
  loadFile = (file: string) => this.loadURL(pathToFileURL(file).href);
  reload = () => this.webContents.reload();
  isDestroyed = () => this.#isDestroyed;
  isVisible = () => this.#isVisible;
  show() {
    this.#isVisible = true;
    this.emit('show');
    this.focus();
  }
  showInactive() {
    this.#isVisible = true;
    this.emit('show');
  }
  hide() {
    this.#isVisible = false;
    this.blur();
    this.emit('hide');
  }
  getTitle = () => this.#title;
  setTitle = (title: string) => void (this.#title = title);
  setProgressBar(progress: number, options?: { mode: string }) {
    this.taskbar.progress = progress;
    this.taskbar.mode = options?.mode ?? 'normal';
  }
  flashFrame = (flag: boolean) => void (this.taskbar.isFlashing = flag);

  getBounds = () => ({ ...this.#bounds });
  getNormalBounds = () => this.getBounds();
  getSize = () => [this.#bounds.width, this.#bounds.height];
  getContentSize = () => this.getSize();
  setBounds = (bounds: Partial<Rectangle>) => void (this.#bounds = { ...this.#bounds, ...bounds });

  focus() {
    if (!this.#isVisible || BrowserWindow.#focused === this) return;
    BrowserWindow.#focused?.blur();
    BrowserWindow.#focused = this;
    this.taskbar.isFlashing = false;
    this.emit('focus');
    app.emit('browser-window-focus', {}, this);
  }
  blur() {
    if (BrowserWindow.#focused !== this) return;
    BrowserWindow.#focused = null;
    this.emit('blur');
    app.emit('browser-window-blur', {}, this);
  }
  isFocused = () => BrowserWindow.#focused === this;
  isMinimized = () => this.#isMinimized;
  isMaximized = () => this.#isMaximized;
  isFullScreen = () => this.#isFullScreen;
  minimize() {
    this.#isMinimized = true;
    this.blur();
    this.emit('minimize');
  }
  maximize() {
    this.#isMaximized = true;
    this.emit('maximize');
  }
  unmaximize() {
    this.#isMaximized = false;
    this.emit('unmaximize');
  }
  restore() {
    this.#isMinimized = false;
    this.emit('restore');
    this.focus();
  }
  setFullScreen = (flag: boolean) => void (this.#isFullScreen = flag);
  setMenu = noting<[object | null]>('window.setMenu');
  removeMenu = noting<[]>('window.removeMenu');
  setMenuBarVisibility = noting<[boolean]>('window.setMenuBarVisibility');
  setAutoHideMenuBar = noting<[boolean]>('window.setAutoHideMenuBar');
  setBackgroundColor = noting<[string]>('window.setBackgroundColor');
  setRepresentedFilename = noting<[string]>('window.setRepresentedFilename');
  setDocumentEdited = noting<[boolean]>('window.setDocumentEdited');
  setOverlayIcon = noting<[object | null, string]>('window.setOverlayIcon');

  close() {
    let isPrevented = false;
    this.emit('close', { preventDefault: () => (isPrevented = true) });
    if (!isPrevented) this.destroy();
  }

  destroy() {
    void this.webContents.closeTarget();
    this.targetIsGone();
  }

  targetIsGone = () => {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.blur();
    BrowserWindow.#all = BrowserWindow.#all.filter((window) => window !== this);
    this.webContents.emit('destroyed');
    this.emit('closed');
    const isLast = BrowserWindow.#all.length === 0 && !app.isQuitting();
    if (isLast && !app.emit('window-all-closed')) app.quit();
  };
}

// Quitting closes every window; one that prevents it stays, and so does the app.
lifecycle.closeAllWindows = () => {
  for (const window of BrowserWindow.getAllWindows()) window.close();
  return BrowserWindow.getAllWindows().length === 0;
};
