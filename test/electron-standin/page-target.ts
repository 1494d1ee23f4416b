// A page of Chromium, driven over the DevTools protocol. Knows nothing of Electron.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Cdp, type CdpResult, getBrowser } from './chromium.ts';
import { folder } from './lifecycle.ts';

const WORLD = 'electron-preload';

export interface PageEvents {
  /** A request waits for an answer: fulfil or fail it. */
  request(params: CdpResult): void;
  /** Text that the preload world sent. */
  message(text: string): void;
  console(type: string, text: string): void;
  domReady(): void;
  loaded(): void;
  navigatedInside(url: string): void;
  wantsWindow(url: string): void;
  crashed(): void;
  gone(): void;
}

export class PageTarget {
  readonly cdp: Cdp;
  readonly browserUrl: string;
  readonly id: string;
  readonly #sessionId: string;
  #preloadContext: number | undefined;

  private constructor(cdp: Cdp, browserUrl: string, id: string, sessionId: string) {
    this.cdp = cdp;
    this.browserUrl = browserUrl;
    this.id = id;
    this.#sessionId = sessionId;
  }

  /** Opens an empty page. @param preload the file that runs first in each document, in a world of its own. */
  static async open(size: object, preload: string | undefined, events: PageEvents): Promise<PageTarget> {
    const { cdp, url: browserUrl } = await getBrowser(folder);
    const { targetId } = await cdp.send('Target.createTarget', { url: 'about:blank', newWindow: true, ...size });
    const { sessionId } = await cdp.send('Target.attachToTarget', { targetId, flatten: true });
    const target = new PageTarget(cdp, browserUrl, targetId, sessionId);
    target.#listen(events);
    await cdp.send('Target.setDiscoverTargets', { discover: true });
    for (const domain of ['Page', 'Runtime', 'Inspector']) await target.command(`${domain}.enable`);
    await target.command('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
    if (preload !== undefined) await target.#installPreload(preload);
    return target;
  }

  command = (method: string, params: object = {}): Promise<CdpResult> => this.cdp.send(method, params, this.#sessionId);
  close = () => this.cdp.send('Target.closeTarget', { targetId: this.id }).catch(() => {});

  /** In the page's own world. @throws Error with what the page threw. */
  async evaluate(expression: string): Promise<unknown> {
    const options = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = await this.command('Runtime.evaluate', options);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** In the preload world. Dropped when the page is gone or between two documents, as Electron does with messages. */
  async evaluateInPreload(expression: string): Promise<void> {
    if (this.#preloadContext === undefined) return;
    await this.command('Runtime.evaluate', { expression, contextId: this.#preloadContext }).catch(() => {});
  }

  #listen(events: PageEvents) {
    const on = (method: string, listener: (params: CdpResult) => void) =>
      this.cdp.on(method, (params, sessionId) => sessionId === this.#sessionId && listener(params));

    on('Fetch.requestPaused', events.request);
    on('Runtime.executionContextCreated', ({ context }) => {
      if (context.name === WORLD && context.auxData?.frameId === this.id) this.#preloadContext = context.id;
    });
    on('Runtime.executionContextsCleared', () => (this.#preloadContext = undefined));
    on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      if (name === '__standInIpc' && executionContextId === this.#preloadContext) events.message(payload);
    });
    on('Runtime.consoleAPICalled', ({ type, args }) =>
      events.console(type, args.map((arg: CdpResult) => arg.value ?? arg.description).join(' ')),
    );
    on('Page.domContentEventFired', events.domReady);
    on('Page.loadEventFired', events.loaded);
    on('Page.navigatedWithinDocument', ({ frameId, url }) => frameId === this.id && events.navigatedInside(url));
    on('Page.windowOpen', ({ url }) => events.wantsWindow(url));
    on('Inspector.targetCrashed', () => {
      this.#preloadContext = undefined;
      events.crashed();
    });
    this.cdp.on('Target.targetDestroyed', ({ targetId }) => targetId === this.id && events.gone());
  }

  /** As with contextIsolation and sandbox: no Node, and `require` knows Electron's renderer half only. */
  async #installPreload(file: string) {
    const text = (name: string) => readFileSync(path.join(import.meta.dirname, name), 'utf8').replace(/^export /gm, '');
    const sandbox = `(module) => {
      if (module === 'electron') return electronForPreload;
      throw new Error('module not found: ' + module);
    }`;
    const platform = JSON.stringify({ platform: process.platform, versions: {}, env: {}, type: 'renderer' });
    const source = `${text('wire.js')}\n${text('page-preload.js')}
      (function (require, module, exports, process) {${readFileSync(file, 'utf8')}\n})(
        ${sandbox}, { exports: {} }, {}, ${platform});`;
    await this.command('Runtime.addBinding', { name: '__standInIpc', executionContextName: WORLD });
    await this.command('Page.addScriptToEvaluateOnNewDocument', { source: text('page-main.js') });
    await this.command('Page.addScriptToEvaluateOnNewDocument', { source, worldName: WORLD });
  }
}
