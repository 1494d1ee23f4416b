import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase, listBackups } from '@engine/backups.ts';
import { writeIntent } from '@engine/intent.ts';
import { WHY } from '@engine/retention.ts';
import { removeBackup, tidyBackups } from '@engine/tidy.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { followFlushes } from '../../support/flushes.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

/** Deleting, with what the disk and the database have to say to it. */

const folder = temporaryFolder();
const packs = [shopPack()];
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const backUp = (file: string, into = backupFolderOf(file)): Promise<BackupRecord> =>
  backupDatabase({ path: file, folder: into, reason: 'by hand', runId: null, appVersion: '0' }, packs);
const places = (file: string, ...more: string[]) => ({
  ...{ databasePath: file, folders: [backupFolderOf(file), ...more], needed: [] },
});
const idsOf = (backups: readonly BackupRecord[]) => backups.map(({ id }) => id);

it('the newest good one of a folder stays, also where another folder has enough of newer ones', async () => {
  const file = makeShop(folder);
  const usb = path.join(path.dirname(file), 'usb');
  const older = await backUp(file, usb);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  const first = await backUp(file);
  const newest = await backUp(file);

  const { removed, kept } = await tidyBackups({ ...places(file, usb), keep: 1, isTrial: false }, packs);

  expect(idsOf(removed)).toEqual([first.id]);
  expect(kept.map(({ backup, why }) => [backup.id, why])).toEqual([
    [newest.id, WHY.newest],
    [older.id, WHY.newestThere],
  ]);
  expect(isThere(older.path)).toBe(true);
});

it('the oldest good one from before an upgrade stays beside one that is older and broken', async () => {
  const file = makeShop(folder);
  const before = (phase: number) =>
    backupDatabase(
      { path: file, folder: backupFolderOf(file), reason: `before phase ${phase}`, runId: null, appVersion: '0' },
      packs,
    );
  const [broken, original, between, newest] = [await before(1), await before(2), await before(3), await backUp(file)];
  const bytes = fs.readFileSync(broken.path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  fs.writeFileSync(broken.path, bytes);

  const { removed, kept } = await tidyBackups({ ...places(file), keep: 1, isTrial: false }, packs);

  expect(idsOf(removed)).toEqual([between.id]);
  expect(kept.map(({ backup, why }) => [backup.id, backup.state, why])).toEqual([
    [newest.id, 'verified', WHY.newest],
    [original.id, 'verified', WHY.original],
    [broken.id, 'broken', WHY.earliest],
  ]);
  expect([original.path, broken.path].every(isThere)).toBe(true);
});

it('what was told to be needed stays', async () => {
  const file = makeShop(folder);
  const [needed] = [await backUp(file), await backUp(file)];
  const told = { ...places(file), needed: [{ backupPath: needed.path, why: 'a run' }] };
  expect(await codeOfPromise(removeBackup({ ...told, backupPath: needed.path }, packs))).toBe('E_BACKUP_NEEDED');
});

it('where the backup of a run that stopped is gone, another of the same bytes stays for it', async () => {
  const file = makeShop(folder);
  const same = await backUp(file);
  const stop = (point: string): void => {
    if (point === 'checked') throw new Error('stopped by the test');
  };
  await upgradeShop(file, { more: { probe: stop } });
  const [own] = listBackups({ folders: [backupFolderOf(file)], databasePath: file });
  expect(own).toMatchObject({ sha256: same.sha256, runId: expect.any(String) as string });
  for (const suffix of ['.db', '.json']) fs.rmSync(path.join(same.folder, `${own?.id}${suffix}`));
  new Database(file).exec(`INSERT INTO setting VALUES ('since', 'then')`).close();
  await backUp(file);

  expect(await codeOfPromise(removeBackup({ ...places(file), backupPath: same.path }, packs))).toBe('E_BACKUP_NEEDED');
  expect(isThere(same.path)).toBe(true);
});

it('the backup of a run that came to its end may go where there is a newer one', async () => {
  const file = makeShop(folder);
  await upgradeShop(file);
  const [own] = listBackups({ folders: [backupFolderOf(file)], databasePath: file });
  await backUp(file);

  const { id } = await removeBackup({ ...places(file), backupPath: own?.path ?? '' }, packs);

  expect([id, isThere(own?.path ?? '')]).toEqual([own?.id, false]);
});

it('the two that an interrupted restore needs stay, wherever they were moved', async () => {
  const file = makeShop(folder);
  const old = path.join(path.dirname(file), 'old');
  const wanted = await backUp(file, old);
  new Database(file).exec(`INSERT INTO setting VALUES ('since', 'then')`).close();
  const before = await backUp(file, old);
  new Database(file).exec(`INSERT INTO setting VALUES ('later', 'still')`).close();
  await backUp(file, path.join(old, 'newer'));
  writeIntent(file, {
    ...{ format: 'phasewise-restore 1', startedAt: '2026-01-01T00:00:00.000Z', databaseName: path.basename(file) },
    ...{ way: 'in-place', source: 'backup', backupPath: wanted.path, sha256: wanted.sha256 },
    ...{ files: [], quarantine: null, beforePath: before.path },
  });
  fs.renameSync(old, backupFolderOf(file));

  const newer = path.join(backupFolderOf(file), 'newer');
  const { removed, kept } = await tidyBackups({ ...places(file, newer), keep: 1, isTrial: true }, packs);

  expect([removed.length, kept.length]).toEqual([0, 3]);
});

it('lets only those go that were shown, however many more the rules would let go by now', async () => {
  const file = makeShop(folder);
  const [shown, other] = [await backUp(file), await backUp(file), await backUp(file)];
  const trial = await tidyBackups({ ...places(file), keep: 2, isTrial: true }, packs);
  expect(idsOf(trial.removed)).toEqual([shown.id]);
  const paths = trial.removed.map(({ path: backup }) => backup);
  await backUp(file); // by somebody else, while the person reads

  const { removed, kept } = await tidyBackups({ ...places(file), keep: 2, isTrial: false, shown: paths }, packs);

  expect(idsOf(removed)).toEqual([shown.id]);
  expect(kept.find(({ backup }) => backup.id === other.id)?.why).toBe(WHY.notShown);
  expect(isThere(other.path)).toBe(true);
});

it('lets what was shown stay, with the reason, where the rules let it go no more', async () => {
  const file = makeShop(folder);
  const [shown, newest] = [await backUp(file), await backUp(file)];
  fs.rmSync(newest.path);

  const asked = { ...places(file), keep: 1, isTrial: false, shown: [shown.path] };
  const { removed, kept } = await tidyBackups(asked, packs);

  expect(removed).toEqual([]);
  expect(kept.find(({ backup }) => backup.id === shown.id)?.why).toBe(WHY.newest);
});

it('says how many are gone when one of them cannot be deleted', async () => {
  const file = makeShop(folder);
  const [stuck, second] = [await backUp(file), await backUp(file), await backUp(file)];
  const { rmSync } = fs;
  const failing = vi.spyOn(fs, 'rmSync').mockImplementation((name, options) => {
    if (name === stuck.path) throw Object.assign(new Error(), { code: 'EBUSY' });
    rmSync(name, options);
  });

  const told = await tidyBackups({ ...places(file), keep: 1, isTrial: false }, packs).then(() => '', String);
  failing.mockRestore();

  expect(told).toMatch(/could not be deleted\. Of the 2 that were to go, 1 had been deleted by then\.$/);
  expect(isThere(second.path)).toBe(false);
});

it('a deletion is begun for good before the backup goes, and ended for good', async () => {
  const file = makeShop(folder);
  const older = await backUp(file);
  await backUp(file);
  const own = ['.db', '.json', '.json.removing'].map((end) => `${older.id}${end}`);
  const there = () => own.filter((name) => isThere(path.join(older.folder, name)));
  const seen: string[][] = [];
  followFlushes((name) => {
    if (name === older.folder) seen.push(there());
  });

  await removeBackup({ ...places(file), backupPath: older.path }, packs);

  const begun = seen.findIndex((names) => !names.includes(`${older.id}.json`));
  expect(seen[begun]).toEqual(expect.arrayContaining([`${older.id}.db`, `${older.id}.json.removing`]));
  expect(seen.at(-1)).toEqual([]);
});
