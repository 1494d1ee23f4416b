import { readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { codeOf, must, scriptedHost, until } from '../host/scripted-host.ts';

const [FIRST, FINISH_ALL, STAY] = [0, 1, 2];
const STOP = FINISH_ALL;
interface Question {
  readonly message: string;
  readonly detail: string;
  readonly buttons: readonly string[];
}
const asked: Question[] = [];
const answers: number[] = [];
const quit = vi.fn<() => void>();
let sessionEnds = (): void => {};
const heard: Record<string, (event: { preventDefault(): void }) => void> = {};
vi.mock('electron', () => ({
  app: { on: (name: string, listener: () => void) => (heard[name] = listener), quit: () => quit() },
  powerMonitor: { on: (_: string, listener: () => void) => (sessionEnds = listener) },
  dialog: {
    showMessageBox: (question: Question) => {
      asked.push(question);
      return Promise.resolve({ response: answers.shift() ?? STAY });
    },
  },
}));
const { guardClosing } = await import('../../../electron/shell/closing.ts');

const folder = temporaryFolder();
const log = { write: () => {}, failed: (_: string, cause: unknown) => expect.fail(String(cause)) };

/** An app with a run that goes on until it is told otherwise. */
async function running() {
  const { host, open } = scriptedHost(folder);
  const run = must(
    host.runs.start(open('waits'), {
      ...{ toPhase: 1, fingerprint: null, plan: null, backupFolder: folder, source: { kind: 'guess' } as const },
      isRemovalConfirmed: false,
    }),
  );
  const { handle } = run.snapshot;
  const state = () => host.runs.get(handle)?.state;
  await until(() => state() === 'migrating');
  guardClosing(host, () => null, log as never);
  const leave = (): void => heard['before-quit']?.({ preventDefault: () => {} });
  const pause = async (): Promise<void> => {
    host.runs.control(handle, 'pause');
    await until(() => state() === 'paused');
  };
  return { host, run, open, state, leave, pause };
}

beforeEach(() => {
  asked.length = 0;
  answers.length = 0;
  quit.mockClear();
});

it('a paused upgrade is named, and can be stopped so that the program closes', async () => {
  const { host, run, leave, pause } = await running();
  await pause();
  answers.push(FIRST);
  leave();
  await vi.waitFor(() => expect(quit).toHaveBeenCalledOnce());
  expect(asked).toMatchObject([
    { message: 'The upgrade of waits.db is paused.', buttons: ['Stop here, then close', 'Keep it open'] },
  ]);
  expect((await run.done).state).toBe('cancelled');
  host.close();
});

it('an upgrade that is paused while the program waits for its end is asked about', async () => {
  const { host, run, state, leave, pause } = await running();
  answers.push(FINISH_ALL, 1);
  leave();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await pause();
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  expect(asked[1]?.message).toBe('The upgrade of waits.db is paused.');
  expect([state(), quit.mock.calls.length]).toEqual(['paused', 0]); // it was to be kept open

  host.runs.control(run.snapshot.handle, 'cancel');
  await run.done;
  expect(quit).not.toHaveBeenCalled();
  host.close();
});

it('who closes once more is asked once more, and the last answer counts', async () => {
  const { host, run, leave } = await running();
  answers.push(FINISH_ALL, FIRST);
  leave();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await new Promise((resolve) => setImmediate(resolve));
  leave();
  await vi.waitFor(() => expect(quit).toHaveBeenCalledOnce());
  expect(asked).toHaveLength(2);
  expect(asked[0]?.message).toBe('The upgrade of waits.db is still running.');
  expect(asked[0]?.detail).toMatch(/^Your data is safe: /);
  expect(asked[1]?.buttons[FIRST]).toBe('Stop at the last whole step, then close'); // a long step is not finished
  expect((await run.done).state).toBe('cancelled');
  host.close();
});

it('who waits in vain for what hangs is asked once more, and can stop it', async () => {
  const { host, client, open } = scriptedHost(folder);
  guardClosing(host, () => null, log as never);
  const leave = (): void => heard['before-quit']?.({ preventDefault: () => {} });
  const backup = client.call('backup:create', { handle: open('long').handle }); // never ends by itself
  await until(() => host.busy.any());
  for (const [at, answer] of [FIRST, STAY, FIRST, FIRST, STOP].entries()) {
    answers.push(answer);
    leave();
    await vi.waitFor(() => expect(asked).toHaveLength(at + 1));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(() => expect(quit).toHaveBeenCalledOnce());
  expect(asked.map(({ buttons }) => buttons[STOP])).toEqual([
    'Finish everything, then close',
    'Stop what can be stopped, then close',
    'Finish everything, then close', // it was kept open in between
    'Stop what can be stopped, then close',
    'Stop what can be stopped, then close',
  ]);
  expect(asked.slice(0, 2).map(({ message }) => message)).toEqual([
    'A backup of long.db is still being made.',
    'An upgrade is still being stopped, or a backup, a restore or a deletion of backups is being finished.',
  ]);
  expect(codeOf(await backup)).toBe('E_CANCELLED');
  host.close();
});

it('"keep running" takes back what was said before', async () => {
  const { host, run, leave } = await running();
  answers.push(FINISH_ALL, STAY);
  leave();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await new Promise((resolve) => setImmediate(resolve));
  leave();
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  host.runs.control(run.snapshot.handle, 'cancel');
  await run.done;
  await host.busy.free();
  expect(quit).not.toHaveBeenCalled();
  host.close();
});

describe('rows that are written to a file', () => {
  const [FINISH, END] = [0, 1];
  async function writing() {
    const house = scriptedHost(folder);
    guardClosing(house.host, () => null, log as never);
    const held = vi.fn<() => void>();
    const leave = (): void => heard['before-quit']?.({ preventDefault: held });
    const work = house.client.call('issues:export', { handle: house.open('exports').handle, format: 'csv' }); // endless
    await until(() => readdirSync(house.home).some((name) => name.endsWith('.part')));
    return { ...house, held, leave, work };
  }

  it('are not ended without a question, which says what is lost and what is not', async () => {
    const { host, home, held, leave, work } = await writing();
    answers.push(STAY);
    leave();
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    expect([held.mock.calls.length, quit.mock.calls.length]).toEqual([1, 0]);
    expect(asked[0]).toMatchObject({
      message: 'Rows are still being written to a file.',
      detail:
        'If that is ended now, the file is not finished and is removed. The database is only read, and not touched.',
      buttons: ['Finish the file, then close', 'End the export, then close', 'Keep it open'],
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([quit.mock.calls.length, host.exports.isWriting()]).toEqual([0, true]);

    answers.push(FINISH);
    leave();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([quit.mock.calls.length, host.exports.isWriting()]).toEqual([0, true]);

    answers.push(END); // waited for long enough
    leave();
    await vi.waitFor(() => expect(quit).toHaveBeenCalledOnce());
    expect(codeOf(await work)).toBe('E_CANCELLED');
    expect(readdirSync(home)).toEqual(['exports.db']);
    host.close();
  });

  it('are named beside an upgrade that is asked about', async () => {
    const { host, run, open, leave } = await running();
    const work = host.exports.startIssues(open('exports'), 'csv', path.join(open('exports').folder, 'rows.csv'));
    answers.push(FIRST);
    leave();
    await vi.waitFor(() => expect(quit).toHaveBeenCalledOnce());
    expect(asked[0]?.detail).toMatch(
      /Rows are being written to a file as well: stopping ends that, and removes the file/,
    );
    expect([codeOf(await work), (await run.done).state]).toEqual(['E_CANCELLED', 'cancelled']);
    host.close();
  });

  it('are ended without a question when the session ends', async () => {
    const { host, home, held, leave } = await writing();
    sessionEnds();
    await vi.waitFor(() => expect(quit).toHaveBeenCalledOnce());
    leave();
    expect([asked.length, held.mock.calls.length, readdirSync(home)]).toEqual([0, 0, ['exports.db']]);
    host.close();
  });
});
