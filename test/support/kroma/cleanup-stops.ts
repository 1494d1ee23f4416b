import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { createControl } from '@engine/control.ts';
import { assertPlan, makePlan } from '@engine/plan.ts';
import type { RunDependencies } from '@engine/run.ts';
import { verifyResult } from '@engine/verify.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { outcomeDifferences, type Outcome, outcomeOf } from '../kill/outcome.ts';
import { foldersOf, upgradeHere } from './upgrade.ts';

/** A clean-up that is stopped and goes on, compared with one that nothing stopped. */
const asPlanned: Partial<RunDependencies> = {
  assertPlan: (lock, pack, target, asked) => assertPlan(lock.db, pack, target, asked),
};
const toTheEnd = (file: string, more: Partial<RunDependencies> = {}) =>
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
/** One at each of the turn, the rebuild and the removal: for a second file, of which little else is to be seen. */
export const fewStops = [stops[0], stops[2], stops[4]];
export const powerFailsAt = (point: string, subject: string) => (at: string, of: string) => {
  if (at === point && of === subject) throw new Error('the power went out');
};

/** A person presses Stop behind the first chunk of this walk before the turn. */
export function personStopsAt(walk: string): Partial<RunDependencies> {
  const control = createControl();
  const probe = (at: string, of: string) => {
    if (at === 'chunk-committed' && of === `20260221_0025_cut_over/${walk}`) control.request('cancel');
  };
  return { control, probe, tuning: { smallRows: 0 } };
}

/** A file at phase 4, and what becomes of it when nothing stops its clean-up. */
export interface Cleanup {
  readonly ready: string;
  readonly whole: string;
  readonly expected: Outcome;
  readonly backupPath: string | null;
}
/** @param since what happens to the file once it is at phase 4. */
export async function cleanUpWhole(
  folder: string,
  make: (file: string) => void,
  since = (_file: string): void => {},
): Promise<Cleanup> {
  mkdirSync(folder);
  const [ready, whole] = [path.join(folder, 'ready.db'), path.join(folder, 'whole.db')];
  make(ready);
  const before = await upgradeHere(ready, asPlanned, { toPhase: 4 });
  since(ready);
  copyFileSync(ready, whole);
  const report = await toTheEnd(whole);
  const error = before.error ?? report.error;
  if (error) throw new Error(error.message);
  return { ready, whole, expected: outcomeOf(whole), backupPath: report.backup?.path ?? null };
}
/** Begins the clean-up of a copy. Its plan is that of the whole one, and is not asked for again. */
export async function stoppedCopy({ ready }: Cleanup, name: string, how: Partial<RunDependencies>) {
  const file = path.join(path.dirname(ready), `${name}.db`);
  copyFileSync(ready, file);
  return { file, stopped: await toTheEnd(file, { ...how, assertPlan: () => {} }) };
}

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
