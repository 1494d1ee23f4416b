import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../../build/layout.mjs';
import { buildBundles } from '../engine/bundles.ts';
import { whyNoStrace } from '../engine/strace.ts';
import type { PowerJob, PowerResult } from './report.ts';
import { cutThePower } from './run.ts';

/** A few of the disks that `npm run faults` tries by the thousand. */
const folder = path.join(root, '.vite/faults', `bad-disk-${process.pid}`);
const why = whyNoStrace();

describe.skipIf(why !== null)(`an upgrade on a bad disk${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let results: PowerResult[] = [];
  const of = (kind: PowerJob['kind'], database = 'shop-wal'): PowerResult | undefined =>
    results.find((result) => result.kind === kind && result.database === database);

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    await buildBundles(folder);
    results = await cutThePower({
      ...{ bundleFolder: folder, seed: Date.now() % 1_000, images: 20_000 },
      only: ({ kind, database }) =>
        (database === 'shop-wal' && (kind === 'torn' || kind === 'lies')) || (database === 'shop' && kind === 'torn'),
      adapt: (job) => ({ ...job, images: 60 }),
    });
    console.info(results.map(({ kind, seed, images }) => `${kind}: ${images} disks, seed ${seed}`).join('; '));
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('P06: half pages of the log that were lost or are noise are found out: nothing half done is taken for whole', () => {
    expect(of('torn')?.violations).toEqual([]);
    expect(of('torn')?.images).toBeGreaterThan(20);
  });

  it('P06: half pages of the database that were being written are made whole by the log or the journal', () => {
    expect(of('torn', 'shop')?.violations).toEqual([]);
    expect(of('torn', 'shop')?.images).toBeGreaterThan(5);
  });

  it('P10: whose last flushes were lies may have lost the newest steps, and nothing else', () => {
    expect(of('lies')?.violations).toEqual([]);
    expect(of('lies')?.images).toBeGreaterThan(20);
  });
});
