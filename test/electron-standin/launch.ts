// The test's side: starts the app's real main bundle under the stand-in and hands over the page behind its window.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, chromium, type Page } from '@playwright/test';
import type { Commands } from './control.ts';

export interface StandInOptions {
  /** The main bundle, for the app itself `.vite/build/main.cjs`. */
  readonly main: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** Holds userData and all other paths of the app; kept, so that a second launch finds what the first one left. */
  readonly folder?: string;
}

export interface StandIn {
  /** The page of the first window. */
  readonly page: Page;
  /** What a test may ask of the main process: control.ts. */
  readonly main: Commands;
  readonly process: ChildProcess;
  readonly exitCode: Promise<number | null>;
  /** Everything that the main process has printed so far. */
  output(): string;
  /** A page that crashed and was loaded again is another one for Playwright: connects to it. */
  reconnect(): Promise<Page>;
  /** kill -9 of the app and its browser. */
  kill(): Promise<void>;
}

interface WindowMessage {
  readonly standIn: 'window';
  readonly browserUrl: string;
  readonly targetId: string;
}

export async function launchStandIn(options: StandInOptions): Promise<StandIn> {
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'electron-standin-'));
  const { child, exitCode, output } = start({ ...options, folder });
  let browser: Browser | undefined;
  let page: Page;

  const kill = async () => {
    await browser?.close().catch(() => {}); // first: Playwright saves its trace of the page
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
    await exitCode;
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const { browserUrl, targetId } = await firstWindow(child, output);
    const reconnect = async () => {
      await browser?.close().catch(() => {});
      browser = await chromium.connectOverCDP(browserUrl);
      page = await pageOf(browser.contexts()[0]?.pages() ?? [], targetId);
      await page.waitForURL(/^https:\/\/[^/]+\.test\//);
      return page;
    };
    page = await reconnect();
    return {
      get page() {
        return page;
      },
      main: commandsOf(child),
      process: child,
      exitCode,
      output,
      reconnect,
      kill,
    };
  } catch (error) {
    await kill();
    throw error;
  }
}

/** Starts the app once more where it already runs. Resolves to the exit code of that second process. */
export const startAgain = (options: StandInOptions & { readonly folder: string }): Promise<number | null> =>
  start(options).exitCode;

function start({ main, args = [], env = {}, folder }: StandInOptions) {
  const child = fork(main, [...args], {
    execArgv: ['--import', new URL('./register.mjs', import.meta.url).href],
    env: { ...process.env, ...env, ELECTRON_STANDIN_FOLDER: folder },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true, // its own process group, so that kill() reaches the browser too
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += String(chunk)));
  const exitCode = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, exitCode, output: () => said };
}

function firstWindow(child: ChildProcess, output: () => string): Promise<WindowMessage> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: WindowMessage) => message.standIn === 'window' && resolve(message));
    child.once('exit', (code) =>
      reject(new Error(`the app ended with code ${code} before it opened a window\n${output()}`)),
    );
  });
}

async function pageOf(pages: Page[], wantedId: string): Promise<Page> {
  for (const page of pages) {
    const session = await page.context().newCDPSession(page);
    const { targetInfo } = await session.send('Target.getTargetInfo');
    await session.detach();
    if (targetInfo.targetId === wantedId) return page;
  }
  throw new Error('the window has no page');
}

/** Calls to control.ts by name. A call that the app's end cuts off rejects. */
function commandsOf(child: ChildProcess): Commands {
  let lastCall = 0;
  const call = (name: string, args: unknown[]) =>
    new Promise((resolve, reject) => {
      const id = ++lastCall;
      const settle = (act: () => void) => {
        child.off('message', listen);
        child.off('exit', ended);
        act();
      };
      const ended = () => settle(() => reject(new Error(`the app ended before it answered ${name}`)));
      const listen = (message: { call?: number; value?: unknown; error?: string }) => {
        if (message.call !== id) return;
        settle(() => (message.error === undefined ? resolve(message.value) : reject(new Error(message.error))));
      };
      child.on('message', listen);
      child.once('exit', ended);
      child.send({ call: id, name, args });
    });
  // Not a promise itself, whatever `await` asks it.
  return new Proxy({} as Commands, {
    get: (_target, name) => (name === 'then' ? undefined : (...args: unknown[]) => call(String(name), args)),
  });
}
