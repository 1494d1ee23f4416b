import { expect } from 'vitest';
import { assertPlan, makePlan } from '@engine/plan.ts';
import type { RunDependencies } from '@engine/run.ts';
import { verifyResult } from '@engine/verify.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { outcomeDifferences, type Outcome, outcomeOf } from '../kill/outcome.ts';
import { foldersOf, upgradeHere } from './upgrade.ts';

/** A clean-up that is stopped and goes on, compared with one that nothing stopped. */
export const asPlanned: Partial<RunDependencies> = {
  assertPlan: (lock, pack, target, asked) => assertPlan(lock.db, pack, target, asked),
};
export const toTheEnd = (file: string, more: Partial<RunDependencies> = {}) =>
  upgradeHere(file, { ...asPlanned, ...more }, { toPhase: 5, isRemovalConfirmed: true });

/** Point and subject behind which the power goes: from the turn of the direction on. */
export const stops = [
  ['step-applied', '20260221_0025_cut_over'],
  ['step-up', '20260221_0026_final_core'],
  ['step-applied', '20260221_0026_final_core'],
  ['step-applied', '20260221_0027_final_rest'],
  ['step-closing', '20260221_0028_remove_legacy'],
  ['step-applied', '20260221_0028_remove_legacy'],
] as const;
export const powerFailsAt = (point: string, subject: string) => (at: string, of: string) => {
  if (at === point && of === subject) throw new Error('the power went out');
};

/** What the verdict says no to. */
export const unmet = (file: string, backupPath: string | null) =>
  verifyResult({ path: file, toPhase: 5, backupPath }, [kroma])
    .checks.filter(({ state }) => state !== 'met')
    .map(({ title, summary }) => `${title}: ${summary}`);
export async function plannedRepairs(file: string): Promise<(string | null)[]> {
  const { backupFolder } = foldersOf(file);
  const { steps } = await makePlan({ path: file, toPhase: 5, backupFolder, source: { kind: 'none' } }, [kroma]);
  return steps.filter(({ reason }) => reason === 'repair').map(({ migrationId }) => migrationId);
}
/** @returns what the end of the one differs in from that of the other, which nothing stopped. */
export async function goOn(file: string, expected: Outcome): Promise<string[]> {
  const report = await toTheEnd(file);
  if (report.error) throw new Error(report.error.message);
  expect(unmet(file, report.backup?.path ?? null)).toEqual([]);
  return outcomeDifferences(expected, outcomeOf(file));
}
