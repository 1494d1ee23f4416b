import fs from 'node:fs';
import path from 'node:path';
import Database, { SqliteError } from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import { coded, safetyText } from '@shared/errors.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase } from '@engine/backups.ts';
import { readableIntent, writeIntent } from '@engine/intent.ts';
import * as journalMode from '@engine/journal-mode.ts';
import * as copying from '@engine/overwrite-pages.ts';
import { restoreBackup } from '@engine/restore.ts';
import type { RestoreDependencies } from '@engine/restore-request.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { askOne, backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { otherProgram } from '../../support/other-program.ts';
import { followFlushes } from '../../support/flushes.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What is left beside the database, and said of it, where a restore in place stops in its middle. */

const folder = temporaryFolder();
const packs = [shopPack()];
afterEach(() => void vi.restoreAllMocks());

/** Its backup holds 90 notes; it has none itself by now. */
async function changedShop(wal = false): Promise<{ file: string; backup: BackupRecord }> {
  const file = makeShop(folder, { wal });
  const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  const backup = await backupDatabase(made, packs);
  new Database(file).exec(`DELETE FROM note`).close();
  return { file, backup };
}

const restore = (file: string, backup: BackupRecord, more: Partial<RestoreDependencies> = {}) =>
  restoreBackup(
    { backupPath: backup.path, path: file, backupFolder: backupFolderOf(file), appVersion: '0', allowForeign: false },
    { packs, lockWaitMs: 200, ...more },
  );

const noteOf = (file: string, backup: BackupRecord): RestoreIntent => ({
  ...{ format: 'phasewise-restore 1', startedAt: '2026-01-01T00:00:00.000Z', databaseName: path.basename(file) },
  ...{ way: 'in-place', source: 'backup', backupPath: backup.path, sha256: backup.sha256 },
  ...{ files: [], quarantine: null, beforePath: '/backups/before the first attempt.db' },
});

it('the note of an earlier one that was killed is there again, as it was, when the next is refused', async () => {
  const { file, backup } = await changedShop();
  writeIntent(file, noteOf(file, backup));
  const slipIn = (point: string): void => {
    if (point === 'unlocked') new Database(file).exec(`INSERT INTO setting VALUES ('slipped', 'in')`).close();
  };

  expect(await codeOfPromise(restore(file, backup, { probe: slipIn }))).toBe('E_STATE_CHANGED');

  expect(readableIntent(file)).toEqual(noteOf(file, backup));
});

it('after a disk error in the middle of the copying nothing is called untouched, and the note stays', async () => {
  const { file, backup } = await changedShop();
  vi.spyOn(copying, 'overwritePages').mockRejectedValue(new SqliteError('disk I/O error', 'SQLITE_IOERR_WRITE'));

  await expect(restore(file, backup)).rejects.toMatchObject({
    appError: { code: 'E_IO', safety: safetyText.unknown },
  });

  expect(readableIntent(file)).toMatchObject({ backupPath: backup.path });
});

it('a copying that counts its pages and wrote none of them is none, and leaves the file and no note', async () => {
  const { file, backup } = await changedShop();
  vi.spyOn(copying, 'overwritePages').mockResolvedValue({ totalPages: backup.pages, remainingPages: 0 });

  expect(await codeOfPromise(restore(file, backup))).toBe('E_DB_IN_USE');

  expect(readableIntent(file)).toBeNull();
  expect(askOne(file, `SELECT count(*) FROM note`)).toBe(0);
  expect(askOne(file, `PRAGMA journal_mode`)).toBe('delete');
});

it('what went wrong first is what is told, also where taking back what was prepared goes wrong; the note stays', async () => {
  const { file, backup } = await changedShop();
  vi.spyOn(journalMode, 'setMode').mockRejectedValue(coded('E_IO', 'The disk reported an error.'));
  const slipIn = (point: string): void => {
    if (point === 'copying') new Database(file).exec(`INSERT INTO setting VALUES ('slipped', 'in')`).close();
  };

  await expect(restore(file, backup, { probe: slipIn })).rejects.toMatchObject({
    appError: { code: 'E_STATE_CHANGED', safety: safetyText.unknown },
  });

  expect(readableIntent(file)).toMatchObject({ backupPath: backup.path });
});

it('a log that somebody keeps from being written back is flushed before that is said', async () => {
  const { file, backup } = await changedShop(true);
  const flushed: (string | undefined)[] = [];
  followFlushes((name) => flushed.push(name));
  let reader: Database.Database | undefined;
  const read = (point: string): void => {
    if (point !== 'copying') return;
    reader = new Database(file);
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM note').get();
  };

  const code = await codeOfPromise(restore(file, backup, { probe: read, patienceMs: 100 }));
  reader?.close();

  expect(code).toBe('E_RESTORE_HELD');
  expect(flushed).toContain(`${file}-wal`);
  expect(fs.existsSync(intentFile(file))).toBe(true);
  expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
});

it('nor after one while it is prepared, under the lock', async () => {
  const { file, backup } = await changedShop();
  const fail = (point: string): void => {
    if (point === 'intended') throw new SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');
  };

  await expect(restore(file, backup, { probe: fail })).rejects.toMatchObject({
    appError: { code: 'E_IO', safety: safetyText.unknown },
  });

  expect(readableIntent(file)).toMatchObject({ backupPath: backup.path });
});

it('no lock stays where the note of an earlier one cannot be looked for', async () => {
  const { file, backup } = await changedShop();
  const look = fs.lstatSync;
  const fail = (point: string): void => {
    if (point !== 'saved') return;
    vi.spyOn(fs, 'lstatSync').mockImplementation((name, options) => {
      if (name !== intentFile(file)) return look(name, options);
      vi.restoreAllMocks();
      throw Object.assign(new Error('EIO: i/o error, lstat'), { code: 'EIO', syscall: 'lstat' });
    });
  };

  expect(await codeOfPromise(restore(file, backup, { probe: fail }))).toBe('E_RESTORE_FAILED');

  await restore(file, backup);
  expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
});

it.each([false, true])(
  'what another program commits at the last moment, before SQLite has the file, is not copied over (log: %s)',
  async (wal) => {
    const { file, backup } = await changedShop(wal);
    const commit = (point: string): void => {
      if (point === 'copying') new Database(file).exec(`INSERT INTO setting VALUES ('theirs', 'kept')`).close();
    };

    await expect(restore(file, backup, { probe: commit })).rejects.toMatchObject({
      appError: { code: 'E_STATE_CHANGED', safety: safetyText.untouched },
    });

    expect(askOne(file, `SELECT count(*) FROM setting WHERE "name" = 'theirs'`)).toBe(1);
    expect(readableIntent(file)).toBeNull();
    await restore(file, backup);
    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
  },
);

it.skipIf(process.platform !== 'linux')(
  'a damaged log that is thrown away while somebody finds out who is in the way is kept',
  async () => {
    const { file, backup } = await changedShop(true);
    const writes = `db.pragma('wal_autocheckpoint = 0'); db.exec("INSERT INTO setting VALUES ('theirs', 'in the log')")`;
    await (await otherProgram(file, writes)).kill();
    const log = fs.readFileSync(`${file}-wal`);
    log[500] = (log[500] ?? 0) ^ 0xff; // of the first frame
    fs.writeFileSync(`${file}-wal`, log);
    const viewer = new Database(file, { readonly: true });
    viewer.exec('BEGIN');
    viewer.prepare('SELECT count(*) FROM note').get();
    const list = fs.readdirSync;
    vi.spyOn(fs, 'readdirSync').mockImplementation((...args: Parameters<typeof fs.readdirSync>) => {
      const isKept = list(path.dirname(file)).some((name) => name.startsWith('shop.db replacing-'));
      if (args[0] === '/proc' && isKept) viewer.close();
      return list(...args);
    });

    await expect(restore(file, backup, { lockWaitMs: 1 })).rejects.toMatchObject({ appError: { code: 'E_DB_IN_USE' } });

    const kept = list(path.dirname(file)).find((name) => name.startsWith('shop.db replaced-')) ?? '';
    const places = [`${file}-wal`, path.join(path.dirname(file), kept, 'shop.db-wal')].filter((each) =>
      fs.existsSync(each),
    );
    expect(places.some((each) => fs.readFileSync(each).equals(log))).toBe(true);
    expect(kept).not.toBe('');
  },
);
