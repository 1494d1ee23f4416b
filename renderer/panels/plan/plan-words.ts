import type { Plan, PlanStep, PreflightFinding } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { bytes, counted, secondsRange } from '../../words/numbers.ts';

export function planTitle(plan: Plan, status: DatabaseStatus): string {
  const name = status.phases.find(({ number }) => number === plan.toPhase)?.name;
  if (plan.removesAnything && !status.unfinishedRun) return `Clean up the old names: phase ${plan.toPhase}`;
  const verb = status.unfinishedRun ? 'Continue to' : 'Upgrade to';
  return `${verb} phase ${plan.toPhase}${name === undefined ? '' : `: ${name}`}`;
}

/** The plan in three short sentences. */
export function planSummary(plan: Plan): string {
  return [
    'First a backup is made and proved.',
    plan.steps.length === 0
      ? 'Then what is there is recorded; no migration is needed.'
      : `Then ${counted(plan.steps.length, 'migration')} ${plan.steps.length === 1 ? 'is' : 'are'} applied, one whole step at a time.`,
    plan.removesAnything ? 'The older tables and columns are removed at the end.' : 'Nothing is removed.',
  ].join(' ');
}

export const stopWords = ({ removesAnything }: Plan): string =>
  removesAnything
    ? 'You can stop between two steps. There is no hurry: everything works without this phase.'
    : 'You can stop at any moment.';

export const timeWords = (plan: Plan): string =>
  plan.timeSeconds === null ? 'cannot be said beforehand' : secondsRange(plan.timeSeconds);

/** "needs 131.0 MB beside the database (61.2 GB free)" */
export const growthWords = ({ space }: Plan): string =>
  `${space.growthBytes === 0 ? 'hardly grows' : `grows by about ${bytes(space.growthBytes)}`}; ${bytes(space.freeBytes)} free`;
export const backupSpaceWords = ({ space }: Plan): string =>
  `${bytes(space.backupBytes)}; ${bytes(space.backupFreeBytes)} free there`;

export const stepNote = ({ reason, rows }: PlanStep): string => {
  const about = rows > 0 ? `${rows >= 10_000 ? 'about ' : ''}${counted(rows, 'row')} to look at` : '';
  const why = { pending: '', continue: 'continues where it stopped', repair: 'repeats what is no longer true' }[reason];
  return [why, about].filter((words) => words !== '').join(', ');
};

/** The goal was reached after the page was opened, or its address was kept. */
export const isNothingLeft = ({ steps, fromPhase, toPhase }: Plan): boolean =>
  steps.length === 0 && fromPhase !== null && fromPhase >= toPhase;

export const isBlocked = (plan: Plan): boolean =>
  plan.gating.length > 0 || plan.preflight.some(({ state }) => state === 'blocking');

/** What must be read comes first. */
export const sortFindings = (findings: readonly PreflightFinding[]): PreflightFinding[] =>
  findings.toSorted((a, b) => rank[a.state] - rank[b.state]);
const rank = { blocking: 0, warning: 1, ok: 2 } as const;

/** @param isGated rows stand in the way, which are told of on their own. */
export const preflightNote = (findings: readonly PreflightFinding[], isGated = false): string => {
  const blocking = findings.filter(({ state }) => state === 'blocking').length;
  const warnings = findings.filter(({ state }) => state === 'warning').length;
  if (blocking > 0) return `${counted(blocking, 'thing stops', 'things stop')} the upgrade`;
  if (warnings > 0) return `${counted(warnings, 'thing', 'things')} to read`;
  return isGated ? 'nothing else stands in the way' : 'nothing stands in the way';
};
