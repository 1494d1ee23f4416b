import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import { restoreLockFile } from '@shared/beside.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase } from '@engine/backups.ts';
import { sha256File } from '@engine/fsync.ts';
import { readableIntent } from '@engine/intent.ts';
import { placeStaged } from '@engine/restore-file.ts';
import { stageByFile } from '@engine/restore-stage.ts';
import { restoreBackup } from '@engine/restore.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** A file that somebody has marked as read-only is asked about before anything else. */

const folder = temporaryFolder();
const packs = [shopPack()];
afterEach(() => void vi.restoreAllMocks());

async function backedUp(): Promise<{ target: string; backup: BackupRecord }> {
  const target = makeShop(folder);
  const input = { path: target, folder: backupFolderOf(target), reason: 'by hand', runId: null, appVersion: '0' };
  const backup = await backupDatabase(input, packs);
  new Database(target).exec(`DELETE FROM note`).close();
  return { target, backup };
}
const restore = (path: string, backup: BackupRecord) =>
  restoreBackup(
    { path, backupPath: backup.path, backupFolder: backup.folder, appVersion: '0', allowForeign: false },
    { packs },
  );

it('no lock comes to lie beside it, not even for a moment', async () => {
  const { target, backup } = await backedUp();
  fs.chmodSync(target, 0o444);
  const link = vi.spyOn(fs, 'linkSync');

  expect(await codeOfPromise(restore(target, backup))).toBe('E_READONLY_FILE');

  expect(link.mock.calls.filter(([, name]) => name === restoreLockFile(target))).toEqual([]);
  fs.chmodSync(target, 0o644);
  await restore(target, backup);
  expect(link.mock.calls.filter(([, name]) => name === restoreLockFile(target))).toHaveLength(1);
});

it('nor beside one with a log that is none of it', async () => {
  const { target, backup } = await backedUp();
  fs.writeFileSync(`${target}-wal`, 'none of it');
  const link = vi.spyOn(fs, 'linkSync');

  expect(await codeOfPromise(restore(target, backup))).toBe('E_SIDECAR_UNSAFE');

  expect(link.mock.calls.filter(([, name]) => name === restoreLockFile(target))).toEqual([]);
});

it('a restore that was interrupted is not carried through over it', async () => {
  const { target, backup } = await backedUp();
  const end = (point: string): void => {
    if (point === 'intended') throw new Error('ended here');
  };
  const about = { source: 'backup', backupPath: backup.path, startedAt: '2026-01-01T00:00:00Z' } as const;
  const files = [{ suffix: '' as const, from: backup.path, sha256: backup.sha256 }];
  expect(() => placeStaged(stageByFile(target, files, about), end)).toThrow('ended here');
  fs.chmodSync(target, 0o444);
  const before = sha256File(target);

  expect(await codeOfPromise(restore(target, backup))).toBe('E_READONLY_FILE');

  expect(sha256File(target)).toBe(before);
  expect(readableIntent(target)).toMatchObject({ backupPath: backup.path });
  expect(fs.existsSync(path.join(path.dirname(target), `${path.basename(target)}.restore-stage`))).toBe(true);
});
