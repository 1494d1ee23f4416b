import { lstatSync, statSync } from 'node:fs';
import path from 'node:path';
import { appError, coded, type AppError } from '@shared/errors.ts';
import type { Plan } from '@shared/run.ts';
import { freeBytes } from './file-system.ts';
import { errorCode } from './fsync.ts';

/**
 * How much the file may grow during an upgrade, as a share of its size. Additions of the phases measured: up to 0.6;
 * the journal holds every changed page once more while a step runs. The reference procedure asks for 2.2 with backup.
 */
const GROWTH = 1.2;
const SPARE_BYTES = 8 * 1024 * 1024;

export type Space = Plan['space'];

/**
 * What the upgrade and its backup need, and what the disks have. A folder that is yet to be made counts as its parent.
 * @param databaseBytes the file with its WAL. @param isChanging false = nothing but the backup will be written.
 */
export function planSpace(file: string, backupFolder: string, databaseBytes: number, isChanging: boolean): Space {
  const folder = path.dirname(file);
  const backupParent = existingParent(backupFolder);
  const backupBytes = 2 * databaseBytes + SPARE_BYTES; // the backup, and the copy that is opened to try it
  const growthBytes = isChanging ? Math.ceil(databaseBytes * GROWTH) + SPARE_BYTES : 0;
  const isOneDisk = statSync(folder).dev === statSync(backupParent).dev;
  return {
    databaseBytes,
    backupBytes,
    growthBytes,
    // The trial copy is gone again before the file begins to grow.
    needBytes: isOneDisk ? Math.max(backupBytes, databaseBytes + growthBytes) : growthBytes,
    freeBytes: freeBytes(folder),
    backupFreeBytes: freeBytes(backupParent),
  };
}

/** The refusal that the run would meet; null when there is enough. */
export function spaceProblem(space: Space, file: string, backupFolder: string): AppError | null {
  if (space.backupFreeBytes < space.backupBytes) {
    const { backupBytes: needBytes, backupFreeBytes: free } = space;
    return appError(
      'E_BACKUP_NO_SPACE',
      `The backup and its trial need ${mebibytes(needBytes)} but ${backupFolder} has ${mebibytes(free)} free. Nothing was changed.`,
      { folder: backupFolder, needBytes, freeBytes: free },
    );
  }
  if (space.freeBytes < space.needBytes) {
    const { needBytes, freeBytes: free } = space;
    return appError(
      'E_NO_SPACE',
      `The upgrade needs ${mebibytes(needBytes)} but the disk of ${path.dirname(file)} has ${mebibytes(free)} free. Nothing was changed.`,
      { needBytes, freeBytes: free },
    );
  }
  return null;
}

export const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024).toLocaleString('en-US')} MiB`;

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
