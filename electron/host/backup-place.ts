import { realpathSync } from 'node:fs';
import path from 'node:path';
import { lookOnDrives } from './drives.ts';
import { insideOf, realFolderOn } from './on-drives.ts';

/**
 * Where a backup lies, its folder's links resolved, as the engine lists it: notes and journals may have another name of
 * the same folder. A folder that is not there, does not answer, or is on another computer, keeps its name: no note sends
 * us there.
 */
export async function placeOn(backup: string): Promise<string> {
  const folder = path.dirname(backup);
  return path.join(isElsewhere(folder) ? folder : await realFolderOn(folder), path.basename(backup));
}

/**
 * The same at once, for what compares journals line by line: the drive has to be asked first (`askFolders`), and where
 * that is not known to answer, the name stays.
 */
export const placeOf = (backup: string): string =>
  lookOnDrives.isSilent(backup) ? backup : path.join(realFolder(path.dirname(backup)), path.basename(backup));

/** Finds out which of the folders of these backups do not answer: for whoever then cannot wait for them. */
export async function askFolders(backups: readonly string[]): Promise<void> {
  const folders = new Set(backups.map((backup) => path.dirname(backup)));
  for (const folder of folders) if (!isElsewhere(folder)) await lookOnDrives(insideOf(folder), true);
}

/** Whether two names are of one backup. Nobody is asked where the names tell. */
export const isSameBackup = (a: string, b: string): boolean =>
  a === b || (path.basename(a) === path.basename(b) && placeOf(a) === placeOf(b));

/** The same for whoever can wait. */
export const isSameBackupOn = async (a: string, b: string): Promise<boolean> =>
  a === b || (path.basename(a) === path.basename(b) && (await placeOn(a)) === (await placeOn(b)));

/** By its name, the folder is one that backups go to unless another was chosen. */
export const liesAmongBackups = (file: string): boolean => path.dirname(path.resolve(file)).endsWith(' backups');

/** On another computer. */
const isElsewhere = (folder: string): boolean => /^[\\/]{2}/.test(folder);

function realFolder(folder: string): string {
  if (isElsewhere(folder)) return folder;
  try {
    return realpathSync.native(folder);
  } catch {
    return folder;
  }
}
