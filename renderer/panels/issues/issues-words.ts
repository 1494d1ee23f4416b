import type { Output } from '@shared/channels.ts';
import type { RetryReport } from '@shared/run.ts';
import type { DatabaseStatus, IssueSummary } from '@shared/status.ts';
import { count, counted } from '../../words/numbers.ts';

export type Issue = Output<'issues:list'>[number];

export const issueTotal = (issues: readonly IssueSummary[]): number =>
  issues.reduce((all, issue) => all + issue.count, 0);

/** "30 rows are noted with a reason" */
export function issuesHeadline(issues: readonly IssueSummary[]): string {
  const total = issueTotal(issues);
  if (total === 0) return 'No issue rows';
  return `${counted(total, 'row')} ${total === 1 ? 'is' : 'are'} noted with a reason`;
}

/** The only kind there is stands open. */
export const kindsNote = (issues: readonly IssueSummary[]): string =>
  issues.length === 1 ? '1 kind' : `${count(issues.length)} kinds; open one to see its rows`;

/** The most rows first: that is where a cause is worth looking for. What was asked for comes before all. */
export const sortReasons = (issues: readonly IssueSummary[], wanted: string | null): IssueSummary[] =>
  issues.toSorted(
    (a, b) =>
      Number(b.reason === wanted) - Number(a.reason === wanted) ||
      b.count - a.count ||
      a.reason.localeCompare(b.reason),
  );

export const issueKey = ({ sourceTable, reason }: Pick<IssueSummary, 'sourceTable' | 'reason'>): string =>
  `${sourceTable} ${reason}`;

/** Whether the file still has a table of this name; the last phase removes older ones. */
export const hasTable = (status: DatabaseStatus | null | undefined, table: string): boolean =>
  status?.tables.some(({ name, presentName, state }) => state !== 'missing' && (presentName ?? name) === table) ??
  false;

/** Where the row is now. */
export const placeWords = ({ isPlaced }: Pick<Issue, 'isPlaced'>): string =>
  isPlaced ? 'placed, needs a look' : 'kept aside, whole';

export const exportSentence = ({ rows }: Output<'issues:export'>): string =>
  `${counted(rows, 'row')} saved, each with the whole row it speaks of, in`;

/** What trying again achieved, to be read aloud. */
export function retrySentence({ tried, cleared, left, kept }: RetryReport): string {
  const rest =
    kept === 0
      ? ''
      : ` ${counted(kept, 'row')} whose older table is gone ${kept === 1 ? 'is' : 'are'} kept whole and can be saved as a file.`;
  if (tried === 0) return `There was no row that could be tried again.${rest}`;
  if (left === 0)
    return `Done. ${tried === 1 ? 'The one row is' : `All ${counted(tried, 'row')} are`} in place now.${rest}`;
  if (cleared === 0)
    return `${tried === 1 ? 'The row' : `None of the ${counted(tried, 'row')}`} could ${tried === 1 ? 'not ' : ''}be placed: ${tried === 1 ? 'its cause is' : 'their causes are'} still there.${rest}`;
  return `${count(cleared)} of ${counted(tried, 'row')} ${cleared === 1 ? 'is' : 'are'} in place now; ${count(left)} ${left === 1 ? 'is' : 'are'} still noted with a reason.${rest}`;
}

/** Why nothing can be tried now; null = it can. */
export function retryObstacle({ file, unfinishedRun }: DatabaseStatus, hasActiveRun: boolean): string | null {
  if (hasActiveRun) return 'Something is under way on this database; wait until it is done.';
  if (unfinishedRun) return 'An upgrade stopped before it was finished; continue it first.';
  return file.isWritable ? null : (file.readOnlyReason?.title ?? 'This file cannot be written.');
}
