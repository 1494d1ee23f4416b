// A window's page: a Chromium target whose requests, navigations and preload world are under our control.
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Cdp, type CdpResult, getBrowser } from './chromium.ts';
import { ipcMain } from './ipc-main.ts';
import { folder } from './lifecycle.ts';
import { handlerOf, protocol, toNamed, toServed } from './protocol.ts';
import { wire } from './wire.js';

const WORLD = 'electron-preload';

type RequestFilter = (details: { url: string }, answer: (verdict: { cancel?: boolean }) => void) => void;
let filterRequest: RequestFilter = (_details, answer) => answer({});

export const session = {
  defaultSession: {
    protocol,
    setPermissionRequestHandler: () => {},
    setPermissionCheckHandler: () => {},
    setDevicePermissionHandler: () => {},
    webRequest: {
      onBeforeRequest: (filter: RequestFilter) => void (filterRequest = filter),
      onHeadersReceived: () => {},
      onBeforeSendHeaders: () => {},
    },
    on: () => {},
  },
};

interface Owner {
  readonly size: { width: number; height: number };
  readonly isDestroyed: () => boolean;
  readonly targetIsGone: () => void;
  readonly emit: (event: string, ...args: unknown[]) => boolean;
}
type OpenHandler = (details: { url: string }) => { action: 'allow' | 'deny' };

/** Message from the preload world: `ipcRenderer.invoke` has an id, `ipcRenderer.send` has none. */
interface FromPreload {
  readonly id?: number;
  readonly channel: string;
  readonly args: unknown[];
}

export class WebContents extends EventEmitter {
  static #lastId = 0;
  readonly id = ++WebContents.#lastId;
  readonly session = session.defaultSession;
  readonly owner: Owner;
  readonly #preload: string | undefined;
  readonly #attached: Promise<void>;
  #cdp: Cdp | undefined;
  #targetId = '';
  #sessionId = '';
  #url = '';
  #isLoading = false;
  #preloadContext: number | undefined;
  #openHandler: OpenHandler = () => ({ action: 'deny' });
  #zoom = 1;

  /** One object for the life of the page, so that a sender can be compared with it. */
  readonly mainFrame: {
    readonly url: string;
    readonly origin: string;
    readonly parent: null;
    readonly routingId: number;
  };

  constructor(owner: Owner, preload: string | undefined) {
    super();
    this.owner = owner;
    this.#preload = preload;
    const getUrl = () => this.#url;
    this.mainFrame = {
      get url() {
        return getUrl();
      },
      get origin() {
        const { protocol: scheme, host } = new URL(getUrl());
        return `${scheme}//${host}`;
      },
      parent: null,
      routingId: 1,
    };
    this.#attached = this.#attach();
    this.#attached.catch((error: unknown) => {
      console.error('electron double:', error);
      process.exit(70);
    });
  }

  getURL = () => this.#url;
  getTitle = () => '';
  isDestroyed = () => this.owner.isDestroyed();
  isLoading = () => this.#isLoading;
  isCrashed = () => false;
  setWindowOpenHandler = (handler: OpenHandler) => void (this.#openHandler = handler);
  openDevTools = () => {};
  closeDevTools = () => {};
  toggleDevTools = () => {};
  isDevToolsOpened = () => false;
  focus = () => {};
  getZoomFactor = () => this.#zoom;
  setZoomFactor = (factor: number) => void (this.#zoom = factor);
  forcefullyCrashRenderer = () => void this.#command('Page.crash').catch(() => {});
  reload = () => void this.loadURL(this.#url);

  async executeJavaScript(expression: string): Promise<unknown> {
    const { result } = await this.#command('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    return result.value;
  }

  async loadURL(url: string): Promise<void> {
    await this.#attached;
    this.#url = url;
    this.#isLoading = true;
    const finished = new Promise((resolve) => this.once('did-finish-load', resolve));
    const { errorText } = await this.#command('Page.navigate', { url: toServed(url) });
    if (errorText) throw new Error(`${errorText} loading '${url}'`);
    await finished;
    this.#isLoading = false;
  }

  send(channel: string, ...args: unknown[]) {
    this.#deliver({ channel, args: args.map(wire.encode) });
  }

  /** Tells the preload world the paths behind the names of files that a test is about to drop. */
  async setPaths(paths: Record<string, string>) {
    await this.#command('Runtime.evaluate', {
      expression: `Object.assign(__doublePaths, ${JSON.stringify(paths)}), 0`,
      contextId: this.#preloadContext,
    });
  }

  async close() {
    await this.#cdp?.send('Target.closeTarget', { targetId: this.#targetId }).catch(() => {});
  }

  #command = (method: string, params: object = {}): Promise<CdpResult> =>
    this.#cdp ? this.#cdp.send(method, params, this.#sessionId) : Promise.reject(new Error('no page yet'));

  async #attach() {
    const { cdp, url: browserUrl } = await getBrowser(folder);
    this.#cdp = cdp;
    const { targetId } = await cdp.send('Target.createTarget', {
      url: 'about:blank',
      newWindow: true,
      ...this.owner.size,
    });
    const { sessionId } = await cdp.send('Target.attachToTarget', { targetId, flatten: true });
    this.#targetId = targetId;
    this.#sessionId = sessionId;
    this.#listen(cdp);
    await cdp.send('Target.setDiscoverTargets', { discover: true });
    for (const domain of ['Page', 'Runtime', 'Inspector']) await this.#command(`${domain}.enable`);
    await this.#command('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
    if (this.#preload !== undefined) await this.#installPreload(this.#preload);
    process.send?.({ double: 'window', browserUrl, targetId });
  }

  #listen(cdp: Cdp) {
    const on = (method: string, listener: (params: CdpResult) => void) =>
      cdp.on(method, (params, sessionId) => sessionId === this.#sessionId && listener(params));

    on('Fetch.requestPaused', (params) => void this.#answerRequest(params));
    on('Runtime.executionContextCreated', ({ context }) => {
      if (context.name === WORLD && context.auxData?.frameId === this.#targetId) this.#preloadContext = context.id;
    });
    on('Runtime.executionContextsCleared', () => (this.#preloadContext = undefined));
    on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      if (name !== '__doubleIpc' || executionContextId !== this.#preloadContext) return;
      void this.#receive(JSON.parse(payload) as FromPreload);
    });
    on('Runtime.consoleAPICalled', ({ type, args }) => {
      const message = args.map((arg: CdpResult) => arg.value ?? arg.description).join(' ');
      this.emit('console-message', { level: type, message });
    });
    on('Page.domContentEventFired', () => this.emit('dom-ready', {}));
    on('Page.loadEventFired', () => {
      this.emit('did-finish-load', {});
      this.owner.emit('ready-to-show', {});
    });
    on('Page.navigatedWithinDocument', ({ frameId, url }) => {
      if (frameId === this.#targetId) this.#url = toNamed(url);
    });
    on('Inspector.targetCrashed', () => this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 }));
    cdp.on('Target.targetDestroyed', ({ targetId }) => targetId === this.#targetId && this.owner.targetIsGone());
    // Chromium itself refuses to open the window (chromium.ts): the handler is asked, its 'allow' is not honoured.
    on('Page.windowOpen', ({ url }) => void this.#openHandler({ url: toNamed(url) }));
  }

  /** The preload script gets an isolated world of its own, as with contextIsolation and sandbox. */
  async #installPreload(file: string) {
    const text = (name: string) => readFileSync(path.join(import.meta.dirname, name), 'utf8').replace(/^export /gm, '');
    const sandbox = `(module) => {
      if (module === 'electron') return electronForPreload;
      throw new Error('module not found: ' + module);
    }`;
    const platform = JSON.stringify({ platform: process.platform, versions: {}, env: {}, type: 'renderer' });
    const preload = readFileSync(file, 'utf8');
    const source = `${text('wire.js')}\n${text('page-preload.js')}
      (function (require, module, exports, process) {${preload}\n})(${sandbox}, { exports: {} }, {}, ${platform});`;
    await this.#command('Runtime.addBinding', { name: '__doubleIpc', executionContextName: WORLD });
    await this.#command('Page.addScriptToEvaluateOnNewDocument', { source: text('page-main.js') });
    await this.#command('Page.addScriptToEvaluateOnNewDocument', { source, worldName: WORLD });
  }

  async #answerRequest({ requestId, request, resourceType, frameId }: CdpResult) {
    const refuse = (errorReason: string) => this.#command('Fetch.failRequest', { requestId, errorReason });
    const url = toNamed(request.url);
    try {
      const isNavigation = resourceType === 'Document' && frameId === this.#targetId;
      if (isNavigation && !this.#isLoading && this.#isPrevented(url)) return await refuse('Aborted');
      const { cancel } = await new Promise<{ cancel?: boolean }>((answer) => filterRequest({ url }, answer));
      const handler = handlerOf(url);
      if (cancel === true || !handler) return await refuse('BlockedByClient'); // nothing in a test reaches the network
      const { method, headers, postData: body } = request;
      const response = await handler(new Request(url, { method, headers, body }));
      return await this.#command('Fetch.fulfillRequest', {
        requestId,
        responseCode: response.status,
        responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
        body: Buffer.from(await response.arrayBuffer()).toString('base64'),
      });
    } catch (error) {
      if (!this.isDestroyed()) console.error('electron double: protocol handler:', error);
      return refuse('Failed').catch(() => {});
    }
  }

  /** The page wants to go elsewhere. */
  #isPrevented(url: string): boolean {
    let isPrevented = false;
    this.emit('will-navigate', { url, isMainFrame: true, preventDefault: () => (isPrevented = true) }, url);
    return isPrevented;
  }

  async #receive({ id, channel, args }: FromPreload) {
    const event = { sender: this, senderFrame: this.mainFrame, frameId: 1, processId: 1, ports: [] };
    const decoded = args.map(wire.decode);
    if (id === undefined) {
      ipcMain.emit(
        channel,
        { ...event, reply: (to: string, ...rest: unknown[]) => this.send(to, ...rest) },
        ...decoded,
      );
      return;
    }
    try {
      this.#deliver({ id, ok: true, value: wire.encode(await ipcMain.invoke(channel, event, decoded)) });
    } catch (error) {
      this.#deliver({ id, ok: false, message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Dropped when the page is gone or between two documents, as in Electron. */
  #deliver(message: object) {
    if (this.#preloadContext === undefined) return;
    const expression = `__doubleDeliver(${JSON.stringify(JSON.stringify(message))})`;
    void this.#command('Runtime.evaluate', { expression, contextId: this.#preloadContext }).catch(() => {});
  }
}
