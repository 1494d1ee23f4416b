import { lstatSync } from 'node:fs';
import path from 'node:path';
import { appError, type AppError } from '@shared/errors.ts';
import type { Sidecars } from './sidecars.ts';

export interface Owned {
  readonly uid: number;
  readonly mode: number;
}

/**
 * Beside a database that one user alone may write, SQLite would play in the log or journal that any other user has put
 * there. In a folder that several may write to, such as /tmp, that takes no right to the database.
 * An empty log and an index over it (-shm) may be anybody's: whoever reads a file in log mode without a right to write it
 * leaves just these.
 * @returns why it must not be opened for writing; null when it may be. A copy of it may be looked at.
 */
export function whyOfStranger(file: string, { walBytes, isJournalHot }: Sidecars): AppError | null {
  const suffix = walBytes > 0 ? '-wal' : isJournalHot ? '-journal' : null;
  if (suffix === null) return null;
  const [database, sidecar] = [file, file + suffix].map((each) => lstatSync(each, { throwIfNoEntry: false }));
  if (!database || !sidecar || !isOfStranger(sidecar, database, process.getuid?.())) return null;
  const [name, own] = [path.basename(file) + suffix, path.basename(file)];
  return appError(
    'E_SIDECAR_UNSAFE',
    `Beside ${own} lies ${name}, which belongs to a user who may not write ${own}: SQLite would change the file with what is in it.`,
    { uid: sidecar.uid, databaseUid: database.uid },
    {
      nextStep: `If ${name} is yours, give it the owner of ${own}. If not, move it to another folder and keep it. Then try again.`,
    },
  );
}

/**
 * Neither the owner of the database, nor root, who may write it all the same, nor we. Where a group or everybody may write the
 * database, whoever left the file beside it may be one of them; with further rights (ACLs) the group's bits say so, too;
 * macOS keeps those apart, where nothing here sees them.
 * @param me undefined on Windows, where every file has the same uid.
 */
export function isOfStranger(sidecar: Owned, database: Owned, me: number | undefined): boolean {
  if ((database.mode & 0o022) !== 0) return false;
  return ![database.uid, 0, me].includes(sidecar.uid);
}
