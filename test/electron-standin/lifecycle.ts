// `app`: readiness, paths, the single instance, quitting.
import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asked, noting, recentDocuments } from './shown.ts';
import { releaseLock, type SecondStart, takeLock } from './single-instance.ts';

/** Everything that this run of the stand-in writes. The launcher names it and removes it. */
export const folder = process.env['ELECTRON_STANDIN_FOLDER'] ?? mkdtempSync(path.join(tmpdir(), 'electron-standin-'));

export const lifecycle = {
  isReady: false,
  /** Closes all windows; false when one of them refused. */
  closeAllWindows: (): boolean => true,
};

const NAMES = [
  ...['home', 'appData', 'assets', 'userData', 'sessionData', 'temp', 'exe', 'module', 'desktop', 'documents'],
  ...['downloads', 'music', 'pictures', 'videos', 'recent', 'logs', 'crashDumps'],
];
const paths = new Map<string, string>();
const appFolder = process.env['ELECTRON_STANDIN_APP'] ?? process.cwd();
const manifest = JSON.parse(readFileSync(path.join(appFolder, 'package.json'), 'utf8')) as {
  productName: string;
  version: string;
};

class App extends EventEmitter {
  readonly isPackaged = process.env['ELECTRON_STANDIN_PACKAGED'] === '1';
  name = manifest.productName;
  readonly commandLine = {
    appendSwitch: noting<[string, string?]>('commandLine.appendSwitch'),
    hasSwitch: () => false,
    getSwitchValue: () => '',
  };
  readonly #early: SecondStart[] = [];
  #aboutPanel: object = {};
  #hasLock = false;
  #isQuitting = false;
  readonly #ready = new Promise<void>((resolve) => {
    setImmediate(() => {
      lifecycle.isReady = true;
      resolve();
      this.emit('ready', {}, {});
      for (const second of this.#early.splice(0)) this.secondInstance(second);
    });
  });

  whenReady = () => this.#ready;
  isReady = () => lifecycle.isReady;
  getName = () => this.name;
  setName = (name: string) => void (this.name = name);
  getVersion = () => manifest.version;
  getAppPath = () => appFolder;
  getLocale = () => 'en-US';
  getSystemLocale = () => 'en-US';
  getLocaleCountryCode = () => 'US';
  getPreferredSystemLanguages = () => ['en-US'];
  getAppMetrics = () => [];
  setAppUserModelId = noting<[string]>('app.setAppUserModelId');
  setAsDefaultProtocolClient = noting<[string], boolean>('app.setAsDefaultProtocolClient', true);
  setBadgeCount = noting<[number?], boolean>('app.setBadgeCount', true);
  setUserTasks = noting<[object[]], boolean>('app.setUserTasks', true);
  setJumpList = noting<[object[] | null], 'ok'>('app.setJumpList', 'ok');
  enableSandbox = noting<[]>('app.enableSandbox');
  disableHardwareAcceleration = noting<[]>('app.disableHardwareAcceleration');
  relaunch = noting<[object?]>('app.relaunch');
  focus = noting<[object?]>('app.focus');

  hasSingleInstanceLock = () => this.#hasLock;
  requestSingleInstanceLock(data?: Record<string, unknown>): boolean {
    if (this.#hasLock) return true;
    const start = { argv: [...process.argv], folder: process.cwd(), data: data ?? null };
    this.#hasLock = takeLock(this.getPath('userData'), start, (second) => this.secondInstance(second));
    return this.#hasLock;
  }
  releaseSingleInstanceLock() {
    if (this.#hasLock) releaseLock(this.getPath('userData'));
    this.#hasLock = false;
  }
  /** Not before `ready`, as in Electron. */
  secondInstance(second: SecondStart) {
    if (lifecycle.isReady) this.emit('second-instance', {}, second.argv, second.folder, second.data);
    else this.#early.push(second);
  }

  addRecentDocument(file: string) {
    if (recentDocuments.includes(file)) recentDocuments.splice(recentDocuments.indexOf(file), 1);
    recentDocuments.unshift(file);
  }
  clearRecentDocuments = () => void recentDocuments.splice(0);
  getRecentDocuments = () => [...recentDocuments];
  setAboutPanelOptions = (options: object) => void (this.#aboutPanel = options);
  showAboutPanel = () => void asked.push({ kind: 'about', options: this.#aboutPanel });

  /** All of them below the stand-in's folder, so that a test never touches the person's own. */
  getPath(name: string): string {
    if (!NAMES.includes(name)) throw new Error(`Failed to get '${name}' path`);
    const target = paths.get(name) ?? path.join(folder, name);
    mkdirSync(target, { recursive: true });
    return target;
  }
  setPath = (name: string, target: string) => void paths.set(name, target);
  setAppLogsPath = (target?: string) => void paths.set('logs', target ?? path.join(this.getPath('userData'), 'logs'));

  quit() {
    if (this.#isQuitting || !this.#mayGoOn('before-quit')) return;
    this.#isQuitting = true;
    if (lifecycle.closeAllWindows() && this.#mayGoOn('will-quit')) this.exit(0);
    this.#isQuitting = false; // somebody refused
  }
  exit(code = 0) {
    this.#isQuitting = true;
    this.emit('quit', {}, code);
    this.releaseSingleInstanceLock();
    setImmediate(() => process.exit(code));
  }
  isQuitting = () => this.#isQuitting;

  #mayGoOn(event: string): boolean {
    let isPrevented = false;
    this.emit(event, { preventDefault: () => (isPrevented = true) });
    return !isPrevented;
  }
}

export const app = new App();
