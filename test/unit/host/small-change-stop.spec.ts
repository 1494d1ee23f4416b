import { safetyText } from '@shared/errors.ts';
import { EngineChild, type EngineExit, type EngineProcess } from '@host/engine-process.ts';
import type { EngineWork, FromEngine, ToEngine } from '@engine/protocol.ts';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

/** What is said of a small change that was stopped: whether the file was changed depends on who was let through. */

const exit: EngineExit = { code: null, signal: 'SIGKILL', lastWords: '' };
const WRITING: EngineWork = { stage: 'writing', fraction: null, canCancel: true, asksToProceed: true };

/** A process in this one, which says what the spec says. */
function changing(name: 'ingest' | 'retryIssues' | 'clearPlainSecrets') {
  const heard: ToEngine[] = [];
  const exits: ((exit: EngineExit) => void)[] = [];
  let listen: (message: FromEngine) => void = () => {};
  let isGone = false;
  const child: EngineProcess = {
    pid: 1,
    send: (message) => void heard.push(message),
    onMessage(listener) {
      listen = listener;
      setImmediate(() => listener({ type: 'ready' }));
    },
    onExit: (listener) => void (isGone ? listener(exit) : exits.push(listener)),
    kill() {
      isGone = true;
      for (const listener of exits) listener(exit);
    },
  };
  const engine = new EngineChild(() => child);
  const common = { path: '/f', backupFolder: '/', lockFolder: '/', appVersion: '0', runId: 'r', asksToProceed: true };
  const answer = engine.ask(name, { ...common, files: [], project: null, isTrial: false }, { limitMs: null });
  const isLetThrough = () => heard.some(({ type }) => type === 'proceed');
  return { engine, answer, isLetThrough, say: (work: EngineWork) => listen({ type: 'work', work }) };
}

describe.each(['ingest', 'retryIssues', 'clearPlainSecrets'] as const)('%s that is stopped', (name) => {
  it('during its backup has changed nothing', async () => {
    const { engine, answer, say, isLetThrough } = changing(name);
    await wait(5);
    say({ stage: 'copying', fraction: 0.5, canCancel: true });

    expect(engine.cancel(0)).toBe(true);

    expect(await answer).toMatchObject({
      error: {
        code: 'E_CANCELLED',
        message: 'It was stopped before anything was changed.',
        safety: safetyText.untouched,
      },
    });
    expect(isLetThrough()).toBe(false);
  });

  it('in the moment in which it asks is not let through', async () => {
    const { engine, answer, say, isLetThrough } = changing(name);
    await wait(5);
    engine.cancel(50);
    say(WRITING);
    expect(await answer).toMatchObject({ error: { code: 'E_CANCELLED', safety: safetyText.untouched } });
    expect(isLetThrough()).toBe(false);
  });

  it('once it was let through is not called unchanged', async () => {
    const { engine, answer, say, isLetThrough } = changing(name);
    await wait(5);
    say(WRITING);
    expect(isLetThrough()).toBe(true);

    engine.cancel(0);

    expect(await answer).toMatchObject({ error: { code: 'E_CANCELLED', safety: safetyText.unknown } });
  });
});

it('one transaction that was let through is seen through', async () => {
  const { engine, say } = changing('clearPlainSecrets');
  await wait(5);
  say({ ...WRITING, canCancel: false });
  expect(engine.cancel(0)).toBe(false);
});
