import type { BackupRecord, RunReport } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { dateTime } from '../../words/times.ts';

/** Why a report no longer describes the file. */
export interface Superseded {
  /** When the first backup was restored after the run; null when only the file itself tells. */
  readonly restoredAt: string | null;
  /** The file is below the phase that the run reached. */
  readonly isUndone: boolean;
}

/** A restore backs up what it replaces: the reason of that record, as the engine writes it. */
const RESTORE = 'before restore';

/** null while the report still describes the file. */
export function supersededBy(
  report: Pick<RunReport, 'ok' | 'finishedAt' | 'toPhase'>,
  { phaseReached, checkedAt }: Pick<DatabaseStatus, 'phaseReached' | 'checkedAt'>,
  backups: readonly BackupRecord[],
): Superseded | null {
  const restores = backups
    .filter(({ madeOfGone }) => !madeOfGone) // a restore of another file says nothing of this one
    .filter(({ reason, createdAt }) => reason.startsWith(RESTORE) && createdAt >= report.finishedAt)
    .map(({ createdAt }) => createdAt)
    .toSorted();
  const restoredAt = restores[0] ?? null;
  // A status from before the run's end says nothing about what the run left.
  const isUndone = report.ok && checkedAt >= report.finishedAt && (phaseReached ?? -1) < report.toPhase;
  return restoredAt === null && !isUndone ? null : { restoredAt, isUndone };
}

/** "The upgrade to phase 1 was undone by a restore." */
export function supersededHeadline({ restoredAt, isUndone }: Superseded, { toPhase, ok }: RunReport): string {
  const run = ok ? `The upgrade to phase ${toPhase}` : `The run to phase ${toPhase}`;
  if (restoredAt === null) return `${run} no longer describes this file.`;
  return isUndone ? `${run} was undone by a restore.` : `${run} came before a restore.`;
}

export function supersededWords({ restoredAt, isUndone }: Superseded): string {
  if (restoredAt === null) return 'The file is at an earlier phase now. What this run said when it ended:';
  const when = dateTime(restoredAt);
  return isUndone
    ? `Undone by a restore at ${when}: the file is what it was before. What this run said when it ended:`
    : `A backup was restored at ${when}, after this run. What it said when it ended:`;
}

/** For the status bar and the list of runs: "undone by a restore". */
export function supersededShort({ restoredAt, isUndone }: Superseded): string {
  if (restoredAt === null) return 'no longer what the file is';
  return isUndone ? 'undone by a restore' : 'before a restore';
}
