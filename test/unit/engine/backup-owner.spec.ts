import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { backupFolderBeside } from '@shared/beside.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase, listAllBackups } from '@engine/backups.ts';
import { restoreBackup } from '@engine/restore.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { askOne, backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Which of the backups in a folder are those of a database, also where it was moved, copied or is gone. */

const folder = temporaryFolder();
/** Told from other shops by what its settings say. */
const pack = {
  ...shopPack(),
  identity: (db: Database.Database) =>
    db.prepare<[], string>(`SELECT value FROM setting WHERE name = 'shop id'`).pluck().all(),
};
const packs = [pack];

const ids = (backups: readonly BackupRecord[]) => backups.map(({ id }) => id).join(' ');

const backUp = (file: string, reason = 'by hand'): Promise<BackupRecord> =>
  backupDatabase({ path: file, folder: backupFolderOf(file), reason, runId: null, appVersion: '0' }, packs);

describe('whose backup it is', () => {
  const shopCalled = (id: string) => makeShop(folder, { extra: `INSERT INTO setting VALUES ('shop id', '${id}');` });
  const restore = (file: string, { path: backupPath }: BackupRecord) =>
    restoreBackup(
      { backupPath, path: file, backupFolder: backupFolderOf(file), appVersion: '0', allowForeign: false },
      { packs },
    );

  it('a renamed database finds its own by what is in them, and takes them', async () => {
    const file = shopCalled('kites');
    const backup = await backUp(file);
    const renamed = path.join(path.dirname(file), 'renamed.db');
    fs.renameSync(file, renamed);
    const input = { folders: [], databasePath: renamed, otherFolders: [backupFolderOf(file)] };

    expect(ids(await listAllBackups(input, packs))).toBe(backup.id);
    expect((await listAllBackups(input, packs))[0]?.madeOfGone).toBe(true);
    const db = new Database(renamed);
    db.exec(`DELETE FROM note`);
    db.close();
    await restore(renamed, backup);
    expect(askOne(renamed, `SELECT count(*) FROM note`)).toBe(90);
  });

  it.each<[string, (file: string) => void]>([
    ['damaged', (file) => fs.truncateSync(file, 5_000)],
    ['gone', (file) => fs.rmSync(file)],
  ])('one that is %s and was moved with its backups has those that bear its name', async (_, damage) => {
    const file = shopCalled('kites');
    const backup = await backupDatabase(
      { path: file, folder: backupFolderBeside(file), reason: 'by hand', runId: null, appVersion: '0' },
      packs,
    );
    fs.renameSync(path.dirname(file), `${path.dirname(file)}-moved`);
    const moved = path.join(`${path.dirname(file)}-moved`, path.basename(file));
    const input = { folders: [backupFolderBeside(moved)], databasePath: moved };
    damage(moved);

    expect(ids(await listAllBackups(input, packs))).toBe(backup.id);
    fs.renameSync(backupFolderBeside(moved), `${moved} other backups`); // a folder of anybody's
    expect(await listAllBackups({ ...input, folders: [`${moved} other backups`] }, packs)).toEqual([]);
  });

  it.each<[string, (file: string) => void]>([
    ['as it is', () => {}],
    ['damaged', (file) => fs.truncateSync(file, 5_000)],
  ])('one that was moved, and to which a link in its old place leads, has its own: %s', async (_, damage) => {
    const file = shopCalled('kites');
    const beside = { path: file, folder: backupFolderBeside(file), reason: 'by hand', runId: null, appVersion: '0' };
    const [along, left] = [await backupDatabase(beside, packs), await backUp(file, 'elsewhere')];
    fs.renameSync(backupFolderOf(file), `${path.dirname(file)}-backups`); // a folder of anybody's
    fs.renameSync(path.dirname(file), `${path.dirname(file)}-moved`);
    fs.symlinkSync(`${path.dirname(file)}-moved`, path.dirname(file));
    const moved = path.join(`${path.dirname(file)}-moved`, path.basename(file));
    const otherFolders = [`${path.dirname(file)}-backups`];
    damage(moved);

    const listed = await listAllBackups(
      { folders: [backupFolderBeside(moved)], databasePath: moved, otherFolders },
      packs,
    );

    expect(listed.map(({ id, madeOfGone }) => [id, madeOfGone])).toEqual([
      [left.id, undefined],
      [along.id, undefined],
    ]);
  });

  it('has none of another one to which the link in an old place leads by now', async () => {
    const [file, other] = [shopCalled('kites'), shopCalled('boats')];
    await backUp(file);
    fs.rmSync(file);
    fs.symlinkSync(other, file);
    const input = { folders: [], databasePath: other, otherFolders: [backupFolderOf(file)] };

    expect(await listAllBackups(input, packs)).toEqual([]);
  });

  it('a copy of one that is still where it was has none of its backups', async () => {
    const file = shopCalled('kites');
    await backUp(file);
    const copy = path.join(path.dirname(file), 'copy.db');
    fs.copyFileSync(file, copy);

    const input = { folders: [], databasePath: copy, otherFolders: [backupFolderOf(file)] };
    expect(await listAllBackups(input, packs)).toEqual([]);
  });

  it('has those of a copy that was thrown away behind its own, and told apart: they may never have been of it', async () => {
    const file = shopCalled('kites');
    const copy = path.join(path.dirname(file), 'copy.db');
    fs.copyFileSync(file, copy);
    const backUpBeside = (database: string) =>
      backupDatabase(
        { path: database, folder: backupFolderBeside(database), reason: 'by hand', runId: null, appVersion: '0' },
        packs,
      );
    const own = await backUpBeside(file);
    const foreign = await backUpBeside(copy);
    fs.rmSync(copy);
    const input = { folders: [backupFolderBeside(file)], databasePath: file, otherFolders: [foreign.folder] };

    const listed = await listAllBackups(input, packs);

    expect(listed.map(({ path: place, madeOfGone }) => [place, madeOfGone])).toEqual([
      [own.path, undefined],
      [foreign.path, true],
    ]);
  });

  it('one that was told by nothing yet when the backup was made has it by its name', async () => {
    const file = makeShop(folder);
    const made = { path: file, folder: backupFolderBeside(file), reason: 'by hand', runId: null, appVersion: '0' };
    const backup = await backupDatabase(made, packs);
    new Database(file).exec(`INSERT INTO setting VALUES ('shop id', 'kites')`).close();
    fs.renameSync(path.dirname(file), `${path.dirname(file)}-moved`);
    const moved = path.join(`${path.dirname(file)}-moved`, path.basename(file));

    const listed = await listAllBackups({ folders: [backupFolderBeside(moved)], databasePath: moved }, packs);

    expect(ids(listed)).toBe(backup.id);
    expect(listed[0]).not.toHaveProperty('madeOfGone'); // beside it and under its name, they have moved together
  });

  it('one that is gone has each of its own once', async () => {
    const file = shopCalled('kites');
    const made = { path: file, folder: backupFolderBeside(file), reason: 'by hand', runId: null, appVersion: '0' };
    const backup = await backupDatabase(made, packs);
    fs.rmSync(file);

    const listed = await listAllBackups({ folders: [backup.folder], databasePath: file }, packs);

    expect(ids(listed)).toBe(backup.id);
  });

  it('another project of the same name does not, and is refused', async () => {
    const [mine, other] = [shopCalled('kites'), shopCalled('boats')];
    const backup = await backUp(mine);
    const input = { folders: [], databasePath: other, otherFolders: [backupFolderOf(mine)] };

    expect(await listAllBackups(input, packs)).toEqual([]);
    expect(await codeOfPromise(restore(other, backup))).toBe('E_BACKUP_FOREIGN');
    expect(askOne(other, `SELECT value FROM setting WHERE name = 'shop id'`)).toBe('boats');
  });

  it('without anything to tell it by, the name decides', async () => {
    const [one, other] = [makeShop(folder), makeShop(folder)];
    const backup = await backUp(one);
    await restore(other, backup);
    const named = path.join(path.dirname(other), 'other.db');
    fs.renameSync(other, named);
    expect(await codeOfPromise(restore(named, backup))).toBe('E_BACKUP_FOREIGN');
  });
});
