import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type App, expect, test } from './support/fixtures.ts';

/** What breaks beside the main process is shown, and the app goes on. */
const write = (folder: string, name: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, 'bytes');
  return file;
};

async function handlesOf(app: App): Promise<Record<string, string>> {
  const listed = (await app.call('database:list')).value as { name: string; handle: string }[];
  return Object.fromEntries(listed.map(({ name, handle }) => [name, handle]));
}

/** A run that goes on until it is stopped. */
async function startRun(app: App, handle: string | undefined): Promise<void> {
  const asked = { handle, toPhase: 1, fingerprint: 'f1', confirmation: null };
  expect(await app.call('run:start', asked)).toMatchObject({ ok: true });
  await expect.poll(() => stateOf(app, handle)).toBe('migrating');
}
const stateOf = (app: App, handle: string | undefined): Promise<unknown> =>
  app.inWindow(`phasewise.call('run:get', { handle: '${handle}' }).then(({ value }) => value.state)`);

test('an engine that crashes is shown as an error, and the app goes on', async ({ launchApp, folder }) => {
  const files = ['crash.db', 'waits.db', 'good.db'].map((name) => write(folder, name));
  const app = await launchApp({ files, engine: 'scripted' });
  const handles = await handlesOf(app);

  await test.step('one that dies of the file itself', async () => {
    const status = await app.call('database:status', { handle: handles['crash.db'] });
    expect(status).toMatchObject({ error: { code: 'E_WORKER_DIED' } });
  });

  await test.step('one that is killed in the middle of a run', async () => {
    await startRun(app, handles['waits.db']);
    await app.crashEngines();
    await expect.poll(() => stateOf(app, handles['waits.db'])).toBe('failed');
    expect(await app.call('run:get', { handle: handles['waits.db'] })).toMatchObject({
      value: { error: { code: 'E_WORKER_DIED' } },
    });
  });

  await test.step('other files open as if nothing had happened', async () => {
    expect(await app.call('database:status', { handle: handles['good.db'] })).toMatchObject({ ok: true });
    expect(await app.windows()).toHaveLength(1);
  });
});

test('a window whose page crashes comes back, and the run behind it never stopped', async ({ launchApp, folder }) => {
  const app = await launchApp({ files: [write(folder, 'waits.db')], engine: 'scripted' });
  const handle = (await handlesOf(app))['waits.db'];
  await startRun(app, handle);
  await app.inWindow(`window.isFirstPage = true`);

  await app.crashRenderer();

  const isNewPage = () => app.inWindow(`window.isFirstPage === undefined && 'phasewise' in window`).catch(() => false);
  await expect.poll(isNewPage).toBe(true);
  expect(await stateOf(app, handle)).toBe('migrating');
  expect(await app.windows()).toMatchObject([{ visible: true, url: expect.stringMatching(/^app:\/\/phasewise\//) }]);
  await expect
    .poll(() => app.inWindow(`document.body.innerText`), 'what happened is said')
    .toMatch(/stopped working and was opened again/);

  await test.step('at the second crash the person is asked', async () => {
    await app.holdDialog('message');
    await app.crashRenderer();
    await expect.poll(async () => (await app.asked()).map(({ kind }) => kind)).toEqual(['message']);
  });
});
