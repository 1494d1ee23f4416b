import { expect, type Page } from '@playwright/test';
import { addTables } from '../support/kroma/with-many-objects.ts';
import { expectDone, startUpgrade, test } from './support/app.ts';

/** The window never stands still: no task of its page takes more than this of its thread's time, ms. */
const LONGEST_MS = 100;
test.use({ trace: 'off' }); // taking pictures of the page is work of the page
test.describe.configure({ retries: 1 }); // collecting garbage may fall into one task, but not twice

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * From now on notes every task of the page's main thread. Thread time, not wall: on a busy machine a long task by the
 * clock (PerformanceObserver's longtask) says only that somebody else had the processor.
 */
async function watchTasks(page: Page): Promise<() => Promise<number[]>> {
  const browser = page.context().browser();
  await browser?.startTracing(page, { categories: ['disabled-by-default-devtools.timeline', '__metadata'] });
  return async () => {
    const text = (await browser?.stopTracing())?.toString('utf8') ?? '{}';
    const { traceEvents = [] } = JSON.parse(text) as { traceEvents?: TraceEvent[] };
    const isMain = new Set(
      traceEvents
        .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
        .map(({ pid, tid }) => `${pid} ${tid}`),
    );
    return traceEvents
      .filter(({ name, pid, tid }) => name === 'RunTask' && isMain.has(`${pid} ${tid}`))
      .map(({ tdur = 0 }) => tdur / 1000);
  };
}

function expectQuick(what: string, tasks: readonly number[]): void {
  const longest = Math.round(Math.max(0, ...tasks));
  console.log(
    `${what}: ${tasks.length} tasks, ${tasks.filter((ms) => ms > 50).length} over 50 ms, the longest ${longest} ms`,
  );
  expect(tasks.length).toBeGreaterThan(50); // the tracing itself works
  expect(tasks.filter((ms) => ms > LONGEST_MS)).toEqual([]);
}

test('the window answers while a large file is upgraded', async ({ app }) => {
  app.makeLegacy('large.db', 20_000);
  await app.open('large.db');
  await expect(app.page.getByRole('heading', { level: 1 })).toBeVisible();
  const tasks = await watchTasks(app.page);

  await startUpgrade(app);
  await expectDone(app.page);

  expectQuick('upgrade of 20,000 candidates', await tasks());
});

test('the window answers while it opens a database of thousands of objects', async ({ app }) => {
  const file = app.makeLegacy('many.db', 400);
  addTables(file, 1_500);
  const tasks = await watchTasks(app.page);

  await app.open('many.db');
  await expect(app.page.getByText('many.db').first()).toBeVisible();
  await expect(app.page.getByRole('heading', { level: 1 })).toBeVisible({ timeout: 30_000 });
  await app.goTo('Phases');
  await app.goTo('Overview');
  await app.page.waitForTimeout(300);

  expectQuick('3,000 objects', await tasks());
});
