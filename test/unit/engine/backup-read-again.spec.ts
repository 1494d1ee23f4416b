import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase, verifyBackup } from '@engine/backups.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What is noted of a backup when it is read again. */

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());

let backup: BackupRecord;
beforeEach(async () => {
  const file = makeShop(folder);
  const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  backup = await backupDatabase(made, [shopPack()]);
});
const stateOf = (isNoted = true): string => verifyBackup({ backupPath: backup.path, isNoted }).state;
const notes = (): string[] => fs.readdirSync(backup.folder).filter((name) => name.endsWith('.check.json'));

it('nothing where that is not wanted', () => {
  fs.rmSync(path.join(backup.folder, `${backup.id}.check.json`), { force: true });
  expect([stateOf(false), notes()]).toEqual(['verified', []]);
  expect([stateOf(true), notes().length]).toEqual(['verified', 1]);
});

it('nothing where nothing can be written, and it is told all the same', () => {
  vi.spyOn(fs, 'renameSync').mockImplementation(() => {
    throw Object.assign(new Error('EROFS: refused on purpose'), { code: 'EROFS' });
  });
  expect(stateOf()).toBe('verified');
});

it('that it is gone, where a folder has its name', () => {
  fs.rmSync(backup.path);
  fs.mkdirSync(backup.path);
  expect(verifyBackup({ backupPath: backup.path }).lastCheck).toMatchObject({ error: { code: 'E_BACKUP_GONE' } });
});
