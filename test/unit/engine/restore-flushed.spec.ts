import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import { backupDatabase } from '@engine/backups.ts';
import { sha256File } from '@engine/fsync.ts';
import { makeRawCopy } from '@engine/raw-copy.ts';
import { placeStaged } from '@engine/restore-file.ts';
import { type NewFile, stageByFile } from '@engine/restore-stage.ts';
import { restoreBackup } from '@engine/restore.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { followFlushes } from '../../support/flushes.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** A power cut takes whatever was not flushed, in any order: so each step of a replacing is on the disk before the next. */

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());

/** A database with a log, of which another database with another log takes the place. @returns what was done, in order. */
function replaceBoth(): string[] {
  const target = makeShop(folder);
  const home = path.dirname(target);
  const source = makeShop(folder);
  fs.writeFileSync(`${target}-wal`, 'the log that was there');
  fs.writeFileSync(`${source}-wal`, 'the log that comes back');
  const done: string[] = [];
  const nameOf = (file: string): string =>
    (path.relative(home, file) || 'the folder').replace(/ repl\w+-\w{6}/, '.kept');
  const rename = fs.renameSync;
  followFlushes((name = '') => done.push(`flush ${nameOf(name)}`));
  vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    rename(from, to);
    done.push(nameOf(String(to)));
  });

  const files = (['', '-wal'] as const).map((suffix): NewFile => {
    const from = source + suffix;
    return { suffix, from, sha256: sha256File(from) };
  });
  const about = { source: 'replaced', backupPath: source, startedAt: '2026-01-01T00:00:00Z' } as const;
  placeStaged(stageByFile(target, files, about));
  return done.filter((each) => !each.endsWith('.tmp'));
}

it('what is to be put in place, and what is kept, is there before the note says that something was begun', () => {
  const done = replaceBoth();
  const begun = done.slice(0, done.indexOf('shop.db.restore-intent'));

  expect(begun).toContain('flush shop.db.restore-stage');
  expect(begun).toContain('flush shop.db.restore-stage-wal');
  expect(begun.slice(begun.indexOf('shop.db.kept/shop.db'))).toEqual([
    ...['shop.db.kept/shop.db', 'flush shop.db.kept', 'flush the folder'],
  ]);
});

it('then the note, the old log, the new file and its log follow one another', () => {
  const done = replaceBoth();

  expect(done.slice(done.indexOf('shop.db.restore-intent'))).toEqual([
    ...['shop.db.restore-intent', 'flush the folder'],
    ...['shop.db.kept', 'shop.db.kept/shop.db-wal', 'flush shop.db.kept', 'flush the folder'],
    ...['shop.db', 'flush the folder'],
    ...['shop.db-wal', 'flush the folder'],
  ]);
});

it('what SQLite has put in place is on the disk, and so is that its journal is gone, before anything is said of it', async () => {
  const file = makeShop(folder);
  const packs = [shopPack()];
  const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  const backup = await backupDatabase(made, packs);
  new Database(file).exec(`DELETE FROM note`).close();
  const done: string[] = [];
  followFlushes((name = '') => done.push(path.relative(path.dirname(file), name)));

  await restoreBackup(
    { path: file, backupPath: backup.path, backupFolder: backup.folder, appVersion: '0', allowForeign: false },
    { packs, probe: (point) => void done.push(point) },
  );

  const between = done.slice(done.indexOf('copied') + 1, done.indexOf('finished'));
  expect(between).toEqual(['shop.db', '']);
});

it('a copy that a killed restore has left is on the disk before it is relied on', () => {
  const file = makeShop(folder);
  const left = makeRawCopy(file);
  const done: string[] = [];
  followFlushes((name = '') => done.push(name));

  expect(makeRawCopy(file)).toBe(left);

  expect(done).toEqual([left, path.dirname(file)]);
});
