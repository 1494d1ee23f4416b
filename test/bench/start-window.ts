import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { provideBrowser } from '../../build/browser.ts';
import { nodeBundleFile } from '../../build/layout.mjs';
import { addressOf } from './browse-window.ts';

/**
 * Opens the first screen in a browser with nothing cached, over the real browser host.
 * @returns ms from the beginning of the navigation until the first screen's buttons are drawn and can be pressed, by turn
 */
export async function measureWindow(turns: number): Promise<number[]> {
  const home = mkdtempSync(path.join(tmpdir(), 'phasewise-start-window-'));
  const host = spawn(process.execPath, [nodeBundleFile('browser-host'), '--no-open'], {
    env: { ...process.env, HOME: home, USERPROFILE: home, PHASEWISE_HOME: path.join(home, 'phasewise') },
  });
  const executablePath = process.env['CHROMIUM_PATH'] ?? (await provideBrowser(console.log));
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const address = await addressOf(host);
    const times: number[] = [];
    await once(browser, address); // the browser itself warms up
    for (let turn = 0; turn < turns; turn++) times.push(await once(browser, address));
    return times;
  } finally {
    await browser.close();
    host.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function once(browser: Browser, address: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 840 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    const look = (): void => {
      const button = document.querySelector('#main button:not([disabled])');
      if (!button) return void requestAnimationFrame(look);
      // Drawn in this frame; the next task runs when the page listens again.
      requestAnimationFrame(() => setTimeout(() => Object.assign(globalThis, { startedMs: performance.now() })));
    };
    requestAnimationFrame(look);
  });
  await page.goto(address);
  const told = await page.waitForFunction(() => (globalThis as { startedMs?: number }).startedMs);
  const milliseconds = (await told.jsonValue()) ?? NaN;
  await context.close();
  return milliseconds;
}
