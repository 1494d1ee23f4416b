import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test as base } from '@playwright/test';
import { launchStandIn, startAgain } from '../../electron-standin/launch.ts';
import { type App, appOver, type Launch, type Running } from './app.ts';
import { builtApp, mainOf, scriptedApp } from './builds.ts';
import { launchElectron } from './real-electron.ts';

export { expect } from '@playwright/test';
export type { App } from './app.ts';

export interface LaunchOptions {
  /** Named on the command line; options may stand among them. */
  readonly files?: readonly string[];
  /** Where Phasewise keeps its own things; kept, so that a second launch finds it. Below `folder` when left out. */
  readonly dataFolder?: string;
  readonly env?: Record<string, string>;
  readonly engine?: 'real' | 'scripted';
  /** What a publisher sets in package.json; with the scripted engine only. */
  readonly publisher?: Record<string, string>;
}

/** Electron's program, `missing`, or nothing at all for the stand-in; set by `npm run test:electron`. */
export const electronProgram = process.env['PHASEWISE_TEST_ELECTRON'];
export const isRealElectron = electronProgram !== undefined;

/** Ends what it launched. */
export interface Launcher {
  launch(options?: LaunchOptions): Promise<App>;
  close(): Promise<void>;
}

/** For a file whose tests look at one app and change nothing: from `beforeAll` to `afterAll`. Skips without Electron. */
export function openLauncher(): Launcher {
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'phasewise-electron-'));
  const apps: App[] = [];
  return {
    async launch(options = {}) {
      test.skip(electronProgram === 'missing', "Electron's binary is not installed");
      const app = await launchApp(folder, options);
      apps.push(app);
      return app;
    },
    async close() {
      for (const app of apps) await app.kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Fixtures {
  /** Empty, the test's own. */
  readonly folder: string;
  readonly launchApp: (options?: LaunchOptions) => Promise<App>;
}

export const test = base.extend<Fixtures>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of the fixtures from the pattern
  folder: async ({}, use) => {
    const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'phasewise-electron-'));
    await use(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  },
  launchApp: async ({ folder }, use, testInfo) => {
    testInfo.skip(electronProgram === 'missing', "Electron's binary is not installed");
    const apps: App[] = [];
    await use(async (options = {}) => {
      const app = await launchApp(folder, options);
      apps.push(app);
      return app;
    });
    if (testInfo.error) for (const app of apps) await testInfo.attach('electron log', { body: app.electronLog() });
    for (const app of apps) await app.kill();
  },
});

async function launchApp(folder: string, options: LaunchOptions): Promise<App> {
  const { files = [], dataFolder = path.join(folder, 'home'), env = {}, engine = 'real', publisher } = options;
  const app = engine === 'real' ? builtApp : scriptedApp(folder, publisher);
  const profile = path.join(folder, 'electron');
  mkdirSync(profile, { recursive: true });
  const launch = electronProgram === undefined ? launchUnderStandIn : launchElectron(electronProgram);
  return appOver(await launch({ app, files, profile, env: { PHASEWISE_HOME: dataFolder, ...env } }));
}

async function launchUnderStandIn({ app, files, profile, env }: Launch): Promise<Running> {
  const options = { main: mainOf(app), folder: profile, env };
  const running = await launchStandIn({ ...options, args: files });
  return {
    get page() {
      return running.page;
    },
    main: running.main,
    exitCode: running.exitCode,
    output: running.output,
    reconnect: running.reconnect,
    kill: running.kill,
    startAgain: (again) => startAgain({ ...options, args: again }),
  };
}
