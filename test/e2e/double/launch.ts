// The test's side: starts the app's real main bundle under the double and hands over the page behind its window.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, chromium, type Page } from '@playwright/test';
import type { Commands } from './control.ts';

export interface LaunchOptions {
  /** The main bundle, for the app itself `.vite/build/main.cjs`. */
  readonly main: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** Holds userData and all other paths of the app; kept, so that a second launch finds what the first one left. */
  readonly folder?: string;
}

export interface LaunchedApp extends Commands {
  readonly page: Page;
  readonly process: ChildProcess;
  /** Everything that the main process has printed so far. */
  readonly output: () => string;
  /** Quits as a person does. Resolves to the exit code. */
  readonly end: () => Promise<number | null>;
  /** kill -9 of the app and its browser. */
  readonly kill: () => Promise<void>;
}

interface WindowMessage {
  readonly double: 'window';
  readonly browserUrl: string;
  readonly targetId: string;
}

export async function launchDouble({ main, args = [], env = {}, folder }: LaunchOptions): Promise<LaunchedApp> {
  const ownFolder = folder ?? mkdtempSync(path.join(tmpdir(), 'electron-double-'));
  const child = fork(main, [...args], {
    execArgv: ['--import', new URL('./register.mjs', import.meta.url).href],
    env: { ...process.env, ...env, ELECTRON_DOUBLE_FOLDER: ownFolder },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true, // its own process group, so that kill() reaches the browser too
  });
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += String(chunk)));

  let browser: Browser | undefined;
  const kill = async () => {
    await browser?.close().catch(() => {}); // first: Playwright saves its trace of the page
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
    await gone;
    if (folder === undefined) rmSync(ownFolder, { recursive: true, force: true, maxRetries: 5 });
  };

  try {
    const { browserUrl, targetId } = await firstWindow(child, () => said);
    browser = await chromium.connectOverCDP(browserUrl);
    const page = await pageOf(browser.contexts()[0]?.pages() ?? [], targetId);
    await page.waitForURL(/^https:\/\/[^/]+\.test\//);
    const end = async () => {
      child.send({ call: 0, name: 'quit', args: [] });
      const code = await gone;
      await kill();
      return code;
    };
    return { ...commandsOf(child), page, process: child, output: () => said, end, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

function firstWindow(child: ChildProcess, output: () => string): Promise<WindowMessage> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: WindowMessage) => message.double === 'window' && resolve(message));
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

/** Calls to control.ts by name. */
function commandsOf(child: ChildProcess): Commands {
  let lastCall = 0;
  const call = (name: string, args: unknown[]) =>
    new Promise((resolve, reject) => {
      const id = ++lastCall;
      const listen = (message: { call?: number; value?: unknown; error?: string }) => {
        if (message.call !== id) return;
        child.off('message', listen);
        if (message.error === undefined) resolve(message.value);
        else reject(new Error(message.error));
      };
      child.on('message', listen);
      child.send({ call: id, name, args });
    });
  const names = [
    'answer',
    'asked',
    'opened',
    'privileged',
    'clickMenu',
    'paths',
    'openFile',
    'secondInstance',
    'windows',
    'closeWindow',
    'quit',
  ];
  return Object.fromEntries(
    names.map((name) => [name, (...args: unknown[]) => call(name, args)]),
  ) as unknown as Commands;
}
