import path from 'node:path';
import type { AppError } from '@shared/errors.ts';
import type { BackfillReport, BackupRecord, RunReport } from '@shared/run.ts';
import type { CheckResult, FileRun, IssueSummary } from '@shared/status.ts';
import { countIssues, readBackfills, readCheckpoints, type BackfillRow } from './bookkeeping.ts';
import { takeCensus, type Census } from './census.ts';
import type { Db, Pack } from './migration.ts';
import type { RunSession } from './session.ts';

export interface RunOutcome {
  readonly path: string;
  readonly target: number;
  readonly fromPhase: number | null;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly applied: RunReport['migrations'];
  readonly backup: BackupRecord;
  /** All that the run made, in order. */
  readonly backups: readonly BackupRecord[];
  readonly rowsBefore: Census;
  /** Runs that this one went on from, and that the file knew when it began. */
  readonly continues: readonly string[];
  /** All that the file named when it began, oldest first. */
  readonly earlierRuns: readonly FileRun[];
}

/** What was done, from what the database says now. */
export function reportOf(session: RunSession, outcome: RunOutcome, error: AppError | undefined): RunReport {
  const { db, pack, runId } = session;
  const parts = new Set([...outcome.continues, runId]);
  return {
    runId,
    ok: error === undefined,
    fileName: path.basename(outcome.path),
    packId: pack.id,
    fromPhase: outcome.fromPhase,
    toPhase: outcome.target,
    startedAt: new Date(outcome.startedAt).toISOString(),
    finishedAt: new Date(outcome.finishedAt).toISOString(),
    migrations: outcome.applied,
    backfills: orNone(() =>
      readBackfills(db)
        .filter((row) => parts.has(row.runId))
        .map((row) => backfillReport(pack, row)),
    ),
    backup: outcome.backup,
    ...(outcome.backups.length > 1 ? { backups: [...outcome.backups] } : {}),
    ...(outcome.continues.length > 0 ? { continuedRuns: [...outcome.continues] } : {}),
    ...(outcome.earlierRuns.length > 0 ? { earlierRuns: [...outcome.earlierRuns] } : {}),
    verified: false,
    checks: orNone(() => evidenceOf(db, runId)),
    issues: orNone(() => issueSummaries(db, pack)),
    tables: tableCounts(
      outcome.rowsBefore,
      error === undefined ? session.census : (tryCensus(db) ?? outcome.rowsBefore),
    ),
    ...(error === undefined ? {} : { error }),
  };
}

/** Issue rows by reason, in the pack's words. */
export const issueSummaries = (db: Db, pack: Pack): IssueSummary[] =>
  countIssues(db).map((issue) => ({ ...issue, title: issueTitle(pack, issue.reason) }));

export const issueTitle = (pack: Pack, reason: string): string =>
  pack.issueReasons[reason] ?? (reason === 'key-missing' ? 'The row has no key, so nothing can refer to it' : reason);

function backfillReport(pack: Pack, row: BackfillRow): BackfillReport {
  const { id, source, expected, moved, alreadyRight, issueRows, elapsedMs } = row;
  const name = id.slice(row.migrationId.length + 1);
  const backfill = pack.migrations
    .find((migration) => migration.id === row.migrationId)
    ?.backfills?.find((each) => each.name === name);
  const rowsPerSecond = elapsedMs > 0 ? Math.round(((moved + alreadyRight + issueRows) * 1000) / elapsedMs) : null;
  return { id, title: backfill?.title ?? id, source, expected, moved, alreadyRight, issueRows, rowsPerSecond };
}

const evidenceOf = (db: Db, runId: string): CheckResult[] =>
  readCheckpoints(db)
    .filter((checkpoint) => checkpoint.runId === runId)
    .flatMap(({ evidence }) => evidence);

function tableCounts(before: Census, after: Census): RunReport['tables'] {
  const names = [...new Set([...before.rows.keys(), ...after.rows.keys()])].toSorted();
  return names.map((name) => ({
    name,
    rowsBefore: before.rows.get(name) ?? null,
    rowsAfter: after.rows.get(name) ?? null,
  }));
}

/** After a disk error even reading may fail; the report then says less, but it comes. */
function orNone<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch {
    return [];
  }
}

function tryCensus(db: Db): Census | undefined {
  try {
    return takeCensus(db);
  } catch {
    return undefined;
  }
}
