import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase } from '@engine/backups.ts';
import { manifestFile, nextSequence } from '@engine/manifest.ts';
import { putBackReplaced } from '@engine/put-back.ts';
import { copyRaw } from '@engine/raw-copy.ts';
import { whyStored } from '@engine/stored-backup.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** A look that failed has found out nothing: nobody may take it for "there is none". */

const folder = temporaryFolder();
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

function failing(call: 'lstatSync' | 'readdirSync' | 'openSync', file: string): void {
  const real = fs[call] as (...args: unknown[]) => unknown;
  vi.spyOn(fs, call).mockImplementation(((name: unknown, ...rest: unknown[]) => {
    if (name === file)
      throw Object.assign(new Error(`EIO: i/o error, ${call} '${file}'`), { code: 'EIO', syscall: 'x' });
    return real(name, ...rest);
  }) as never);
  syncBuiltinESMExports();
}

const backUp = (file: string): Promise<BackupRecord> =>
  backupDatabase({ path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' }, [
    shopPack(),
  ]);

it('a raw copy leaves out no log that could not be looked at', () => {
  const file = makeShop(folder);
  fs.writeFileSync(`${file}-wal`, 'damaged');
  const copy = fs.mkdtempSync(path.join(folder, 'copy-'));
  failing('lstatSync', `${file}-wal`);

  expect(() => copyRaw(file, copy)).toThrow('EIO');
});

it('nor does putting back what was set aside', async () => {
  const file = makeShop(folder);
  const replaced = `${file} replaced-a1B2c3`;
  fs.mkdirSync(replaced);
  fs.copyFileSync(file, path.join(replaced, 'shop.db'));
  fs.writeFileSync(path.join(replaced, 'shop.db-wal'), 'damaged');
  const before = fs.readFileSync(file);
  const input = {
    path: file,
    folder: replaced,
    backupFolder: backupFolderOf(file),
    lockFolder: path.join(folder, 'l'),
  };
  failing('lstatSync', path.join(fs.realpathSync(replaced), 'shop.db-wal'));

  await expect(putBackReplaced(input)).rejects.toThrow('EIO');
  expect(fs.readFileSync(file).equals(before)).toBe(true);
});

it('a new backup is not numbered as the first where the others cannot be read', async () => {
  const { folder: backups, id } = await backUp(makeShop(folder));
  expect(nextSequence(backups)).toBe(2);

  failing('readdirSync', backups);
  expect(() => nextSequence(backups)).toThrow('EIO');
  vi.restoreAllMocks();
  failing('openSync', manifestFile(backups, id));
  expect(() => nextSequence(backups)).toThrow('E_');
});

it('one whose manifest was changed keeps its number, and one that says nothing has none', async () => {
  const { folder: backups, id } = await backUp(makeShop(folder));
  const manifest = manifestFile(backups, id);
  fs.writeFileSync(manifest, fs.readFileSync(manifest, 'utf8').replace('"appVersion": "0"', '"appVersion": "1"'));
  expect(nextSequence(backups)).toBe(2);

  fs.writeFileSync(manifest, '{}');
  expect(nextSequence(backups)).toBe(1);
});

it('a stored backup is not worked on where its manifest cannot be read', async () => {
  const { folder: backups, id, path: stored } = await backUp(makeShop(folder));
  failing('openSync', manifestFile(backups, id));

  expect(whyStored(stored)).not.toBeNull();
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  fs.writeFileSync(manifestFile(backups, id), '{}');
  expect(whyStored(stored)).toBeNull();
});
