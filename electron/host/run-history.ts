import path from 'node:path';
import { appError, type ErrorCode } from '@shared/errors.ts';
import { type RunReport, wasRefused } from '@shared/run.ts';
import { firstOf, lastOf, type Line, linesOf } from './journal-lines.ts';
import { readWorks, type Work } from './works.ts';

/**
 * Reports of all runs of a database, newest first; each is read when it is asked for. A run without an end gets a report
 * made of its journal, with E_INTERRUPTED; runs that were refused before they began, and runs that are still going on,
 * are left out.
 * @param isActive says so of a run of this process.
 */
export function* reportsOf(
  dataFolder: string,
  databasePath: string,
  isActive: (runId: string) => boolean,
): Generator<RunReport, void> {
  for (const work of readWorks(dataFolder, databasePath)) {
    if (work.kind !== 'upgrade') continue;
    if (work.report === null ? work.isAlive || isActive(work.runId) : wasRefused(work.report)) continue;
    const whole = wholeOf(work);
    if (whole) yield afterVerdict(whole.report ?? interruptedReport(work, whole), whole);
  }
}

export const readHistory = (...asked: Parameters<typeof reportsOf>): RunReport[] => [...reportsOf(...asked)];

/** What is too long to be kept. */
interface Whole {
  readonly started: Line<'started'>;
  /** The report of a run whose steps are all there, whatever came after. */
  readonly migrated: RunReport | null;
  /** The report that it ended with. */
  readonly report: RunReport | null;
  readonly verdict: Line<'verdict'> | null;
}

/** null: it cannot be read any more. */
function wholeOf({ journal }: Work): Whole | null {
  const lines = linesOf(journal) ?? [];
  const started = firstOf(lines, 'started');
  if (!started) return null;
  return {
    started,
    migrated: lastOf(lines, 'migrated')?.report ?? null,
    report: lastOf(lines, 'ended')?.report ?? null,
    verdict: lastOf(lines, 'verdict') ?? null,
  };
}

/** A verdict that was asked for later is the one that counts. */
function afterVerdict(report: RunReport, { verdict, migrated }: Whole): RunReport {
  if (verdict === null) return report;
  // The report at the end tells of the whole way, the one before it of this part only.
  const { error: _, ...rest } = report.continues ? report : (migrated ?? report);
  const { verified, checks, error } = verdict;
  return verified
    ? { ...rest, ok: true, verified, checks, finishedAt: verdict.at }
    : { ...report, ...(checks.length > 0 ? { checks } : {}), ...(error ? { error } : {}) };
}

function interruptedReport(work: Work, { started, migrated }: Whole): RunReport {
  const { applied } = work;
  const titles = new Map(started.plan?.steps.map((step) => [step.migrationId, step.title]));
  for (const { migrationId, title } of work.steps) titles.set(migrationId, title);
  const where = migrated
    ? 'before its final check'
    : applied.length === 0
      ? 'before its first step'
      : `after step ${applied.length}`;
  const made: RunReport = migrated ?? {
    runId: started.runId,
    ok: false,
    fileName: path.basename(started.path),
    packId: started.plan?.packId ?? '',
    fromPhase: started.plan?.fromPhase ?? null,
    toPhase: started.toPhase ?? 0,
    startedAt: started.at,
    finishedAt: work.lastSignAt,
    migrations: applied.map(({ migrationId, ms }) => ({
      id: migrationId,
      title: titles.get(migrationId) ?? migrationId,
      ms,
    })),
    backfills: [],
    backup: work.backup,
    verified: false,
    checks: [],
    issues: [],
    tables: [],
    ...(work.keptIn === null ? {} : { keptIn: work.keptIn }),
  };
  const error = appError(
    'E_INTERRUPTED' satisfies ErrorCode,
    `The run stopped ${where}: Phasewise or the computer was ended.`,
    undefined,
    // Whoever was ended cannot have heard of everything: without that line no backup may be promised.
    work.backupPath === null ? { safety: 'unknown' } : undefined,
  );
  return { ...made, ok: false, verified: false, error };
}
