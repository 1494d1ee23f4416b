import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { EngineChild } from '@host/engine-process.ts';
import { limitFor } from '@host/engines.ts';
import { watchMemory } from '@host/memory-limit.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import type { Result } from '@shared/errors.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderState } from '../../support/folder-state.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { buildApp } from './support/engine.ts';
import { greedy, hostileDatabases, writeHostile, type HostileDatabase } from './support/hostile-databases.ts';

const folder = temporaryFolder();
const marker = path.join(folder, 'reached-out.txt');
const cases = hostileDatabases(marker);
/** Of the tests, ms; people wait a little longer, see limitFor. */
const limits = { hangs: 300, both: 2_000, answers: 20_000 };
let engineFile: string;
let engine: EngineChild;

beforeAll(async () => {
  engineFile = path.join(await buildApp(['engine']), 'engine.cjs');
  engine = new EngineChild(spawnWithNode(engineFile));
});
afterAll(() => engine.kill());

const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.error.code);
function write(hostile: Pick<HostileDatabase, 'build'>, name: string): string {
  const room = path.join(folder, name.replaceAll(' ', '-'));
  mkdirSync(room);
  const file = path.join(room, 'project.db');
  writeHostile(file, hostile);
  return file;
}

/** Status, plan and the check of all data, in one warm process, with what they answered and how long the host stood still. */
async function look(file: string, limitMs: number) {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const startedAt = performance.now();
  const backupFolder = path.join(folder, 'backups');
  const status = await engine.ask('inspect', { path: file, check: 'schema' }, { limitMs });
  const plan = await engine.ask('plan', { path: file, toPhase: 4, backupFolder }, { limitMs });
  const check = await engine.ask('inspect', { path: file, check: 'data' }, { limitMs });
  delay.disable();
  return { status, plan, check, ms: performance.now() - startedAt, stoodStillMs: delay.max / 1e6 };
}

describe('a hostile database', () => {
  it.each(cases.map((each) => [each.id, each.name, each] as const))(
    '%s: %s ends in time, with its code, and nothing is written',
    async (_id, name, hostile) => {
      const file = write(hostile, name);
      const before = folderState(path.dirname(file));

      const hanging = hostile.answers.filter((code) => code === 'E_TIMEOUT').length;
      const limitMs = hanging === 3 ? limits.hangs : hanging === 0 ? limits.answers : limits.both;
      const looked = await look(file, limitMs);

      const codes = [looked.status, looked.plan, looked.check].map(codeOf);
      expect(codes).toEqual(hostile.answers);
      expect(looked.ms).toBeLessThan(3 * limitMs + 3_000);
      expect(folderState(path.dirname(file))).toEqual(before);
      expect(existsSync(marker)).toBe(false);
      // What a window is given can be drawn: no text of a megabyte.
      expect(JSON.stringify([looked.status, looked.plan, looked.check]).length).toBeLessThan(2_000_000);
    },
  );

  it('M03: leaves the host free to answer others within 100 ms while its engine hangs', async () => {
    const file = write(cases.find(({ name }) => name === 'a bomb of views') ?? greedy, 'hangs');
    const still: number[] = [];
    // A loaded computer makes everybody wait; a host that blocks does so every time.
    for (let round = 0; round < 6 && (still.length === 0 || Math.min(...still) >= 100); round += 1) {
      still.push((await look(file, limits.hangs)).stoodStillMs);
    }
    expect(Math.min(...still)).toBeLessThan(100);
  });

  it('M03: has a limit for everything that only looks', async () => {
    const file = write(greedy, 'limits');
    for (const [name, input] of [
      ['inspect', { path: file, check: 'schema' }],
      ['inspect', { path: file, check: 'data' }],
      ['plan', { path: file, toPhase: 4, backupFolder: folder }],
      ['source', { path: file, source: { kind: 'guess' } }],
      ['listIssues', { path: file, afterId: null, limit: 1 }],
      ['listBackups', { folders: [folder], databasePath: file }],
      ['verify', { path: file, toPhase: 4, backupPath: null }],
    ] as const) {
      expect([name, await limitFor(name, input, file)]).toEqual([name, expect.any(Number)]);
    }
  });

  it.skipIf(process.platform !== 'linux')('M03: is ended before it takes the memory of the computer', async () => {
    const file = write(greedy, 'greedy');

    const result = await engine.ask('inspect', { path: file, check: 'data' }, { limitMs: 60_000 });

    expect(codeOf(result)).toBe('E_NO_MEMORY');
    expect(result.ok ? '' : result.error.safety).toContain('as it was');
    expect(codeOf(await engine.ask('inspect', { path: file, check: 'schema' }, { limitMs: 10_000 }))).toBe('ok');
  });

  it.skipIf(process.platform !== 'linux')('M03: is not ended for what every engine needs', async () => {
    let isOver = false;
    const stop = watchMemory(process.pid, () => (isOver = true), 64 * 1024 ** 3);
    await new Promise((resolve) => setTimeout(resolve, 250));
    stop();
    expect(isOver).toBe(false);
  });

  it('M01 M02 M08: is upgraded and verified where nothing of it is in the way, and what it added is treated as data', async () => {
    const named = [
      'a view that calls what reaches out',
      'triggers that call each other',
      'columns that are called like what objects have',
    ];
    for (const name of named) {
      const file = write(cases.find((each) => each.name === name) ?? greedy, `run ${name}`);
      const run = { path: file, toPhase: 4, fingerprint: null, backupFolder: path.join(folder, 'b'), runId: name, lockFolder: path.join(folder, 'l'), appVersion: '0' }; // prettier-ignore
      const ran = await engine.ask('run', run, { limitMs: 30_000 });
      expect([name, ran.ok && ran.value.ok ? 'ok' : JSON.stringify(ran)]).toEqual([name, 'ok']);
      const backupPath = ran.ok ? (ran.value.backup?.path ?? null) : null;
      const verdict = await engine.ask('verify', { path: file, toPhase: 4, backupPath }, { limitMs: 30_000 });
      expect(verdict.ok && verdict.value.checks.filter(({ state }) => state === 'unmet')).toEqual([]);
      expect(existsSync(marker)).toBe(false);
    }
  });

  it('M01: is refused before anything is written where its triggers would run with our rows', async () => {
    const file = write(cases.find(({ name }) => name.startsWith('triggers that wipe')) ?? greedy, 'wipes');
    const before = readFileSync(file);
    const run = { path: file, toPhase: 4, fingerprint: null, backupFolder: path.join(folder, 'b2'), runId: 'w', lockFolder: path.join(folder, 'l'), appVersion: '0' }; // prettier-ignore
    const ran = await engine.ask('run', run, { limitMs: 30_000 });
    const code = ran.ok ? ran.value.error?.code : ran.error.code;
    expect(code).toBe('E_PREFLIGHT_UNKNOWN_OBJECT');
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});
