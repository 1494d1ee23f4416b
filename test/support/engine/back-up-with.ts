import Database from 'better-sqlite3';
import { createBackup, type BackupPoint, type BackupRequest } from '@engine/backup.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupFolderOf } from './run-shop.ts';

/** Backs up through an open connection, with `meddle` called at each point. */
export async function backUpWith(
  file: string,
  meddle: NonNullable<BackupRequest['probe']>,
  more: Pick<BackupRequest, 'onWork'> = {},
): Promise<BackupRecord> {
  const db = new Database(file);
  try {
    return await createBackup(db, {
      ...{
        path: file,
        folder: backupFolderOf(file),
        reason: 'by hand',
        runId: null,
        appVersion: '0.0.0',
        starvedMs: 150,
      },
      content: { packId: 'shop', variantTitle: 'Old shop', phase: null },
      probe: meddle,
      ...more,
    });
  } finally {
    db.close();
  }
}

/** For `meddle`: at one point only. */
export const at = (wanted: BackupPoint, act: (file: string) => void) => (point: BackupPoint, file: string) => {
  if (point === wanted) act(file);
};
