import { monitorEventLoopDelay } from 'node:perf_hooks';
import { availableParallelism, loadavg } from 'node:os';
import { gathered } from '@host/slices.ts';
import Database from 'better-sqlite3';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { buildEngine } from '../support/engine-child.ts';
import { buildScaled } from '../support/kroma/scaled.ts';
import { noteRuns } from '../support/many-runs.ts';
import { closeHosts, realHost } from '../support/real-host.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** The host never stands still for longer: every window and every answer waits for it, ms. */
const LONGEST_MS = 100;
const LOOK_EVERY_MS = 10;

const folder = temporaryFolder();
beforeAll(buildEngine);
afterEach(closeHosts);

interface Gap {
  readonly wallMs: number;
  /** Of it, this thread was at work for so long; the rest it waited for the processor or the disk. */
  readonly ownMs: number;
}

/** Watches the loop of this very process, which is the host's. @returns what was too long, and the longest of all. */
function watchLoop(): () => { gaps: Gap[]; longestMs: number } {
  const ownMs = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  const delays = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
  const gaps: Gap[] = [];
  let last = { at: performance.now(), own: ownMs() };
  delays.enable();
  const timer = setInterval(() => {
    const now = { at: performance.now(), own: ownMs() };
    const gap = { wallMs: now.at - last.at - LOOK_EVERY_MS, ownMs: now.own - last.own };
    if (gap.wallMs > LONGEST_MS) gaps.push(gap);
    last = now;
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    delays.disable();
    return { gaps, longestMs: delays.max / 1e6 };
  };
}

/** Others had the processors: this thread did next to nothing in all that time, and there was more work than processors. */
const isOfTheMachine = ({ ownMs }: Gap): boolean =>
  ownMs < LONGEST_MS / 4 && (loadavg()[0] ?? 0) > availableParallelism();

it('the host answers within 100 ms throughout a backup and a run of 20,000 candidates', { retry: 1 }, async () => {
  const { host, database, start } = realHost(folder, 'wal', (file, journalMode) => {
    const db = new Database(file);
    db.pragma(`journal_mode = ${journalMode}`);
    buildScaled(db, { candidates: 20_000 });
    db.close();
  });
  let events = 0;
  host.events.on(() => void (events += 1));
  await new Promise((resolve) => setTimeout(resolve, 50)); // what building the file took is not counted
  const stop = watchLoop();

  const backup = await host.backups.create(database);
  const run = await start();

  const { gaps, longestMs } = stop();
  expect([backup.ok, run.state, run.report?.verified]).toEqual([true, 'completed', true]);
  expect(events).toBeGreaterThan(20);
  expect(longestMs).toBeGreaterThan(0);
  expect(gaps.filter((gap) => !isOfTheMachine(gap))).toEqual([]);
});

it('the host answers within 100 ms also where a database has 200 runs behind it', { retry: 1 }, async () => {
  const { host, database } = realHost(folder, 'wal');
  noteRuns(host.dataFolder, database.path, 200);
  await new Promise((resolve) => setTimeout(resolve, 50)); // what writing them took is not counted
  const stop = watchLoop();

  await host.recoveries.list(); // as the first page does
  for (let times = 0; times < 3; times += 1) {
    await host.looks.status(database, 'schema');
    await host.recoveries.get(database);
    await host.backups.list(database);
  }
  const reports = await gathered(host.runs.reports(database));

  const { gaps } = stop();
  expect(reports).toHaveLength(200);
  expect(gaps.filter((gap) => !isOfTheMachine(gap))).toEqual([]);
});
