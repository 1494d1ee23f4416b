import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { provideBrowser } from '../../build/browser.ts';
import { nodeBundleFile } from '../../build/layout.mjs';

export interface Scrolling {
  /** Of the page's main thread; 0 = none took longer than 50 ms. */
  readonly longestMs: number;
  readonly longTasks: number;
  /** CPU time of the task that took most of it: what is left of `longestMs` when the machine has nothing else to do. */
  readonly longestCpuMs: number;
  readonly rowsPassed: number;
}

const SCROLL_MS = 10_000;
/** A quick turn of the mouse wheel, ten times a second and more: about 15 rows. */
const WHEEL_PX = 420;

/** Scrolls through a table for ten seconds, in Chromium, over the real browser host and engine; the app must be built. */
export async function measureScrolling(file: string, table: string): Promise<Scrolling> {
  if (!existsSync(nodeBundleFile('browser-host'))) throw new Error('Build the app first: npm run build');
  const home = mkdtempSync(path.join(tmpdir(), 'phasewise-bench-'));
  const host = spawn(process.execPath, [nodeBundleFile('browser-host'), '--no-open', file], {
    env: { ...process.env, HOME: home, USERPROFILE: home, PHASEWISE_HOME: path.join(home, 'phasewise') },
  });
  const executablePath = process.env['CHROMIUM_PATH'] ?? (await provideBrowser(console.log));
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(await addressOf(host));
    await page.getByRole('link', { name: 'Data' }).click();
    await page.getByRole('navigation', { name: 'Tables' }).getByRole('button', { name: table }).click();
    await page.getByRole('gridcell').first().waitFor();
    await watchTasks(page);
    const stopTrace = await startTrace(browser);
    const seen = await scroll(page);
    return { ...seen, longestCpuMs: longestCpu(await stopTrace()) };
  } finally {
    await browser.close();
    host.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  }
}

async function scroll(page: Page): Promise<Omit<Scrolling, 'longestCpuMs'>> {
  const before = await firstRow(page);
  const box = await page.getByRole('grid').boundingBox();
  await page.mouse.move((box?.x ?? 0) + 200, (box?.y ?? 0) + 200);
  const until = performance.now() + SCROLL_MS;
  while (performance.now() < until) await page.mouse.wheel(0, WHEEL_PX);
  const after = await firstRow(page);
  const tasks = await longTasks(page);
  return { longestMs: Math.max(0, ...tasks), longTasks: tasks.length, rowsPassed: after - before };
}

/** Notes tasks of more than 50 ms from now on. @throws Error when it does not see one. */
async function watchTasks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(globalThis, { benchTasks: tasks });
    const note = (list: PerformanceObserverEntryList): unknown =>
      tasks.push(...list.getEntries().map(({ duration }) => duration));
    new PerformanceObserver(note).observe({ type: 'longtask' });
    setTimeout(() => {
      const until = performance.now() + 80;
      while (performance.now() < until);
    });
  });
  await page.waitForTimeout(500);
  if ((await longTasks(page)).length === 0) throw new Error('This browser does not tell of long tasks.');
}

/** Those noted since it was asked last. */
const longTasks = (page: Page): Promise<number[]> =>
  page.evaluate(() => (globalThis as unknown as { benchTasks: number[] }).benchTasks.splice(0));

/** What we read of Chromium's trace events; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** @returns stops the trace and gives its events. */
async function startTrace(browser: Browser): Promise<() => Promise<readonly TraceEvent[]>> {
  const session = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel'] },
  });
  return async () => {
    const ended = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await ended;
    return events;
  };
}

/** Of the main threads of pages, ms. The task of `watchTasks` is one of 80 ms: it ran before the trace began. */
function longestCpu(events: readonly TraceEvent[]): number {
  const main = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = events.filter(({ name, pid, tid }) => name.endsWith('RunTask') && main.has(`${pid} ${tid}`));
  return tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur / 1_000), 0);
}

/** As the status line says it: "1,201–1,260 of 10,000,000 rows". */
async function firstRow(page: Page): Promise<number> {
  const place = await page
    .getByText(/^[\d,]+–[\d,]+ of /)
    .first()
    .textContent();
  return Number(/^[\d,]+/.exec(place ?? '')?.[0].replaceAll(',', ''));
}

export function addressOf(host: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer): void => {
      said += String(chunk);
      const address = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+/.exec(said)?.[0];
      if (address !== undefined) resolve(address);
    };
    host.stdout?.on('data', listen);
    host.stderr?.on('data', listen);
    host.once('exit', (code) => reject(new Error(`the browser host ended with ${code}: ${said}`)));
  });
}
