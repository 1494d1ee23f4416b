import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { type AppError, safetyText, toAppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase } from '@engine/backups.ts';
import { putBackReplaced } from '@engine/put-back.ts';
import type { RestoreDependencies, RestorePoint } from '@engine/restore-request.ts';
import { finishRestore, restoreBackup } from '@engine/restore.ts';
import { askOne, backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { dieInTheMiddleOfAWrite, manyRows, otherProgram } from '../../support/other-program.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What a restore keeps as files is all there is of it: it is what was there last, and it does not go. */

const folder = temporaryFolder();
const packs = [shopPack()];
const inputOf = (file: string) => ({
  ...{ path: file, backupFolder: backupFolderOf(file), lockFolder: path.join(path.dirname(file), 'locks') },
  appVersion: '0',
});
const restore = (file: string, { path: backupPath }: BackupRecord, more: Partial<RestoreDependencies> = {}) =>
  restoreBackup({ ...inputOf(file), backupPath, allowForeign: false }, { packs, lockWaitMs: 200, ...more });
const errorOf = async (act: Promise<unknown>): Promise<AppError | null> => act.then(() => null, toAppError);

const replacedFolders = (file: string): string[] =>
  fs
    .readdirSync(path.dirname(file))
    .filter((name) => / replac(ed|ing)-/.test(name))
    .map((name) => path.join(path.dirname(file), name));
const placesOf = (file: string, words: string): string[] =>
  replacedFolders(file)
    .flatMap((parent) => fs.readdirSync(parent).map((name) => path.join(parent, name)))
    .filter((each) => fs.readFileSync(each).includes(words));

function changeBytes(file: string, at: number, bytes: Buffer): void {
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, bytes, 0, bytes.length, at);
  fs.closeSync(handle);
}
const keep = (words: string): string => `db.exec("INSERT INTO setting VALUES ('${words}', '')");`;

async function backedUp(wal: boolean, sql = ''): Promise<{ file: string; backup: BackupRecord }> {
  const file = makeShop(folder, { wal, members: 200 });
  new Database(file).exec(sql).close();
  const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  return { file, backup: await backupDatabase(made, packs) };
}

describe('of a damaged file with a log, what another program writes', () => {
  async function damaged(): Promise<{ file: string; backup: BackupRecord }> {
    const made = await backedUp(true);
    changeBytes(made.file, 8_192, Buffer.alloc(3_000, 0x5a));
    return made;
  }

  it.skipIf(process.platform !== 'linux')('while it is waited for comes back with an undoing', async () => {
    const { file, backup } = await damaged();
    const closes = `setTimeout(() => { ${keep('saved at its end')} db.close(); process.exit(); }, 600);`;
    await otherProgram(file, keep('in the log') + closes);

    const { replacedFolder } = await restore(file, backup, { lockWaitMs: 5_000 });

    await putBackReplaced({ ...inputOf(file), folder: replacedFolder ?? '' });
    expect(fs.readFileSync(file).includes('saved at its end')).toBe(true);
    expect(fs.readFileSync(file).includes('in the log')).toBe(true);
  });

  it.skipIf(process.platform !== 'linux')('is waited for also where in the end the file is gone', async () => {
    const { file, backup } = await damaged();
    const removes = `setTimeout(() => {
      for (const suffix of ['', '-wal', '-shm']) require('node:fs').rmSync(file + suffix, { force: true });
      process.exit();
    }, 600);`;
    await otherProgram(file, keep('in the log') + removes);

    const { before, replacedFolder } = await restore(file, backup, { lockWaitMs: 5_000 });

    expect([before, replacedFolder]).toEqual([null, null]);
    expect(askOne(file, `SELECT count(*) FROM member`)).toBe(200);
  });

  it('between the end of a try and its carrying through comes back with an undoing too', async () => {
    const { file, backup } = await damaged();
    await (await otherProgram(file, keep('in the log'))).kill();
    const end = (at: RestorePoint): void => {
      if (at === 'intended') throw new Error('ended here');
    };
    expect(await errorOf(restore(file, backup, { probe: end }))).not.toBeNull();
    await (await otherProgram(file, keep('in a later log'))).kill();

    const { replacedFolder } = await finishRestore(inputOf(file), { packs, lockWaitMs: 200 });

    expect(placesOf(file, 'in the log')).not.toEqual([]);
    await putBackReplaced({ ...inputOf(file), folder: replacedFolder ?? '' });
    expect(fs.readFileSync(`${file}-wal`).includes('in a later log')).toBe(true);
  });

  it('into the file itself stays there, and what there was before is told of', async () => {
    const { file, backup } = await damaged();
    await (await otherProgram(file, keep('in the log'))).kill();
    const log = fs.readFileSync(`${file}-wal`);
    const append = (at: RestorePoint) => void (at === 'intended' && fs.appendFileSync(file, 'of another'));

    const error = await errorOf(restore(file, backup, { probe: append }));

    const [kept = '', ...others] = replacedFolders(file);
    expect(others).toEqual([]);
    expect(error).toMatchObject({ code: 'E_STATE_CHANGED', safety: safetyText.unknown, details: { keptIn: kept } });
    expect(fs.readFileSync(path.join(kept, 'shop.db-wal')).equals(log)).toBe(true);
    expect(fs.readFileSync(file).includes('of another')).toBe(true);
  });

  it('before it all stays kept where the disk is full by the time that the file itself is copied', async () => {
    const { file, backup } = await damaged();
    await (await otherProgram(file, keep('in the log'))).kill();
    const log = fs.readFileSync(`${file}-wal`);
    const copy = fs.copyFileSync;
    vi.spyOn(fs, 'copyFileSync').mockImplementation((from, to, mode) => {
      if (path.basename(String(to)).startsWith('shop.db.opened'))
        throw Object.assign(new Error('ENOSPC: refused on purpose'), { code: 'ENOSPC' });
      copy(from, to, mode);
    });

    const error = await errorOf(restore(file, backup));
    vi.restoreAllMocks();

    const [kept = ''] = replacedFolders(file);
    expect(error).toMatchObject({ code: 'E_RESTORE_TARGET', details: { keptIn: kept } });
    expect(fs.readFileSync(path.join(kept, 'shop.db-wal')).equals(log)).toBe(true);
  });

  it('in the last moment is kept beside what was there before', async () => {
    const { file, backup } = await damaged();
    await (await otherProgram(file, keep('in the log'))).kill();
    const appear = (at: RestorePoint) => void (at === 'intended' && fs.writeFileSync(`${file}-wal`, 'of another'));

    const { replacedFolder } = await restore(file, backup, { probe: appear });

    const kept = fs.readdirSync(replacedFolder ?? '').filter((name) => !name.endsWith('-shm'));
    expect(kept.toSorted()).toEqual(['shop.db', 'shop.db-wal', 'shop.db.opened', 'shop.db.opened-wal']);
    expect(placesOf(file, 'of another')).toEqual([path.join(replacedFolder ?? '', 'shop.db.opened-wal')]);
  });
});

describe('what SQLite does not take in', () => {
  /** A row stands in the log alone, whose beginning is damaged. */
  async function withLostLog(): Promise<{ file: string; backup: BackupRecord }> {
    const made = await backedUp(true);
    await (await otherProgram(made.file, keep('in the log'))).kill();
    changeBytes(`${made.file}-wal`, 0, Buffer.from([0]));
    return made;
  }

  it('of a log stays beside the backup of the rows, and is told', async () => {
    const { file, backup } = await withLostLog();

    const { before, replacedFolder } = await restore(file, backup);

    expect(askOne(before?.path ?? '', `SELECT count(*) FROM member`)).toBe(200);
    expect(replacedFolders(file)).toEqual([replacedFolder]);
    expect(placesOf(file, 'in the log')).toEqual([path.join(replacedFolder ?? '', 'shop.db-wal')]);
  });

  it('is told also where the restore is stopped once the rows are saved', async () => {
    const { file, backup } = await withLostLog();
    const stop = { beforeReplacing: () => Promise.reject(new Error('stopped')) };

    const error = await errorOf(restore(file, backup, stop));

    const [kept = ''] = replacedFolders(file);
    expect(error).toMatchObject({ safety: safetyText.unknown, details: { keptIn: kept } });
    expect(placesOf(file, 'in the log')).toEqual([path.join(kept, 'shop.db-wal')]);
  });

  it.each([{ isDamaged: true }, { isDamaged: false }])(
    'of a journal stays: of one that is played back as a whole nothing does (damaged: $isDamaged)',
    async ({ isDamaged }) => {
      const { file, backup } = await backedUp(false, manyRows(3_000));
      await (await otherProgram(file, dieInTheMiddleOfAWrite)).kill();
      const middle = Math.floor(fs.statSync(`${file}-journal`).size / 2);
      if (isDamaged) changeBytes(`${file}-journal`, middle, Buffer.alloc(4_096, 0x5a));
      const journal = fs.readFileSync(`${file}-journal`);

      const { replacedFolder } = await restore(file, backup);

      expect(replacedFolders(file)).toEqual(isDamaged ? [replacedFolder] : []);
      if (isDamaged)
        expect(fs.readFileSync(path.join(replacedFolder ?? '', 'shop.db-journal')).equals(journal)).toBe(true);
    },
  );
});
