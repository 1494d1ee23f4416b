import fs from 'node:fs';
import path from 'node:path';
import { canBePutBack, isReplacedFolder } from '@shared/beside.ts';
import { readableIntent } from './intent.ts';
import { quarantineOf } from './restore-file.ts';

/** A folder beside the database with files that a restore has replaced. */

/** Only a folder of ours beside the database, with its file in it, and nothing there that is no file. */
export function isReplacedWhole(target: string, folder: string): boolean {
  const name = path.basename(target);
  const isOurs = path.dirname(folder) === path.dirname(target) && isReplacedFolder(name, path.basename(folder));
  const look = (file: string) => fs.lstatSync(file, { throwIfNoEntry: false });
  const place = isOurs ? placeOf(target, folder) : folder;
  return isOurs && look(place)?.isDirectory() === true && canBePutBack(name, (each) => look(path.join(place, each)));
}

/** A restore that was killed right after it had noted the folder has not given it its name for good yet. */
function placeOf(target: string, folder: string): string {
  const intent = readableIntent(target);
  const noted = intent?.quarantine === path.basename(folder) ? quarantineOf(target, intent) : null;
  return noted ?? folder;
}
