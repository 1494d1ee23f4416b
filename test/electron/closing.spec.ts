import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type App, expect, test } from './support/fixtures.ts';

/** Leaving while something runs. */
const BUTTONS = ['Stop at the last whole step, then close', 'Finish everything, then close', 'Keep running'];
const [STOP_RUN, KEEP_RUNNING] = [0, 2];

async function startRun(app: App): Promise<() => Promise<unknown>> {
  const [{ handle }] = (await app.call('database:list')).value as [{ handle: string }];
  const asked = { handle, toPhase: 1, fingerprint: 'f1', confirmation: null };
  expect(await app.call('run:start', asked)).toMatchObject({ ok: true });
  const state = async () => ((await app.call('run:get', { handle })).value as { state: string }).state;
  await expect.poll(state).toBe('migrating');
  return state;
}

/** The last line of the only run's journal. */
function lastOfJournal(dataFolder: string): unknown {
  const runs = path.join(dataFolder, 'runs');
  const journals = readdirSync(runs, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'));
  const lines = readFileSync(path.join(runs, journals[0] ?? ''), 'utf8')
    .trim()
    .split('\n');
  return JSON.parse(lines.at(-1) ?? '') as unknown;
}

test('quitting during a run asks; it goes on, or ends at a whole step and then the app', async ({
  launchApp,
  folder,
}) => {
  const file = path.join(folder, 'waits.db');
  writeFileSync(file, 'bytes');
  const dataFolder = path.join(folder, 'home');
  const app = await launchApp({ files: [file], dataFolder, engine: 'scripted' });
  const state = await startRun(app);
  const asked = async () => (await app.asked()).filter(({ kind }) => kind === 'message');

  await test.step('"keep running" keeps the window and the run, whichever way one leaves', async () => {
    await app.answerDialog('message', { response: KEEP_RUNNING });
    await app.quit();
    await expect.poll(asked).toMatchObject([{ options: { defaultId: 0, cancelId: 2, buttons: BUTTONS } }]);
    await app.answerDialog('message', { response: KEEP_RUNNING });
    await app.closeWindow();
    await expect.poll(asked).toHaveLength(2);
    expect(await state()).toBe('migrating');
    expect(await app.windows()).toHaveLength(1);
  });

  await test.step('"stop at the last whole step" ends the run at a whole step, and the app after it', async () => {
    await app.answerDialog('message', { response: STOP_RUN });
    await app.quit();
    expect(await app.exitCode).toBe(0);
    expect(lastOfJournal(dataFolder)).toMatchObject({
      type: 'ended',
      report: { ok: false, error: { code: 'E_CANCELLED' } },
    });
  });
});

test('with nothing running, closing the window ends the app without a question', async ({ launchApp }) => {
  test.skip(process.platform === 'darwin', 'there an app stays without windows');
  const app = await launchApp({ engine: 'scripted' });
  await app.closeWindow();
  expect(await app.exitCode).toBe(0);
});
