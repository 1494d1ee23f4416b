import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import { backupDatabase } from '@engine/backups.ts';
import { putBackReplaced } from '@engine/put-back.ts';
import { finishRestore, restoreBackup } from '@engine/restore.ts';
import { placeWhereNothingIs, takeFirstNameAway } from '@engine/restore-place.ts';
import type { RestorePoint } from '@engine/restore-request.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { askOne, backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const packs = [shopPack()];
afterEach(() => void vi.restoreAllMocks());

/** As FAT and some network file systems do. */
function withoutHardLinks(): void {
  vi.spyOn(fs, 'linkSync').mockImplementation(() => {
    throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });
  });
}

describe.each([
  ['with hard links', () => {}],
  ['without hard links', withoutHardLinks],
])('a copy that takes the name of a missing file, %s', (_, prepare) => {
  const some = () => {
    const home = fs.mkdtempSync(path.join(folder, 'place-'));
    const [copy, target] = [path.join(home, 'copy'), path.join(home, 'target')];
    fs.writeFileSync(copy, 'whole');
    return { home, copy, target };
  };

  it('is there under that name only', () => {
    const { home, copy, target } = some();
    prepare();
    placeWhereNothingIs(copy, target);
    expect(fs.readdirSync(home)).toEqual(['target']);
    expect(fs.readFileSync(target, 'utf8')).toBe('whole');
    expect(fs.statSync(target).nlink).toBe(1);
  });

  it('replaces nothing that has the name by now', () => {
    const { copy, target } = some();
    prepare();
    fs.writeFileSync(target, 'of another program');
    expect(codeOf(() => placeWhereNothingIs(copy, target))).toBe('E_STATE_CHANGED');
    expect(fs.readFileSync(target, 'utf8')).toBe('of another program');
    expect(fs.existsSync(copy)).toBe(true);
  });
});

it('without hard links, what another program writes into the empty file that keeps the name is not replaced', () => {
  const home = fs.mkdtempSync(path.join(folder, 'place-'));
  const [copy, target] = [path.join(home, 'copy'), path.join(home, 'target')];
  fs.writeFileSync(copy, 'whole');
  withoutHardLinks();
  const close = fs.closeSync;
  vi.spyOn(fs, 'closeSync').mockImplementationOnce((handle) => {
    close(handle);
    fs.writeFileSync(target, 'of another program');
  });

  expect(codeOf(() => placeWhereNothingIs(copy, target))).toBe('E_STATE_CHANGED');
  expect(fs.readFileSync(target, 'utf8')).toBe('of another program');
});

it('the first name is taken away from the file that has the second, and from no other', () => {
  const home = fs.mkdtempSync(path.join(folder, 'place-'));
  const [copy, target] = [path.join(home, 'copy'), path.join(home, 'target')];
  fs.writeFileSync(copy, 'whole');
  fs.writeFileSync(target, 'of another program');
  takeFirstNameAway(copy, target);
  expect(fs.readFileSync(copy, 'utf8')).toBe('whole');

  fs.rmSync(target);
  fs.linkSync(copy, target);
  takeFirstNameAway(copy, target);
  expect(fs.readdirSync(home)).toEqual(['target']);
});

function endBetweenNames(file: string): void {
  const remove = fs.rmSync;
  vi.spyOn(fs, 'rmSync').mockImplementation((name, options) => {
    if (String(name).endsWith('.restore-stage') && fs.existsSync(file)) throw new Error('ended here');
    remove(name, options);
  });
}

describe('a restore of a missing database', () => {
  async function missing() {
    const file = makeShop(folder);
    const backupFolder = backupFolderOf(file);
    const { path: backupPath } = await backupDatabase(
      { path: file, folder: backupFolder, reason: 'by hand', runId: null, appVersion: '0' },
      packs,
    );
    fs.rmSync(file);
    const restore = (probe: (point: RestorePoint) => void) =>
      restoreBackup({ backupPath, path: file, backupFolder, appVersion: '0', allowForeign: false }, { packs, probe });
    const finish = () => finishRestore({ path: file, backupFolder, appVersion: '0' }, { packs });
    return { file, backupPath, restore, finish };
  }

  const endWhereIntended = (point: RestorePoint): void => {
    if (point === 'intended') throw new Error('ended here');
  };

  it('overwrites no file that appears in its last moment, and leaves nothing of itself', async () => {
    const { file, restore } = await missing();
    const appear = (point: RestorePoint) => void (point === 'cleared' && fs.writeFileSync(file, 'of another program'));

    expect(await codeOfPromise(restore(appear))).toBe('E_STATE_CHANGED');

    expect(fs.readFileSync(file, 'utf8')).toBe('of another program');
    expect(fs.readdirSync(path.dirname(file)).filter((name) => name.startsWith('shop.db'))).toEqual(['shop.db']);
  });

  it('makes none where it is stopped in the last moment, nor one of another name', async () => {
    const { file, backupPath } = await missing();
    const input = { backupPath, backupFolder: backupFolderOf(file), appVersion: '0', allowForeign: false };
    const beforeReplacing = () => Promise.reject(new Error('stopped'));
    await expect(restoreBackup({ ...input, path: file }, { packs, beforeReplacing })).rejects.toThrow('stopped');
    const other = path.join(path.dirname(file), 'other.db');
    expect(await codeOfPromise(restoreBackup({ ...input, path: other }, { packs }))).toBe('E_BACKUP_FOREIGN');

    expect([file, other].map((each) => fs.existsSync(each))).toEqual([false, false]);
  });

  it('undone, and ended between the two names, is carried through', async () => {
    const { file, restore } = await missing();
    await restore(() => {});
    const kept = `${file} replaced-Abc123`;
    fs.mkdirSync(kept);
    fs.renameSync(file, path.join(kept, 'shop.db'));
    const undo = () => putBackReplaced({ path: file, folder: kept, backupFolder: backupFolderOf(file) });
    endBetweenNames(file);
    await expect(undo()).rejects.toThrow('ended here');
    vi.restoreAllMocks();
    expect(fs.statSync(file).nlink).toBe(2);

    expect(await undo()).toEqual({ replacedFolder: null });
    expect(fs.statSync(file).nlink).toBe(1);
  });

  it('undone, ended between the two names, and written to since, is carried through; nothing is called proven', async () => {
    const { file, restore, finish } = await missing();
    await restore(() => {});
    const kept = `${file} replaced-Abc123`;
    fs.mkdirSync(kept);
    fs.renameSync(file, path.join(kept, 'shop.db'));
    endBetweenNames(file);
    const undo = putBackReplaced({ path: file, folder: kept, backupFolder: backupFolderOf(file) });
    await expect(undo).rejects.toThrow('ended here');
    vi.restoreAllMocks();
    const old = fs.readFileSync(path.join(kept, 'shop.db'));
    fs.appendFileSync(file, 'of another program');

    const { restored, replacedFolder } = await finish();

    expect(fs.readFileSync(file).equals(old)).toBe(true);
    expect(fs.readFileSync(path.join(replacedFolder ?? '', 'shop.db'), 'latin1').endsWith('of another program')).toBe(
      true,
    );
    expect(fs.statSync(file).nlink).toBe(1);
    expect(restored).toMatchObject({ verified: false, state: 'broken' });
  });

  it('ended before it had the name begins anew where another file has it by now, which is saved', async () => {
    const { file, restore, finish } = await missing();
    await expect(restore(endWhereIntended)).rejects.toThrow('ended here');
    fs.copyFileSync(makeShop(folder, { members: 1 }), file);

    const { before } = await finish();

    expect(askOne(before?.path ?? '', `SELECT count(*) FROM member`)).toBe(1);
    expect(askOne(file, `SELECT count(*) FROM member`)).toBe(30);
  });

  it('ended before it had the name sets a log aside that came to lie there since', async () => {
    const { file, restore, finish } = await missing();
    await expect(restore(endWhereIntended)).rejects.toThrow('ended here');
    fs.writeFileSync(`${file}-wal`, 'of another program');

    const { replacedFolder } = await finish();

    expect(fs.readFileSync(path.join(replacedFolder ?? '', 'shop.db-wal'), 'utf8')).toBe('of another program');
    expect(askOne(file, `SELECT count(*) FROM member`)).toBe(30);
  });

  it.each(['', 'the same backup', 'another backup'])(
    'ended between its two names, and written to since, is carried through: %s',
    async (again) => {
      const { file, backupPath, restore, finish } = await missing();
      endBetweenNames(file);
      await expect(restore(() => {})).rejects.toThrow('ended here');
      vi.restoreAllMocks();
      const db = new Database(file);
      db.exec(`INSERT INTO setting VALUES ('since', 'then')`);
      db.close();
      if (again === 'another backup') {
        // What was being put back is lost, so that another one may be; it is a copy of the same shop.
        const other = makeShop(folder);
        const backup = { path: other, folder: backupFolderOf(file), reason: 'another', runId: null, appVersion: '0' };
        const { path: otherPath } = await backupDatabase(backup, packs);
        fs.rmSync(backupPath);
        const input = { backupPath: otherPath, path: file, backupFolder: backupFolderOf(file), appVersion: '0' };
        await restoreBackup({ ...input, allowForeign: true }, { packs });
      } else {
        const { before } = await (again === '' ? finish() : restore(() => {}));
        expect(askOne(before?.path ?? '', `SELECT value FROM setting WHERE name = 'since'`)).toBe('then');
      }

      expect(fs.statSync(file).nlink).toBe(1);
      expect(askOne(file, `SELECT count(*) FROM setting WHERE name = 'since'`)).toBe(0);
      expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
      const beside = fs.readdirSync(path.dirname(file)).filter((name) => name.startsWith('shop.db.restore'));
      expect(beside).toEqual([]);
    },
  );

  it('a second name that somebody else gave the database is left alone', async () => {
    const { file, restore } = await missing();
    await restore(() => {});
    const other = path.join(path.dirname(file), 'second name');
    fs.linkSync(file, other);
    const db = new Database(file);
    db.exec(`DELETE FROM note`);
    db.close();
    expect(await codeOfPromise(restore(() => {}))).toBe('E_MULTI_LINK');
    expect(fs.statSync(file).nlink).toBe(2);
  });

  it('ended between its two names is carried through, and sets nothing aside', async () => {
    const { file, restore, finish } = await missing();
    endBetweenNames(file);
    await expect(restore(() => {})).rejects.toThrow('ended here');
    vi.restoreAllMocks();
    expect(fs.statSync(file).nlink).toBe(2);
    expect(fs.existsSync(intentFile(file))).toBe(true);

    const { replacedFolder } = await finish();

    expect(replacedFolder).toBeNull();
    expect(fs.statSync(file).nlink).toBe(1);
    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
  });
});
