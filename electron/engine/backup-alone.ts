import fs from 'node:fs';
import path from 'node:path';
import { coded } from '@shared/errors.ts';
import { orRefuse } from './identity.ts';
import { readSidecars } from './sidecars.ts';

/**
 * To be asked before SQLite opens a backup, however its bytes were found to be. A finished backup has nothing beside it:
 * a log or a journal there is of another state of it, as when the good file was put back after a program had opened the
 * backup and died. SQLite would play it into the backup, also through a connection that may only read.
 * @throws CodedError E_BACKUP_CORRUPT naming what lies there; E_SIDECAR_UNSAFE when that is no ordinary file.
 */
export function requireAlone(backup: string): void {
  const file = orRefuse(backup, () => fs.realpathSync(backup)); // a link to another disk: SQLite looks beside the file itself
  const { walBytes, isJournalHot } = readSidecars(file);
  const suffix = walBytes > 0 ? '-wal' : isJournalHot ? '-journal' : null;
  if (suffix === null) return;
  const name = file === backup ? path.basename(file) : file;
  throw coded(
    'E_BACKUP_CORRUPT',
    `Beside the backup lies ${name}${suffix}, which is not part of it. SQLite would change the backup with it, so the backup was not opened.`,
    { stray: `${name}${suffix}` },
    { nextStep: `Move ${name}${suffix} to another folder, then check the backup again. Or use another backup.` },
  );
}
