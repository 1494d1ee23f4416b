import path from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { launchStandIn, type StandIn } from './launch.ts';

interface Host {
  invoke(channel: string, ...args: unknown[]): Promise<unknown>;
  count(upTo: number): void;
  pathOf(file: File): string;
  requireFs(): unknown;
}
declare const host: Host;
declare const counted: number[];
declare const early: Promise<unknown>;
declare const stop: () => void;

let app: StandIn;

// One app for all: each test leaves it as it was, and the last one ends it.
test.beforeAll(async () => {
  app = await launchStandIn({ main: path.join(import.meta.dirname, 'fixture/main.ts') });
});
test.afterAll(async () => {
  await app.kill();
});

test('a page loads through the custom protocol, under the policy that the app sends', async () => {
  await expect(app.page.getByRole('status')).toHaveText('host: invoke count pathOf onCount requireFs');
  expect(await app.page.evaluate(() => isSecureContext)).toBe(true);
  const violated = await app.page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective));
        const script = document.createElement('script');
        script.textContent = 'window.hacked = true';
        document.body.append(script);
      }),
  );
  expect(violated).toMatch(/^script-src/);
  expect(await app.main.privileged()).toEqual([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
});

test('the page sees what the preload script exposes and nothing of Node, Electron or the stand-in', async () => {
  const names = ['require', 'process', 'module', 'wire', 'electronForPreload', '__standInIpc', '__standInDeliver'];
  const types = await app.page.evaluate((all) => all.map((name) => typeof Reflect.get(globalThis, name)), names);
  expect(types).toEqual(names.map(() => 'undefined'));
  expect(await app.page.evaluate(() => Object.isFrozen(host))).toBe(true);
  await expect(app.page.evaluate(() => host.requireFs())).rejects.toThrow('module not found: node:fs');
});

test('values cross the bridge as structured clone would carry them', async () => {
  const values = await app.page.evaluate(async () => {
    const sent = [
      new Uint8Array([1, 2, 255]),
      10n,
      new Date(5),
      new Map([[1, { a: undefined }]]),
      Number.NaN,
      -0,
      { $: 1 },
    ];
    const back = (await host.invoke('echo', sent)) as typeof sent;
    const [bytes, big, date, map, nan, zero, dollar] = back as [
      Uint8Array,
      bigint,
      Date,
      Map<number, object>,
      number,
      number,
      object,
    ];
    return [
      bytes instanceof Uint8Array,
      [...bytes],
      big === 10n,
      date.getTime(),
      'a' in (map.get(1) ?? {}),
      Number.isNaN(nan),
      Object.is(zero, -0),
      dollar,
    ];
  });
  expect(values).toEqual([true, [1, 2, 255], true, 5, true, true, true, { $: 1 }]);
  await expect(app.page.evaluate(() => host.invoke('echo', () => 1))).rejects.toThrow(/clone/);
});

test('a call made while the page is loading is answered', async () => {
  expect(await app.page.evaluate(() => early)).toBe('while the page is loading');
});

test('a handler knows its sender, and its errors reach the page with their message', async () => {
  expect(await app.page.evaluate(() => host.invoke('sender'))).toEqual([true, 'app://fixture/index.html']);
  await expect(app.page.evaluate(() => host.invoke('fail'))).rejects.toThrow(
    "Error invoking remote method 'fail': Error: no such thing",
  );
  await expect(app.page.evaluate(() => host.invoke('nothing'))).rejects.toThrow("No handler registered for 'nothing'");
});

test('events arrive in order, until the listener is taken away', async () => {
  await app.page.evaluate(() => host.count(3));
  // The page's message and the menu reach the main process on two ways, and nothing says which one is first.
  await expect.poll(() => app.page.evaluate(() => counted)).toEqual([1, 2, 3]);
  await app.main.clickMenu('count');
  await expect.poll(() => app.page.evaluate(() => counted)).toEqual([1, 2, 3, 100]);

  await app.page.evaluate(() => stop());
  await app.main.clickMenu('count');
  await app.page.evaluate(() => host.invoke('echo', 'a round trip after the event'));

  expect(await app.page.evaluate(() => counted)).toEqual([1, 2, 3, 100]);
});

test('dialogs return what the test prepared, and are cancelled otherwise', async () => {
  await app.main.answer({ kind: 'open', value: { canceled: false, filePaths: ['/data/a.db'] } });

  expect(await app.page.evaluate(() => host.invoke('pick'))).toEqual({ canceled: false, filePaths: ['/data/a.db'] });
  expect(await app.page.evaluate(() => host.invoke('pick'))).toEqual({ canceled: true, filePaths: [] });
  const asked = (await app.main.asked()).filter(({ kind }) => kind === 'open');
  expect(asked).toEqual(Array(2).fill({ kind: 'open', options: { properties: ['openFile'] } }));
});

test('a save dialog is one of its own', async () => {
  await app.main.answer({ kind: 'save', value: { canceled: false, filePath: '/data/b.csv' } });

  expect(await app.page.evaluate(() => host.invoke('save'))).toEqual({ canceled: false, filePath: '/data/b.csv' });
  expect(await app.page.evaluate(() => host.invoke('save'))).toEqual({ canceled: true, filePath: '' });
  const asked = (await app.main.asked()).filter(({ kind }) => kind === 'save');
  expect(asked).toEqual(Array(2).fill({ kind: 'save', options: { defaultPath: '/data/a.csv' } }));
});

test('a utility process answers, and the app outlives its crash', async () => {
  expect(await app.page.evaluate(() => host.invoke('ask', 'a'))).toEqual({ heard: 'a', hasSend: false });
  await expect(app.page.evaluate(() => host.invoke('ask', 'abort'))).rejects.toThrow('worker ended with code 134');
  expect(await app.page.evaluate(() => host.invoke('ask', 'b'))).toEqual({ heard: 'b', hasSend: false });
});

test('a utility process has a pid, and can be ended, from its spawn to its exit', async () => {
  const [before, started, after] = (await app.page.evaluate(() => host.invoke('fork'))) as unknown[];
  expect([before, started, after]).toEqual([[undefined, false], [true, true], undefined]);
});

test('where V8 gives up, that is told before the exit', async () => {
  expect(await app.page.evaluate(() => host.invoke('exhaust'))).toEqual(['FatalError', 134]);
});

test('a dropped file has the path that the test gave it', async () => {
  await app.main.paths({ 'a.db': '/data/a.db' });

  expect(await app.page.evaluate(() => [host.pathOf(new File([], 'a.db')), host.pathOf(new File([], 'b.db'))])).toEqual(
    ['/data/a.db', ''],
  );
});

test('the page can go nowhere else: not away, not to a new window, not to the network', async () => {
  const here = app.page.url();
  await app.page.evaluate(() => void (location.href = 'https://example.com/'));
  await app.page.evaluate(() => void window.open('https://example.com/help'));
  await expect(app.page.evaluate(() => fetch('https://example.com/'))).rejects.toThrow();
  await expect(app.page.evaluate(() => fetch('forbidden.html'))).rejects.toThrow();

  await expect.poll(() => app.main.opened()).toEqual(['https://example.com/help']);
  expect(app.page.url()).toBe(here);
});

test('axe can look at the page', async () => {
  expect((await new AxeBuilder({ page: app.page }).analyze()).violations).toEqual([]);
});

test('quitting ends the process with code 0', async () => {
  void app.main.quit().catch(() => {}); // it may end before it answers
  expect(await app.exitCode).toBe(0);
});
