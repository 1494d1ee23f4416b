import { wasRefused } from '@shared/run.ts';
import { isAsLeft } from './written-since.ts';
import type { Work } from './works.ts';

/**
 * Restores that were made, by their own end. A backup "before restore" does not prove one: it is made before anything is
 * replaced, and stays where a full disk, or another program, then keeps the restore from being made.
 */

/** When they came to their end. @param works newest first, as what is returned. */
export const madeRestores = (works: readonly Work[]): string[] =>
  works.filter(isMade).map(({ lastSignAt }) => lastSignAt);

/**
 * The backup of what the last restore has replaced, where restoring that takes nothing out of the file but what the restore
 * has put there. null: there is none, or something has been done in the file since, or nobody can say. @param works newest first.
 */
export async function undoingBackup(database: string, works: readonly Work[]): Promise<string | null> {
  const at = works.findIndex(isMade);
  const last = works[at];
  if (last === undefined || last.leftAs === null || works.slice(0, at).some(mayHaveWritten)) return null;
  return (await isAsLeft(database, last.leftAs)) ? last.backupPath : null;
}

const isMade = ({ kind, isOver }: Work): boolean => kind === 'restore' && isOver === true;

/** Times are coarse on some disks. What was refused, or failed without a trace in the file, is no reason to ask. */
const mayHaveWritten = ({ kind, isOver, report }: Work): boolean =>
  kind === 'upgrade' ? report === null || !wasRefused(report) : kind !== 'backup' && isOver !== false;
