import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { safetyText } from '@shared/errors.ts';
import type { EngineRequestName, EngineRunEvent, EngineWork, FromEngine } from '@engine/protocol.ts';
import { afterAwake } from '@host/awake-timer.ts';
import { EngineChild, type EngineExit } from '@host/engine-process.ts';
import { silenceFor } from '@host/engines.ts';
import { isUnsettled } from '@host/run-stop.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

/** What will write is ended for its silence, as long as it has changed nothing, and never for its slowness. */

const folder = temporaryFolder();
const SILENCE_MS = 60_000;

const KILLED: EngineExit = { code: null, signal: 'SIGKILL', lastWords: '' };

/** A process in this one, which says what the spec says. */
function asked(name: EngineRequestName, input: object = name === 'backup' ? {} : { asksToProceed: true }) {
  let listen: (message: FromEngine) => void = () => {};
  const exits: ((exit: EngineExit) => void)[] = [];
  const state = { isKilled: false };
  const child = new EngineChild(() => ({
    pid: 1,
    send: () => {},
    onMessage: (listener) => void (listen = listener),
    onExit: (listener) => void (state.isKilled ? listener(KILLED) : exits.push(listener)),
    kill() {
      state.isKilled = true;
      for (const exit of exits) exit(KILLED);
    },
  }));
  const answer = child.ask(name, input as never, { limitMs: Promise.resolve(null), silenceMs: SILENCE_MS });
  const say = (message: FromEngine): void => listen(message);
  say({ type: 'ready' });
  const event = (happened: object): void => say({ type: 'run', event: happened as EngineRunEvent });
  const work = (more: Partial<EngineWork>): void =>
    say({ type: 'work', work: { stage: 'proving', fraction: null, canCancel: true, ...more } });
  const after = (share: number) => vi.advanceTimersByTimeAsync(share * SILENCE_MS);
  return { child, answer, say, event, work, after, state };
}

describe('a process that is silent for too long', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each(['backup', 'run', 'restore'] as const)('in a %s is ended before it has changed anything', async (name) => {
    const { answer, after, state } = asked(name);

    await after(1);

    expect(state.isKilled).toBe(true);
    const ended = await answer;
    expect(ended).toMatchObject({
      error: { code: 'E_TIMEOUT', safety: safetyText.untouched, details: { request: name, wasEnded: true } },
    });
    expect(ended.ok ? '' : ended.error.message).toContain('went on for 60 seconds without getting any further');
    expect(!ended.ok && isUnsettled(ended.error)).toBe(true); // what it left beside the file is put right
  });

  it('is not one that is slow: each sign of life, each event and each part of a backup counts', async () => {
    const { after, state, say, event, work } = asked('run');
    const signs = [
      () => say({ type: 'sign' }),
      () => event({ type: 'state', state: 'backing-up', now: '' }),
      () => work({ fraction: 0.5 }),
    ];
    for (let round = 0; round < 30; round += 1) {
      await after(0.9);
      signs[round % 3]?.();
    }
    expect(state.isKilled).toBe(false);
    await after(1);
    expect(state.isKilled).toBe(true);
  });

  it('is never ended once it may have changed something, nor while a person has paused it', async () => {
    const run = asked('run');
    run.event({ type: 'backup', backup: { path: '/b' } });
    run.work({ asksToProceed: true });
    const restore = asked('restore');
    restore.work({ stage: 'replacing', canCancel: false, asksToProceed: true });
    const finish = asked('finishRestore', {});
    await run.after(100);
    expect([run, restore, finish].map(({ state }) => state.isKilled)).toEqual([false, false, false]);
  });

  it('is never ended while it waits for room, however often it says so, but is once it goes on and falls silent', async () => {
    const { event, after, state } = asked('run');
    for (const now of ['Waiting for free space', 'Waiting for free space', '']) {
      event({ type: 'state', state: 'paused', now });
      await after(100);
    }
    expect(state.isKilled).toBe(false);

    event({ type: 'state', state: 'backing-up', now: '' });
    await after(1);

    expect(state.isKilled).toBe(true);
  });

  it('hears a wish to stop while it waits for room, also where the engine does not', async () => {
    const { child, answer, event, after } = asked('run');
    event({ type: 'state', state: 'paused', now: 'Waiting for free space' });
    child.cancel();
    await after(1);
    expect(await answer).toMatchObject({ error: { code: 'E_CANCELLED', details: { wasEnded: true } } });
  });

  it('hears a wish to stop as before', async () => {
    const { child, answer, after } = asked('backup');
    await after(0.9);
    child.cancel(0);
    expect(await answer).toMatchObject({ error: { code: 'E_CANCELLED' } });
  });
});

it('the time in which a computer sleeps is not counted, however its clock goes on', () => {
  const set = vi.spyOn(globalThis, 'setTimeout').mockReturnValue(0 as never);
  const passes = (): void => (set.mock.lastCall?.[0] as (() => void) | undefined)?.();
  let isOver = false;
  afterAwake(SILENCE_MS, () => (isOver = true));
  // Each is as late as a night is long, and counts for what it was set to.
  for (let slept = 0; slept < 11; slept += 1) passes();
  expect([isOver, set.mock.calls.map(([, ms]) => ms)]).toEqual([false, Array.from({ length: 12 }, () => 5_000)]);
  passes();
  expect(isOver).toBe(true);
  set.mockRestore();
});

describe('how long is too long', () => {
  const large = path.join(folder, 'large.db');
  writeFileSync(large, '');
  truncateSync(large, 2e9);
  writeFileSync(`${large}-wal`, '');
  truncateSync(`${large}-wal`, 1e9);
  const other = path.join(folder, 'other.db');
  writeFileSync(other, '');
  truncateSync(other, 2e7);

  it('grows with the file, its log, and the backup that is put back', async () => {
    expect(await silenceFor('run', {}, '/nowhere.db')).toBe(600_000);
    expect(await silenceFor('backup', {}, large)).toBe(600_000 + 20 * 150_000);
    expect(await silenceFor('restore', { backupPath: large }, other)).toBe(600_000 + 20 * 101_000);
  });

  it('is for ever for what cannot be ended safely, or reads more than the database', async () => {
    for (const name of ['finishRestore', 'putBack', 'ingest', 'retryIssues', 'tidyBackups'] as const)
      expect(await silenceFor(name, {}, large)).toBeNull();
  });
});
