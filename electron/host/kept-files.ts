import { lstatSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isRecoveryCopy, isReplacedFolder } from '@shared/beside.ts';
import type { Work } from './works.ts';

/** Folders with raw files that were set aside, newest first. */
export interface KeptFolder {
  readonly folder: string;
  readonly at: string;
}

/** Beside the database: what restores replaced and could only keep as files. */
export const replacedFolders = (database: string): KeptFolder[] =>
  foldersIn(path.dirname(database), (name) => isReplacedFolder(path.basename(database), name));

/**
 * Whether putting back what a restore had set aside has set this aside, by the journals: the last restore before it that
 * came to an end. @param works newest first.
 */
export function wasSetAsideByUndo(database: string, { at }: KeptFolder, works: readonly Work[]): boolean {
  const latest = new Date(Date.parse(at) + COARSEST_TIME_MS).toISOString();
  const its = works.find(({ kind, isOver, since }) => kind === 'restore' && isOver === true && since <= latest);
  return isReplacedFolder(path.basename(database), path.basename(its?.started.restores ?? ''));
}

/** Of a folder's time on a FAT disk. */
export const COARSEST_TIME_MS = 2_000;

/** Among the backups: databases with the journal that SQLite was to play back, as they were before. */
export const recoveryCopies = (backupFolder: string): KeptFolder[] => foldersIn(backupFolder, isRecoveryCopy);

/** Once the run that made it was proven. Removes nothing but such a folder; where it cannot, the folder stays listed. */
export function removeRecoveryCopy(folder: string): void {
  try {
    if (isRecoveryCopy(path.basename(folder))) rmSync(folder, { recursive: true, force: true });
  } catch {
    // as above
  }
}

/** Folders of backups of other databases beside this one: after a rename its own are among them. */
export const neighbouringBackupFolders = (database: string): string[] =>
  foldersIn(
    path.dirname(database),
    (name) => name.endsWith(' backups') && name !== `${path.basename(database)} backups`,
  )
    .map(({ folder }) => folder)
    .slice(0, MOST_NEIGHBOURS);

const MOST_NEIGHBOURS = 50;

function foldersIn(parent: string, isWanted: (name: string) => boolean): KeptFolder[] {
  try {
    return readdirSync(parent)
      .filter(isWanted)
      .flatMap((name) => {
        const folder = path.join(parent, name);
        const stats = lstatSync(folder, { throwIfNoEntry: false });
        return stats?.isDirectory() ? [{ folder, at: stats.mtime.toISOString() }] : [];
      })
      .sort((a, b) => b.at.localeCompare(a.at));
  } catch {
    return []; // the folder is gone, or not ours to look into
  }
}
