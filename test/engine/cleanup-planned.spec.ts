import { copyFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, expect, it } from 'vitest';
import { assertPlan, makePlan } from '@engine/plan.ts';
import type { RunDependencies } from '@engine/run.ts';
import { kroma } from '../../migrations/kroma/pack.ts';
import { buildBaseline } from '../support/kroma/baseline.ts';
import { writeFixture } from '../support/kroma/fixtures.ts';
import { foldersOf, upgradeHere } from '../support/kroma/upgrade.ts';
import { codeOfPromise } from '../support/code-of.ts';
import { folderState } from '../support/folder-state.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** A cleanup that was stopped: what the run does again because of what an old program wrote meanwhile is in the plan. */
const folder = temporaryFolder();
const ready = path.join(folder, 'ready.db');
const cutOver = '20260221_0025_cut_over';
const asPlanned: Partial<RunDependencies> = {
  assertPlan: (lock, pack, target, asked) => assertPlan(lock.db, pack, target, asked),
};
const planOf = (file: string) =>
  makePlan({ path: file, toPhase: 5, backupFolder: foldersOf(file).backupFolder, source: { kind: 'none' } }, [kroma]);
const stepsOf = ({ steps }: Awaited<ReturnType<typeof planOf>>) =>
  steps.map(({ migrationId, reason }) => `${migrationId} ${reason}`);
const toTheEnd = (file: string, fingerprint: string | null) =>
  upgradeHere(file, asPlanned, { toPhase: 5, isRemovalConfirmed: true, fingerprint });

beforeAll(async () => {
  writeFixture(ready, { build: (db) => buildBaseline(db, { isHopeless: false }) });
  const report = await upgradeHere(ready, asPlanned, { toPhase: 4 });
  if (report.error) throw new Error(report.error.message);
});

/** @param from the file that it is a copy of. */
function copyOf(from: string, name: string): string {
  const file = path.join(folder, name, 'project.db');
  foldersOf(file);
  copyFileSync(from, file);
  return file;
}
/** @param at point and subject of the commit behind which the power goes. */
async function stoppedAt(at: string, name: string): Promise<string> {
  const file = copyOf(ready, name);
  const probe = (point: string, subject: string) => {
    if (`${point} ${subject}` === at) throw new Error('the power went out');
  };
  const tuning = { smallRows: 0, firstChunkRows: 40, maxChunkRows: 40 };
  const stopped = await upgradeHere(file, { ...asPlanned, probe, tuning }, { toPhase: 5, isRemovalConfirmed: true });
  expect(stopped.error?.message).toContain('the power went out');
  return file;
}
function writeLate(file: string): void {
  const db = new Database(file);
  db.pragma('foreign_keys = OFF');
  db.exec(`UPDATE users SET display_name = 'LATE NAME' WHERE id = (SELECT min(id) FROM users)`);
  db.close();
}

it('lists the step that is done again, with its rows and its space, and the run does what is listed', async () => {
  const file = await stoppedAt('step-applied 20260221_0026_final_core', 'late');
  const before = await planOf(file);
  writeLate(file);
  const found = folderState(path.dirname(file));
  const plan = await planOf(file);

  expect(folderState(path.dirname(file))).toEqual(found);
  expect(stepsOf(before)).toEqual(['20260221_0027_final_rest pending', '20260221_0028_remove_legacy pending']);
  expect(stepsOf(plan)).toEqual([`${cutOver} repair`, ...stepsOf(before)]);
  expect(plan.preflight.filter(({ state }) => state === 'blocking')).toEqual([]);
  expect(plan.steps[0]?.rows).toBeGreaterThan(1_000);
  expect(before.space.parts.map(({ label }) => label)).not.toContain('Growth of the file'); // no step has rows to fill
  expect(plan.space.growthBytes).toBeGreaterThan(before.space.growthBytes);

  // An update leaves every table's size as it was: the plan from before it is of another run all the same.
  expect(await codeOfPromise(toTheEnd(file, before.fingerprint))).toBe('E_STATE_CHANGED');
  const report = await toTheEnd(file, plan.fingerprint);
  expect(report.error?.message).toBeUndefined();
  expect(report.migrations.map(({ id }) => id)).toEqual(plan.steps.map(({ migrationId }) => migrationId));
});

it.each([
  ['chunk-committed 20260221_0025_cut_over/runs', 'continue'],
  ['step-applied 20260221_0025_cut_over', 'repair'],
  ['step-applied 20260221_0027_final_rest', 'repair'],
])('plan and run agree behind %s', async (at, reason) => {
  const file = await stoppedAt(at, at.replaceAll(/[ /]/g, '-'));
  writeLate(file);
  const plan = await planOf(file);

  expect(stepsOf(plan)[0]).toBe(`${cutOver} ${reason}`);
  const report = await toTheEnd(file, plan.fingerprint);
  expect(report.error?.message).toBeUndefined();
  expect(report.migrations.map(({ id }) => id)).toEqual(plan.steps.map(({ migrationId }) => migrationId));
});

it('reads no rows where no phase that removes something was begun, or where it has come to its end', async () => {
  let asked = 0;
  const counting = {
    ...kroma,
    migrations: kroma.migrations.map((migration) => ({
      ...migration,
      verify: (...given: Parameters<typeof migration.verify>) => {
        asked += 1;
        return migration.verify(...given);
      },
    })),
  };
  const askedOf = async (file: string) => {
    asked = 0;
    await makePlan({ path: file, toPhase: 5, backupFolder: foldersOf(file).backupFolder }, [counting]);
    return asked;
  };
  const ended = copyOf(ready, 'ended');
  expect((await toTheEnd(ended, null)).error).toBeUndefined();

  expect([await askedOf(ready), await askedOf(ended)]).toEqual([0, 0]);
  expect(await askedOf(await stoppedAt('step-applied 20260221_0026_final_core', 'turned'))).toBe(2); // the cut-over and the final core
});
