import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { type AppError, safetyText, toAppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase } from '@engine/backups.ts';
import { putBackReplaced } from '@engine/put-back.ts';
import { makeRawCopy } from '@engine/raw-copy.ts';
import { finishRestore, restoreBackup } from '@engine/restore.ts';
import type { RestoreDependencies, RestoreInput, RestorePoint } from '@engine/restore-request.ts';
import { replacedFolders } from '@host/kept-files.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { otherProgram } from '../../support/other-program.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

/** What lies beside a database is played into it at the opening: until its rows are safe, both are kept as they were. */

const folder = temporaryFolder();
const packs = [shopPack()];
const backUp = (file: string): Promise<BackupRecord> =>
  backupDatabase({ path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' }, packs);
const restore = (
  file: string,
  backup: BackupRecord,
  input: Partial<RestoreInput> = {},
  more: Partial<RestoreDependencies> = {},
) =>
  restoreBackup(
    {
      ...{ backupPath: backup.path, path: file, backupFolder: backupFolderOf(file), appVersion: '0' },
      ...{ lockFolder: path.join(path.dirname(file), 'locks'), allowForeign: false, ...input },
    },
    { packs, lockWaitMs: 200, ...more },
  );
const errorOf = async (act: Promise<unknown>): Promise<AppError | null> => act.then(() => null, toAppError);

type Bytes = Readonly<Record<string, Buffer | null>>;
const bytesOf = (file: string): Bytes =>
  Object.fromEntries(
    ['', '-wal', '-journal'].map((suffix) => [suffix, isThere(file + suffix) ? fs.readFileSync(file + suffix) : null]),
  );
const besides = (file: string, what: string): string[] =>
  fs
    .readdirSync(path.dirname(file))
    .filter((name) => name.startsWith(`${path.basename(file)}${what}`))
    .map((name) => path.join(path.dirname(file), name));
const keptIn = (kept: string): Bytes => bytesOf(path.join(kept, 'shop.db'));

/** A newer state of the database was copied over it, but the journal of the older one is still there. */
async function withJournalOfAnother(): Promise<{ file: string; backup: BackupRecord }> {
  const file = makeShop(folder, { members: 300 });
  const backup = await backUp(file);
  const older = `${file}.older`;
  fs.copyFileSync(file, older);
  new Database(file)
    .exec(`DELETE FROM note WHERE rowid > 20; CREATE TABLE later (t); INSERT INTO later VALUES ('newer')`)
    .close();
  const writer = new Database(older);
  writer.exec(`PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN`);
  writer.exec(`UPDATE note SET rowid = rowid + 100000; UPDATE member SET rowid = rowid + 100000`);
  fs.copyFileSync(`${older}-journal`, `${file}-journal`);
  writer.exec('ROLLBACK').close();
  fs.rmSync(older);
  return { file, backup };
}

/** A log of its own lies beside it, and a page of it is damaged. */
async function damagedWithLog(): Promise<{ file: string; backup: BackupRecord }> {
  const file = makeShop(folder, { wal: true, members: 200 });
  const backup = await backUp(file);
  const other = await otherProgram(file, `db.exec("UPDATE setting SET value = 'in the log'")`);
  await other.kill();
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, Buffer.alloc(3_000, 0x5a), 0, 3_000, 8_192);
  fs.closeSync(handle);
  fs.rmSync(`${file}-shm`, { force: true });
  return { file, backup };
}

describe('a restore that is refused once a journal was played in', () => {
  const unusable = (file: string): Partial<RestoreInput> => {
    fs.writeFileSync(path.join(path.dirname(file), 'a file'), '');
    return { backupFolder: path.join(path.dirname(file), 'a file', 'backups') };
  };

  it('keeps both as they were, says where, and does not say that nothing was changed', async () => {
    const { file, backup } = await withJournalOfAnother();
    const found = bytesOf(file);

    const error = await errorOf(restore(file, backup, unusable(file)));

    const [kept = '', ...others] = besides(file, ' replaced-');
    expect(error).toMatchObject({ code: 'E_BACKUP_FOLDER', safety: safetyText.unknown });
    expect(error?.message).toContain(path.basename(kept));
    expect(keptIn(kept)).toEqual(found);
    expect([...others, ...besides(file, ' replacing-')]).toEqual([]);
  });

  it('leaves no copy where nothing was played in', async () => {
    const { file, backup } = await damagedWithLog();
    const found = bytesOf(file);
    const other = await otherProgram(file, `db.prepare('SELECT count(*) FROM setting').get()`);

    const error = await errorOf(restore(file, backup));
    await other.kill();

    expect(error).toMatchObject({ code: 'E_DB_IN_USE', safety: safetyText.untouched });
    expect(bytesOf(file)).toEqual(found);
    expect([...besides(file, ' replaced-'), ...besides(file, ' replacing-')]).toEqual([]);
  });

  it('nor while somebody else writes to the file', async () => {
    const { file, backup } = await damagedWithLog();
    const body = `setInterval(() => { try { db.exec("UPDATE setting SET value = 'again'") } catch {} }, 5)`;
    const other = await otherProgram(file, body);

    const error = await errorOf(restore(file, backup));
    await other.kill();

    expect(error?.code).toMatch(/^E_(DB_IN_USE|DB_BUSY|RESTORE_TARGET)$/); // the last where it wrote during the copying
    // Between two of its writes the lock can be had, and then the log is played in.
    const isUntouched = error?.safety === safetyText.untouched;
    expect(besides(file, ' replaced-')).toHaveLength(isUntouched ? 0 : 1);
    expect(besides(file, ' replacing-')).toEqual([]);
  });
});

describe('a copy that a restore was killed over', () => {
  it('stays, as the only one of what was there before a journal was played in', async () => {
    const { file, backup } = await withJournalOfAnother();
    const found = bytesOf(file);
    makeRawCopy(file);
    const db = new Database(file); // as the lock does
    expect(() => db.prepare('SELECT count(*) FROM later').get()).toThrow(/malformed|no such table/);
    db.close();

    await errorOf(restore(file, backup));

    expect(besides(file, ' replacing-')).toEqual([]);
    expect(
      besides(file, ' replaced-')
        .filter((kept) => keptIn(kept)['-journal'] !== null)
        .map(keptIn),
    ).toEqual([found]);
  });

  it('is taken by the next one where nothing has changed since', async () => {
    const { file } = await withJournalOfAnother();
    expect(makeRawCopy(file)).toBe(makeRawCopy(file));
    expect(besides(file, ' replacing-')).toHaveLength(1);
  });

  it('goes where it was not finished', async () => {
    const { file, backup } = await damagedWithLog();
    const unfinished = `${file} replacing-Abc123`;
    fs.mkdirSync(unfinished);
    fs.copyFileSync(file, path.join(unfinished, 'shop.db'));
    fs.copyFileSync(`${file}-wal`, path.join(unfinished, 'shop.db-wal.filling'));

    await restore(file, backup);

    expect(isThere(unfinished)).toBe(false);
    expect(isThere(`${file} replaced-Abc123`)).toBe(false);
  });
});

describe('a damaged file with a log', () => {
  it('is kept in one folder, exactly as it was, and comes back so', async () => {
    const { file, backup } = await damagedWithLog();
    const found = bytesOf(file);

    const { before, replacedFolder } = await restore(file, backup);

    expect(before).toBeNull();
    expect((await replacedFolders(file, [])).map((each) => each.folder)).toEqual([replacedFolder]);
    expect(keptIn(replacedFolder ?? '')).toEqual(found);
    expect(fs.readdirSync(replacedFolder ?? '').toSorted()).toEqual(['shop.db', 'shop.db-wal']);
    await putBackReplaced({ path: file, folder: replacedFolder ?? '', backupFolder: backupFolderOf(file) });
    expect(bytesOf(file)).toEqual(found);
  });

  it.each<RestorePoint>(['kept', 'intended', 'cleared', 'replaced', 'finished'])(
    'and so it is where the restore ended at "%s" and is carried through',
    async (point) => {
      const { file, backup } = await damagedWithLog();
      const found = bytesOf(file);
      const end = (at: RestorePoint): void => {
        if (at === point) throw new Error('ended here');
      };
      expect(await errorOf(restore(file, backup, {}, { probe: end }))).not.toBeNull();
      const input = { path: file, backupFolder: backupFolderOf(file), appVersion: '0' };

      await (point === 'kept' ? restore(file, backup) : finishRestore(input, { packs, lockWaitMs: 200 }));

      expect((await replacedFolders(file, [])).map((each) => keptIn(each.folder))).toContainEqual(found);
      if (point !== 'kept') expect(await replacedFolders(file, [])).toHaveLength(1);
      expect(besides(file, ' replacing-')).toEqual([]);
      expect(besides(file, '.restore-')).toEqual([]);
    },
  );

  it('is kept also where the restore is stopped in its last moment', async () => {
    const { file, backup } = await damagedWithLog();
    const found = bytesOf(file);
    const stop = { beforeReplacing: () => Promise.reject(new Error('stopped')) };

    const error = await errorOf(restore(file, backup, {}, stop));

    expect(besides(file, ' replacing-')).toEqual([]);
    const kept = besides(file, ' replaced-').map(keptIn);
    if (kept.length === 0) expect(bytesOf(file)).toEqual(found);
    else {
      expect(kept).toEqual([found]);
      expect(error?.safety).toBe(safetyText.unknown);
    }
  });
});
