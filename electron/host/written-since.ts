import { lstatSync } from 'node:fs';
import { type FileStamp, stampOf } from '@shared/file-stamp.ts';

/** Whether a database was written to since it was `left`; a log beside it that is not empty has writes too. */
export function isWrittenSince(file: string, left: FileStamp | undefined): boolean {
  const stats = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  if (left === undefined || stats === undefined) return false; // nobody can say
  const { bytes, changedAt } = stampOf(stats);
  return bytes !== left.bytes || changedAt !== left.changedAt || hasLog(file);
}

/** Whether a database is there as it was `left`; false also where nobody can say. */
export function isAsLeft(file: string, left: FileStamp | undefined): boolean {
  try {
    return left !== undefined && lstatSync(file).isFile() && !isWrittenSince(file, left);
  } catch {
    return false;
  }
}

/** How a database is left. undefined: nobody can say, or a log beside it has writes that are not in it. Never throws. */
export function leftAsNow(file: string): FileStamp | undefined {
  try {
    return hasLog(file) ? undefined : stampOf(lstatSync(file, { bigint: true }));
  } catch {
    return undefined;
  }
}

const hasLog = (file: string): boolean => (lstatSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
