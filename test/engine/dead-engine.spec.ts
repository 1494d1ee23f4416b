import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { RunSnapshot } from '@shared/run.ts';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildEngine } from '../support/engine-child.ts';
import { buildScaled } from '../support/kroma/scaled.ts';
import { ask, closeHosts, leftovers, realHost, writtenOnce } from '../support/real-host.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Engine processes that end, stand still or starve in the middle of a run of a real host. */

const folder = temporaryFolder();
beforeAll(buildEngine);
afterEach(closeHosts);
afterEach(() => vi.unstubAllEnvs());

const inBackup = ({ state }: RunSnapshot) => state === 'backing-up';
const inStep = ({ progress }: RunSnapshot) => (progress?.rowsDone ?? 0) > 0;
/** Rows enough for what is to happen in the middle of a step: fewer, and it is over before its progress is heard of. */
const write = writtenOnce((file, journalMode) => {
  const db = new Database(file);
  db.pragma(`journal_mode = ${journalMode}`);
  buildScaled(db, { candidates: 5_000 });
  db.close();
});
const setUp = (journalMode: 'delete' | 'wal') => realHost(folder, journalMode, write);
const integrity = (file: string) => ask(file, `PRAGMA integrity_check`);

describe('A09: an engine that crashes', () => {
  it.each([
    ['SIGSEGV', 'in a backup', inBackup, /Nothing was changed/],
    ['SIGABRT', 'in a step', inStep, /last completed step, and a verified backup exists/],
  ] as const)('by %s %s says what is true, and the next run continues', async (name, _where, is, safety) => {
    const { home, file, start, when, signal } = setUp(name === 'SIGSEGV' ? 'wal' : 'delete');
    when(is, () => signal(name));

    const run = await start();

    expect([run.state, run.error?.code]).toEqual(['failed', 'E_WORKER_DIED']);
    expect(run.error?.message).toContain(name);
    expect(run.error?.safety).toMatch(safety);
    expect(run.backup !== null).toBe(is === inStep);
    expect(leftovers(home)).toEqual([]);
    expect(integrity(file)).toBe('ok');

    const next = await start();
    expect([next.state, next.report?.verified]).toEqual(['completed', true]);
    expect(leftovers(home)).toEqual([]);
  });
});

describe('A15: an engine that stands still', () => {
  const STILL_MS = 1_200; // nothing counts the time that a stopped process loses: a minute is no different
  it.each([
    ['in a backup', inBackup],
    ['in a step', inStep],
  ] as const)('%s, and goes on, ends verified', async (_where, is) => {
    const { home, file, start, when, signal, now } = setUp('delete');
    let still: (string | undefined)[] = [];
    when(is, () => {
      signal('SIGSTOP');
      const signs: (string | undefined)[] = [];
      setTimeout(() => signs.push(now()?.lastSignAt), STILL_MS / 2); // what was under way has arrived by then
      setTimeout(() => {
        still = [...signs, now()?.lastSignAt];
        signal('SIGCONT');
      }, STILL_MS);
    });

    const run = await start();

    expect(still).toHaveLength(2);
    expect(still[0]).toBe(still[1]); // which is how the window knows that it is quiet
    expect([run.state, run.error, run.report?.verified]).toEqual(['completed', null, true]);
    expect(integrity(file)).toBe('ok');
    expect(leftovers(home)).toEqual([]);
  });

  it('for ever is ended by Stop within 2 s, and the file is settled', { retry: 1 }, async () => {
    const { home, file, start, when, signal, cancel } = setUp('wal');
    let askedAt = 0;
    when(inStep, () => {
      signal('SIGSTOP');
      setTimeout(() => {
        askedAt = performance.now();
        cancel();
      }, 300);
    });

    const run = await start();

    expect(performance.now() - askedAt).toBeLessThan(2_000);
    expect([run.state, run.error?.code, run.error?.details?.['wasEnded']]).toEqual(['cancelled', 'E_CANCELLED', true]);
    expect(leftovers(home)).toEqual([]);
    expect(integrity(file)).toBe('ok');
    expect(ask(file, `SELECT count(*) FROM _phasewise_runs WHERE state = 'running'`)).toBe(0);
  });
});

describe('A16: an engine without memory', () => {
  /** Whatever is left works: a stopped run is told by its code, and the next one is proven. */
  async function judge({ home, file, start }: ReturnType<typeof realHost>, run: RunSnapshot): Promise<void> {
    if (run.state === 'completed') {
      // What it had was enough: then the result is proven like any other.
      expect([run.report?.verified, integrity(file)]).toEqual([true, 'ok']);
      return;
    }
    expect(run.state).toBe('failed');
    expect(run.error?.code).toMatch(/^E_(NO_MEMORY|WORKER_DIED)$/);
    const kept = run.backup === null ? /Nothing was changed/ : /last completed step/;
    expect(run.error?.safety).toMatch(kept);
    expect(leftovers(home)).toEqual([]);
    expect(integrity(file)).toBe('ok');
    vi.unstubAllEnvs();
    const next = await start();
    expect([next.state, next.report?.verified]).toEqual(['completed', true]);
    expect(leftovers(home)).toEqual([]);
  }

  it('for its own objects ends at a whole step', async () => {
    const house = setUp('wal');
    vi.stubEnv('NODE_OPTIONS', '--max-old-space-size=12');
    await judge(house, await house.start());
  });

  it.skipIf(spawnSync('prlimit', ['--version']).status !== 0).each([
    ['in a backup', inBackup],
    ['in a step', inStep],
  ] as const)('for anything (address space) %s ends at a whole step', async (_where, is) => {
    const house = setUp('delete');
    house.when(is, () => {
      const pid = house.pid();
      const kibibytes = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      spawnSync('prlimit', ['--pid', String(pid), `--as=${Number(kibibytes) * 1024}`]);
    });
    await judge(house, await house.start());
  });
});
