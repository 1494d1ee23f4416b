import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createControl } from '@engine/control.ts';
import { assertPlan } from '@engine/plan.ts';
import { runUpgrade, type RunDependencies, type RunInput } from '@engine/run.ts';
import type { RunPoint } from '@engine/session.ts';
import { verifyResult } from '@engine/verify.ts';
import { root } from '../../../build/layout.mjs';
import { packs } from '../../../migrations/index.ts';
import { backupFolderOf, inputFor } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** The original program's own files; they lie beside the repository, where they lie at all. */
const dataFolder = path.join(root, '../shared/data/kroma');
const isThere = fs.existsSync(dataFolder);
const folder = temporaryFolder();

function copyOf(name: string): string {
  const own = fs.mkdtempSync(path.join(folder, 'kroma-'));
  const file = path.join(own, `${name}.db`);
  fs.copyFileSync(path.join(dataFolder, `${name}.db`), file);
  fs.chmodSync(file, 0o644);
  return file;
}

const upgrade = (file: string, more: Partial<RunDependencies> = {}, input: Partial<RunInput> = {}) =>
  runUpgrade(inputFor(file, { source: { kind: 'none' }, ...input }), {
    packs,
    emit: () => {},
    control: createControl(),
    assertPlan: (lock, pack, target, input) => assertPlan(lock.db, pack, target, input),
    ...more,
  });

function unmet(file: string, backupPath: string | null, toPhase = 4): string[] {
  const { checks } = verifyResult({ path: file, toPhase, backupPath }, packs);
  return checks
    .filter(({ state }) => state !== 'met')
    .map(({ id, summary, evidence }) => `${id}: ${summary} ${JSON.stringify(evidence).slice(0, 1500)}`);
}

/** Dozens of upgrades, on a machine that has other things to do. */
const LONG_MS = 180_000;

describe.skipIf(!isThere)('the databases of the original program (skipped where ../shared/data is not there)', () => {
  // That they reach the last phases uninterrupted: whole-upgrade.spec.ts and cleanup.spec.ts.
  it.each(['dual'])(
    '%s, stopped at every step and continued, ends as if it had not been',
    async (name) => {
      const file = copyOf(name);
      const tuning = { smallRows: 0, firstChunkRows: 250, maxChunkRows: 250 };
      for (let round = 0; round < 60; round++) {
        const control = createControl();
        let chunks = 0;
        const probe = (point: RunPoint) =>
          void (point === 'chunk-committed' && (chunks += 1) === 1 + (round % 3) && control.request('cancel'));
        const report = await upgrade(file, { control, tuning, probe });
        if (report.ok) {
          expect(unmet(file, report.backup?.path ?? null)).toEqual([]);
          return;
        }
        if (report.error?.code !== 'E_CANCELLED') throw new Error(JSON.stringify(report.error));
        fs.rmSync(backupFolderOf(file), { recursive: true });
      }
      throw new Error('it never came to its end');
    },
    LONG_MS,
  );
});
