import { copyFileSync, statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, expect, it } from 'vitest';
import { makePlan } from '@engine/plan.ts';
import type { RunDependencies } from '@engine/run.ts';
import type { Plan } from '@shared/run.ts';
import { kroma } from '../../migrations/kroma/pack.ts';
import { buildBaseline } from '../support/kroma/baseline.ts';
import { writeFixture } from '../support/kroma/fixtures.ts';
import { foldersOf, upgradeHere } from '../support/kroma/upgrade.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** A cleanup that was stopped behind its cut-over: all that is left is to copy tables, and that is in the plan's space. */
const folder = temporaryFolder();
const ready = path.join(folder, 'ready.db');
const cutOver = 'step-applied 20260221_0025_cut_over';
const DROP = 'DROP TABLE theirs';
const KEEP = `${DROP}; VACUUM`;

/**
 * Most of the file are two tables that are copied whole: files, in the core, and one of somebody else's that refers to
 * users. Half of its indexes are filled with the copy, the others when the old table has gone.
 */
beforeAll(async () => {
  writeFixture(ready, {
    build(db) {
      buildBaseline(db, { isHopeless: false });
      const rows = (
        count: number,
      ) => `(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
        SELECT i, hex(randomblob(150)) AS z FROM n)`;
      db.exec(`INSERT INTO assets (id, project_id, asset_kind, rel_path, meta_json, created_at)
        SELECT 'big-' || i, (SELECT min(id) FROM projects), 'upload', 'big/' || i, '{"z":"' || z || '"}', '2026-01-01T00:00:00Z' FROM ${rows(1_000)};
        CREATE TABLE theirs (id TEXT PRIMARY KEY, user_id TEXT REFERENCES users (id), note TEXT UNIQUE);
        INSERT INTO theirs SELECT i, (SELECT min(id) FROM users), z FROM ${rows(12_000)};
        CREATE INDEX theirs_note ON theirs (note);
        CREATE INDEX theirs_user_note ON theirs (user_id, note);`);
    },
  });
  const report = await upgradeHere(ready, {}, { toPhase: 4 });
  if (report.error) throw new Error(report.error.message);
});

const toTheEnd = (file: string, probe: NonNullable<RunDependencies['probe']>) =>
  upgradeHere(file, { probe }, { toPhase: 5, isRemovalConfirmed: true });
const planOf = (file: string): Promise<Plan> =>
  makePlan({ path: file, toPhase: 5, backupFolder: foldersOf(file).backupFolder, source: { kind: 'none' } }, [kroma]);
const bytesOf = ({ space }: Plan, label: string): number =>
  space.parts.find((part) => part.label === label)?.bytes ?? 0;
const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** A copy that was stopped behind `at`, and what its cleanup takes at most from there: growth, journal, both at a time. */
async function stoppedAt(at: string, mode: 'delete' | 'wal', change = '') {
  const file = path.join(folder, `${at}-${mode}-${change.length}`.replaceAll(' ', '-'), 'project.db');
  foldersOf(file);
  copyFileSync(ready, file);
  const db = new Database(file);
  db.pragma(`journal_mode = ${mode}`);
  db.exec(change);
  db.close();
  const stopped = await toTheEnd(file, (point, subject) => {
    if (`${point} ${subject}` === at) throw new Error('the power went out');
  });
  expect(stopped.error?.message).toContain('the power went out');
  return file;
}

async function measured(file: string) {
  const before = sizeOf(file);
  const most = { growth: 0, journal: 0, both: 0 };
  const report = await toTheEnd(file, () => {
    const growth = sizeOf(file) - before;
    const journal = sizeOf(`${file}-wal`) + sizeOf(`${file}-journal`);
    most.growth = Math.max(most.growth, growth);
    most.journal = Math.max(most.journal, journal);
    most.both = Math.max(most.both, growth + journal);
  });
  expect(report.error?.message).toBeUndefined();
  most.growth = Math.max(most.growth, sizeOf(file) - before); // a log is written back at the end
  return most;
}

it.each(['delete', 'wal'] as const)(
  'what copying tables takes is a part of its own, never less than it is and not wildly more (%s)',
  async (mode) => {
    const file = await stoppedAt(cutOver, mode);
    const plan = await planOf(file);
    const part = plan.space.parts.find(({ label }) => label === 'Rebuilding tables');
    const most = await measured(file);

    expect(plan.steps.map(({ migrationId }) => migrationId.slice(9, 13))).toEqual(['0026', '0027', '0028']);
    expect(part).toMatchObject({ disk: 'database', isTemporary: false });
    expect(plan.space.growthBytes).toBe(part?.bytes); // nothing else lets the file grow
    expect(most.growth).toBeGreaterThan(1e6);
    expect(part?.bytes).toBeGreaterThanOrEqual(most.growth);
    expect(part?.bytes).toBeLessThan(2.5 * most.growth);
    // The copies of one step are in its log whole; a rollback journal holds what the pages before them did.
    expect(bytesOf(plan, mode === 'wal' ? 'Write-ahead log' : 'Rollback journal')).toBeGreaterThan(0.95 * most.journal);
    const onDisk = plan.space.parts
      .filter(({ disk }) => disk === 'database')
      .reduce((sum, { bytes }) => sum + bytes, 0);
    expect(onDisk).toBeGreaterThan(most.both);
  },
);

it('pages that are free in the file serve a copy, and are not asked for again', async () => {
  const [packed, roomy] = [await stoppedAt(cutOver, 'delete', KEEP), await stoppedAt(cutOver, 'delete', DROP)];

  expect(bytesOf(await planOf(packed), 'Rebuilding tables')).toBeGreaterThan(5e5);
  expect(bytesOf(await planOf(roomy), 'Rebuilding tables')).toBe(0);
  expect((await measured(roomy)).growth).toBe(0);
});

it('a file in which SQLite cannot say how large a table is, is asked to have room for all of it', async () => {
  const file = await stoppedAt(cutOver, 'delete', 'CREATE TABLE dbstat (theirs)');

  expect(bytesOf(await planOf(file), 'Rebuilding tables')).toBeGreaterThan(0.8 * sizeOf(file));
});

it('a plan that copies no table says nothing of it', async () => {
  const file = path.join(folder, 'legacy', 'project.db');
  foldersOf(file);
  writeFixture(file, { build: (db) => buildBaseline(db) });
  const plan = await makePlan({ path: file, toPhase: 4, backupFolder: foldersOf(file).backupFolder }, [kroma]);

  expect(plan.space.parts.map(({ label }) => label)).not.toContain('Rebuilding tables');
});
