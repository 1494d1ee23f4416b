// `app`: readiness, paths, quitting.
import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Everything that this run of the double writes. The launcher names it and removes it. */
export const folder = process.env['ELECTRON_DOUBLE_FOLDER'] ?? mkdtempSync(path.join(tmpdir(), 'electron-double-'));

export const lifecycle = { isReady: false, closeAllWindows: () => {} };

const paths = new Map<string, string>();
const manifest = JSON.parse(readFileSync(path.resolve('package.json'), 'utf8')) as {
  productName: string;
  version: string;
};

class App extends EventEmitter {
  readonly isPackaged = false;
  name = manifest.productName;
  readonly commandLine = { appendSwitch: () => {}, hasSwitch: () => false, getSwitchValue: () => '' };
  readonly #ready = new Promise<void>((resolve) => {
    setImmediate(() => {
      lifecycle.isReady = true;
      resolve();
      this.emit('ready', {});
    });
  });

  whenReady = () => this.#ready;
  isReady = () => lifecycle.isReady;
  getName = () => this.name;
  setName = (name: string) => void (this.name = name);
  getVersion = () => manifest.version;
  getAppPath = () => process.cwd();
  getLocale = () => 'en-US';
  getAppMetrics = () => [];
  setAppUserModelId = () => {};
  enableSandbox = () => {};
  relaunch = () => {};
  focus = () => {};
  requestSingleInstanceLock = () => true;
  releaseSingleInstanceLock = () => {};
  addRecentDocument = () => {};
  clearRecentDocuments = () => {};
  setAboutPanelOptions = () => {};
  showAboutPanel = () => {};

  /** All of them below the double's folder, so that a test never touches the person's own. */
  getPath(name: string): string {
    const target = paths.get(name) ?? path.join(folder, name);
    mkdirSync(target, { recursive: true });
    return target;
  }
  setPath = (name: string, target: string) => void paths.set(name, target);

  quit() {
    if (!this.#mayGoOn('before-quit')) return;
    lifecycle.closeAllWindows();
    if (this.#mayGoOn('will-quit')) this.exit(0);
  }
  exit(code = 0) {
    this.emit('quit', {}, code);
    setImmediate(() => process.exit(code));
  }

  #mayGoOn(event: string): boolean {
    let isPrevented = false;
    this.emit(event, { preventDefault: () => (isPrevented = true) });
    return !isPrevented;
  }
}

export const app = new App();
