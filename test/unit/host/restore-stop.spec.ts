import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { intentFile } from '@shared/beside.ts';
import { safetyText } from '@shared/errors.ts';
import type { OpenEntry } from '@host/databases.ts';
import { EngineChild, type EngineExit, type EngineProcess } from '@host/engine-process.ts';
import { createEngines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { createOngoing } from '@host/ongoing.ts';
import { askRestore } from '@host/restores.ts';
import type { FromEngine, ToEngine } from '@engine/protocol.ts';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const WORK = { stage: 'replacing', fraction: null, canCancel: false } as const;

/** A process in this one, which does what the spec says. Every message takes a turn, as messages do. */
function puppet(onRequest: (name: string, say: (message: FromEngine) => void) => void = () => {}) {
  const heard: ToEngine[] = [];
  const exits: ((exit: EngineExit) => void)[] = [];
  let listen: (message: FromEngine) => void = () => {};
  let isGone = false;
  const say = (message: FromEngine) => setImmediate(() => listen(message));
  const child: EngineProcess = {
    pid: 1,
    send(message) {
      heard.push(message);
      if (message.type === 'request') onRequest(message.name, say);
    },
    onMessage: (listener) => {
      listen = listener;
      say({ type: 'ready' });
    },
    onExit: (listener) => void (isGone ? listener(exit) : exits.push(listener)),
    kill() {
      isGone = true;
      for (const listener of exits) listener(exit);
    },
  };
  return { child, heard, say };
}
const exit: EngineExit = { code: null, signal: 'SIGKILL', lastWords: '' };
const restore = (child: EngineChild) =>
  child.ask(
    'restore',
    { backupPath: '/b', path: '/f', backupFolder: '/', appVersion: '0', allowForeign: false, asksToProceed: true },
    { limitMs: null },
  );

describe('a restore at its point of no return', () => {
  it('that was stopped before is not let through, though its process asks in the same moment', async () => {
    const { child, heard, say } = puppet();
    const engine = new EngineChild(() => child);
    const answer = restore(engine);
    await wait(5);

    say({ type: 'work', work: { ...WORK, asksToProceed: true } });
    expect(engine.cancel(500)).toBe(true);

    expect(await answer).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } });
    expect(heard.some(({ type }) => type === 'proceed')).toBe(false);
  });

  it('is let through, and from then on not stopped any more', async () => {
    const { child, heard, say } = puppet();
    const engine = new EngineChild(() => child);
    void restore(engine);
    await wait(5);

    say({ type: 'work', work: { ...WORK, asksToProceed: true } });
    await wait(5);

    expect(heard.filter(({ type }) => type === 'proceed')).toHaveLength(1);
    expect(engine.cancel(0)).toBe(false);
  });
});

it('a request that passes the point of no return after it was asked to stop is seen through', async () => {
  const { child, say } = puppet();
  let isEnded = false;
  const end = child.kill;
  child.kill = () => {
    isEnded = true;
    end();
  };
  const engine = new EngineChild(() => child);
  const input = { path: '/f', backupFolder: '/', appVersion: '0' };
  const answer = engine.ask('finishRestore', input, { limitMs: null });
  await wait(20);

  expect(engine.cancel(60)).toBe(true);
  say({ type: 'work', work: WORK });
  await wait(150); // well beyond the grace
  expect(isEnded).toBe(false);
  say({ type: 'answer', id: 1, result: { ok: true, value: null } });

  expect(await answer).toEqual({ ok: true, value: null });
});

it('what a process says that was given up is not taken for a word of the next one', async () => {
  const [first, second] = [puppet(), puppet()];
  const processes = [first.child, second.child];
  const engine = new EngineChild(() => processes.shift() ?? second.child);
  const heard: string[] = [];
  const ask = (limitMs: number | null) =>
    engine.ask('packs', {}, { limitMs, onWork: ({ stage }) => heard.push(stage) });
  expect(await ask(20)).toMatchObject({ ok: false, error: { code: 'E_TIMEOUT' } });

  const answer = ask(null);
  await wait(20);
  first.say({ type: 'work', work: WORK });
  second.say({ type: 'work', work: { ...WORK, stage: 'checking' } });
  second.say({ type: 'answer', id: 2, result: { ok: true, value: [] } });

  expect(await answer).toEqual({ ok: true, value: [] });
  expect(heard).toEqual(['checking']);
});

it('a copy that was named in the last moment is heard of, though its process is ended by then', async () => {
  const { child, say } = puppet();
  const partials: unknown[] = [];
  const end = child.kill;
  child.kill = () => {
    say({ type: 'work', work: { stage: 'saving', fraction: 0, canCancel: true, partial: '/b/x.db.partial' } });
    setImmediate(() => end());
  };
  const engine = new EngineChild(() => child);
  const input = { backupPath: '/b', path: '/f', backupFolder: '/', appVersion: '0', allowForeign: false };
  const answer = engine.ask('restore', input, { limitMs: null, onWork: ({ partial }) => partials.push(partial) });
  await wait(5);

  engine.cancel(0);

  expect(await answer).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } });
  expect(partials).toEqual(['/b/x.db.partial']);
});

describe('a restore whose process died by itself', () => {
  const died = async (name: string, partial: string) => {
    const file = path.join(folder, name);
    const asked: { name: string; input: unknown }[] = [];
    const engines = createEngines(
      () => {
        const made = puppet((request, say) => {
          asked.push({ name: request, input: (made.heard.at(-1) as { input?: unknown }).input });
          if (request === 'settle') return say({ type: 'answer', id: 1, result: { ok: true, value: null } });
          say({ type: 'work', work: { stage: 'saving', fraction: 0, canCancel: true, partial } });
          setImmediate(() => setImmediate(() => made.child.kill()));
        });
        return made.child;
      },
      () => {},
    );
    const context = { engines, dataFolder: path.join(folder, 'data'), appVersion: '0' };
    return { asked, result: await askRestore(context, { runId: 'r1', restores: '/b' }, file).answer };
  };

  it('has what it left of the backup of what is there removed, and says what it ended with', async () => {
    const partial = path.join(folder, 'gone.db.partial');
    const { asked, result } = await died('dead.db', partial);
    expect(asked).toMatchObject([{ name: 'restore' }, { name: 'settle', input: { partials: [partial] } }]);
    expect(result).toMatchObject({ error: { code: 'E_WORKER_DIED', message: 'The engine process ended (SIGKILL).' } });
  });

  it('names what could not be removed, and calls the file no safer for it', async () => {
    const partial = path.join(folder, 'stays.db.partial');
    writeFileSync(`${partial}.scratch`, 'half');
    const { result } = await died('dead.db', partial);
    expect(result).toMatchObject({
      error: {
        message: expect.stringContaining(`${partial}.scratch may be left of it.`) as string,
        safety: safetyText.unknown,
      },
    });
  });
});

describe('a restore that was stopped', () => {
  const stopped = async (name: string, note: string | null) => {
    const file = path.join(folder, name);
    writeFileSync(file, 'bytes');
    if (note !== null) writeFileSync(intentFile(file), note);
    const asked: string[] = [];
    const engines = createEngines(
      () =>
        puppet((request, say) => {
          asked.push(request);
          if (request === 'settle') say({ type: 'answer', id: 1, result: { ok: true, value: null } });
        }).child,
      () => {},
    );
    const context = { engines, dataFolder: path.join(folder, 'data'), appVersion: '0' };
    const { child, answer } = askRestore(context, { runId: 'r1', restores: '/b' }, file);
    await wait(5);
    child.cancel(0);
    return { asked, result: await answer };
  };

  it('says that nothing was replaced, once the file is put right', async () => {
    const { asked, result } = await stopped('plain.db', null);
    expect(asked).toEqual(['restore', 'settle']);
    expect(result).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } });
  });

  it('has the copy removed that was named last: a name before it was taken by another process', async () => {
    const puppets: ReturnType<typeof puppet>[] = [];
    const spawn = () => {
      const made = puppet((name, say) => {
        if (name === 'settle') say({ type: 'answer', id: 1, result: { ok: true, value: null } });
      });
      puppets.push(made);
      return made.child;
    };
    const context = { engines: createEngines(spawn, () => {}), dataFolder: path.join(folder, 'data'), appVersion: '0' };
    const asked = askRestore(context, { runId: 'r1', restores: '/b' }, path.join(folder, 'named.db'));
    await wait(5);
    const saving = { stage: 'saving', fraction: 0, canCancel: true } as const;
    for (const partial of ['/b/x.db.partial', '/b/x 2.db.partial'])
      puppets[0]?.say({ type: 'work', work: { ...saving, partial } });
    await wait(5);
    asked.child.cancel(0);
    await asked.answer;

    const [, settling] = puppets;
    expect(settling?.heard).toMatchObject([{ name: 'settle', input: { partials: ['/b/x 2.db.partial'] } }]);

    const { onWork, partials } = createOngoing(createEventBus()).begin({ handle: 'h' } as OpenEntry, 'backup');
    for (const partial of ['/b/x.db.partial', '/b/x 2.db.partial']) onWork({ ...saving, partial });
    expect(partials).toEqual(['/b/x 2.db.partial']);
  });

  it('says that one before it is unfinished, where the note of that lies beside the file', async () => {
    const intent = {
      ...{ format: 'phasewise-restore 1', startedAt: '2026-11-21T11:00:00.000Z', databaseName: 'unfinished.db' },
      ...{
        way: 'in-place',
        source: 'backup',
        backupPath: '/b.db',
        sha256: '0'.repeat(64),
        files: [],
        quarantine: null,
      },
      beforePath: null,
    };
    const { result } = await stopped('unfinished.db', JSON.stringify(intent));
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'E_RESTORE_UNFINISHED', safety: safetyText.unknown, details: { backup: '/b.db' } },
    });
  });

  it('does not advise to finish one whose note cannot be read', async () => {
    const { result } = await stopped('unreadable.db', '{torn');
    expect(result).toMatchObject({
      ok: false,
      error: {
        ...{ code: 'E_RESTORE_UNFINISHED', safety: safetyText.unknown },
        nextStep: expect.stringMatching(/^Restore a backup of unreadable\.db/) as string,
        details: { reason: expect.any(String) as string },
      },
    });
  });
});
