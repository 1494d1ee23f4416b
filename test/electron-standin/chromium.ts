// The browser behind the stand-in's windows, and the protocol it is driven by.
import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import path from 'node:path';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--block-new-web-contents', // window.open
  '--remote-debugging-port=0',
];

// oxlint-disable-next-line typescript/no-explicit-any -- results of the DevTools protocol, which has no types here
export type CdpResult = any;

/** A connection to Chromium's DevTools protocol. Emits each event by its method name: (params, sessionId). */
export class Cdp extends EventEmitter {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, { resolve: (result: CdpResult) => void; reject: (error: Error) => void }>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    super();
    this.setMaxListeners(0);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)) as CdpResult);
    socket.onclose = () => this.emit('close');
  }

  static async connect(url: string): Promise<Cdp> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`cannot connect to Chromium at ${url}`));
    });
    return new Cdp(socket);
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<CdpResult> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#pending.set(id, { resolve, reject: (error) => reject(new Error(`${method}: ${error.message}`)) });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }

  #receive(message: CdpResult) {
    if (message.id === undefined) {
      this.emit(message.method, message.params, message.sessionId);
      return;
    }
    const request = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.error) request?.reject(new Error(message.error.message));
    else request?.resolve(message.result);
  }
}

export interface Browser {
  readonly cdp: Cdp;
  /** Where Playwright connects, too. */
  readonly url: string;
}

let browser: Promise<Browser> | undefined;

/** One Chromium for the whole app, started with its first window and ended with the process. */
export const getBrowser = (folder: string): Promise<Browser> => (browser ??= launch(folder));

async function launch(folder: string): Promise<Browser> {
  const program = process.env['CHROMIUM_PATH'];
  if (program === undefined) throw new Error('CHROMIUM_PATH names no browser; `npm run e2e` sets it');
  const profile = `--user-data-dir=${path.join(folder, 'chromium')}`;
  const child = spawn(program, [...ARGUMENTS, profile, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] });
  process.on('exit', () => child.kill('SIGKILL'));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += String(chunk);
      const address = /ws:\/\/\S+/.exec(said);
      if (address) resolve(address[0]);
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`Chromium ended with code ${code}: ${said}`)));
  });
  return { cdp: await Cdp.connect(url), url };
}
