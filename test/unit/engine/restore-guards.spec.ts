import { copyFileSync, existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database, { SqliteError } from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CodedError, safetyText } from '@shared/errors.ts';
import { createBackup } from '@engine/backup.ts';
import { sha256File } from '@engine/fsync.ts';
import { orRefuse } from '@engine/identity.ts';
import * as copying from '@engine/overwrite-pages.ts';
import { placeStaged } from '@engine/restore-file.ts';
import { stageByFile } from '@engine/restore-stage.ts';
import { lockRestores } from '@engine/restore-target.ts';
import { restoreBackup } from '@engine/restore.ts';
import * as sidecars from '@engine/sidecars.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
afterEach(() => vi.restoreAllMocks());

const make = (): string => makeDatabase(folder, `CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1)`);

it('says beside the file what is under way before anything of it is replaced', () => {
  const [target, other] = [make(), make()];
  const backup = `${target}.copy`;
  copyFileSync(other, backup);
  const seen: Record<string, boolean> = {};
  const look = (point: string): void => void (seen[point] = existsSync(`${target}.restore-intent`));

  const files = [{ suffix: '' as const, from: backup, sha256: sha256File(backup) }];
  const about = { source: 'backup', backupPath: backup, startedAt: '2026-11-21T14:02:33Z' } as const;
  placeStaged(stageByFile(target, files, about, look), look);

  expect(seen).toMatchObject({ kept: false, intended: true, cleared: true, replaced: true });
});

it('does not believe a copy that copied nothing, and leaves the file and no intent', async () => {
  const target = make();
  const db = new Database(target);
  const before = await createBackup(db, {
    ...{ path: target, folder: path.join(folder, 'backups'), reason: 'by hand', runId: null, appVersion: '0.0.0-test' },
    content: { packId: '', variantTitle: '', phase: null },
  });
  db.exec('INSERT INTO a VALUES (2)');
  db.close();
  vi.spyOn(copying, 'overwritePages').mockResolvedValue({ totalPages: 0, remainingPages: 0 });

  const input = {
    backupPath: before.path,
    path: target,
    backupFolder: path.join(folder, 'backups'),
    appVersion: '0.0.0-test',
  };
  const code = await codeOfPromise(
    restoreBackup({ ...input, lockFolder: path.join(folder, 'locks'), allowForeign: true }, { packs: [] }),
  );

  expect(code).toBe('E_DB_IN_USE');
  expect(new Database(target).prepare('SELECT count(*) FROM a').pluck().get()).toBe(2);
  expect(existsSync(`${target}.restore-intent`)).toBe(false);
});

it('keeps away a second restore of an instance that has its locks elsewhere, and leaves no lock behind', async () => {
  const target = make();
  const db = new Database(target);
  const { path: backupPath } = await createBackup(db, {
    ...{ path: target, folder: path.join(folder, 'theirs'), reason: 'by hand', runId: null, appVersion: '0.0.0-test' },
    content: { packId: '', variantTitle: '', phase: null },
  });
  db.close();
  const restore = (lockFolder: string) =>
    restoreBackup(
      {
        ...{ backupPath, path: target, backupFolder: path.join(folder, 'theirs'), appVersion: '0.0.0-test' },
        ...{ lockFolder: path.join(folder, lockFolder), allowForeign: true },
      },
      { packs: [] },
    );
  const other = lockRestores(target, path.join(folder, 'locks of the window'));

  expect(await codeOfPromise(restore('locks of the command line'))).toBe('E_RUN_ACTIVE');
  other.release();

  // Killed, it leaves its lock: whoever comes next takes it over.
  writeFileSync(`${target}.restore-lock`, JSON.stringify({ pid: process.pid, startedAt: '1', token: 'a' }));
  writeFileSync(`${target}.restore-lock.0123456789abcdef`, '');
  await restore('locks of the command line');
  const beside = readdirSync(path.dirname(target)).filter((name) => name.startsWith(`${path.basename(target)}.`));
  expect(beside).toEqual([]);
});

describe('once the backup is in, nothing is said to be untouched and the note stays', () => {
  /** A restore of the file, with something done to it in the moment after the copying. */
  async function restoreAnd(
    then: (target: string) => void,
    target = make(),
  ): Promise<{ target: string; error: unknown }> {
    const db = new Database(target);
    const { path: backupPath } = await createBackup(db, {
      ...{ path: target, folder: path.join(folder, 'kept'), reason: 'by hand', runId: null, appVersion: '0.0.0-test' },
      content: { packId: '', variantTitle: '', phase: null },
    });
    db.exec('INSERT INTO a VALUES (2)');
    db.close();
    const really = copying.overwritePages;
    vi.spyOn(copying, 'overwritePages').mockImplementation(async (...args) => {
      const done = await really(...args);
      then(target);
      return done;
    });
    const input = { backupPath, path: target, backupFolder: path.join(folder, 'kept'), appVersion: '0.0.0-test' };
    const error: unknown = await restoreBackup(
      { ...input, lockFolder: path.join(folder, 'locks'), allowForeign: true },
      { packs: [] },
    ).catch((thrown: unknown) => thrown);
    return { target, error };
  }

  it('where the disk is too full to write its log back', async () => {
    const readers: Database.Database[] = [];
    const really = Database.prototype.pragma;
    const { target, error } = await restoreAnd((file) => {
      const reader = new Database(file);
      readers.push(reader);
      reader.exec('BEGIN; SELECT count(*) FROM a; INSERT INTO a VALUES (3); COMMIT'); // so that there is a log
      vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, ...args) {
        if (args[0] === 'wal_checkpoint(TRUNCATE)') throw new SqliteError('database or disk is full', 'SQLITE_FULL');
        return really.apply(this, args);
      });
    });
    for (const reader of readers) reader.close();

    expect(error).toMatchObject({ appError: { code: 'E_NO_SPACE', safety: safetyText.unknown } });
    expect(existsSync(`${target}.restore-intent`)).toBe(true);
  });

  it('where the log of a file in WAL mode stays, and cannot be read', async () => {
    const wal = makeDatabase(folder, `PRAGMA journal_mode = WAL; CREATE TABLE a (id INTEGER PRIMARY KEY)`);
    const { target, error } = await restoreAnd((file) => {
      vi.spyOn(sidecars, 'readSidecars').mockImplementation(() =>
        orRefuse(file, () => {
          throw Object.assign(new Error('EIO'), { code: 'EIO' });
        }),
      );
    }, wal);

    expect(error).toBeInstanceOf(CodedError);
    expect(error).toMatchObject({ appError: { code: 'E_IO', safety: safetyText.unknown } });
    expect(existsSync(`${target}.restore-intent`)).toBe(true);
  });

  it('where the file cannot be found any more', async () => {
    const { target, error } = await restoreAnd((file) => renameSync(file, `${file}.elsewhere`));

    expect(error).toMatchObject({ appError: { code: 'E_NOT_FOUND', safety: safetyText.unknown } });
    expect(existsSync(`${target}.restore-intent`)).toBe(true);
  });
});
