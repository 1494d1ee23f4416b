import { copyFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { assertPlan } from '@engine/plan.ts';
import type { RunDependencies } from '@engine/run.ts';
import { verifyResult } from '@engine/verify.ts';
import { kroma } from '../../migrations/kroma/pack.ts';
import { buildBaseline } from '../support/kroma/baseline.ts';
import { writeFixture } from '../support/kroma/fixtures.ts';
import { buildLegacyOdd } from '../support/kroma/legacy.ts';
import { upgradeHere, withDatabase } from '../support/kroma/upgrade.ts';
import { outcomeDifferences, outcomeOf } from '../support/kill/outcome.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** The last phase in many transactions: wherever it stops, the next run ends as if it never had. */
const folder = temporaryFolder();
const inChunks = { smallRows: 0, firstChunkRows: 40, maxChunkRows: 40 };
const asPlanned: Partial<RunDependencies> = {
  assertPlan: (lock, pack, target, asked) => assertPlan(lock.db, pack, target, asked),
};
const toTheEnd = (file: string, more: Partial<RunDependencies> = asPlanned) =>
  upgradeHere(file, more, { toPhase: 5, isRemovalConfirmed: true });
const unmet = (file: string, backupPath: string | null) =>
  verifyResult({ path: file, toPhase: 5, backupPath }, [kroma])
    .checks.filter(({ state }) => state !== 'met')
    .map(({ title, summary }) => `${title}: ${summary}`);

describe('a cleanup that is stopped', () => {
  const ready = path.join(folder, 'ready.db');
  const whole = path.join(folder, 'whole.db');
  let expected: ReturnType<typeof outcomeOf>;
  beforeAll(async () => {
    writeFixture(ready, { build: (db) => buildBaseline(db, { isHopeless: false }) });
    await upgradeHere(ready, asPlanned, { toPhase: 4 });
    copyFileSync(ready, whole);
    const report = await toTheEnd(whole);
    if (report.error) throw new Error(report.error.message);
    expected = outcomeOf(whole);
  });

  it.each([
    ['chunk-committed', '20260221_0025_cut_over/runs'],
    ['chunk-committed', '20260221_0025_cut_over/quality_reports'],
    ['chunk-committed', '20260221_0025_cut_over/direction'],
    ['step-applied', '20260221_0025_cut_over'],
    ['step-applied', '20260221_0026_final_core'],
    ['step-applied', '20260221_0027_final_rest'],
    ['step-closing', '20260221_0028_remove_legacy'],
  ])('at %s of %s goes on', async (point, subject) => {
    const file = path.join(folder, `${point}-${subject.replaceAll('/', '-')}.db`);
    copyFileSync(ready, file);
    let isStopped = false;
    const stop: Partial<RunDependencies> = {
      tuning: inChunks,
      probe: (at, of) => {
        if (at !== point || of !== subject) return;
        isStopped = true;
        throw new Error('the power went out');
      },
    };
    const stopped = await toTheEnd(file, stop); // its plan is that of the whole one
    expect({ isStopped, ok: stopped.ok }).toEqual({ isStopped: true, ok: false });

    const report = await toTheEnd(file, { ...asPlanned, tuning: inChunks });

    if (report.error) throw new Error(report.error.message);
    expect(unmet(file, report.backup?.path ?? null)).toEqual([]);
    expect(outcomeDifferences(expected, outcomeOf(file))).toEqual([]);
  });
});

describe('tables that somebody added', () => {
  it('are kept, refer to the new names afterwards, and can be written', async () => {
    const file = path.join(folder, 'own.db');
    writeFixture(file, {
      build: (db) => {
        buildLegacyOdd(db, { isHopeless: false });
        db.exec(`
          CREATE TABLE "my ""votes""" (n INTEGER PRIMARY KEY AUTOINCREMENT, "who?" TEXT REFERENCES users(id) ON DELETE SET NULL, stars INTEGER CHECK (stars < 6));
          INSERT INTO "my ""votes""" ("who?", stars) SELECT id, 5 FROM users;
          CREATE TABLE my_picks (candidate TEXT NOT NULL, note TEXT, PRIMARY KEY (candidate), FOREIGN KEY (candidate) REFERENCES run_job_candidates(id) ON DELETE CASCADE) WITHOUT ROWID;
          ALTER TABLE runs ADD COLUMN reviewer TEXT REFERENCES users(id);
          ANALYZE;`);
      },
    });
    const report = await toTheEnd(file);

    if (report.error) throw new Error(report.error.message);
    expect(unmet(file, report.backup?.path ?? null)).toEqual([]);
    withDatabase(file, (db) => {
      const parents = (table: string) =>
        db
          .prepare<[string], string>(`SELECT "table" FROM pragma_foreign_key_list(?) ORDER BY "from"`)
          .pluck()
          .all(table);
      expect([parents('my "votes"'), parents('my_picks')]).toEqual([['app_users'], ['run_candidates']]);
      expect(parents('runs')).toEqual(['projects', 'app_users']);
    });
    const db = new Database(file);
    db.pragma('foreign_keys = ON');
    expect(() => db.exec(`INSERT INTO "my ""votes""" (stars) VALUES (1)`)).not.toThrow();
    expect(() => db.exec(`INSERT INTO "my ""votes""" ("who?") VALUES ('nobody')`)).toThrow('FOREIGN KEY');
    db.close();
  });
});
