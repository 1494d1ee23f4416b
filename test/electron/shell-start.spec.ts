import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { launchStandIn } from '../electron-standin/launch.ts';
import { mainOf, scriptedApp } from './support/builds.ts';
import { type App, expect, isRealElectron, test } from './support/fixtures.ts';

/** Starting where things are not as they should be, and leaving when the system wants to. */
const write = (folder: string, name: string, text = 'bytes'): string => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};
const logOf = (folder: string): string => readFileSync(path.join(folder, 'electron/logs/phasewise.log'), 'utf8');

async function startRun(app: App): Promise<void> {
  const [{ handle }] = (await app.call('database:list')).value as [{ handle: string }];
  const asked = { handle, toPhase: 1, fingerprint: 'f1', confirmation: null };
  expect(await app.call('run:start', asked)).toMatchObject({ ok: true });
  const state = async () => ((await app.call('run:get', { handle })).value as { state: string }).state;
  await expect.poll(state).toBe('migrating');
}

test('files of its own that are broken do not keep it from starting; the log tells what happened', async ({
  launchApp,
  folder,
}) => {
  const dataFolder = path.join(folder, 'home');
  mkdirSync(dataFolder);
  for (const name of ['settings.json', 'recents.json', 'window.json', 'start.json']) write(dataFolder, name, '{"a":');
  const app = await launchApp({ files: [write(folder, 'waits.db')], dataFolder, engine: 'scripted' });

  expect(await app.call('settings:get')).toEqual({ ok: true, value: { colorScheme: 'auto' } });
  expect(await app.windows()).toMatchObject([{ visible: true }]);
  expect(await app.asked()).toEqual([]);

  const kinds = async () => (await app.asked()).map(({ kind }) => kind);
  await test.step('a window that hangs may be waited for, or opened again', async () => {
    await app.holdDialog('message');
    await app.hang(true);
    await expect
      .poll(() => app.asked())
      .toMatchObject([
        { kind: 'message', options: { message: 'The window does not answer.', defaultId: 0, cancelId: 0 } },
      ]);
    await app.hang(false);
    await expect.poll(kinds, 'it answers again: the question is taken back').toEqual(['message', 'taken-back']);

    await app.inWindow('window.isFirstPage = true');
    await app.answerDialog('message', { response: 1 });
    await app.hang(true);
    const isNewPage = () =>
      app.inWindow(`window.isFirstPage === undefined && 'phasewise' in window`).catch(() => false);
    await expect.poll(isNewPage).toBe(true);
    await app.reconnect();
  });

  await test.step('a fault of ours is told once and written down, without what it speaks of', async () => {
    for (const _ of [1, 2]) await app.main.fault(`row "swordfish" of ${folder}/x.db`);
    await expect.poll(kinds).toEqual(['message', 'taken-back', 'message', 'message']);
    expect((await app.asked())[3]).toMatchObject({
      options: { message: 'Something unexpected happened inside Phasewise.' },
    });
    expect(await app.call('settings:get')).toMatchObject({ ok: true });
    expect(logOf(folder)).toMatch(/ unhandled-rejection error=Error words="row \\"…\\" of …" /);
    expect(logOf(folder)).not.toContain('swordfish');
  });

  await test.step('a shutdown asks nobody: the step is finished, then the app ends', async () => {
    await startRun(app);
    expect(await app.main.sessionEnds('window')).toBe(true);
    expect(await app.exitCode).toBe(0);
    const runs = path.join(dataFolder, 'runs');
    const [journal = ''] = readdirSync(runs, { recursive: true, encoding: 'utf8' }).filter((it) =>
      it.endsWith('.jsonl'),
    );
    const last = readFileSync(path.join(runs, journal), 'utf8').trim().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ type: 'ended', report: { error: { code: 'E_CANCELLED' } } });
  });

  const events = logOf(folder)
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[1]);
  expect(events).toEqual([
    ...['started', 'window-hangs', 'window-hangs', 'window-gone', 'unhandled-rejection', 'unhandled-rejection'],
    ...['work-begun', 'session-ends', 'run-ended', 'quit'],
  ]);
  expect(logOf(folder)).toMatch(/ started version=0\.1\.0 platform=\w+ arch=\w+ /);
  expect(logOf(folder)).not.toContain('waits');
  expect(logOf(folder)).not.toContain(os.homedir());
});

test('a data folder that cannot be written lets one look; what would write says why not', async ({
  launchApp,
  folder,
}) => {
  const dataFolder = path.join(write(folder, 'a-file'), 'home');
  const app = await launchApp({ files: [write(folder, 'waits.db')], dataFolder, engine: 'scripted' });
  const [{ handle }] = (await app.call('database:list')).value as [{ handle: string }];

  expect(await app.call('database:status', { handle })).toMatchObject({ ok: true });
  const asked = { handle, toPhase: 1, fingerprint: 'f1', confirmation: null };
  expect(await app.call('run:start', asked)).toMatchObject({ error: { code: 'E_DATA_FOLDER' } });
  await app.quit();
  expect(await app.exitCode).toBe(0);
});

test('an installation with a part missing says so in words, and ends', async ({ folder }) => {
  test.skip(isRealElectron, 'its error box waits for a person');
  const app = scriptedApp(folder);
  rmSync(path.join(app, '.vite/build/engine.cjs'));
  const started = launchStandIn({ main: mainOf(app), folder: path.join(folder, 'electron') });
  await expect(started).rejects.toThrow(
    /ended with code 1[^]*Phasewise cannot start: Phasewise is not installed correctly[^]*engine\.cjs[^]*Install it again/,
  );
  expect(logOf(folder)).toMatch(/ not-started code=E_RUNTIME_MISMATCH /);
});
