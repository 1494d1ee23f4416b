import { lstatSync, statSync } from 'node:fs';
import path from 'node:path';
import { appError, coded, type AppError } from '@shared/errors.ts';
import type { Plan } from '@shared/run.ts';
import { number } from './counted.ts';
import { freeBytes } from './file-system.ts';
import { errorCode } from './fsync.ts';

/** How much the file grows by an upgrade, as a share of its size: additions of the phases measured, up to 0.6. */
const GROWTH = 0.6;
/**
 * What is kept free for that: the journal holds every changed page once more while a step runs. The reference
 * procedure asks for 2.2 with backup.
 */
const GROWTH_RESERVE = 1.2;
const SPARE_BYTES = 8 * 1024 * 1024;

export type Space = Plan['space'];

/**
 * What the backup will take and the file will grow by, as expected; what must be free for that on the disk of the file
 * (`needBytes`: more, for trial copy, journal and surprises); and what the disks have. A folder that is yet to be made counts as its parent.
 * @param databaseBytes the file with its WAL. @param isChanging false = nothing but the backup will be written.
 * @param backups 2 = one more is made on the way, of the grown file.
 */
export function planSpace(
  file: string,
  backupFolder: string,
  databaseBytes: number,
  isChanging: boolean,
  backups = 1,
): Space {
  const folder = path.dirname(file);
  const backupParent = existingParent(backupFolder);
  const reserve = isChanging ? Math.ceil(databaseBytes * GROWTH_RESERVE) + SPARE_BYTES : 0;
  const secondBytes = backups > 1 ? Math.ceil(databaseBytes * (1 + GROWTH)) : 0;
  const isOneDisk = statSync(folder).dev === statSync(backupParent).dev;
  return {
    databaseBytes,
    backupBytes: databaseBytes + secondBytes,
    growthBytes: isChanging ? Math.ceil(databaseBytes * GROWTH) : 0,
    // The trial copy is gone again before the file begins to grow.
    needBytes: isOneDisk ? Math.max(backupNeed(databaseBytes), databaseBytes + reserve) + 2 * secondBytes : reserve,
    freeBytes: freeBytes(folder),
    backupFreeBytes: freeBytes(backupParent),
  };
}

/** The backup, and the copy that is opened to try it. */
const backupNeed = (databaseBytes: number): number => 2 * databaseBytes + SPARE_BYTES;

/** The refusal that the run would meet; null when there is enough. */
export function spaceProblem(space: Space, file: string, backupFolder: string): AppError | null {
  const needOfBackup = backupNeed(space.databaseBytes) + 2 * (space.backupBytes - space.databaseBytes);
  if (space.backupFreeBytes < needOfBackup) {
    const { backupFreeBytes: free } = space;
    return appError(
      'E_BACKUP_NO_SPACE',
      `The backup and its trial need ${megabytes(needOfBackup)} but ${backupFolder} has ${megabytes(free)} free.`,
      { folder: backupFolder, needBytes: needOfBackup, freeBytes: free },
    );
  }
  if (space.freeBytes < space.needBytes) {
    const { needBytes, freeBytes: free } = space;
    return appError(
      'E_NO_SPACE',
      `The upgrade needs ${megabytes(needBytes)} but the disk of ${path.dirname(file)} has ${megabytes(free)} free.`,
      { needBytes, freeBytes: free },
    );
  }
  return null;
}

/** Decimal, as everywhere on screen. */
export const megabytes = (bytes: number): string => `${number(Math.ceil(bytes / 1e6))} MB`;

/**
 * The nearest name above at which there is something.
 * @throws CodedError E_BACKUP_FOLDER when that is a link to nothing, or cannot be reached.
 */
export function existingParent(folder: string): string {
  let parent = path.resolve(folder);
  while (!isThere(parent) && parent !== path.dirname(parent)) parent = path.dirname(parent);
  return parent;
}

function isThere(file: string): boolean {
  try {
    if (statSync(file, { throwIfNoEntry: false })) return true;
    if (!lstatSync(file, { throwIfNoEntry: false })) return false;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOTDIR') return false; // below a file: that is what the caller finds further up
    if (code !== 'ELOOP') throw coded('E_BACKUP_FOLDER', `${file} cannot be reached (${code ?? 'no reason given'}).`);
  }
  throw coded('E_BACKUP_FOLDER', `${file} is a link that leads nowhere.`, { folder: file });
}
