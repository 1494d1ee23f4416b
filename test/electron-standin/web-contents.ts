// A window's page as Electron's main process sees it.
import { EventEmitter } from 'node:events';
import type { CdpResult } from './chromium.ts';
import { type Frame, frameAt } from './frames.ts';
import { ipcMain } from './ipc-main.ts';
import { app } from './lifecycle.ts';
import { type PageEvents, PageTarget } from './page-target.ts';
import { handlerOf, toNamed, toServed } from './protocol.ts';
import { session } from './session.ts';
import { noting } from './shown.ts';
import { wire } from './wire.js';

interface Owner {
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
  static #all: WebContents[] = [];
  static fromId = (id: number) => WebContents.#all.find((it) => it.id === id);
  static getAllWebContents = () => WebContents.#all.filter((it) => !it.isDestroyed());
  static fromDevToolsTargetId = (targetId: string) => WebContents.#all.find((it) => it.#page?.id === targetId);

  readonly id = ++WebContents.#lastId;
  readonly session = session.defaultSession;
  readonly mainFrame: Frame;
  readonly #owner: Owner;
  readonly #preferences: { preload?: string };
  readonly #opened: Promise<PageTarget>;
  #page: PageTarget | undefined;
  #url = '';
  #isLoading = false;
  #isCrashed = false;
  /** Without one Electron opens windows: a forgotten one shows. */
  #openHandler: OpenHandler = () => ({ action: 'allow' });
  #zoom = 1;

  constructor(owner: Owner, preferences: { preload?: string }, size: { width: number; height: number }) {
    super();
    this.#owner = owner;
    this.#preferences = preferences;
    this.mainFrame = frameAt(() => this.#url);
    this.#opened = PageTarget.open(size, preferences.preload, this.#events());
    this.#opened.then(
      (page) => this.#openedPage(page),
      (error: unknown) => {
        console.error('electron stand-in:', error);
        process.exit(70);
      },
    );
    WebContents.#all.push(this);
  }

  getURL = () => this.#url;
  getTitle = () => '';
  getLastWebPreferences = () => ({ ...this.#preferences });
  getOrCreateDevToolsTargetId = () => this.#page?.id ?? '';
  isDestroyed = () => this.#owner.isDestroyed();
  isLoading = () => this.#isLoading;
  isCrashed = () => this.#isCrashed;
  setWindowOpenHandler = (handler: OpenHandler) => void (this.#openHandler = handler);
  openDevTools = noting<[object?]>('webContents.openDevTools');
  closeDevTools = noting<[]>('webContents.closeDevTools');
  toggleDevTools = noting<[]>('webContents.toggleDevTools');
  isDevToolsOpened = () => false;
  focus = noting<[]>('webContents.focus');
  getZoomFactor = () => this.#zoom;
  setZoomFactor = (factor: number) => void (this.#zoom = factor);
  setZoomLevel = (level: number) => void (this.#zoom = 1.2 ** level);
  /** The renderer process really ends. */
  forcefullyCrashRenderer = () => void this.#page?.command('Page.crash').catch(() => {});
  reload = () => void this.loadURL(this.#url).catch(() => {});
  close = () => this.closeTarget();

  async executeJavaScript(expression: string): Promise<unknown> {
    return (await this.#opened).evaluate(expression);
  }

  /** @throws Error with Chromium's reason, e.g. `ERR_BLOCKED_BY_CLIENT loading 'app://…'`. */
  async loadURL(url: string): Promise<void> {
    const page = await this.#opened;
    this.#url = url;
    this.#isLoading = true;
    await session.defaultSession.applyPermissions(page.cdp, this, url, toServed(url));
    const finished = new Promise((resolve) => this.once('did-finish-load', resolve));
    const { errorText } = await page.command('Page.navigate', { url: toServed(url) });
    if (errorText) {
      this.#isLoading = false;
      this.emit('did-fail-load', {}, -2, errorText, url, true);
      throw new Error(`${errorText} loading '${url}'`);
    }
    this.#isCrashed = false;
    await finished;
  }

  send(channel: string, ...args: unknown[]) {
    this.#deliver({ channel, args: args.map(wire.encode) });
  }

  // ---- for the stand-in and its tests

  async closeTarget() {
    await (await this.#opened).close();
  }
  /** Tells the preload world the paths behind the names of files that a test is about to drop. */
  async setPaths(paths: Record<string, string>) {
    await this.#page?.evaluateInPreload(`Object.assign(__standInPaths, ${JSON.stringify(paths)}), 0`);
  }
  /** What the app answers when the page wants a window. */
  answersOpen = (url: string) => this.#openHandler({ url }).action;
  /** Asks the handler of `ipcRenderer.invoke` as if the frame had sent it. Resolves to what the renderer would get. */
  invokeFrom = (senderFrame: Frame | null, channel: string, args: unknown[]): Promise<unknown> =>
    ipcMain.invoke(channel, this.#eventFrom(senderFrame), args);

  // ---- from Chromium

  #openedPage(page: PageTarget) {
    this.#page = page;
    void this.session.watchDownloads(page.cdp, this);
    process.send?.({ standIn: 'window', browserUrl: page.browserUrl, targetId: page.id });
  }

  #events = (): PageEvents => ({
    request: (params) => void this.#answerRequest(params),
    message: (text) => void this.#receive(JSON.parse(text) as FromPreload),
    console: (level, message) => void this.emit('console-message', { level, message }),
    domReady: () => {
      this.emit('did-navigate', {}, this.#url, 200, 'OK');
      this.emit('dom-ready', {});
    },
    loaded: () => {
      this.#isLoading = false;
      this.emit('did-finish-load', {});
      this.#owner.emit('ready-to-show', {});
    },
    navigatedInside: (url) => {
      this.#url = toNamed(url);
      this.emit('did-navigate-in-page', {}, this.#url, true, 1, 1);
    },
    // Chromium itself refuses to open the window (chromium.ts): the handler is asked, its 'allow' is not honoured.
    wantsWindow: (url) => void this.#openHandler({ url: toNamed(url) }),
    crashed: () => this.#crashed(),
    gone: () => this.#owner.targetIsGone(),
  });

  #crashed() {
    if (this.#isCrashed) return;
    this.#isCrashed = true;
    const details = { reason: 'crashed' as const, exitCode: 5 };
    this.emit('render-process-gone', {}, details);
    app.emit('render-process-gone', {}, this, details);
  }

  async #answerRequest({ requestId, request, resourceType, frameId, redirectedRequestId }: CdpResult) {
    const page = await this.#opened;
    const refuse = (errorReason: string) => page.command('Fetch.failRequest', { requestId, errorReason });
    const url = toNamed(request.url);
    try {
      const isDocument = resourceType === 'Document';
      if (isDocument && this.#isPrevented(url, frameId === page.id, redirectedRequestId !== undefined))
        return await refuse('Aborted');
      const handler = handlerOf(url);
      // Nothing in a test reaches the network.
      if (!(await session.defaultSession.lets(url)) || !handler) return await refuse('BlockedByClient');
      const { method, headers, postData: body } = request;
      const response = await handler(new Request(url, { method, headers, body }));
      return await page.command('Fetch.fulfillRequest', {
        requestId,
        responseCode: response.status,
        responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
        body: Buffer.from(await response.arrayBuffer()).toString('base64'),
      });
    } catch (error) {
      if (!this.isDestroyed()) console.error('electron stand-in: protocol handler:', error);
      return refuse('Failed').catch(() => {});
    }
  }

  /** The page wants to go elsewhere, or is sent there. What the app loads itself is not asked about. */
  #isPrevented(url: string, isMainFrame: boolean, isRedirect: boolean): boolean {
    let isPrevented = false;
    const frame = isMainFrame ? this.mainFrame : frameAt(() => url, this.mainFrame);
    const details = { url, isMainFrame, isSameDocument: false, frame, preventDefault: () => (isPrevented = true) };
    if (isRedirect) {
      this.emit('will-redirect', details, url, false, isMainFrame);
    } else if (!(isMainFrame && this.#isLoading)) {
      this.emit('will-frame-navigate', details);
      if (isMainFrame && !isPrevented) this.emit('will-navigate', details, url);
    }
    return isPrevented;
  }

  #eventFrom = (senderFrame: Frame | null) => ({
    sender: this,
    senderFrame,
    frameId: 1,
    processId: 1,
    ports: [],
    type: 'frame',
  });

  async #receive({ id, channel, args }: FromPreload) {
    const decoded = args.map(wire.decode);
    if (id === undefined) {
      const reply = (to: string, ...rest: unknown[]) => this.send(to, ...rest);
      ipcMain.emit(channel, { ...this.#eventFrom(this.mainFrame), reply }, ...decoded);
      return;
    }
    try {
      const value = await ipcMain.invoke(channel, this.#eventFrom(this.mainFrame), decoded);
      this.#deliver({ id, ok: true, value: wire.encode(value) });
    } catch (error) {
      this.#deliver({ id, ok: false, message: error instanceof Error ? error.message : String(error) });
    }
  }

  #deliver = (message: object) =>
    void this.#page?.evaluateInPreload(`__standInDeliver(${JSON.stringify(JSON.stringify(message))})`);
}
