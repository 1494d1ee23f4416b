import type { CheckResult, DatabaseStatus, PhaseStatus } from '@shared/status.ts';
import { count, counted } from '../../words/numbers.ts';
import { checkMarks, type Mark } from '../../words/states.ts';
import { dateTime } from '../../words/times.ts';
import { isNewer } from '../overview/overview-words.ts';

/** "10 migrations, 3 applied" */
export function describeMigrations({ number, migrations }: Pick<PhaseStatus, 'number' | 'migrations'>): string {
  if (migrations.length === 0) {
    return number === 0
      ? 'No migrations: this phase makes the backup and records what it found'
      : 'No migrations: this phase only checks, and changes nothing in the file';
  }
  const applied = migrations.filter(({ state }) => state === 'applied').length;
  const all = counted(migrations.length, 'migration');
  if (applied === migrations.length) return `${all}, ${applied === 1 ? '' : 'all '}applied`;
  return applied === 0 ? all : `${all}, ${count(applied)} applied`;
}

/**
 * "5 exit criteria, 2 met". A phase is done only after all were met at its checkpoint: those that were not looked at
 * again now count as met then.
 */
export function describeCriteria({ exitCriteria, state: phaseState, reachedAt }: PhaseStatus): string {
  const all = counted(exitCriteria.length, 'exit criterion', 'exit criteria');
  const allMet = exitCriteria.length === 1 ? 'met' : 'all met';
  const isProved = phaseState === 'done' && exitCriteria.every(({ state }) => state !== 'unmet');
  if (isProved && exitCriteria.some(({ state }) => state === 'not-checked')) {
    return `${all}, ${allMet} at the checkpoint${reachedAt === null ? '' : ` of ${dateTime(reachedAt)}`}`;
  }
  if (exitCriteria.every(({ state }) => state === 'not-checked')) return `${all}, checked when the phase ends`;
  const met = exitCriteria.filter(({ state }) => state === 'met').length;
  if (met === exitCriteria.length) return `${all}, ${allMet}`;
  return exitCriteria.length === 1 ? `${all}, not met` : `${all}, ${count(met)} met`;
}

/** How phases work, as far as that still lies ahead. */
export function phasesIntro({ phases }: Pick<DatabaseStatus, 'phases'>): string {
  if (phases.some(({ removesAnything, state }) => removesAnything && state === 'done'))
    return 'The upgrade went phase by phase. Each ended at a checkpoint with exit criteria. The last one has removed the older tables and columns.';
  return 'The upgrade goes phase by phase. Each ends at a checkpoint with exit criteria. Until the last phase nothing is removed, so older programs go on working; the last one is a separate step that you take when you are ready.';
}

/** The criteria as the phase shows them, with the mark of each. */
export function shownCriteria({ exitCriteria, state: phaseState }: PhaseStatus): { check: CheckResult; mark: Mark }[] {
  return exitCriteria.map((check) =>
    phaseState === 'done' && check.state === 'not-checked'
      ? {
          check: { ...check, summary: 'Met at the checkpoint; not looked at again now.' },
          mark: { tone: 'done', word: 'met at the checkpoint' },
        }
      : { check, mark: checkMarks[check.state] },
  );
}

/**
 * When the file was last at a checkpoint, at the phase that it then was at; null elsewhere. Every run asks the phases
 * before its own once more and notes its time at each, so the time of an earlier one does not say when it was reached.
 */
export function describeCheckpoint(phase: PhaseStatus, { phases }: Pick<DatabaseStatus, 'phases'>): string | null {
  const last = phases.findLast(({ reachedAt, state }) => reachedAt !== null && state !== 'unavailable');
  return last?.number !== phase.number || last.reachedAt === null
    ? null
    : `last checkpoint ${dateTime(last.reachedAt)}`;
}

/** main: the one filled button, on the default goal; step: a quiet one for stopping earlier, or for a deliberate step. */
export type Offer = 'main' | 'step';

/** The phase of the filled button. */
export const mainPhase = (status: DatabaseStatus): PhaseStatus | null =>
  status.phases.find((phase) => offerOf(phase, status) === 'main') ?? null;

/** How a phase can be started from here; null: done, unavailable, or beyond the goal. */
export function offerOf(phase: PhaseStatus, status: DatabaseStatus): Offer | null {
  const isOpen = ['next', 'not-started', 'running', 'attention'].includes(phase.state);
  if (!isOpen || isNewer(status)) return null;
  const goal = mainGoal(status);
  if (phase.removesAnything && goal !== phase.number) return isReachable(phase, status) ? 'step' : null;
  if (phase.number === goal) return 'main';
  const isBelow = goal !== null && phase.number < goal;
  return isBelow || phase.state === 'next' || phase.state === 'attention' ? 'step' : null;
}

/** Everything before it is done: what removes something is never started on the way to anything. */
const isReachable = (phase: PhaseStatus, status: DatabaseStatus): boolean =>
  status.phases.every(({ number, state }) => number >= phase.number || state === 'done');

/** Why a phase that removes something is not offered yet. */
export function waitsFor(phase: PhaseStatus, status: DatabaseStatus): string | null {
  const isOpen = phase.state !== 'done' && phase.state !== 'unavailable';
  if (!phase.removesAnything || !isOpen || isNewer(status) || isReachable(phase, status)) return null;
  return `A separate step, once phase ${phase.number - 1} is reached.`;
}

/** The phase that the filled button leads to: the interrupted run's, else the default goal while anything is left to do. */
function mainGoal(status: DatabaseStatus): number | null {
  if (status.unfinishedRun) return status.unfinishedRun.toPhase;
  const isLeft = status.phases.some(({ number, state }) => number <= status.defaultTarget && state !== 'done');
  return isLeft ? status.defaultTarget : null;
}

export function offerLabel(phase: PhaseStatus, offer: Offer): string {
  if (phase.state === 'attention') return `Repair phase ${phase.number}…`;
  if (phase.state === 'running') return `Continue to phase ${phase.number}…`;
  if (phase.removesAnything) return 'Clean up the old names…';
  return offer === 'main' ? `Upgrade to phase ${phase.number}…` : `Only to phase ${phase.number}…`;
}

/** What is folded open from the start: what can be done now and what needs attention. */
export const startsOpen = (phase: PhaseStatus, offer: Offer | null): boolean =>
  offer === 'main' || phase.state === 'attention' || phase.state === 'running';
