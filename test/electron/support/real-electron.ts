import { spawn } from 'node:child_process';
import path from 'node:path';
import { _electron, type ElectronApplication, expect, type Page } from '@playwright/test';
import type { Commands } from '../../electron-standin/control.ts';
import type { Launch, Running } from './app.ts';

/** The second is how the stand-in serves the first. */
const OWN_PAGE = /^(app:|https:\/\/phasewise\.app\.test\/)/;
const RECORDER = path.join(import.meta.dirname, 'recorder.cjs');

/** Starts the app under Electron itself. `recorder.cjs` runs before it and answers the dialogs. */
export const launchElectron =
  (program: string) =>
  async ({ app, files, profile, env }: Launch): Promise<Running> => {
    const all = { ...definedEnv(), ...env };
    const args = [`--user-data-dir=${profile}`, app, ...files];
    // Without a path Playwright takes the same program, and holds the app until it is connected.
    const electron = await _electron.launch({ args: ['-r', RECORDER, ...args], env: all });
    const child = electron.process();
    const exitCode = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += String(chunk)));
    let page = await windowOf(electron);
    return {
      get page() {
        return page;
      },
      main: new Proxy({} as Commands, {
        get: (_target, name) =>
          name === 'then'
            ? undefined
            : (...given: unknown[]) =>
                electron.evaluate(
                  (_module, [command, values]) =>
                    (Reflect.get(globalThis, 'recorder') as Record<string, (...all: unknown[]) => unknown>)[command]?.(
                      ...values,
                    ),
                  [String(name), given] as [string, unknown[]],
                ),
      }),
      exitCode,
      output: () => said,
      // A window that replaced the crashed one is another page; one that was loaded again stays lost to Playwright.
      async reconnect() {
        page = electron.windows().find((it) => !it.isClosed() && it !== page) ?? page;
        return page;
      },
      async kill() {
        if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killTree(child.pid);
        await exitCode;
      },
      startAgain: (again) =>
        new Promise((resolve) => {
          const second = spawn(program, [`--user-data-dir=${profile}`, app, ...again], { env: all, stdio: 'ignore' });
          second.once('exit', resolve);
        }),
    };
  };

/** The app's own window; a developers' tool may have one, too. */
async function windowOf(electron: ElectronApplication): Promise<Page> {
  let found: Page | undefined;
  const isThere = () => (found = electron.windows().find((page) => OWN_PAGE.test(page.url()))) !== undefined;
  await expect.poll(isThere, { message: 'the window of the app' }).toBe(true);
  return found ?? electron.firstWindow();
}

/** Playwright starts it as the first of a process group, so that all of it ends; Windows has none. */
const killTree = (pid: number): boolean => process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');

const definedEnv = (): Record<string, string> =>
  Object.fromEntries(Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined));
