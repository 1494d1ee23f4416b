import { lstatSync } from 'node:fs';
import { type FileStamp, stampOf } from '@shared/file-stamp.ts';
import { lookOnDrives } from './drives.ts';
import { exactStatsOn, ownStatsOn } from './on-drives.ts';

/**
 * Whether a database was written to since it was `left`; a log beside it that is not empty has writes too. False where
 * nobody can say, as on a drive that does not answer.
 */
export const isWrittenSince = async (file: string, left: FileStamp | undefined): Promise<boolean> =>
  left !== undefined && (await stateOf(file, left)) === 'written';

/** Whether a database is there as it was `left`; false also where nobody can say. */
export const isAsLeft = async (file: string, left: FileStamp | undefined): Promise<boolean> =>
  left !== undefined && (await stateOf(file, left)) === 'as-left';

/**
 * How a database is left. undefined: nobody can say, or a log beside it has writes that are not in it. Never throws. At
 * once: whoever has written it lets go of it with the same breath, and what is written after that is not its doing.
 */
export function leftAsNow(file: string): FileStamp | undefined {
  if (lookOnDrives.isSilent(file)) return undefined;
  try {
    const log = lstatSync(`${file}-wal`, { throwIfNoEntry: false });
    return (log?.size ?? 0) > 0 ? undefined : stampOf(lstatSync(file, { bigint: true }));
  } catch {
    return undefined;
  }
}

async function stateOf(file: string, left: FileStamp): Promise<'as-left' | 'written' | 'unknown'> {
  const stats = await exactStatsOn(file);
  if (typeof stats !== 'object') return 'unknown';
  const { bytes, changedAt } = stampOf(stats);
  if (bytes !== left.bytes || changedAt !== left.changedAt) return 'written';
  const log = await ownStatsOn(`${file}-wal`);
  if (typeof log === 'object' && log.size > 0) return 'written';
  return stats.isFile() && (typeof log === 'object' || log === 'nothing') ? 'as-left' : 'unknown';
}
