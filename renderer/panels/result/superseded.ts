import type { RunReport } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { dateTime } from '../../words/times.ts';

/** Why a report no longer describes the file. */
export interface Superseded {
  /** When the first restore after the run was made; null when only the file itself tells. */
  readonly restoredAt: string | null;
  /** The file is below the phase that the run reached. */
  readonly isUndone: boolean;
}

/** null while the report still describes the file. @param restores when they were made, as the host lists them. */
export function supersededBy(
  report: Pick<RunReport, 'ok' | 'finishedAt' | 'toPhase'>,
  { phaseReached, checkedAt }: Pick<DatabaseStatus, 'phaseReached' | 'checkedAt'>,
  restores: readonly string[],
): Superseded | null {
  const [restoredAt = null] = restores.filter((at) => at >= report.finishedAt).toSorted();
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
    : `A restore replaced the file at ${when}, after this run. What it said when it ended:`;
}

/** For the status bar and the list of runs: "undone by a restore". */
export function supersededShort({ restoredAt, isUndone }: Superseded): string {
  if (restoredAt === null) return 'no longer what the file is';
  return isUndone ? 'undone by a restore' : 'before a restore';
}
