import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { holdsBackup } from '@engine/restore-in-place.ts';
import { restoreBackup } from '@engine/restore.ts';
import { restoredFrom } from '@engine/restored-from.ts';
import { expect, it } from 'vitest';
import { cleanupShop, eventTable } from '../../support/engine/cleanup-shop.ts';
import { backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { otherProgram } from '../../support/other-program.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

it('a file is held against backups by its bytes, but for what every file has of its own', async () => {
  const file = makeDatabase(folder, `CREATE TABLE note (text); INSERT INTO note VALUES ('one')`);
  const same = path.join(folder, 'same.db');
  const source = new Database(file);
  await source.backup(same);
  source.close();
  const other = path.join(folder, 'other.db');
  fs.copyFileSync(file, other);
  const changed = new Database(other);
  changed.exec(`UPDATE note SET text = 'two'`);
  changed.close();
  const gone = path.join(folder, 'gone.db');

  const held = (at: string, ...backups: string[]) =>
    restoredFrom({ path: at, since: null, backups: backups.map((backup) => ({ path: backup, createdAt: '' })) }, []);
  expect(await held(file, gone, other, same)).toEqual({ backupPath: same, proof: 'bytes' });
  expect(await held(file, gone, other)).toBeNull();
  expect(await held(gone, same)).toBeNull();
  const byEvent = { path: file, since: null, backups: [{ path: same, createdAt: '' }], isByEvent: true };
  expect(await restoredFrom(byEvent, [])).toBeNull();
});

it('a restore that was noted in the list of the file is known by that, though the bytes differ since', async () => {
  const pack = cleanupShop();
  const file = makeShop(folder, { extra: eventTable });
  const { backup } = await upgradeShop(file, { pack });
  const between = '2026-03-01T12:00:00.000Z';
  const input = { ...{ path: file, backupFolder: backupFolderOf(file), appVersion: '0', allowForeign: false } };
  const restore = () =>
    restoreBackup({ ...input, backupPath: backup?.path ?? '' }, { packs: [pack], clock: () => new Date(between) });
  await restore();
  const other = { path: '/b/other.db', createdAt: '2026-01-01T00:00:00.000Z' };
  const found = (since: string, ...more: { path: string; createdAt: string }[]) =>
    restoredFrom({ path: file, since, backups: more }, [pack]);
  const meant = { path: backup?.path ?? '', createdAt: backup?.createdAt ?? '' };

  expect(holdsBackup(file, meant.path)).toBe(false);
  expect(await found('2026-03-01T11:59:59.999Z', other, meant)).toEqual({ backupPath: meant.path, proof: 'event' });
  expect(await found('2026-03-01T12:00:00.001Z', other, meant)).toBeNull(); // of an earlier restore
  expect(await found('2026-03-01T11:59:59.999Z', other)).toBeNull(); // of another backup
});

it('nothing is held to be a backup while a log or a journal beside it has more to say', async () => {
  const file = makeDatabase(folder, `PRAGMA journal_mode = WAL; CREATE TABLE note (text)`);
  const same = path.join(folder, 'of-log.db');
  fs.copyFileSync(file, same);
  expect(holdsBackup(file, same)).toBe(true);

  const other = await otherProgram(file, `db.exec("INSERT INTO note VALUES ('in the log')")`);
  await other.kill();
  expect(fs.readFileSync(file).equals(fs.readFileSync(same))).toBe(true);
  expect(holdsBackup(file, same)).toBe(false);

  for (const suffix of ['-wal', '-shm']) fs.rmSync(file + suffix);
  fs.writeFileSync(`${file}-journal`, Buffer.alloc(512, 0xd9));
  expect(holdsBackup(file, same)).toBe(false);
});
