import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BackupPoint } from '@engine/backup.ts';
import { createBackup } from '@engine/backup.ts';
import { backupDatabase, listBackups, verifyBackup } from '@engine/backups.ts';
import { openEngine } from '@engine/connection.ts';
import { restoreBackup } from '@engine/restore.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { askOne, backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const packs = [shopPack()];
const backUp = (file: string, into = backupFolderOf(file)) =>
  backupDatabase({ path: file, folder: into, reason: 'by hand', runId: null, appVersion: '0' }, packs);
const restore = (file: string, backupPath: string) =>
  restoreBackup(
    { backupPath, path: file, backupFolder: backupFolderOf(file), appVersion: '0', allowForeign: false },
    { packs },
  );

afterEach(() => vi.restoreAllMocks());

describe('R02: the folder of backups', () => {
  it.each<[string, (file: string) => string]>([
    ['is the folder of the database', (file) => path.dirname(file)],
    ['is missing, with folders above it', (file) => path.join(path.dirname(file), 'a', 'b')],
    ['is a link to another', (file) => linkTo(path.join(path.dirname(file), 'elsewhere'))],
  ])('%s: a backup is made there and is found again', async (_, place) => {
    const file = makeShop(folder);
    const backup = await backUp(file, place(file));
    expect(backup.folder).toBe(fs.realpathSync(place(file)));
    expect(verifyBackup({ backupPath: backup.path }).state).toBe('verified');
    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
  });

  it.each<[string, string, (file: string) => string]>([
    ['is the database', 'E_BACKUP_FOLDER', (file) => file],
    ['is below a file', 'E_BACKUP_FOLDER', (file) => path.join(file, 'x')],
    ['is a link to nowhere', 'E_BACKUP_FOLDER', (file) => linkTo(path.join(path.dirname(file), 'gone'), false)],
  ])('%s: no upgrade is begun, and nothing is changed', async (_, code, place) => {
    const file = makeShop(folder);
    const bytes = fs.readFileSync(file);
    expect(await codeOfPromise(upgradeShop(file, { input: { backupFolder: place(file) } }))).toBe(code);
    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
  });

  it.each<BackupPoint>(['copied', 'hashed'])('removed when the backup is at "%s": there is none', async (at) => {
    const file = makeShop(folder);
    const into = backupFolderOf(file);
    const db = openEngine(file);
    const probe = (point: string) => void (point === at && fs.rmSync(into, { recursive: true }));
    const content = { packId: '', variantTitle: '', phase: null };
    const request = { path: file, folder: into, reason: 'by hand', runId: null, appVersion: '0', content, probe };
    expect(await codeOfPromise(createBackup(db, request))).toMatch(/^E_BACKUP_(FOLDER|UNVERIFIED)$/);
    db.close();
    expect(listBackups({ folders: [into], databasePath: null })).toEqual([]);
  });

  it('holds what killed backups left and cannot be removed: a backup is made all the same', async () => {
    const file = makeShop(folder);
    const backups = backupFolderOf(file);
    fs.mkdirSync(backups);
    const theirs = path.join(backups, 'shop 2026-01-02 03.04.05 by hand.db.partial');
    fs.mkdirSync(path.join(backups, 'shop 2026.db')); // what was begun to be deleted, and is no file
    fs.writeFileSync(path.join(backups, 'shop 2026.json.removing'), '{"format":"phasewise-backup 1","id":"shop 2026"}');
    fs.writeFileSync(theirs, 'bytes');
    fs.utimesSync(theirs, 1, 1);
    const remove = fs.rmSync;
    const held = vi.spyOn(fs, 'rmSync').mockImplementation((name, options) => {
      if (name === theirs) throw Object.assign(new Error(), { code: 'EACCES', syscall: 'unlink' });
      remove(name, options);
    });

    const backup = await backUp(file).finally(() => held.mockRestore());

    expect(backup.state).toBe('verified');
    expect(isThere(theirs)).toBe(true);
  });

  it.each(['statfsSync', 'readdirSync'] as const)(
    'does not answer (%s): that is told as the folder, not as the database',
    async (call) => {
      const file = makeShop(folder);
      const away = vi.spyOn(fs, call).mockImplementation(() => {
        throw Object.assign(new Error(), { code: 'EACCES', syscall: 'statfs' });
      });
      expect(await codeOfPromise(backUp(file).finally(() => away.mockRestore()))).toBe('E_BACKUP_FOLDER');
    },
  );
});

/** @returns a link to `folder`, which is made unless it is to lead nowhere. */
function linkTo(target: string, isMade = true): string {
  const link = `${target} link`;
  if (isMade) fs.mkdirSync(target, { recursive: true });
  if (!fs.lstatSync(link, { throwIfNoEntry: false })) fs.symlinkSync(target, link);
  return link;
}

it('R03: whatever has the name already, a file, a folder or a link to the database, is left as it is', async () => {
  const file = makeShop(folder);
  const first = await backUp(file);
  const into = backupFolderOf(file);
  const second = new Date(Date.parse(first.createdAt));
  vi.useFakeTimers({ now: second, toFake: ['Date'] });
  const bytes = fs.readFileSync(file);
  fs.symlinkSync(file, path.join(into, `${first.id} 2.db`));
  fs.mkdirSync(path.join(into, `${first.id} 3.db`));
  fs.writeFileSync(path.join(into, `${first.id} 4.json`), 'mine');

  const next = await backUp(file).finally(() => vi.useRealTimers());

  expect(next.id).toBe(`${first.id} 5`);
  expect(fs.readFileSync(path.join(into, `${first.id} 4.json`), 'utf8')).toBe('mine');
  expect(fs.readFileSync(file).equals(bytes)).toBe(true);
  expect(await codeOfPromise(restore(first.path, first.path))).toBe('E_RESTORE_TARGET');
});

it('R08: restores in a row each keep what they replaced, in folders of their own', async () => {
  const file = makeShop(folder);
  const [older, newer] = [await backUp(file), await backUp(file)];
  const kept: (string | null)[] = [];
  for (const [text, backup] of [
    ['one', older],
    ['two', newer],
    ['three', older],
  ] as const) {
    fs.writeFileSync(file, text);
    kept.push((await restore(file, backup.path)).replacedFolder);
  }

  expect(new Set(kept).size).toBe(3);
  expect(kept.map((each) => fs.readFileSync(path.join(each ?? '', 'shop.db'), 'utf8'))).toEqual([
    'one',
    'two',
    'three',
  ]);
  const { before } = await restore(file, newer.path);
  await restore(file, before?.path ?? '');
  expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
});

it('R13: a file system that cannot flush folders is told of in the evidence; any other failure is no backup', async () => {
  const flush = fs.fsyncSync;
  const failWith = (code: string) =>
    vi.spyOn(fs, 'fsyncSync').mockImplementation((handle) => {
      if (fs.fstatSync(handle).isDirectory()) throw Object.assign(new Error(code), { code });
      flush(handle);
    });
  const file = makeShop(folder);
  fs.mkdirSync(backupFolderOf(file));
  failWith('EINVAL');
  const { checks } = await backUp(file);
  expect(checks.flatMap(({ evidence }) => evidence)).toContainEqual({
    label: 'Folder flushed',
    text: 'not possible on this file system',
  });

  failWith('EIO');
  expect(await codeOfPromise(backUp(file))).toMatch(/^E_BACKUP_/);
  vi.restoreAllMocks();
  expect(listBackups({ folders: [backupFolderOf(file)], databasePath: null })).toHaveLength(1);
});
