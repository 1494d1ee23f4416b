import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AppError } from '@shared/errors.ts';
import { type AskOptions, EngineChild, type EngineProcess } from '@host/engine-process.ts';
import { limitFor } from '@host/engines.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { codeOf, must, scriptedEngine, until } from './scripted-host.ts';

const folder = temporaryFolder();
const patient: AskOptions = { limitMs: 20_000 };
const children: EngineChild[] = [];
const died: AppError[] = [];
function engine(): EngineChild {
  const child = new EngineChild(spawnWithNode(scriptedEngine), (error) => died.push(error));
  children.push(child);
  return child;
}
const look = (child: EngineChild, script: string, options = patient) =>
  child.ask('inspect', { path: path.resolve(`${script}.db`), check: 'schema' }, options);
const pidOf = async (child: EngineChild) => must(await look(child, 'good')).variant.evidence[0];

afterEach(() => {
  for (const child of children.splice(0)) child.kill();
  died.length = 0;
});

describe('an engine process', () => {
  it('answers several requests one after the other from one process', async () => {
    const child = engine();
    const pids = await Promise.all([pidOf(child), pidOf(child), pidOf(child)]);
    expect(new Set(pids).size).toBe(1);
  });

  it('that crashes answers E_WORKER_DIED, and the next request finds a new one', async () => {
    const child = engine();
    const before = await pidOf(child);

    const crashed = await look(child, 'crash');

    expect(codeOf(crashed)).toBe('E_WORKER_DIED');
    expect(crashed.ok ? '' : crashed.error.safety).toContain('Nothing was changed');
    expect(died.map((error) => error.code)).toEqual(['E_WORKER_DIED']);
    expect(await pidOf(child)).not.toBe(before);
  });

  it("that dies while it has nothing to do is nobody's concern: no death is told, no backup is spoken of", async () => {
    let started: EngineProcess | undefined;
    let hasEnded = false;
    const spawn = () => (started = spawnWithNode(scriptedEngine)());
    const child = new EngineChild(spawn, (error) => died.push(error));
    children.push(child);
    const before = await pidOf(child);

    started?.onExit(() => (hasEnded = true));
    started?.kill();
    await until(() => hasEnded);

    expect(await pidOf(child)).not.toBe(before);
    expect(died).toEqual([]);
  });

  it('that dies lets the requests behind it go on in a new process', async () => {
    const child = engine();
    const [first, second] = await Promise.all([look(child, 'crash'), look(child, 'good')]);
    expect([codeOf(first), codeOf(second)]).toEqual(['E_WORKER_DIED', 'no error']);
  });

  it('that does not answer in time is killed', async () => {
    const child = engine();
    const before = await pidOf(child);
    expect(codeOf(await look(child, 'slow', { limitMs: 50 }))).toBe('E_TIMEOUT');
    expect(died).toEqual([]); // our own doing
    expect(await pidOf(child)).not.toBe(before);
  });

  it('that runs out of memory says so', async () => {
    expect(codeOf(await look(engine(), 'memory'))).toBe('E_NO_MEMORY');
  });

  it('that cannot work here answers why', async () => {
    expect(codeOf(await look(engine(), 'fatal'))).toBe('E_RUNTIME_MISMATCH');
  });

  it('that is not there answers instead of waiting for ever', async () => {
    const missing = new EngineChild(spawnWithNode('/nowhere/engine.cjs'));
    expect(codeOf(await look(missing, 'good'))).toBe('E_WORKER_DIED');
    const impossible = new EngineChild(() => {
      throw new Error('not before ready');
    });
    expect(codeOf(await look(impossible, 'good'))).toBe('E_RUNTIME_MISMATCH');
  });

  it('that is killed on purpose answers what it owed and reports no death', async () => {
    const child = engine();
    const owed = [look(child, 'slow'), look(child, 'good')];
    child.kill();
    expect((await Promise.all(owed)).map(codeOf)).toEqual(['E_WORKER_DIED', 'E_WORKER_DIED']);
    expect(died).toEqual([]);
  });
});

describe('limits', () => {
  it('watch what looks, never what writes', async () => {
    const nowhere = '/nowhere.db';
    expect(await limitFor('inspect', { check: 'schema' }, nowhere)).toBe(15_000);
    expect(await limitFor('run', {}, nowhere)).toBeNull();
    expect(await limitFor('restore', {}, nowhere)).toBeNull();
    expect(await limitFor('backup', {}, nowhere)).toBeNull();
  });

  it('may be told late', async () => {
    expect(codeOf(await look(engine(), 'slow', { limitMs: Promise.resolve(50) }))).toBe('E_TIMEOUT');
  });

  it('that are told late take nothing from a wish to stop', async () => {
    const child = engine();
    await pidOf(child);
    const late = Promise.withResolvers<number | null>();
    const answer = look(child, 'slow', { limitMs: late.promise });

    expect(child.cancel(100)).toBe(true);
    late.resolve(null);

    expect(codeOf(await answer)).toBe('E_CANCELLED');
  });

  it('let nobody who stops a work wait for ever until its file is put right', async () => {
    expect(await limitFor('settle', {}, '/nowhere.db')).toBe(30_000);
    const large = path.join(folder, 'large.db');
    writeFileSync(large, '');
    truncateSync(large, 2e9);
    expect(await limitFor('settle', {}, large)).toBe(430_000);
  });
});
