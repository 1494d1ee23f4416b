import { realpathSync } from 'node:fs';
import path from 'node:path';
import { lookOnDrives } from './drives.ts';

/**
 * Where a backup lies, its folder's links resolved, as the engine lists it: notes and journals may have another name of
 * the same folder. A folder that is not there, does not answer, or is on another computer, keeps its name: no note sends
 * us there.
 */
export const placeOf = (backup: string): string =>
  lookOnDrives.isSilent(backup) ? backup : path.join(realFolder(path.dirname(backup)), path.basename(backup));

/** Whether two names are of one backup. Nobody is asked where the names tell. */
export const isSameBackup = (a: string, b: string): boolean =>
  a === b || (path.basename(a) === path.basename(b) && placeOf(a) === placeOf(b));

/** By its name, the folder is one that backups go to unless another was chosen. */
export const liesAmongBackups = (file: string): boolean => path.dirname(path.resolve(file)).endsWith(' backups');

function realFolder(folder: string): string {
  if (/^[\\/]{2}/.test(folder)) return folder;
  try {
    return realpathSync.native(folder);
  } catch {
    return folder;
  }
}
