import { type AppError, safetyText } from '@shared/errors.ts';
import type { FromEngine } from '@engine/protocol.ts';
import { EngineChild, type EngineExit } from '@host/engine-process.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { codeOf } from './scripted-host.ts';

/** The engine's process as its host drives it, without a process: what reaches it, what ends it, whose word counts. */

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Started {
  readonly sent: string[];
  readonly say: (message: FromEngine) => void;
  readonly exit: (exit: EngineExit) => void;
  isKilled: boolean;
}

/** @param isMortal else a process that was killed does not go. */
function setUp({ isMortal = true } = {}) {
  const started: Started[] = [];
  const died: AppError[] = [];
  const child = new EngineChild(
    () => {
      const listeners: ((message: FromEngine) => void)[] = [];
      const exits: ((exit: EngineExit) => void)[] = [];
      let ended: EngineExit | null = null;
      const process: Started = {
        sent: [],
        say: (message) => listeners.forEach((listen) => listen(message)),
        exit: (exit) => {
          ended = exit;
          for (const listen of exits.splice(0)) listen(exit);
        },
        isKilled: false,
      };
      started.push(process);
      return {
        pid: started.length,
        send: (message) => void process.sent.push('control' in message ? message.control : message.type),
        onMessage: (listener) => void listeners.push(listener),
        onExit: (listener) => void (ended ? listener(ended) : exits.push(listener)),
        kill() {
          process.isKilled = true;
          if (isMortal) process.exit(KILLED);
        },
      };
    },
    (error) => died.push(error),
  );
  const ask = (limitMs: number | null = null) => child.ask('run', {} as never, { limitMs });
  const first = () => started[0] as Started;
  return { child, started, died, ask, first };
}
const KILLED = { code: null, signal: 'SIGKILL', lastWords: '' };
const answer = (id: number): FromEngine => ({ type: 'answer', id, result: { ok: true, value: id } }) as FromEngine;
const work = (canCancel: boolean, more: object = {}): FromEngine =>
  ({ type: 'work', work: { stage: 'replacing', fraction: null, canCancel, ...more } }) as FromEngine;

describe('time', () => {
  it('is not given without end to a process that never says that it is ready', async () => {
    const { ask, first } = setUp();
    const asked = ask();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(codeOf(await asked)).toBe('E_TIMEOUT');
    expect(first().isKilled).toBe(true);
  });

  it('that is over ends the process: it must not go on where nobody listens', async () => {
    const { ask, first, died } = setUp();
    const asked = ask(5_000);
    first().say({ type: 'ready' });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(codeOf(await asked)).toBe('E_TIMEOUT');
    expect([first().isKilled, died]).toEqual([true, []]);
  });

  it.each([
    ['inspect', 'untouched'],
    ['settle', 'unknown'],
    ['verify', 'unknown'],
  ] as const)('that is over says of the data what is true of the request: %s', async (name, safety) => {
    const { child, first } = setUp();
    const asked = child.ask(name, {} as never, { limitMs: 5_000 });
    first().say({ type: 'ready' });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await asked).toMatchObject({ error: { code: 'E_TIMEOUT', safety: safetyText[safety] } });
  });

  it('to answer begins when it is asked, not when it starts', async () => {
    const { ask, first } = setUp();
    const asked = ask(5_000);
    await vi.advanceTimersByTimeAsync(20_000);
    first().say({ type: 'ready' });
    await vi.advanceTimersByTimeAsync(4_000);
    first().say(answer(1));
    expect(codeOf(await asked)).toBe('no error');
  });
});

describe('a wish', () => {
  it('that comes while the process starts reaches it, behind its request', () => {
    const { child, ask, first } = setUp();
    void ask();
    child.control('pause');
    first().say({ type: 'ready' });
    expect(first().sent).toEqual(['request', 'pause']);
  });

  it('goes to nobody else than the request that it was about', async () => {
    const { child, ask, first, started } = setUp();
    const asked = ask();
    child.control('pause');
    first().exit({ code: 9, signal: null, lastWords: '' });
    expect(codeOf(await asked)).toBe('E_WORKER_DIED');
    void ask();
    started[1]?.say({ type: 'ready' });
    expect(started[1]?.sent).toEqual(['request']);
  });

  it('to stop ends at once what was not asked anything yet, and what has no time left', async () => {
    const { child, ask, first, started } = setUp();
    const early = ask();
    expect(child.cancel()).toBe(true);
    expect(first().isKilled).toBe(true);
    expect((await early).ok).toBe(false);

    const late = ask();
    started[1]?.say({ type: 'ready' });
    child.cancel(0);
    expect(started[1]?.isKilled).toBe(true);
    expect(await late).toMatchObject({ error: { code: 'E_CANCELLED', details: { wasEnded: true } } });
    expect(await early).toMatchObject({ error: { code: 'E_CANCELLED', details: { wasEnded: false } } });
  });

  it('to stop is said once, and has its grace once', async () => {
    const { child, ask, first } = setUp();
    const asked = ask();
    first().say({ type: 'ready' });
    child.cancel(1_000);
    await vi.advanceTimersByTimeAsync(600);
    expect(child.cancel(1_000)).toBe(true);
    expect(first().sent).toEqual(['request', 'cancel']);
    await vi.advanceTimersByTimeAsync(400);
    expect([codeOf(await asked), first().isKilled]).toEqual(['E_CANCELLED', true]);
  });

  it('to stop is refused where nothing goes on, or can be stopped any more', () => {
    const { child, ask, first } = setUp();
    expect(child.cancel()).toBe(false);
    void ask();
    first().say({ type: 'ready' });
    first().say(work(false));
    expect([child.cancel(0), first().isKilled]).toEqual([false, false]);
  });
});

describe('a process that was ended', () => {
  it('is waited for until it is gone, but not for ever', async () => {
    const { child, ask, first } = setUp({ isMortal: false });
    const asked = ask();
    first().say({ type: 'ready' });
    child.cancel(0);
    let isAnswered = false;
    void asked.then(() => (isAnswered = true));
    await vi.advanceTimersByTimeAsync(900);
    expect([first().isKilled, isAnswered]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(100);
    expect(isAnswered).toBe(true);
  });

  it('is not heard any more: neither its answer nor its end is of the next one', async () => {
    const { child, ask, first, started, died } = setUp({ isMortal: false });
    const asked = ask(1_000);
    first().say({ type: 'ready' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(codeOf(await asked)).toBe('E_TIMEOUT');

    const next = ask();
    started[1]?.say({ type: 'ready' });
    first().say(answer(2));
    first().exit(KILLED);
    expect([child.isBusy, died]).toEqual([true, []]);
    started[1]?.say(answer(1)); // of the request before
    expect(child.isBusy).toBe(true);
    started[1]?.say(answer(2));
    expect(await next).toMatchObject({ ok: true, value: 2 });
  });

  it('takes along everything that waited behind it', async () => {
    const { child, ask } = setUp();
    const asked = [ask(), ask(), ask()];
    child.kill();
    expect((await Promise.all(asked)).map(codeOf)).toEqual(['E_WORKER_DIED', 'E_WORKER_DIED', 'E_WORKER_DIED']);
  });
});

it('a process that says that it cannot work is ended', async () => {
  const { ask, first } = setUp();
  const asked = ask();
  first().say({ type: 'fatal', error: { code: 'E_RUNTIME_MISMATCH' } } as FromEngine);
  expect([codeOf(await asked), first().isKilled]).toEqual(['E_RUNTIME_MISMATCH', true]);
});

it('requests are put one after the other', async () => {
  const { ask, first } = setUp();
  const asked = [ask(), ask()];
  first().say({ type: 'ready' });
  expect(first().sent).toEqual(['request']);
  first().say(answer(1));
  expect(first().sent).toEqual(['request', 'request']);
  first().say(answer(2));
  expect((await Promise.all(asked)).map(codeOf)).toEqual(['no error', 'no error']);
});
