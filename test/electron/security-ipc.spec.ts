import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { channels } from '../../electron/shared/channels.ts';
import { IPC } from '../../electron/shared/ipc.ts';
import { type App, expect, type Launcher, openLauncher, test } from './support/fixtures.ts';

/** Who may call, with what, and what comes back. The calls are real ones, or forged where Electron hands them over. */
const NAMES = Object.keys(channels);
const OF_THE_BROWSER = ['files:list', 'database:openFile', 'source:use', 'ingest:use'];
const refused = { ok: false, error: { code: 'E_BAD_REQUEST' } };

let files: string;
let launcher: Launcher;
let app: App;
test.beforeAll(async () => {
  launcher = openLauncher();
  files = mkdtempSync(path.join(tmpdir(), 'phasewise-ipc-'));
  const file = path.join(files, 'given.db');
  writeFileSync(file, 'bytes');
  app = await launcher.launch({ engine: 'scripted', files: [file] });
});
test.afterAll(async () => {
  await launcher.close();
  rmSync(files, { recursive: true, force: true });
});

test('a call from the page is answered; from a sub-frame, another origin or a frame that is gone, refused', async () => {
  expect(await app.main.callFrom('page', IPC.call, ['app:info', {}])).toMatchObject({ ok: true });
  for (const sender of ['sub-frame', 'other-origin', 'no-frame', 'disposed-frame'] as const) {
    expect(await app.main.callFrom(sender, IPC.call, ['app:info', {}]), sender).toMatchObject(refused);
    expect(await app.main.callFrom(sender, IPC.openDropped, ['/etc/passwd']), sender).toMatchObject(refused);
  }
});

test('another window of the same origin, with the same preload script, may call nothing and hears nothing', async () => {
  const listens = `window.heard = []; phasewise.on((name) => heard.push(name));`;
  await app.inWindow(`${listens} 0`);
  const other = app.main.otherWindow(`(async () => {
    ${listens}
    const answers = [];
    for (const name of ${JSON.stringify(NAMES)}) answers.push(await phasewise.call(name, {}));
    answers.push(await phasewise.openDropped(new File(['x'], 'x.db')));
    await new Promise((resolve) => setTimeout(resolve, 300)); // something is told meanwhile
    return { answers, heard };
  })()`) as Promise<{ answers: unknown[]; heard: string[] }>;
  const later = path.join(files, 'later.db');
  writeFileSync(later, 'bytes');
  await expect.poll(async () => (await app.windows())[1]?.url).toMatch(/^app:/);
  await expect
    .poll(async () => {
      await app.openFile(later);
      return app.inWindow('heard');
    })
    .toContain('database:opened');

  const said = await other;
  expect(said.answers).toHaveLength(NAMES.length + 1);
  for (const answer of said.answers) expect(answer).toMatchObject(refused);
  expect(said.heard).toEqual([]);
});

test('a window may use only the channels that its kind was given', async () => {
  for (const name of OF_THE_BROWSER) {
    const answer = await app.call(name, { token: 't' });
    expect(answer, name).toMatchObject(refused);
    expect(JSON.stringify(answer), name).toContain('This window has no call of that name.');
  }
  for (const name of ['nothing', '__proto__', 'constructor', 'toString', 'channels:call', 'app:info ', ''])
    expect(await app.call(name), name).toMatchObject(refused);
});

test('every channel refuses every wrong shape with a value, and none of them throws', async () => {
  const answers = await app.page.evaluate(async (names) => {
    const { call } = Reflect.get(globalThis, 'phasewise') as { call(...given: unknown[]): Promise<unknown> };
    const polluted = JSON.parse('{"__proto__": {"handle": "x"}, "constructor": 1, "surprise": true}') as unknown;
    const odd = [undefined, null, 0, 10n, Number.NaN, 'text', true, [], [[]], new Date(), new Map([['handle', 'x']])];
    const shapes = [
      ...odd,
      new Uint8Array(8),
      polluted,
      { handle: null },
      { handle: { toString: 1 } },
      { surprise: 1 },
    ];
    const wrong: unknown[] = [];
    for (const name of names)
      for (const shape of shapes) {
        const answer = (await call(name, shape).catch(String)) as { ok?: boolean; error?: { code: string } };
        if (answer.ok !== false || answer.error?.code !== 'E_BAD_REQUEST') wrong.push([name, String(shape), answer]);
      }
    for (const name of [undefined, null, 7, {}, ['app:info'], { toString: 1 }]) {
      const answer = (await call(name, {}).catch(String)) as { error?: { code: string } };
      if (answer.error?.code !== 'E_BAD_REQUEST') wrong.push([name, answer]);
    }
    return wrong;
  }, NAMES);
  expect(answers).toEqual([]);
  expect(await app.inWindow(`({}).handle === undefined`)).toBe(true);
  expect(await app.call('app:info')).toMatchObject({ ok: true });
});

test('a huge payload is refused in a short answer, and the app goes on', async () => {
  const facts = await app.page.evaluate(async () => {
    const { call } = Reflect.get(globalThis, 'phasewise') as { call(...given: unknown[]): Promise<unknown> };
    const long = 'x'.repeat(5_000_000);
    let deep: unknown = {};
    for (let level = 0; level < 400; level++) deep = { deep };
    const huge = [
      [long, {}],
      ['database:status', { handle: long }],
      ['database:status', Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`k${at}`, at]))],
      ['app:info', deep],
      ['ingest:use', { handle: 'x', tokens: Array.from({ length: 100_000 }, () => 't') }],
    ];
    const answers = [];
    for (const [name, input] of huge) answers.push(await call(name, input));
    return answers.map((answer) => [(answer as { error: { code: string } }).error.code, JSON.stringify(answer).length]);
  });
  for (const [code, length] of facts) {
    expect(code).toBe('E_BAD_REQUEST');
    expect(length).toBeLessThan(2_000);
  }
  expect(await app.call('app:info')).toMatchObject({ ok: true });
});

test('what cannot be copied never leaves the page, and the bridge still answers with a value or a clone error', async () => {
  const outcome = await app.page.evaluate(async () => {
    const { call } = Reflect.get(globalThis, 'phasewise') as { call(...given: unknown[]): Promise<unknown> };
    const tries = [{ handle: () => 1 }, { handle: Symbol('x') }, { handle: document.body }];
    const ends = [];
    for (const input of tries) {
      try {
        ends.push((await call('database:status', input)) as { ok: boolean });
      } catch (error) {
        ends.push(String(error));
      }
    }
    return ends.map((end) => (typeof end === 'string' ? /clone|prototype/i.test(end) : end.ok === false));
  });
  expect(outcome).toEqual([true, true, true]);
});

test('what comes back is plain JSON: no class, no function, nothing that a copy as text would lose', async () => {
  const impure = await app.page.evaluate(async () => {
    const { call } = Reflect.get(globalThis, 'phasewise') as { call(...given: unknown[]): Promise<unknown> };
    const listed = (await call('database:list', {})) as { value: { handle: string }[] };
    const handle = listed.value[0]?.handle;
    const asked: [string, unknown][] = [
      ...['app:info', 'app:about', 'settings:get', 'recents:list', 'database:list', 'recovery:list'].map(
        (name): [string, unknown] => [name, {}],
      ),
      ...['database:status', 'run:get', 'run:history', 'backup:list', 'recovery:get', 'database:close'].map(
        (name): [string, unknown] => [name, { handle }],
      ),
      ['plan:make', { handle, toPhase: 1 }],
    ];
    const isPlain = (value: unknown): boolean => {
      if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
      if (typeof value === 'number') return Number.isFinite(value);
      if (typeof value !== 'object') return false;
      if (Array.isArray(value)) return value.every(isPlain);
      return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
    };
    const bad = [];
    for (const [name, input] of asked) {
      const answer = await call(name, input);
      if (!isPlain(answer)) bad.push([name, answer]);
    }
    return bad;
  });
  expect(impure).toEqual([]);
});
