import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../../build/layout.mjs';
import { sow } from '../controls/mutate.ts';
import { seeds } from '../controls/seeds.ts';
import { buildBundles } from '../engine/bundles.ts';
import { whyNoStrace } from '../engine/strace.ts';
import type { PowerResult } from './report.ts';
import { cutThePower } from './run.ts';

/** A few of the power cuts that `npm run faults` makes by the thousand, and two engines that must not survive them. */
const folder = path.join(root, '.vite/faults', `cuts-${process.pid}`);
const why = whyNoStrace();
const flows = {
  'upgrade shop-wal': 200,
  'upgrade shop': 200,
  'backup shop': 120,
  'restore-in-place shop-wal': 120,
  'restore-by-file shop-utf16': 120,
  'restore-over-damage shop': 120,
};

/** @param seedName of a guard to be taken out, see seeds.ts. */
async function cut(images: Readonly<Record<string, number>>, seedName?: string): Promise<PowerResult[]> {
  const seed = seeds.find(({ name }) => name === seedName);
  if (seedName !== undefined && seed === undefined) throw new Error(`no seed is called ${seedName}`);
  const plugins = seed === undefined ? [] : [sow(seed)];
  const bundleFolder = path.join(folder, seedName?.replace(/\W+/g, '-') ?? 'sound');
  mkdirSync(bundleFolder, { recursive: true });
  await buildBundles(bundleFolder, plugins);
  return cutThePower({
    ...{ bundleFolder, plugins, seed: Date.now() % 1_000, images: 20_000, workers: 1 },
    only: ({ kind, flow, database }) => kind === 'flow' && `${flow} ${database}` in images,
    adapt: (job) => ({ ...job, images: images[`${job.flow} ${job.database}`] ?? 0, judged: 4, resumed: 1, again: 1 }),
  });
}

describe.skipIf(why !== null)(`the power goes${why === null ? '' : ` (skipped: ${why})`}`, () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe('and the engine as it is', () => {
    let results: PowerResult[] = [];
    beforeAll(async () => {
      results = await cut(flows);
      const seed = results[0]?.seed;
      console.info(results.map(({ flow, database, images }) => `${flow} ${database}: ${images}`).join('; '), `seed ${seed}`); // prettier-ignore
    }, 120_000);

    it.each([
      ['P01: in an upgrade under a write-ahead log', 'upgrade', 'shop-wal'],
      ['P02: in an upgrade under a rollback journal', 'upgrade', 'shop'],
      ['P04: in a backup', 'backup', 'shop'],
      ['P05: in a restore through SQLite', 'restore-in-place', 'shop-wal'],
      ['P05: in a restore by file', 'restore-by-file', 'shop-utf16'],
      ['P05: in a restore over a damaged body', 'restore-over-damage', 'shop'],
    ])('%s: nothing that was acknowledged is gone, nothing is half done, and it carries on', (_, flow, database) => {
      const found = results.find((each) => each.flow === flow && each.database === database);
      expect(found?.violations).toEqual([]);
      expect(found?.images).toBeGreaterThan(80);
      expect(found?.resumed).toBeGreaterThan(0);
    });
  });

  // What is missing for a moment only is met by few cuts: enough of them that it is never by luck.
  it.each([
    ['P03: commits that are not flushed', 'commits are not flushed (synchronous NORMAL)', 'upgrade shop-wal', 300],
    [
      'P03: a journal whose folder is not flushed',
      'the folder is not flushed after a commit (synchronous FULL in rollback mode)',
      'upgrade shop',
      300,
    ],
    ['P04: a folder that is not flushed', 'the folder is not flushed after a backup is renamed', 'backup shop', 4_000],
  ] as const)('%s: these very cuts notice it', { timeout: 120_000 }, async (_, seedName, flow, images) => {
    const results = await cut({ [flow]: images }, seedName);
    expect(results.flatMap(({ violations }) => violations)).not.toEqual([]);
  });
});
