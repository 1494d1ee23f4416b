import { setTimeout as sleep } from 'node:timers/promises';
import { type AppError, appError, type Result } from '@shared/errors.ts';
import type { RunReport } from '@shared/run.ts';
import { type CheckResult, SINCE_THE_FIRST } from '@shared/status.ts';
import type { EarlierBackup } from '@engine/protocol.ts';
import type { EngineChild } from './engine-process.ts';
import type { Engines } from './engines.ts';
import { isWrittenSince } from './written-since.ts';

/** Another program may open the file the moment our lock is gone; it is given this long, in ms, to let go of it. */
const BUSY_RETRIES_MS = [500, 1_500, 4_000];

/** How a verdict can be stopped. */
export interface VerdictControl {
  /** Of the parts that it went on from. */
  readonly earlier: readonly EarlierBackup[];
  readonly signal: AbortSignal;
  /** The process that checks, whenever there is one. */
  readonly onChild: (child: EngineChild | null) => void;
}

/**
 * The verdict on a finished run: a fresh process reopens the file cold and repeats the checks.
 * @returns the report with `verified`; without it, `ok` is false and the error is E_VERIFY_FAILED. null when it was
 *   stopped before there was an answer.
 */
export async function withVerdict(
  engines: Engines,
  file: string,
  report: RunReport,
  { earlier, signal, onChild }: VerdictControl = {
    earlier: [],
    signal: new AbortController().signal,
    onChild: () => {},
  },
): Promise<RunReport | null> {
  const backupPath = report.backup?.path ?? null;
  if (backupPath === null) {
    const why = appError('E_VERIFY_FAILED', 'The run names no backup that the result could be compared with.');
    return { ...report, ok: false, verified: false, error: why };
  }
  const input = { path: file, toPhase: report.toPhase, backupPath, earlier };
  const verdict = await patiently(signal, async () => {
    const { answer, child } = engines.askAlone(file, 'verify', input);
    onChild(child);
    return answer.finally(() => onChild(null));
  });
  if (verdict === null || (!verdict.ok && verdict.error.code === 'E_CANCELLED')) return null;
  const finishedAt = new Date().toISOString();
  if (!verdict.ok) return { ...report, finishedAt, ok: false, verified: false, error: couldNotCheck(verdict.error) };
  const { checks } = verdict.value;
  const error = disagreement(checks, await isWrittenSince(file, report.leftAs));
  const all = withoutRepeats(report.checks, checks);
  if (error) return { ...report, finishedAt, checks: all, ok: false, verified: false, error };
  return { ...report, finishedAt, checks: all, verified: true };
}

/** The verdict asks the exit criteria again: of what was asked twice, its answer counts. */
export function withoutRepeats(before: readonly CheckResult[], verdict: readonly CheckResult[]): CheckResult[] {
  const ids = new Set(verdict.map(({ id }) => id));
  return [...before.filter(({ id }) => !ids.has(id)), ...verdict];
}

const WRITTEN = 'Another program has written to the file since the upgrade let go of it; what differs may be its work.';
const LOOK =
  'Look at what differs. Where that is the work of another program, leave it as it is (on the command line: stay); otherwise restore the backup.';

const FIND_BACKUP =
  'Put that backup back into the folder of backups beside the file, then check again. Where it is nowhere any more, and the file is as you want it, choose "Leave it as it is" (on the command line: stay): then you are not asked again.';

/** Checks whose failure says that data may be missing or that the backup is not what was saved. */
const UNSAFE: readonly string[] = ['integrity', 'kept', 'backup', `kept${SINCE_THE_FIRST}`, `backup${SINCE_THE_FIRST}`];

const BETWEEN =
  'Compared with before this part, everything is as it should be. If another program has used the file between the parts of this upgrade, what differs may be its work.';

/**
 * null when every check holds. Checks that were not made prove nothing, and no checks at all are a failure.
 * @param isWritten by another program since the run: the backup cannot tell its work from a loss.
 */
export function disagreement(checks: readonly CheckResult[], isWritten: boolean): AppError | null {
  const open = checks.filter((check) => check.state !== 'met');
  if (checks.length > 0 && open.length === 0) return null;
  const first = open[0];
  const message = first
    ? `${open.length} of ${checks.length} checks did not hold when the file was opened again: "${first.title}". ${first.summary}`
    : 'Nothing was checked when the file was opened again.';
  const details = { failedChecks: open.length, checks: checks.length, ...(isWritten ? { isWritten } : {}) };
  // A file that lost something, or a backup of other bytes, is not "safe".
  const isSafe = !open.some(({ id }) => UNSAFE.includes(id)) && checks.length > 0;
  const isEarlier = open.length > 0 && open.every(({ id }) => id.endsWith(SINCE_THE_FIRST));
  const whose = [isEarlier ? BETWEEN : '', isWritten ? WRITTEN : ''].filter(Boolean);
  const nextStep = !isWritten && isBackupMissing(open) ? FIND_BACKUP : whose.length > 0 ? LOOK : null;
  return appError('E_VERIFY_FAILED', [message, ...whose].join(' '), details, {
    ...(isSafe ? {} : { safety: 'unknown' }),
    ...(nextStep === null ? {} : { nextStep }),
  });
}

/** All that can be seen without a backup holds, and what was to be compared with one had none that is as it was saved. */
function isBackupMissing(open: readonly CheckResult[]): boolean {
  const ids = new Set(open.map(({ id }) => id));
  const without = ['', SINCE_THE_FIRST].filter((part) => ids.has(`backup${part}`));
  const explained = new Set(without.flatMap((part) => ['backup', 'kept', 'references'].map((id) => id + part)));
  return without.length > 0 && open.every(({ id }) => explained.has(id));
}

/** @returns null when the signal came first. */
export async function patiently<T>(signal: AbortSignal, ask: () => Promise<Result<T>>): Promise<Result<T> | null> {
  if (signal.aborted) return null;
  let result = await ask();
  for (const waitMs of BUSY_RETRIES_MS) {
    if (result.ok || !['E_DB_BUSY', 'E_DB_IN_USE'].includes(result.error.code)) break;
    await sleep(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return null;
    result = await ask();
  }
  return result;
}

const couldNotCheck = (cause: AppError): AppError =>
  appError(
    'E_VERIFY_FAILED',
    `Every step was applied, but the final check could not be finished: ${cause.message}`,
    { cause: cause.code },
    { safety: 'unknown', nextStep: 'Check the database again, and do not delete the backup.' },
  );
