import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { type LaunchedApp, launchDouble } from './double/launch.ts';

/** What the preload script gives the page. */
interface Bridge {
  call(name: string, input: unknown): Promise<{ ok: boolean; value?: unknown; error?: { code: string } }>;
  on(listener: (name: string, payload: unknown) => void): () => void;
  openDropped(file: unknown): Promise<{ ok: boolean; value?: { name: string }; error?: { code: string } }>;
}
declare const phasewise: Bridge;

const root = path.resolve(import.meta.dirname, '../..');
const realBuild = path.join(root, '.vite/build');
let folder: string;
let app: LaunchedApp;

/** Starts the app's own bundles; files follow as on a command line. */
const start = (files: string[] = [], build = realBuild): Promise<LaunchedApp> =>
  launchDouble({
    main: path.join(build, 'main.cjs'),
    args: files,
    env: { PHASEWISE_HOME: path.join(folder, 'home') },
    folder: path.join(folder, 'electron'),
  });

/** The app with an engine that only pretends: `waits.db` runs until it is told what to do. */
function scriptedBuild(): string {
  const build = path.join(folder, 'app/.vite/build');
  mkdirSync(build, { recursive: true });
  for (const name of ['main.cjs', 'preload.cjs']) copyFileSync(path.join(realBuild, name), path.join(build, name));
  cpSync(path.join(root, '.vite/renderer'), path.join(folder, 'app/.vite/renderer'), { recursive: true });
  copyFileSync(path.join(root, 'test/support/scripted-engine.cjs'), path.join(build, 'engine.cjs'));
  return build;
}

function write(name: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, 'bytes');
  return file;
}
const call = (name: string, input: object = {}) =>
  app.page.evaluate(([of, given]) => phasewise.call(of, given), [name, input] as const);

test.beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'phasewise-shell-'));
  mkdirSync(path.join(folder, 'electron'));
});
test.afterEach(async () => {
  await app.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('the window has the channels and nothing else', async () => {
  app = await start();

  expect(await app.page.evaluate(() => Object.keys(phasewise))).toEqual(['call', 'on', 'openDropped']);
  expect(await call('app:info')).toMatchObject({
    ok: true,
    value: { door: 'electron', fileChoosing: 'native', canRevealFiles: true, notice: null },
  });
  expect(await call('__proto__')).toMatchObject({ error: { code: 'E_BAD_REQUEST' } });
  expect(await call('database:status', { handle: '/etc/passwd' })).toMatchObject({
    error: { code: 'E_UNKNOWN_HANDLE' },
  });
  expect(
    await app.page.evaluate(() => [
      typeof Reflect.get(globalThis, 'require'),
      typeof Reflect.get(globalThis, 'process'),
    ]),
  ).toEqual(['undefined', 'undefined']);
});

test('the page is served under a strict policy, without a word in the console', async () => {
  app = await start();
  const said: string[] = [];
  app.page.on('console', (message) => said.push(message.text()));
  const violated = app.page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective));
        const style = document.createElement('style');
        style.textContent = 'body { display: none }';
        document.body.append(style);
      }),
  );
  expect(await violated).toMatch(/^style-src/);
  await app.page.reload();
  await expect(app.page.getByRole('heading').first()).toBeVisible();
  expect(said.filter((text) => !text.includes('style-src'))).toEqual([]);
});

test('a database of the dialog opens, a cancelled dialog opens nothing', async () => {
  app = await start();
  await app.answer({ kind: 'open', value: { canceled: false, filePaths: [write('chosen.db')] } });

  const chosen = await call('database:choose');

  expect(chosen).toMatchObject({ ok: true, value: { name: 'chosen.db' } });
  expect(JSON.stringify(chosen)).not.toContain('"path"');
  expect(await call('database:choose')).toEqual({ ok: true, value: null });
});

test('exported rows go where the dialog says, and are shown there', async () => {
  app = await start([write('given.db')], scriptedBuild());
  const [{ handle }] = ((await call('database:list')) as unknown as { value: [{ handle: string }] }).value;
  const target = path.join(folder, 'rows.csv');
  await app.answer({ kind: 'save', value: { canceled: false, filePath: target } });
  const asked = {
    handle,
    query: { table: 'runs', sort: [], filters: [], find: null },
    columns: null,
    format: 'csv',
    hasMark: false,
    revealed: [],
  };

  expect(await call('browse:export', asked)).toEqual({ ok: true, value: { path: target, rows: 7, bytes: 4 } });
  expect(await call('browse:export', asked)).toEqual({ ok: true, value: null }); // the dialog was closed
  expect(await app.asked()).toMatchObject([
    { kind: 'save', options: { defaultPath: path.join(folder, 'given runs.csv'), buttonLabel: 'Export' } },
    { kind: 'save' },
  ]);
  await call('browse:revealExport', { handle });
  expect(await app.opened()).toEqual([target]);
  expect(readFileSync(target, 'utf8')).toBe('half');
});

test('files named at the start are open, and what cannot be opened is said', async () => {
  app = await start([write('given.db'), path.join(folder, 'missing.db'), '--some-option']);

  expect(await call('database:list')).toMatchObject({ value: [{ name: 'given.db' }] });
  expect(await app.asked()).toMatchObject([{ kind: 'error', options: { title: 'There is no file there' } }]);
});

test('a dropped file opens by the path that Electron knows; a made-up one does not', async () => {
  app = await start();
  await app.paths({ 'dropped.db': write('dropped.db') });

  const dropped = await app.page.evaluate(() => phasewise.openDropped(new File([], 'dropped.db')));
  const madeUp = await app.page.evaluate(() => phasewise.openDropped(new File([], 'other.db')));

  expect(dropped).toMatchObject({ ok: true, value: { name: 'dropped.db' } });
  expect(madeUp).toMatchObject({ error: { code: 'E_NOT_A_FILE' } });
});

test('the menu opens files and asks the window to look again', async () => {
  app = await start();
  await app.page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(globalThis, { heard });
    phasewise.on((name) => heard.push(name));
  });
  const heard = () => app.page.evaluate(() => Reflect.get(globalThis, 'heard') as string[]);
  await app.answer({ kind: 'open', value: { canceled: false, filePaths: [write('menu.db')] } });

  await app.clickMenu('open');
  await expect.poll(heard).toContain('database:opened');
  await app.clickMenu('reload-data');
  await expect.poll(heard).toContain('database:changed');
});

test('a file can be shown in the file manager', async () => {
  const file = write('shown.db');
  app = await start([file]);
  const { value } = (await call('database:list')) as { value: { handle: string }[] };
  expect(await call('database:reveal', { handle: value[0]?.handle })).toMatchObject({ ok: true });
  expect(await app.opened()).toEqual([file]);
});

/** Starts a run that goes on until it is stopped. */
async function startRun(): Promise<() => Promise<unknown>> {
  app = await start([write('waits.db')], scriptedBuild());
  const { value } = (await call('database:list')) as { value: { handle: string }[] };
  const handle = value[0]?.handle;
  expect(await call('run:start', { handle, toPhase: 1, fingerprint: 'f1', confirmation: null })).toMatchObject({
    ok: true,
  });
  const state = async () => ((await call('run:get', { handle })).value as { state: string }).state;
  await expect.poll(state).toBe('migrating');
  return state;
}

test('closing during a run asks; "keep running" keeps the window and the run', async () => {
  const state = await startRun();
  await app.answer({ kind: 'message', value: { response: 2 } });

  app.process.send({ call: 0, name: 'quit', args: [] });

  await expect.poll(async () => (await app.asked()).length).toBe(1);
  expect(await app.asked()).toMatchObject([
    {
      kind: 'message',
      options: {
        defaultId: 0,
        cancelId: 2,
        buttons: ['Finish this step, then close', 'Finish everything, then close', 'Keep running'],
      },
    },
  ]);
  expect(await state()).toBe('migrating');
});

test('"finish this step, then close" stops the run at a whole step and ends the app', async () => {
  await startRun();
  await app.answer({ kind: 'message', value: { response: 0 } });

  expect(await app.end()).toBe(0);

  const journals = readdirSync(path.join(folder, 'home/runs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jsonl'),
  );
  const lines = readFileSync(path.join(folder, 'home/runs', journals[0] ?? ''), 'utf8')
    .trim()
    .split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
    type: 'ended',
    report: { ok: false, error: { code: 'E_CANCELLED' } },
  });
});

test('an engine that crashes is shown as an error, and the app goes on', async () => {
  app = await start([write('crash.db'), write('good.db')], scriptedBuild());
  const { value } = (await call('database:list')) as { value: { handle: string; name: string }[] };
  const [crash, good] = ['crash.db', 'good.db'].map((name) => value.find((entry) => entry.name === name)?.handle);
  expect(await call('database:status', { handle: crash })).toMatchObject({ error: { code: 'E_WORKER_DIED' } });
  expect(await call('database:status', { handle: good })).toMatchObject({ ok: true });
});

test('the whole upgrade of the sample runs in utility processes and is verified by a fresh one', async () => {
  app = await start();
  const { value } = (await call('database:openSample')) as { value: { handle: string } };
  const { handle } = value;
  const plan = (await call('plan:make', { handle, toPhase: 1 })) as { value: { fingerprint: string } };
  await call('run:start', { handle, toPhase: 1, fingerprint: plan.value.fingerprint, confirmation: null });

  const run = async () => (await call('run:get', { handle })).value as { state: string };
  await expect.poll(async () => (await run()).state, { timeout: 30_000 }).toBe('completed');
  expect(await run()).toMatchObject({ report: { ok: true, verified: true, backup: { verified: true } } });
});
