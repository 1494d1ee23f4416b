import { isFinal, type RunReport, type RunSnapshot, type RunStep } from '@shared/run.ts';
import { bytes, count, counted, duration, percent, rate, secondsRange } from '../../words/numbers.ts';
import { resultHeadline } from '../result/result-words.ts';
import { lowerFirst, sentence, upperFirst } from '../../words/text.ts';

/** "Upgrading to phase 1 · Canonical core", "Upgrade to phase 1 is paused" */
export function runTitle(run: RunSnapshot, phaseName: string | null): string {
  if (run.kind === 'backup') return 'Making a backup';
  if (run.kind === 'restore') return 'Restoring a backup';
  const phase = `phase ${run.toPhase ?? 0}${phaseName === null ? '' : ` · ${phaseName}`}`;
  return run.state === 'paused' ? `Paused on the way to ${phase}` : `Upgrading to ${phase}`;
}

/** "Now: copying candidates … – 128,400 of 200,091 rows – 41,000 rows/s – 2 to 3 s left" */
export function describeNow(run: RunSnapshot): string {
  const progress = progressOf(run);
  const what = `${run.state === 'paused' ? 'Paused' : 'Now'}: ${lowerFirst(run.now)}`;
  if (progress === null || progress.rowsTotal === 0) return what;
  return [
    what,
    `${count(progress.rowsDone)} of ${counted(progress.rowsTotal, 'row')}`,
    ...(run.state === 'migrating' && progress.rowsPerSecond !== null ? [rate(progress.rowsPerSecond)] : []),
    ...(run.state === 'migrating' && progress.etaSeconds !== null ? [`${secondsRange(progress.etaSeconds)} left`] : []),
  ].join(' – ');
}

/** The engine's own progress or, between its reports, that of the step under way. */
export function progressOf(run: RunSnapshot): RunSnapshot['progress'] {
  if (run.progress !== null) return run.progress;
  const step = run.steps.find(({ state }) => state === 'running');
  if (!step || step.rowsTotal === 0) return null;
  return { rowsDone: step.rowsDone, rowsTotal: step.rowsTotal, rowsPerSecond: null, etaSeconds: null };
}

/** For screen readers, said every few seconds at most: short, no rates. */
export function announce(run: RunSnapshot): string {
  if (isFinal(run.state)) return resultHeadline(run.report, run.error ?? run.report?.error ?? null);
  const progress = progressOf(run);
  if (progress === null || progress.rowsTotal === 0) return sentence(upperFirst(run.now));
  return `${upperFirst(run.now)}: ${percent(progress.rowsDone, progress.rowsTotal)} percent.`;
}

export function safeToStopWords(run: RunSnapshot): string {
  if (run.state === 'pausing') return 'Pausing after the rows in hand…';
  if (run.state === 'cancelling') return 'Stopping after the rows in hand; what is finished is kept…';
  if (run.state === 'paused') return 'Nothing moves now. Go on whenever you like, or stop; finished work is kept.';
  if (run.state === 'starting' || run.state === 'backing-up')
    return 'Nothing has been changed yet. Safe to stop at any moment.';
  return run.safeToStop
    ? 'Safe to stop at any moment'
    : 'Please wait a moment before stopping: a step is being completed';
}

/** "128,400 of 200,091 rows", "2 rows", "" */
export function stepRows({ state, rowsDone, rowsTotal }: RunStep): string {
  if (rowsTotal === 0 && rowsDone === 0) return '';
  if (state === 'applied') return counted(Math.max(rowsDone, rowsTotal), 'row');
  if (state === 'waiting')
    return rowsTotal >= 10_000 ? `about ${counted(rowsTotal, 'row')}` : counted(rowsTotal, 'row');
  return `${count(rowsDone)} of ${counted(rowsTotal, 'row')}`;
}

export const stepTime = ({ state, ms }: RunStep): string => (ms === null || state === 'waiting' ? '' : duration(ms));

export const canPause = (run: RunSnapshot): boolean => run.kind === 'upgrade' && run.state === 'migrating';
export const canCancel = (run: RunSnapshot): boolean =>
  run.kind === 'upgrade' && ['starting', 'backing-up', 'migrating', 'pausing', 'paused'].includes(run.state);

/** One line of the history: "Upgraded to phase 1", "Stopped on the way to phase 1", "Failed on the way to phase 1" */
export function historyTitle(report: RunReport): string {
  if (report.ok) return `Upgraded to phase ${report.toPhase}`;
  const how =
    report.error?.code === 'E_CANCELLED'
      ? 'Stopped'
      : report.error?.code === 'E_INTERRUPTED'
        ? 'Interrupted'
        : 'Failed';
  return `${how} on the way to phase ${report.toPhase}`;
}

export const tookMs = (report: RunReport): number =>
  Math.max(0, Date.parse(report.finishedAt) - Date.parse(report.startedAt));

export const backupWords = (report: RunReport): string =>
  report.backup === null
    ? 'none'
    : `${report.backup.verified ? 'verified' : 'not verified'}, ${bytes(report.backup.sizeBytes)}`;
