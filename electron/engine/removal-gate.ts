import { type AppError, appError, coded, CodedError } from '@shared/errors.ts';
import type { Plan } from '@shared/run.ts';
import { countIssues } from './bookkeeping.ts';
import { evaluateCriteria } from './checkpoint.ts';
import { some } from './counted.ts';
import type { Db, Pack, Phase } from './migration.ts';
import { issueTitle } from './report.ts';

/** What stands before a phase that removes something: a person's word, and no two rows that claim one place. */

/** The phases up to `target` that remove something and are yet to be reached, in order. */
export const removingPhases = (pack: Pack, fromPhase: number | null, target: number): Phase[] =>
  pack.phases
    .filter(({ number, removesAnything }) => removesAnything && number <= target && number > (fromPhase ?? -1))
    .toSorted((a, b) => a.number - b.number);

/** Issue rows that must be put right before anything is removed, by reason. */
export function gatingIssues(db: Db, pack: Pack): Plan['gating'] {
  const counts = new Map<string, number>();
  for (const { reason, count } of countIssues(db)) {
    if (pack.gatingReasons?.includes(reason)) counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  return [...counts].map(([reason, count]) => ({ reason, title: issueTitle(pack, reason), count }));
}

/** The refusal that names them; null when there are none. */
export function gatingProblem(gating: Plan['gating']): AppError | null {
  if (gating.length === 0) return null;
  const rows = gating.reduce((sum, { count }) => sum + count, 0);
  const reasons = gating.map(({ title, reason, count }) => `${title} (${reason}): ${some(count, 'row')}`).join('; ');
  const claim = rows === 1 ? 'claims a place that another row has' : 'claim places that other rows have';
  return appError('E_ISSUES_OPEN', `${some(rows, 'row')} ${claim} already. ${reasons}.`, {
    rows,
    reasons: gating.map(({ reason }) => reason).join(', '),
  });
}

/** What a phase that removes something asks for at its end and the file cannot give already; null = nothing. */
export function entryProblem(db: Db, pack: Pack): AppError | null {
  const asked = pack.phases
    .filter(({ removesAnything }) => removesAnything)
    .flatMap(({ exitCriteria }) => exitCriteria.filter(({ isEntry }) => isEntry === true));
  const unmet = evaluateCriteria(db, asked).filter(({ state }) => state !== 'met');
  if (unmet.length === 0) return null;
  return appError(
    'E_ISSUES_OPEN',
    `${unmet.map(({ title, summary }) => `${title}: ${summary}`).join(' ')} A phase that removes something could not be completed.`,
    { unmet: unmet.map(({ id }) => id).join(', ') },
    { nextStep: 'Ask support to look at the table _phasewise_quarantine, or restore a backup that was made before.' },
  );
}

/** @throws CodedError E_ISSUES_OPEN */
export function assertNothingGates(db: Db, pack: Pack): void {
  const problem = gatingProblem(gatingIssues(db, pack)) ?? entryProblem(db, pack);
  if (problem) throw new CodedError(problem);
}

/**
 * Before anything starts.
 * @throws CodedError E_REMOVAL_UNCONFIRMED, E_ISSUES_OPEN when the run would enter a phase that removes something.
 */
export function assertMayRemove(
  db: Db,
  pack: Pack,
  { fromPhase, target, isConfirmed }: { fromPhase: number | null; target: number; isConfirmed: boolean },
): void {
  const [phase] = removingPhases(pack, fromPhase, target);
  if (!phase) return;
  if (!isConfirmed) {
    throw coded('E_REMOVAL_UNCONFIRMED', `Phase ${phase.number} (${phase.name}) removes what older programs use.`, {
      phase: phase.number,
    });
  }
  assertNothingGates(db, pack);
}
