import { beforeEach, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { codeOf, must, scriptedHost, until } from '../host/scripted-host.ts';

const [FIRST, FINISH_ALL, STAY] = [0, 1, 2];
const STOP = FINISH_ALL;
interface Question {
  readonly message: string;
  readonly buttons: readonly string[];
}
const asked: Question[] = [];
const answers: number[] = [];
const quit = vi.fn<() => void>();
const heard: Record<string, (event: { preventDefault(): void }) => void> = {};
vi.mock('electron', () => ({
  app: { on: (name: string, listener: () => void) => (heard[name] = listener), quit: () => quit() },
  powerMonitor: { on: () => {} },
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
  return { host, run, state, leave, pause };
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
