import type { AppError } from '@shared/errors.ts';
import type { RunReport, RunSnapshot, RunStep } from '@shared/run.ts';
import { isFinal } from '@shared/run-state.ts';
import { bytes, count, counted, duration, percent, rate, secondsRange } from '../../words/numbers.ts';
import { wasNotStarted } from '../../words/errors.ts';
import type { Mark } from '../../words/states.ts';
import { supersededShort, type Superseded } from '../result/superseded.ts';
import { resultHeadline } from '../result/result-words.ts';
import { lowerFirst, sentence, upperFirst } from '../../words/text.ts';

/** What is done besides upgrades: while it runs, in the status bar, and when it is over. */
export const kindWords = {
  backup: {
    title: 'Making a backup',
    state: 'backing up',
    done: 'A backup was made.',
    failed: 'The backup was not made.',
  },
  restore: {
    title: 'Restoring a backup',
    state: 'restoring',
    done: 'A backup was restored.',
    failed: 'The backup was not restored.',
  },
  ingest: {
    title: 'Taking in run logs',
    state: 'taking in',
    done: 'Run logs were taken in.',
    failed: 'The run logs were not taken in.',
  },
  retry: {
    title: 'Trying the issue rows again',
    state: 'trying again',
    done: 'The issue rows were tried again.',
    failed: 'The issue rows were not tried again.',
  },
} as const;

/** "Upgrading to phase 1 · Canonical core", "Upgrade to phase 1 is paused" */
export function runTitle(run: RunSnapshot, phaseName: string | null): string {
  if (run.kind !== 'upgrade') return kindWords[run.kind].title;
  const phase = `phase ${run.toPhase ?? 0}${phaseName === null ? '' : ` · ${phaseName}`}`;
  return run.state === 'paused' ? `Paused on the way to ${phase}` : `Upgrading to ${phase}`;
}

/** "Now: copying candidates … – 128,400 of 200,091 rows – 41,000 rows/s – 2 to 3 s left" */
export function describeNow(run: RunSnapshot): string {
  const progress = progressOf(run);
  const what = `${run.state === 'paused' ? 'Paused' : 'Now'}: ${lowerFirst(nowWords(run))}`;
  if (progress === null || progress.rowsTotal === 0) return what;
  return [
    what,
    `${count(progress.rowsDone)} of ${counted(progress.rowsTotal, 'row')}`,
    ...(run.state === 'migrating' && progress.rowsPerSecond !== null ? [rate(progress.rowsPerSecond)] : []),
    ...(run.state === 'migrating' && progress.etaSeconds !== null ? [`${secondsRange(progress.etaSeconds)} left`] : []),
  ].join(' – ');
}

/** While nobody answers: what is shown is from before. */
export const lastKnown = (run: RunSnapshot): string =>
  `Last heard: ${lowerFirst(describeNow(run).replace(/^(Now|Paused): /, ''))}`;
export const NOT_CONNECTED =
  'Not connected: this is how it stood when the connection was lost. It goes on without this window, or can be continued.';

/** How far the whole of it was when it was last heard of, never the rows of a single step; null = it has no steps. */
export function stepsStood({ steps }: RunSnapshot): { percent: number; words: string } | null {
  if (steps.length === 0) return null;
  const applied = steps.filter(({ state }) => state === 'applied').length;
  return { percent: percent(applied, steps.length), words: `${count(applied)} of ${counted(steps.length, 'step')}` };
}

/** A second tab, or a second person at the same address. */
export const SHARED_RUN =
  'Started in another window. Pausing or stopping it here pauses or stops it there, too: it is the same upgrade.';

/**
 * Words and rows of the same step: between two steps the engine's last words are about the one before. The title of a
 * step says what it is for, not what happens now, so it is quoted: "step 15, “Give every job its prompt”".
 */
function nowWords(run: RunSnapshot): string {
  const title = run.progress === null && progressOf(run) !== null ? (stepUnderWay(run)?.title ?? '') : '';
  const words = title === '' ? run.now : title;
  const at = run.steps.findIndex((step) => step.title === words);
  return at < 0 ? words : `step ${at + 1}, “${words}”`;
}

const stepUnderWay = (run: RunSnapshot): RunStep | undefined => run.steps.find(({ state }) => state === 'running');

/** The engine's own progress or, between its reports, that of the step under way. */
export function progressOf(run: RunSnapshot): RunSnapshot['progress'] {
  if (run.progress !== null) return run.progress;
  if (run.state === 'verifying') return null; // every row is in its place
  const step = stepUnderWay(run);
  if (!step || step.rowsTotal === 0) return null;
  return { rowsDone: step.rowsDone, rowsTotal: step.rowsTotal, rowsPerSecond: null, etaSeconds: null };
}

/** The end of what is no upgrade. */
export const overWords = ({ kind, state }: RunSnapshot): string =>
  kind === 'upgrade' ? '' : kindWords[kind][state === 'completed' ? 'done' : 'failed'];

/** For screen readers, said every few seconds at most: short, no rates. */
export function announce(run: RunSnapshot): string {
  if (run.kind !== 'upgrade' && isFinal(run.state)) return overWords(run);
  if (isFinal(run.state)) return resultHeadline(run.report, run.error ?? run.report?.error ?? null);
  const progress = progressOf(run);
  if (progress === null || progress.rowsTotal === 0) return sentence(upperFirst(nowWords(run)));
  return `${upperFirst(nowWords(run))}: ${percent(progress.rowsDone, progress.rowsTotal)} percent.`;
}

export function safeToStopWords(run: RunSnapshot): string {
  if (run.state === 'pausing') return 'Pausing after the rows in hand…';
  if (run.state === 'cancelling')
    return 'Stopping; what is finished is kept. This takes a moment, in the middle of a large step a little longer…';
  if (run.state === 'paused' && run.attention) return 'Nothing moves now; finished work is kept.'; // its notice says what next
  if (run.state === 'paused') return 'Nothing moves now. Resume whenever you like, or stop; finished work is kept.';
  if (run.state === 'verifying')
    return 'Everything is written; the checks only read. Stopped now, it stays applied but not proven.';
  if (run.state === 'starting' || run.state === 'backing-up')
    return 'Nothing has been changed yet. Safe to stop at any moment.';
  return 'Safe to stop at any moment';
}

/** In a run that is over: the step that it was in. Asked to stop, it has not failed. */
export const hasStoppedAt = ({ state, rowsDone }: RunStep, isAsked: boolean): boolean =>
  state === 'running' || (state === 'failed' && isAsked) || (state === 'waiting' && rowsDone > 0);

/** "128,400 of 200,091 rows", "2 rows", "" */
export function stepRows({ state, rowsDone, rowsTotal }: RunStep): string {
  if (rowsTotal === 0 && rowsDone === 0) return '';
  if (state === 'applied') return counted(Math.max(rowsDone, rowsTotal), 'row');
  if (state === 'waiting' && rowsDone === 0)
    return rowsTotal >= 10_000 ? `about ${counted(rowsTotal, 'row')}` : counted(rowsTotal, 'row');
  return `${count(rowsDone)} of ${counted(rowsTotal, 'row')}`;
}

export const stepTime = ({ state, ms }: RunStep): string => (ms === null || state === 'waiting' ? '' : duration(ms));

export const canPause = (run: RunSnapshot): boolean => run.kind === 'upgrade' && run.state === 'migrating';
export const canCancel = (run: RunSnapshot): boolean =>
  run.kind === 'upgrade' &&
  ['starting', 'backing-up', 'migrating', 'pausing', 'paused', 'verifying'].includes(run.state);

/** One line of the history: "Upgraded to phase 1", "Stopped on the way to phase 1", "Failed on the way to phase 1" */
export function historyTitle(report: RunReport): string {
  if (report.ok) return `Upgraded to phase ${report.toPhase}`;
  if (wasNotStarted(report.error)) return `Upgrade to phase ${report.toPhase} not started`;
  const how =
    report.error?.code === 'E_CANCELLED'
      ? 'Stopped'
      : report.error?.code === 'E_INTERRUPTED'
        ? 'Interrupted'
        : 'Failed';
  return `${how} on the way to phase ${report.toPhase}`;
}

/** A run that a restore made history keeps its title and says so. */
export function historyMark(report: RunReport, superseded: Superseded | null): Mark {
  const title = historyTitle(report);
  if (superseded?.isUndone) return { tone: 'none', word: `${title}, ${supersededShort(superseded)}` };
  return { tone: report.ok ? 'done' : 'attention', word: title };
}

export const tookMs = (report: RunReport): number =>
  Math.max(0, Date.parse(report.finishedAt) - Date.parse(report.startedAt));

export const backupWords = (report: RunReport): string =>
  report.backup === null
    ? 'none'
    : `${report.backup.verified ? 'verified' : 'not verified'}, ${bytes(report.backup.sizeBytes)}`;

/** The report that leads instead of this session's run: another program, such as the command line, ran later. */
export function newerThan(run: RunSnapshot | null, history: readonly RunReport[]): RunReport | null {
  const newest = history.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))[0];
  return run && newest && newest.runId !== run.runId && newest.startedAt > run.startedAt ? newest : null;
}

/** What is needed and what is there, where a run paused for lack of space. */
export function spaceFacts({ details = {} }: AppError): [string, string][] {
  const number = (name: string): number | null => (typeof details[name] === 'number' ? details[name] : null);
  const [need, free] = [number('needBytes'), number('freeBytes')];
  return [
    ...(need === null ? [] : [['Needed to go on', bytes(need)] as [string, string]]),
    ...(free === null ? [] : [['Free now', bytes(free)] as [string, string]]),
  ];
}

/** A step in one piece may be silent for long; after this, ms, the window says what that means. */
const QUIET_MS = 30_000;

/** null while there are signs of life. @param now ms since 1970. */
export function quietWords({ state, lastSignAt }: RunSnapshot, now: number): string | null {
  if (lastSignAt === undefined || isFinal(state) || state === 'paused') return null;
  const silentMs = now - Date.parse(lastSignAt);
  if (!(silentMs >= QUIET_MS)) return null;
  return `No sign of life for ${duration(silentMs)}. A large step in one piece gives none until it ends; stopping is always possible.`;
}
