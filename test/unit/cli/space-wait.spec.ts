import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type AppError, appError } from '@shared/errors.ts';
import type { RunSnapshot } from '@shared/run.ts';
import { createEventBus } from '@host/events.ts';
import type { Host } from '@host/host.ts';
import { firstSnapshot } from '@host/run-snapshot.ts';
import { must, scriptedHost } from '../host/scripted-host.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { waitForSpace } from '../../../electron/cli/space-wait.ts';

const folder = temporaryFolder();
const MINUTE = 60_000;
const lack = appError('E_NO_SPACE', 'To go on, the disk needs 9 MB free; it has 1 MB.');
let stderr = '';

beforeEach(() => {
  vi.useFakeTimers();
  stderr = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** An upgrade that is somewhere in its rows, and what the command line asks of it. */
function watched() {
  const events = createEventBus();
  const asked: string[] = [];
  const control = (_handle: string, wish: string) => void asked.push(wish);
  const host = { events, runs: { control } } as unknown as Pick<Host, 'events' | 'runs'>;
  const start = { runId: 'r', handle: 'h', fromPhase: null, toPhase: 1, startedAt: '' };
  let now: RunSnapshot = { ...firstSnapshot(start), state: 'migrating' };
  const change = (to: Partial<RunSnapshot>): void => {
    now = { ...now, ...to };
    events.emit('run:changed', now);
  };
  const waiting = waitForSpace(host, 'h', { giveUpMs: 10 * MINUTE });
  return {
    asked,
    waiting,
    announced: () => stderr.match(/Waiting for free space/g)?.length ?? 0,
    paused: (attention: AppError | null = lack) => change({ state: 'paused', attention }),
    goesOn: () => change({ state: 'migrating', attention: null }),
    rows: (rowsDone: number) =>
      change({ steps: [step({ rowsDone })], progress: { ...{ rowsDone, rowsTotal: 500 }, ...noRate } }),
    backedUp: () => change({ state: 'migrating', attention: null, backup: { id: 'b' } as RunSnapshot['backup'] }),
    applied: () => change({ steps: [step({ state: 'applied', rowsDone: 0 })], progress: null }),
  };
}

const noRate = { rowsPerSecond: null, etaSeconds: null };
const step = (more: Partial<RunSnapshot['steps'][number]>): RunSnapshot['steps'][number] => ({
  ...{ migrationId: 'm1', title: 'm1', phase: 1, state: 'running', ms: null },
  ...{ rowsDone: 0, rowsTotal: 500, issueRows: 0, ...more },
});

it('an upgrade that waits for space inside a backfill is told of once, and left alone until it goes on by itself', () => {
  const run = watched();
  run.rows(200);

  for (let tries = 0; tries < 50; tries += 1) {
    run.paused();
    vi.advanceTimersByTime(5_000);
    run.goesOn(); // a try that finds the disk as full as before
  }

  expect([run.announced(), run.asked]).toEqual([1, []]);
  expect(stderr).toContain(`up to 10 minutes. ${lack.message}`);
  expect(run.waiting.end()).toBeNull();
});

it('and is stopped after ten minutes of waiting in which no row and no step was added', () => {
  const run = watched();
  run.rows(200);

  for (let minute = 0; minute < 9; minute += 1) {
    run.paused();
    vi.advanceTimersByTime(MINUTE);
    run.goesOn();
  }
  expect(run.asked).toEqual([]);
  run.paused();
  vi.advanceTimersByTime(MINUTE);

  expect([run.announced(), run.asked]).toEqual([1, ['cancel']]);
  expect(run.waiting.end()).toEqual({
    ...lack,
    message: `It was stopped after 10 minutes without enough room. ${lack.message}`,
    nextStep: 'Free some space, then start again.',
  });
});

it.each([
  ['a row', (run: ReturnType<typeof watched>) => run.rows(201)],
  ['a step without rows', (run: ReturnType<typeof watched>) => run.applied()],
  ['a backup', (run: ReturnType<typeof watched>) => run.backedUp()],
])('a want of space after %s was added is another one: told again, with all of its time', (_what, getOn) => {
  const run = watched();
  run.paused();
  vi.advanceTimersByTime(9 * MINUTE);
  run.goesOn();
  getOn(run);

  run.paused();
  vi.advanceTimersByTime(9 * MINUTE);

  expect([run.announced(), run.asked]).toEqual([2, []]);
  vi.advanceTimersByTime(MINUTE);
  expect(run.asked).toEqual(['cancel']);
});

it('the time that a step is tried again in is no waiting', () => {
  const run = watched();
  run.paused();
  vi.advanceTimersByTime(MINUTE);
  run.goesOn();
  vi.advanceTimersByTime(20 * MINUTE); // one long statement, taken back in the end

  run.paused();
  vi.advanceTimersByTime(8 * MINUTE);

  expect([run.announced(), run.asked]).toEqual([1, []]);
});

it('an upgrade that somebody stopped is not given up by the command line as well', () => {
  const run = watched();
  run.paused();
  run.paused(null);
  vi.advanceTimersByTime(30 * MINUTE);

  expect([run.asked, run.waiting.end()]).toEqual([[], null]);
});

it('a run that is given up ends at its whole step, and what was lacking is told', async () => {
  vi.useRealTimers();
  const { host, home, open } = scriptedHost(folder);
  const database = open('full');
  const waiting = waitForSpace(host, database.handle, { giveUpMs: 300 });

  const request = { toPhase: 1, fingerprint: 'f1', plan: null, backupFolder: home, isRemovalConfirmed: false };
  const run = await must(host.runs.start(database, { ...request, source: { kind: 'none' } })).done;

  expect([run.state, run.error?.code, run.steps[0]?.state]).toEqual(['cancelled', 'E_CANCELLED', 'applied']);
  expect(waiting.end()?.code).toBe('E_NO_SPACE');
  host.close();
});
