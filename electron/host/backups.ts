import path from 'node:path';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { z } from 'zod';
import type { Busy } from './busy.ts';
import { ensureFolder } from './data-folder.ts';
import { databaseKey, defaultBackupFolder, type OpenEntry } from './databases.ts';
import type { Engines } from './engines.ts';
import type { EventBus } from './events.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { printable } from './printable.ts';
import type { Recents } from './recents.ts';

export interface Backups {
  /** Newest first, of the default folder and of every other folder used for this database before. */
  list(database: OpenEntry): Promise<Result<{ folder: string; backups: BackupRecord[] }>>;
  create(database: OpenEntry): Promise<Result<BackupRecord>>;
  /** Reads the whole backup again. */
  verify(database: OpenEntry, backupId: string): Promise<Result<BackupRecord>>;
  /** @param confirmation what the person typed; must be the database's file name (E_CONFIRMATION). */
  restore(
    database: OpenEntry,
    backupId: string,
    confirmation: string,
  ): Promise<Result<{ restored: BackupRecord; before: BackupRecord | null }>>;
  /** Error: E_BACKUP_GONE. */
  find(database: OpenEntry, backupId: string): Promise<Result<BackupRecord>>;
  /** Later lists look in the folder of this backup too. */
  remember(databasePath: string, backup: BackupRecord): void;
}

export interface BackupsContext {
  readonly engines: Engines;
  readonly events: EventBus;
  readonly busy: Busy;
  readonly recents: Recents;
  readonly dataFolder: string;
  readonly appVersion: string;
}

export function createBackups(context: BackupsContext): Backups {
  const { engines, appVersion } = context;
  const list: Backups['list'] = async (database) => {
    const folder = defaultBackupFolder(database.path);
    const folders = [folder, ...rememberedFolders(context.dataFolder, database.path)];
    const found = await engines.askAlone(database.path, 'listBackups', { folders, databasePath: database.path }).answer;
    return found.ok
      ? ok({ folder, backups: found.value.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1)) })
      : found;
  };
  const find: Backups['find'] = async (database, backupId) => {
    const listed = await list(database);
    if (!listed.ok) return listed;
    const backup = listed.value.backups.find((record) => record.id === backupId);
    return backup ? ok(backup) : err(appError('E_BACKUP_GONE', `There is no backup named ${printable(backupId, 80)}.`));
  };
  const remember: Backups['remember'] = (databasePath, backup) => {
    rememberFolder(context.dataFolder, databasePath, backup.folder);
    if (backup.verified) context.recents.backedUp(databasePath, backup.createdAt);
  };
  return {
    list,
    find,
    remember,
    create: (database) =>
      occupied(context, database, 'backup', async () => {
        const folder = defaultBackupFolder(database.path);
        const input = { path: database.path, folder, reason: 'by hand', runId: null, appVersion };
        const made = await engines.askAlone(database.path, 'backup', input).answer;
        if (made.ok) remember(database.path, made.value);
        return made;
      }),
    async verify(database, backupId) {
      const backup = await find(database, backupId);
      if (!backup.ok) return backup;
      return engines.askAlone(backup.value.path, 'verifyBackup', { backupPath: backup.value.path }).answer;
    },
    async restore(database, backupId, confirmation) {
      if (confirmation !== database.name) {
        return err(
          appError('E_CONFIRMATION', `What was typed is not ${printable(database.name)}. Nothing was started.`),
        );
      }
      const backup = await find(database, backupId);
      if (!backup.ok) return backup;
      return occupied(context, database, 'restore', () => restoreBackup(context, backup.value.path, database.path));
    },
  };
}

/** Puts a backup back; what it replaces is backed up first, beside the database. Shared by the window and the CLI. */
export async function restoreBackup(
  context: Pick<BackupsContext, 'engines' | 'appVersion'>,
  backupPath: string,
  databasePath: string,
): Promise<Result<{ restored: BackupRecord; before: BackupRecord | null }>> {
  const { appVersion } = context;
  const backupFolder = defaultBackupFolder(databasePath);
  const input = { backupPath, path: databasePath, backupFolder, appVersion, allowForeign: false };
  return context.engines.askAlone(databasePath, 'restore', input).answer;
}

async function occupied<T>(
  context: BackupsContext,
  database: OpenEntry,
  work: 'backup' | 'restore',
  act: () => Promise<Result<T>>,
): Promise<Result<T>> {
  const free = context.busy.take(database.path, work);
  if (!free.ok) return free;
  try {
    return await act();
  } finally {
    free.value();
    context.events.emit('database:changed', { handle: database.handle });
  }
}

const Folders = z.array(z.string());
const folderFile = (dataFolder: string, databasePath: string) =>
  path.join(dataFolder, 'backup-folders', `${databaseKey(databasePath)}.json`);

const rememberedFolders = (dataFolder: string, databasePath: string): string[] =>
  readJsonFile(folderFile(dataFolder, databasePath), Folders, []);

function rememberFolder(dataFolder: string, databasePath: string, folder: string): void {
  const known = rememberedFolders(dataFolder, databasePath);
  if (folder === defaultBackupFolder(databasePath) || known.includes(folder)) return;
  ensureFolder(dataFolder, 'backup-folders');
  writeJsonFile(folderFile(dataFolder, databasePath), [folder, ...known].slice(0, 20));
}
