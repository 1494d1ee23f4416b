// `npm run docs:pictures`: takes the pictures of docs/user-guide.md anew, of the built app, in Chromium, over the
// sample database. Needs Linux, where the processes of an engine can be found and held for a picture.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium, type Page, type WebSocketRoute } from 'playwright-core';
import { provideBrowser } from './browser.ts';
import { masked, pretended } from './docs-mask.ts';
import { takePictures } from './docs-pictures-story.ts';
import { withPalette } from './docs-png.ts';
import { nodeBundleFile, root } from './layout.mjs';

/** The app that is pictured, and what the story may do with it. */
export interface Stage {
  readonly page: Page;
  /** Takes the window's picture as it is now. */
  take(name: string): Promise<void>;
  /** Calls `act` at the first message of the host that fits, before the window sees it. */
  when(fits: (message: string) => boolean, act: () => void): void;
  /** Holds the engines where they are, or lets them go on. */
  hold(isHeld: boolean): void;
  /** Ends host and engines as a power cut would, and starts the host again. */
  cutPower(): Promise<void>;
}

/** A guide with a dozen pictures should load at once. */
const MOST_BYTES = 60 * 1_024;

const folder = path.join(root, 'docs/pictures');
const home = mkdtempSync(path.join(tmpdir(), 'phasewise-pictures-'));
const masking = { home, since: new Date(Date.now() - 60_000).toISOString() };
let host = await startHost();
const listeners: { fits: (message: string) => boolean; act: () => void }[] = [];

const browser = await chromium.launch({
  executablePath: await provideBrowser((line) => console.error(line)),
  args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb', '--font-render-hinting=none'],
});
const context = await browser.newContext({
  viewport: { width: 1280, height: 800 },
  locale: 'en-US',
  timezoneId: 'UTC',
  colorScheme: 'light',
  reducedMotion: 'reduce',
});
const page = await context.newPage();
await page.clock.setFixedTime(new Date(Date.parse(pretended.time) + 3_000));
await page.routeWebSocket(/\/channels/, maskMessages);
mkdirSync(folder, { recursive: true });
try {
  await page.goto(host.url);
  await takePictures(stage());
} finally {
  await browser.close();
  end(host.process);
  rmSync(home, { recursive: true, force: true });
}

function stage(): Stage {
  return {
    page,
    async take(name) {
      await page.mouse.move(0, 0); // no tooltip in the picture
      await page.evaluate(() => document.fonts.ready);
      const screen = await page.screenshot({ animations: 'disabled', caret: 'hide' });
      const png = [256, 192, 128, 96, 64, 48, 32].reduce(
        (smallest, colours) => (smallest.length <= MOST_BYTES ? smallest : withPalette(screen, colours)),
        screen,
      );
      writeFileSync(path.join(folder, `${name}.png`), png);
      console.log(`${name}: ${Math.round(png.length / 1_024)} KB`);
    },
    when: (fits, act) => void listeners.push({ fits, act }),
    hold: (isHeld) => enginesOf(host.process).forEach((id) => process.kill(id, isHeld ? 'SIGSTOP' : 'SIGCONT')),
    async cutPower() {
      const engines = enginesOf(host.process);
      host.process.kill('SIGKILL');
      for (const id of engines) process.kill(id, 'SIGKILL');
      await wait(500);
      host = await startHost();
      await page.goto('about:blank'); // an address that differs in its fragment only would not be loaded again
      await page.goto(host.url);
    },
  };
}

function maskMessages(socket: WebSocketRoute): void {
  const server = socket.connectToServer();
  socket.onMessage((message) => server.send(message));
  server.onMessage((message) => {
    const text = String(message);
    const at = listeners.findIndex(({ fits }) => fits(text));
    if (at !== -1) listeners.splice(at, 1)[0]?.act();
    socket.send(masked(text, masking));
  });
}

function startHost(): Promise<{ url: string; process: ChildProcess }> {
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = process.env;
  const child = spawn(process.execPath, [nodeBundleFile('browser-host'), '--no-open', home], {
    env: { ...env, HOME: home, USERPROFILE: home, TZ: 'UTC', PHASEWISE_HOME: path.join(home, '.local/phasewise') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += String(chunk);
      const url = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+/.exec(said)?.[0];
      if (url !== undefined) resolve({ url, process: child });
    });
    child.once('exit', (code) => reject(new Error(`The browser host ended with ${code}: ${said}`)));
  });
}

/** Child processes of a host that run the engine. */
function enginesOf({ pid }: ChildProcess): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.filter((id) => readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('engine.cjs'));
}

function end(child: ChildProcess): void {
  child.kill('SIGTERM');
  child.kill('SIGTERM'); // the second one does not wait for a run
}
