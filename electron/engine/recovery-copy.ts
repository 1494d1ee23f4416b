import fs from 'node:fs';
import path from 'node:path';
import { backupError, freeFolderName, prepareFolder } from './backup-folder.ts';
import { errorCode, fsyncFolder, renameWithRetry } from './fsync.ts';
import type { GatedFile } from './gate.ts';
import { copyRaw } from './restore-file.ts';
import { readSidecars } from './sidecars.ts';

/**
 * A hot journal is what a program left that died in the middle of a write; SQLite plays it back at the next opening for
 * writing, and then both are gone. So database and journal are copied raw first, into a folder among the backups. It is
 * removed once the run's result is proven.
 * @returns the folder; null when there is no such journal.
 * @throws CodedError E_BACKUP_FOLDER | E_BACKUP_NO_SPACE with nothing changed.
 */
export function keepBeforeRecovery({ path: file, sidecars }: GatedFile, backupFolder: string): string | null {
  if (!sidecars.isJournalHot) return null;
  const folder = prepareFolder(backupFolder);
  const kept = freeFolderName(folder, { path: file, reason: 'before recovery' }, new Date());
  const filling = `${kept}.filling`;
  try {
    for (const name of fs.readdirSync(folder).filter((each) => each.endsWith(' before recovery.filling')))
      fs.rmSync(path.join(folder, name), { recursive: true, force: true }); // of a run that was killed
    fs.mkdirSync(filling, { mode: 0o700 });
    copyRaw(file, filling);
    renameWithRetry(filling, kept);
    fsyncFolder(folder);
    return kept;
  } catch (error) {
    fs.rmSync(filling, { recursive: true, force: true });
    // The journal went while it was copied: a living program wrote, nobody left it behind.
    if (errorCode(error) === 'ENOENT') return null;
    throw backupError(error, folder);
  }
}

/** Nobody played the journal back after all: what was copied is still what is there. */
export function dropRecoveryCopy(kept: string | null, { path: file }: GatedFile): void {
  if (kept !== null && readSidecars(file).isJournalHot) fs.rmSync(kept, { recursive: true, force: true });
}
