import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../build/layout.mjs';
import { temporaryFolder } from '../support/temporary.ts';
import { buildBundles, buildWorker } from './engine/bundles.ts';
import { whyNoStrace } from './engine/strace.ts';
import { type Call, type Effect, faultText, type Fault } from './faults/fault.ts';
import type { FromWorker, Profile, ToWorker } from './protocol.ts';
import type { TrialResult } from './trial.ts';
import { startWorkers, type Workers } from './workers.ts';

/**
 * The faults that the catalogue names, at fixed places of each run, so that every run of the specs meets every one of
 * them: faults.spec.ts draws its points by lot. Each has to come to pass, and to be told by the code that belongs to it.
 */
const folder = temporaryFolder();
const bundles = path.join(root, '.vite/faults', `points-${process.pid}`);
const why = whyNoStrace();
let workers: Workers;

beforeAll(async () => {
  if (why !== null) return;
  mkdirSync(bundles, { recursive: true });
  await buildBundles(bundles);
  workers = await startWorkers(await buildWorker(bundles), 1, folder, bundles, true);
}, 120_000);
afterAll(() => {
  if (why === null) workers.end();
  rmSync(bundles, { recursive: true, force: true });
});

async function ask(message: ToWorker): Promise<Extract<FromWorker, { type: 'profile' | 'result' }>> {
  const answers: FromWorker[] = [];
  await workers.all([message], (answer) => answers.push(answer));
  const [answer] = answers;
  if (answer?.type === 'profile' || answer?.type === 'result') return answer;
  throw new Error(JSON.stringify(answer));
}
const trial = async (flow: string, database: string, fault: Fault, place?: number): Promise<TrialResult> => {
  const answer = await ask({
    type: 'trial',
    job: { flow, database, fault, ...(place === undefined ? {} : { place }) },
  });
  if (answer.type !== 'result') throw new Error('a profile for a trial');
  return answer.result;
};
const profileOf = async (flow: string, database: string): Promise<Profile> => {
  const answer = await ask({ type: 'profile', flow, database });
  if (answer.type !== 'profile') throw new Error('a trial for a profile');
  return answer.profile;
};

/** The first, the last, and some between. */
const spread = (points: readonly number[], count: number): number[] =>
  [
    ...new Set(
      Array.from(
        { length: count },
        (_, nth) => points[Math.round((nth * (points.length - 1)) / Math.max(1, count - 1))],
      ),
    ),
  ].filter((point) => point !== undefined);

/** Of points a few may come too late: a run that is carried on has less to do than the one that was counted. */
const half = (count: number): number => Math.ceil(count / 2);

/** Beside other work a run may end otherwise than the one that was counted, before it comes to the point. */
const TRIES = 3;

interface Wanted {
  readonly call: Call;
  readonly effect: Effect;
  readonly isPersistent?: boolean;
  readonly count?: number;
  readonly place?: number | undefined;
}
type Run = readonly [flow: string, database: string];

/** @returns how each of them ended that came to pass, at least half of them. */
async function endingsOf([flow, database]: Run, wanted: Wanted): Promise<string[]> {
  const { call, effect, isPersistent = false, count = 3, place } = wanted;
  const points = spread((await profileOf(flow, database)).points[call] ?? [], count);
  const faults = points.map((at): Fault => ({ kind: 'call', call, effect, at, isPersistent }));
  const endings: string[] = [];
  for (let tries = 0; tries < TRIES && endings.length < (half(points.length) || 1); tries += 1)
    endings.push(...(await endingsOfAll([flow, database], faults, place)));
  expect(endings.length, `of ${points.length} ${call} of ${flow}`).toBeGreaterThanOrEqual(half(points.length) || 1);
  return endings;
}

async function endingsOfAll([flow, database]: Run, faults: readonly Fault[], place?: number): Promise<string[]> {
  const endings: string[] = [];
  for (const fault of faults) {
    const { problems, isHit, ended } = await trial(flow, database, fault, place);
    expect({ fault: faultText(fault), problems }).toEqual({ fault: faultText(fault), problems: [] });
    if (isHit) endings.push(ended);
  }
  return endings;
}

describe.skipIf(why !== null)(`at its places${why === null ? '' : ` (skipped: ${why})`}`, () => {
  it.each<[string, Call, Run, count: number, place?: number]>([
    ['A01: an upgrade under a write-ahead log', 'pwrite64', ['upgrade', 'shop-wal'], 3],
    ['A01: an upgrade under a write-ahead log', 'fsync', ['upgrade', 'shop-wal'], 2],
    ['A02: an upgrade under a rollback journal', 'pwrite64', ['upgrade', 'shop'], 3],
    ['A04: a backup', 'pwrite64', ['backup', 'shop'], 3],
    ['A05: a backup that is being named', 'rename', ['backup', 'shop'], 2],
    ['A05: a backup that is being named', 'fsync', ['backup', 'shop'], 3],
    ['A06: a restore through SQLite', 'pwrite64', ['restore-in-place', 'shop-wal'], 3],
    ['A06: a restore over a damaged body', 'pwrite64', ['restore-over-damage', 'shop-utf16'], 3],
    ['A07: a restore by file', 'rename', ['restore-by-file', 'shop-utf16'], 4],
    ['A18: an upgrade that goes on after a kill', 'pwrite64', ['resume', 'shop'], 2, 1],
    ['A18: a restore that goes on after a kill', 'pwrite64', ['restore-in-place again', 'shop-wal'], 2, 1],
    [
      'A18: a restore over a damaged body that goes on after a kill',
      'pwrite64',
      ['restore-over-damage again', 'shop'],
      2,
      1,
    ],
    ['A18: a restore by file that goes on after a kill', 'rename', ['restore-by-file again', 'shop-utf16'], 2, 3],
  ])('%s, killed before its %s', { timeout: 120_000 }, async (_, call, run, count, place) => {
    const endings = await endingsOf(run, { call, effect: 'KILL', count, place });
    expect(new Set(endings)).toEqual(new Set(['killed']));
  });

  it('A03: killed ten times in a row among its chunks, works on every row once', { timeout: 120_000 }, async () => {
    const shares = Array.from({ length: 10 }, (_, nth) => 0.25 + 0.06 * nth);
    const [ended = ''] = await endingsOfAll(['upgrade', 'shop'], [{ kind: 'kill-chain', shares }]);
    expect(['killed', 'done', 'E_NOTHING_TO_DO']).toContain(ended);
  });

  it('A08: killed from outside, at any time', { timeout: 120_000 }, async () => {
    const faults = [0.2, 0.5, 0.8].map((share): Fault => ({ kind: 'kill-at', share }));
    expect(await endingsOfAll(['upgrade', 'shop-wal'], faults)).toContain('killed');
  });

  /** `told`: one of these must be among the codes; `also`: what else it may end with. */
  it.each<[string, Call, Effect, isPersistent: boolean, Run, told: string[], also: string[]]>([
    ['P07: an upgrade', 'fsync', 'EIO', false, ['upgrade', 'shop'], ['E_IO'], ['E_BACKUP_UNVERIFIED', 'done']],
    ['P07: an upgrade with a log', 'fsync', 'EIO', false, ['upgrade', 'shop-wal'], ['E_IO'], ['E_BACKUP_UNVERIFIED', 'done']],
    ['P08: an upgrade', 'pwrite64', 'EIO', false, ['upgrade', 'shop'], ['E_IO'], ['E_BACKUP_UNVERIFIED']],
    ['P08: an upgrade with a log', 'pwrite64', 'EIO', true, ['upgrade', 'shop-wal'], ['E_IO'], ['E_BACKUP_UNVERIFIED']],
    ['P08: an upgrade', 'ftruncate', 'EIO', false, ['upgrade', 'shop'], ['E_IO'], []],
    ['P08: an upgrade', 'unlink', 'EIO', false, ['upgrade', 'shop'], ['done'], ['E_IO']], // a journal that stays is finished all the same
    ['P08: an upgrade', 'openat', 'EMFILE', true, ['upgrade', 'shop'], ['E_IO', 'E_NO_PERMISSION', 'E_DATA_FOLDER', 'E_BACKUP_FOLDER', 'E_BACKUP_UNVERIFIED'], ['done']],
    ['P09: an upgrade', 'pwrite64', 'short', false, ['upgrade', 'shop'], ['E_NO_SPACE', 'E_BACKUP_NO_SPACE'], ['done']],
    ['P12: a backup', 'pread64', 'EIO', false, ['backup', 'shop'], ['E_IO'], ['E_BACKUP_UNVERIFIED']],
    // SQLite calls a page damaged that it could not read in the middle of a statement.
    ['P12: an upgrade', 'pread64', 'EIO', true, ['upgrade', 'shop'], ['E_IO'], ['E_BACKUP_UNVERIFIED', 'E_CORRUPT']],
    ['S04: an upgrade', 'pwrite64', 'ENOSPC', true, ['upgrade', 'shop'], ['E_NO_SPACE', 'E_CANCELLED'], ['E_BACKUP_NO_SPACE']],
    // SQLite has no word for a quota.
    ['S04: an upgrade with a log', 'pwrite64', 'EDQUOT', false, ['upgrade', 'shop-wal'], ['E_IO', 'E_NO_SPACE'], []],
    ['S04: a backup', 'rename', 'ENOSPC', false, ['backup', 'shop'], ['E_BACKUP_NO_SPACE'], []],
    ['S04: a restore by file', 'mkdir', 'EDQUOT', false, ['restore-by-file', 'shop-utf16'], ['E_RESTORE_TARGET'], []],
    ['S04: a restore over a damaged body', 'mkdir', 'ENOSPC', false, ['restore-over-damage', 'shop'], ['E_RESTORE_TARGET'], ['E_DATA_FOLDER', 'E_BACKUP_FOLDER', 'done', 'E_NO_SPACE']],
    ['S04: a restore through SQLite', 'pwrite64', 'ENOSPC', false, ['restore-in-place', 'shop-wal'], ['E_NO_SPACE'], ['E_IO', 'done']],
  ])('%s, whose %s ends with %s (for good: %s)', { timeout: 120_000 }, async (_, call, effect, isPersistent, run, told, also) => {
    const endings = await endingsOf(run, { call, effect, isPersistent });
    expect(endings.filter((ended) => ![...told, ...also].includes(ended))).toEqual([]);
    expect(endings.some((ended) => told.includes(ended)), endings.join()).toBe(true);
  }); // prettier-ignore

  it('A15: stopped in the middle of a transaction, and continued', { timeout: 120_000 }, async () => {
    const at = spread((await profileOf('upgrade', 'shop')).points['pwrite64'] ?? [], 3)[1] ?? 0;
    expect(await endingsOfAll(['upgrade', 'shop'], [{ kind: 'pause', call: 'pwrite64', at, ms: 100 }])).toEqual([
      'done',
    ]);
  });

  it('A16: with no more memory than it has, or little for its own objects', { timeout: 120_000 }, async () => {
    const faults: Fault[] = [
      ...[0, 2, 6].map((megabytes): Fault => ({ kind: 'memory', moreBytes: megabytes * 2 ** 20 })),
      { kind: 'heap', megabytes: 5 },
    ];
    const endings = await endingsOfAll(['upgrade', 'shop-wal'], faults);
    expect(endings.filter((ended) => !['E_NO_MEMORY', 'E_BACKUP_UNVERIFIED', 'died'].includes(ended))).toEqual([]);
    expect(
      endings.some((ended) => ['E_NO_MEMORY', 'died'].includes(ended)),
      endings.join(),
    ).toBe(true);
  });

  it('S03: whose files may not grow beyond a limit', { timeout: 120_000 }, async () => {
    const { fileBytes } = await profileOf('upgrade', 'shop-wal');
    const faults = [0.5, 0.95, 1.3].map((share): Fault => ({
      kind: 'file-size',
      bytes: Math.round(share * fileBytes),
    }));
    const endings = await endingsOfAll(['upgrade', 'shop-wal'], faults);
    const told = ['E_IO', 'E_NO_SPACE', 'E_BACKUP_NO_SPACE'];
    expect(endings.filter((ended) => ![...told, 'E_BACKUP_UNVERIFIED'].includes(ended))).toEqual([]);
    expect(
      endings.some((ended) => told.includes(ended)),
      endings.join(),
    ).toBe(true);
  });
});
