import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { databaseKey } from './databases.ts';
import { printable } from './printable.ts';

/**
 * A backup's id is its name, so it is unique in its folder only: a copied folder has them all again. Where two of a list
 * have the same, each is told from the other by its folder.
 */
export function withUniqueIds(backups: readonly BackupRecord[]): BackupRecord[] {
  const counts = new Map<string, number>();
  for (const { id } of backups) counts.set(id, (counts.get(id) ?? 0) + 1);
  return backups.map((backup) => (counts.get(backup.id) === 1 ? backup : inItsFolder(backup)));
}

/** One that a list has not, beside that list: where they have one name, its folder tells it from the others. */
export function withIdBeside(backups: readonly BackupRecord[], backup: BackupRecord): BackupRecord {
  const isTaken = backups.some(({ id }) => id === backup.id || id.startsWith(`${backup.id} #`));
  return isTaken ? inItsFolder(backup) : backup;
}

const inItsFolder = (backup: BackupRecord): BackupRecord => ({
  ...backup,
  id: `${backup.id} #${databaseKey(backup.folder).slice(0, 8)}`,
});

/**
 * @param backups as `withUniqueIds` gave them.
 * @param id of one of them. An id from before a folder was copied fits several, and none of them is taken.
 */
export function findById(backups: readonly BackupRecord[], id: string): Result<BackupRecord> {
  const found = backups.find((backup) => backup.id === id);
  if (found) return ok(found);
  const folders = backups.filter((backup) => backup.id.startsWith(`${id} #`)).map(({ folder }) => printable(folder));
  const message =
    folders.length > 1
      ? `Several folders have a backup named ${printable(id, 80)}: ${folders.join(', ')}. Choose it in the list of backups.`
      : `There is no backup named ${printable(id, 80)}.`;
  return err(appError('E_BACKUP_GONE', message));
}
