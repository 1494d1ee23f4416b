import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { safetyText } from '@shared/errors.ts';
import { backupDatabase } from '@engine/backups.ts';
import { overwritePages } from '@engine/overwrite-pages.ts';
import { restoreBackup } from '@engine/restore.ts';
import { askOne, backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Before better-sqlite3 is loaded, which keeps the function that it finds then. */
const disk = vi.hoisted(() => {
  const fs = process.getBuiltinModule('node:fs');
  const really = fs.access;
  const state = { refuses: '', isAsked: false };
  fs.access = ((path: string, ...rest: unknown[]) => {
    if (path !== state.refuses) return Reflect.apply(really, fs, [path, ...rest]) as void;
    state.isAsked = true;
    (rest.at(-1) as (error: Error) => void)(Object.assign(new Error('permission denied'), { code: 'EACCES' }));
  }) as typeof really;
  return state;
});

const folder = temporaryFolder();
const packs = [shopPack()];

describe('where the system does not say that the file is there', () => {
  let file: string;
  beforeEach(() => {
    file = makeShop(folder);
    Object.assign(disk, { refuses: file, isAsked: false });
  });

  it('a database that could not be overwritten stays in its place', async () => {
    const source = new Database(makeShop(folder), { readonly: true });
    const comes = (): never => {
      throw new Error('somebody comes');
    };

    await expect(overwritePages(source, file, comes)).rejects.toThrow('somebody comes');

    expect(askOne(file, 'SELECT count(*) FROM note')).toBe(90);
    source.close();
  });

  it('so does one that another program has just written to, with what it wrote', async () => {
    const to = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
    const backup = await backupDatabase(to, packs);
    const write = (point: string): void => {
      if (point === 'copying') new Database(file).exec(`INSERT INTO setting VALUES ('theirs', 'kept')`).close();
    };
    const input = { backupPath: backup.path, path: file, backupFolder: backupFolderOf(file), appVersion: '0' };

    await expect(
      restoreBackup({ ...input, allowForeign: false }, { packs, lockWaitMs: 200, probe: write }),
    ).rejects.toMatchObject({ appError: { code: 'E_STATE_CHANGED', safety: safetyText.untouched } });

    expect(askOne(file, `SELECT value FROM setting WHERE name = 'theirs'`)).toBe('kept');
  });
});

it('is what better-sqlite3 itself would remove: the day it no longer does, its own may be used', async () => {
  const file = makeShop(folder);
  Object.assign(disk, { refuses: file, isAsked: false });
  const source = new Database(makeShop(folder), { readonly: true });
  const progress = (): never => {
    throw new Error('somebody comes');
  };

  await expect(source.backup(file, { progress })).rejects.toThrow('somebody comes');

  expect(disk.isAsked).toBe(true);
  expect(existsSync(file)).toBe(false);
  source.close();
});
