import { copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import { CodedError, safetyText } from '@shared/errors.ts';
import { createBackup } from '@engine/backup.ts';
import { sha256File } from '@engine/fsync.ts';
import { orRefuse } from '@engine/identity.ts';
import { replaceByFile } from '@engine/restore-file.ts';
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
  replaceByFile(target, files, { source: 'backup', backupPath: backup, startedAt: '2026-11-21T14:02:33Z' }, look);

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
  // The one that puts back reads from a connection that cannot write; the backup before it does not.
  const really = Database.prototype.backup;
  vi.spyOn(Database.prototype, 'backup').mockImplementation(function (this: Database.Database, ...args) {
    return this.readonly ? Promise.resolve({ totalPages: 0, remainingPages: 0 }) : really.apply(this, args);
  });

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

it('does not say that nothing was changed when the disk fails it right after the copying', async () => {
  const target = makeDatabase(folder, `PRAGMA journal_mode = WAL; CREATE TABLE a (id INTEGER PRIMARY KEY)`);
  const db = new Database(target);
  const { path: backupPath } = await createBackup(db, {
    ...{ path: target, folder: path.join(folder, 'own'), reason: 'by hand', runId: null, appVersion: '0.0.0-test' },
    content: { packId: '', variantTitle: '', phase: null },
  });
  db.exec('INSERT INTO a VALUES (2)');
  db.close();
  const really = Database.prototype.backup;
  vi.spyOn(Database.prototype, 'backup').mockImplementation(async function (this: Database.Database, ...args) {
    const done = await really.apply(this, args);
    // As if the log could not be written back: it stays, and cannot be read.
    if (this.readonly)
      vi.spyOn(sidecars, 'readSidecars').mockImplementation(() =>
        orRefuse(target, () => {
          throw Object.assign(new Error('EIO'), { code: 'EIO' });
        }),
      );
    return done;
  });

  const error: unknown = await restoreBackup(
    {
      ...{ backupPath, path: target, backupFolder: path.join(folder, 'own'), appVersion: '0.0.0-test' },
      ...{ lockFolder: path.join(folder, 'locks'), allowForeign: true },
    },
    { packs: [] },
  ).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(CodedError);
  expect((error as CodedError).appError).toMatchObject({ code: 'E_IO', safety: safetyText.unknown });
  expect(existsSync(`${target}.restore-intent`)).toBe(true);
});
