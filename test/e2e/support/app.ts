import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test as base, type Page } from '@playwright/test';
import { buildScaled } from '../../support/kroma/scaled.ts';
import { writeFixture } from '../../support/kroma/fixtures.ts';

/** The real browser host on a home folder of its own, and the window it serves. */
export interface App {
  readonly page: Page;
  /** Process id of the host. */
  readonly hostId: number;
  /** Ends the host at once, as a crash or a power cut would. */
  killHost(): void;
  /** Starts it again, on the same home folder, and shows its first page in the window. */
  startAgain(): Promise<void>;
  /** The folder that the file picker shows. */
  readonly projects: string;
  /** A legacy database with so many candidates. @returns its path. */
  makeLegacy(name: string, candidates: number): string;
  /** Opens a file of `projects` through the file picker, as a person does. */
  open(name: string): Promise<void>;
  /** In the picker that is open: walks from `projects` to the folder below it and uses it. */
  pickFolder(...names: string[]): Promise<void>;
  /** Goes to a page of the open database by its tab. */
  goTo(tab: 'Overview' | 'Phases' | 'Data' | 'Activity' | 'Backups'): Promise<void>;
}

export const test = base.extend<{ app: App }>({
  app: async ({ page }, use) => {
    const home = mkdtempSync(path.join(tmpdir(), 'phasewise-e2e-'));
    const projects = path.join(home, 'Projects');
    mkdirSync(projects);
    const hosts = [await startHost(home, projects)];
    const current = (): Host => hosts[hosts.length - 1] as Host;
    await page.goto(current().url);
    const restart = async (): Promise<void> => {
      hosts.push(await startHost(home, projects));
      await page.goto('about:blank'); // an address that differs in its fragment only would not be loaded again
      await page.goto(current().url);
    };
    await use(createApp(page, () => current().process.pid ?? 0, restart, projects));
    await page.close();
    await stop(current().process);
    rmSync(home, { recursive: true, force: true });
  },
});
export { expect } from '@playwright/test';

function createApp(page: Page, hostId: () => number, startAgain: () => Promise<void>, projects: string): App {
  return {
    page,
    get hostId() {
      return hostId();
    },
    killHost: () => void process.kill(hostId(), 'SIGKILL'),
    startAgain,
    projects,
    makeLegacy(name, candidates) {
      const file = path.join(projects, name);
      // Built beside and copied in: what stands in the folder is one closed file.
      const scratch = `${file}.building`;
      writeFixture(scratch, { build: (db) => buildScaled(db, { candidates }) });
      cpSync(scratch, file);
      rmSync(scratch);
      return file;
    },
    async open(name) {
      await page.getByRole('button', { name: 'Open…' }).click();
      const place = page.getByRole('option', { name: new RegExp(path.basename(projects)) });
      const file = page.getByRole('option', { name: new RegExp(`^${name.replace('.', '\\.')}`) });
      await expect(place.or(file)).toBeVisible();
      if (await place.isVisible()) await place.click(); // the picker opens where it was last
      await file.click();
    },
    async pickFolder(...names) {
      const picker = page.getByRole('dialog');
      const top = picker.getByRole('navigation', { name: 'Folders' }).getByRole('button', { name: 'Places' });
      if (await top.isEnabled()) await top.click(); // it opens where it was last
      for (const name of [path.basename(projects), ...names]) {
        await picker.getByRole('option', { name: new RegExp(`(^|/)${name} `) }).click();
        await expect(picker.getByText(`Folder: ${name}`)).toBeVisible();
      }
      await picker.getByRole('button', { name: 'Use this folder' }).click();
    },
    async goTo(tab) {
      await page.getByRole('link', { name: tab }).click();
    },
  };
}

interface Host {
  readonly url: string;
  readonly process: ChildProcess;
}

/** Ready when it has printed its address. */
function startHost(home: string, projects: string): Promise<Host> {
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = process.env;
  const child = spawn(process.execPath, [path.resolve('.vite/build/browser-host.cjs'), '--no-open', projects], {
    env: { ...env, HOME: home, USERPROFILE: home, PHASEWISE_HOME: path.join(home, 'phasewise') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer): void => {
      said += String(chunk);
      const url = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+/.exec(said)?.[0];
      if (url !== undefined) resolve({ url, process: child });
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', (code) => reject(new Error(`the browser host ended with ${code}: ${said}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  child.kill('SIGTERM'); // the second one does not wait for a run
  await ended;
}

/** From any page of a legacy database to the running upgrade. */
export async function startUpgrade({ page, goTo }: App): Promise<void> {
  await goTo('Overview');
  await page.getByRole('button', { name: /Plan the upgrade|Continue the upgrade/ }).click();
  await page.getByRole('button', { name: 'Start upgrade' }).click();
}

export async function expectDone(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Done\. All [\d,]+ rows are accounted for/, {
    timeout: 60_000,
  });
  await expect(page.getByText(/^Verified: a fresh process opened the file again/)).toBeVisible();
}
