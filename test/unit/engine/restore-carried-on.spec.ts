import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type AppError, coded, safetyText, toAppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase } from '@engine/backups.ts';
import { readableIntent } from '@engine/intent.ts';
import { putBackReplaced } from '@engine/put-back.ts';
import { readyToCarryThrough } from '@engine/restore-file.ts';
import { isUsable } from '@engine/restore-pending.ts';
import type { RestorePoint } from '@engine/restore-request.ts';
import { finishRestore, restoreBackup } from '@engine/restore.ts';
import { askOne, backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { otherProgram } from '../../support/other-program.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

/** Between a restore that was interrupted and its end, other programs use the file: nothing of theirs may go. */

const folder = temporaryFolder();
const packs = [shopPack()];
const wasPlatform = process.platform;
const onPlatform = (value: string) => Object.defineProperty(process, 'platform', { value });
afterEach(() => {
  onPlatform(wasPlatform);
  vi.restoreAllMocks();
});

const inputOf = (file: string) => ({
  ...{ path: file, backupFolder: backupFolderOf(file), lockFolder: path.join(path.dirname(file), 'locks') },
  appVersion: '0',
});
const finish = (file: string) => finishRestore(inputOf(file), { packs, lockWaitMs: 200 });
const errorOf = async (act: Promise<unknown>): Promise<AppError | null> => act.then(() => null, toAppError);
const endAt =
  (point: RestorePoint) =>
  (at: RestorePoint): void => {
    if (at === point) throw new Error('ended here');
  };

function writeInto(file: string, at: number, bytes: Buffer): void {
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, bytes, 0, bytes.length, at);
  fs.closeSync(handle);
}

/** A restore over a damaged file, whose length is such that SQLite is not let near it either; it ended at `point`. */
async function interruptedAt(point: RestorePoint, wal = false): Promise<{ file: string; backup: BackupRecord }> {
  const file = makeShop(folder, { wal, members: 200 });
  const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  const backup = await backupDatabase(made, packs);
  writeInto(file, 8_192, Buffer.alloc(3_000, 0x5a));
  fs.appendFileSync(file, 'half a page');
  const input = { ...inputOf(file), backupPath: backup.path, allowForeign: false };
  expect(await errorOf(restoreBackup(input, { packs, probe: endAt(point) }))).not.toBeNull();
  return { file, backup };
}

const replacedFolders = (file: string): string[] =>
  fs
    .readdirSync(path.dirname(file))
    .filter((name) => name.startsWith('shop.db replaced-'))
    .map((name) => path.join(path.dirname(file), name));
/** The files beside the database, and those that were kept, in which the words stand. */
const placesOf = (file: string, words: string): string[] =>
  [path.dirname(file), ...replacedFolders(file)]
    .flatMap((parent) => fs.readdirSync(parent).map((name) => path.join(parent, name)))
    .filter((each) => fs.statSync(each).isFile() && fs.readFileSync(each).includes(words));

describe('while another program has the file open', () => {
  const writes: [string, string][] = [
    ['keeps a log', `db.exec("INSERT INTO setting VALUES ('theirs', 'before the end')")`],
    ['is in the middle of a write', `db.exec("BEGIN IMMEDIATE; INSERT INTO setting VALUES ('theirs', 'not yet')")`],
  ];
  it.skipIf(process.platform !== 'linux').each(writes)(
    'and %s, a restore by file is not carried through, and later it is',
    async (how, body) => {
      const { file } = await interruptedAt('intended', how === 'keeps a log');
      const other = await otherProgram(file, body);

      const error = await errorOf(finish(file));

      expect(error).toMatchObject({ code: 'E_DB_IN_USE', safety: safetyText.unknown });
      expect(readableIntent(file)).not.toBeNull();
      await other.kill();
      const { replacedFolder } = await finish(file);
      expect(askOne(file, `SELECT count(*) FROM member`)).toBe(200);
      if (how === 'keeps a log')
        expect(placesOf(file, 'before the end')).toEqual([path.join(replacedFolder ?? '', 'shop.db-wal')]);
    },
  );

  it('nor, where only locks tell that, is an undoing', async () => {
    const file = makeShop(folder);
    const replaced = path.join(path.dirname(file), 'shop.db replaced-Abc123');
    fs.mkdirSync(replaced);
    fs.writeFileSync(path.join(replaced, 'shop.db'), 'damaged as it was');
    const undo = { ...inputOf(file), folder: replaced };
    await expect(putBackReplaced(undo, { probe: endAt('intended') })).rejects.toThrow('ended here');
    const other = await otherProgram(file, `db.exec('BEGIN'); db.prepare('SELECT count(*) FROM note').get()`);
    onPlatform('darwin');

    expect(await errorOf(finish(file))).toMatchObject({
      ...{ code: 'E_DB_IN_USE', message: 'Another program has shop.db open.', safety: safetyText.unknown },
    });

    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
    await other.kill();
    await finish(file);
    expect(fs.readFileSync(file, 'utf8')).toBe('damaged as it was');
  });
});

it('an undoing that has put everything in its place comes to its end while another program reads the file', async () => {
  const file = makeShop(folder);
  const replaced = path.join(path.dirname(file), 'shop.db replaced-Abc123');
  fs.mkdirSync(replaced);
  fs.copyFileSync(makeShop(folder, { members: 7 }), path.join(replaced, 'shop.db'));
  const undo = { ...inputOf(file), folder: replaced };
  await expect(putBackReplaced(undo, { probe: endAt('replaced') })).rejects.toThrow('ended here');
  const other = await otherProgram(file, `db.exec('BEGIN'); db.prepare('SELECT count(*) FROM note').get()`);

  await finish(file);

  await other.kill();
  expect(readableIntent(file)).toBeNull();
  expect(askOne(file, `SELECT count(*) FROM member`)).toBe(7);
});

it('a restore that is stopped before it goes on changes nothing, and can go on later', async () => {
  const { file, backup } = await interruptedAt('intended');
  const [damaged, note] = [fs.readFileSync(file), readableIntent(file)];
  const input = { ...inputOf(file), backupPath: backup.path, allowForeign: false };
  const beforeReplacing = () => Promise.reject(new Error('stopped'));

  await expect(restoreBackup(input, { packs, beforeReplacing })).rejects.toThrow('stopped');

  expect(fs.readFileSync(file).equals(damaged)).toBe(true);
  expect(readableIntent(file)).toEqual(note);
  await finish(file);
  expect(askOne(file, `SELECT count(*) FROM member`)).toBe(200);
});

it.each(['intended', 'replaced'] as const)(
  'what somebody writes while the copies are compared is noticed: %s',
  async (point) => {
    const { file } = await interruptedAt(point);
    const intent = readableIntent(file);
    if (intent === null) throw new Error('there is no note');
    const [open, close] = [fs.openSync, fs.closeSync];
    let reading: number | null = null;
    vi.spyOn(fs, 'openSync').mockImplementation((name, ...rest) => {
      const handle = open(name, ...rest);
      if (name === file) reading = handle;
      return handle;
    });
    vi.spyOn(fs, 'closeSync').mockImplementation((handle) => {
      close(handle);
      if (handle !== reading) return;
      vi.restoreAllMocks();
      fs.appendFileSync(file, 'written meanwhile');
    });

    let error: AppError | null = null;
    try {
      readyToCarryThrough(file, intent)?.();
    } catch (thrown) {
      error = toAppError(thrown);
    }

    expect(error).toMatchObject({ code: 'E_STATE_CHANGED', safety: safetyText.unknown });
    expect(placesOf(file, 'written meanwhile')).toEqual([file]);
  },
);

describe('the log of another program, where an undoing is about to place one', () => {
  /** A folder with a database and its log, of which the one is about to come back and then the other. */
  function withLogSetAside(): { file: string; replaced: string } {
    const file = makeShop(folder, { wal: true });
    const replaced = path.join(path.dirname(file), 'shop.db replaced-Abc123');
    fs.mkdirSync(replaced);
    const writer = new Database(file);
    writer.exec(`PRAGMA wal_autocheckpoint = 0; INSERT INTO setting VALUES ('old', 'in the old log')`);
    for (const suffix of ['', '-wal']) fs.copyFileSync(file + suffix, path.join(replaced, `shop.db${suffix}`));
    writer.close();
    return { file, replaced };
  }
  const undo = (file: string, replaced: string, probe?: (at: RestorePoint) => void) =>
    putBackReplaced({ ...inputOf(file), folder: replaced }, probe === undefined ? {} : { probe });

  it('is kept with what belongs to it when the undoing is carried through', async () => {
    const { file, replaced } = withLogSetAside();
    await expect(undo(file, replaced, endAt('replaced'))).rejects.toThrow('ended here');
    const theirs = `db.exec("INSERT INTO setting VALUES ('theirs', 'in their own log')")`;
    await (await otherProgram(file, theirs)).kill();

    const { replacedFolder } = await finish(file);

    expect(placesOf(file, 'in their own log')).toEqual([path.join(replacedFolder ?? '', 'shop.db-wal')]);
    expect(askOne(path.join(replacedFolder ?? '', 'shop.db'), `SELECT value FROM setting WHERE name = 'theirs'`)).toBe(
      'in their own log',
    );
    expect(askOne(file, `SELECT value FROM setting WHERE name = 'old'`)).toBe('in the old log');
  });

  it('is not written over when it comes in the moment between', async () => {
    const { file, replaced } = withLogSetAside();
    const appear = (at: RestorePoint) => void (at === 'replaced' && fs.writeFileSync(`${file}-wal`, 'of another'));

    const error = await errorOf(undo(file, replaced, appear));

    expect(error).toMatchObject({ code: 'E_DB_IN_USE', safety: safetyText.unknown });
    expect(fs.readFileSync(`${file}-wal`, 'utf8')).toBe('of another');
    await undo(file, replaced);
    expect(placesOf(file, 'of another').map((each) => path.basename(each))).toEqual(['shop.db-wal']);
    expect(askOne(file, `SELECT value FROM setting WHERE name = 'old'`)).toBe('in the old log');
  });
});

describe('what an interrupted restore had kept', () => {
  it('is where it is said to be, though a person has put the backup there by hand', async () => {
    const { file, backup } = await interruptedAt('intended');
    const damaged = fs.readFileSync(file);
    fs.copyFileSync(backup.path, file);

    const { replacedFolder } = await finish(file);

    expect(replacedFolders(file)).toEqual([replacedFolder]);
    expect(fs.readFileSync(path.join(replacedFolder ?? '', 'shop.db')).equals(damaged)).toBe(true);
  });

  it('stays where the restore begins anew, because another file is there by now', async () => {
    const { file } = await interruptedAt('intended');
    const damaged = fs.readFileSync(file);
    fs.rmSync(file);
    fs.copyFileSync(makeShop(folder, { members: 1 }), file);

    const { before, replacedFolder } = await finish(file);

    expect(askOne(before?.path ?? '', `SELECT count(*) FROM member`)).toBe(1);
    expect(fs.readFileSync(path.join(replacedFolder ?? '', 'shop.db')).equals(damaged)).toBe(true);
  });
});

it('an undoing begins anew also where an earlier try has left the file with two names', async () => {
  const file = makeShop(folder);
  const replaced = path.join(path.dirname(file), 'shop.db replaced-Abc123');
  fs.mkdirSync(replaced);
  fs.renameSync(file, path.join(replaced, 'shop.db'));
  await expect(putBackReplaced({ ...inputOf(file), folder: replaced }, { probe: endAt('intended') })).rejects.toThrow(
    'ended here',
  );
  fs.linkSync(`${file}.restore-stage`, file);
  new Database(`${file}.restore-stage`).exec(`INSERT INTO setting VALUES ('theirs', 'then')`).close();

  const { replacedFolder } = await finish(file);

  expect(askOne(path.join(replacedFolder ?? '', 'shop.db'), `SELECT value FROM setting WHERE name = 'theirs'`)).toBe(
    'then',
  );
  expect(askOne(file, `SELECT count(*) FROM setting`)).toBe(1);
  expect(isThere(`${file}.restore-stage`)).toBe(false);
});

describe('a restore by file whose backup is lost by then', () => {
  const lose = ({ path: place }: BackupRecord): void => {
    for (const each of [place, place.replace(/db$/, 'json')]) fs.rmSync(each);
  };

  it.each<RestorePoint>(['intended', 'replaced'])('after "%s", comes to its end by its own copy', async (point) => {
    const { file, backup } = await interruptedAt(point);
    const damaged = fs.readFileSync(point === 'intended' ? file : path.join(replacedFolders(file)[0] ?? '', 'shop.db'));
    lose(backup);

    const { restored, replacedFolder } = await finish(file);

    expect(restored).toMatchObject({ state: 'missing', path: backup.path, sha256: backup.sha256 });
    expect(askOne(file, `SELECT count(*) FROM member`)).toBe(200);
    expect(readableIntent(file)).toBeNull();
    expect(fs.readFileSync(path.join(replacedFolder ?? '', 'shop.db')).equals(damaged)).toBe(true);
  });

  it('is backed up, as the last that is left of it, before another is put back', async () => {
    const { file, backup } = await interruptedAt('intended');
    const other = await backupDatabase(
      {
        path: makeShop(folder, { members: 7 }),
        folder: backupFolderOf(file),
        reason: 'by hand',
        runId: null,
        appVersion: '0',
      },
      packs,
    );
    lose(backup);

    const input = { ...inputOf(file), backupPath: other.path, allowForeign: true };
    const { before } = await restoreBackup(input, { packs });

    expect(askOne(file, `SELECT count(*) FROM member`)).toBe(7);
    expect(askOne(before?.path ?? '', `SELECT count(*) FROM member`)).toBe(200);
  });

  it('is put in its place, which nobody calls untouched, where the other is stopped then', async () => {
    const { file, backup } = await interruptedAt('intended');
    const made = { path: makeShop(folder, { members: 7 }), folder: backupFolderOf(file), reason: 'by hand' };
    const other = await backupDatabase({ ...made, runId: null, appVersion: '0' }, packs);
    lose(backup);

    let asked = 0;
    const beforeReplacing = (): Promise<void> =>
      (asked += 1) === 2 ? Promise.reject(coded('E_CANCELLED', 'Stopped.')) : Promise.resolve();
    const input = { ...inputOf(file), backupPath: other.path, allowForeign: true };
    const error = await errorOf(restoreBackup(input, { packs, beforeReplacing }));

    expect(error).toMatchObject({ code: 'E_CANCELLED', safety: safetyText.unknown });
    await finish(file);
    expect(askOne(file, `SELECT count(*) FROM member`)).toBe(200);
  });

  it('and whose disk fails, stands in the way of no other', async () => {
    const { file, backup } = await interruptedAt('intended');
    const open = fs.openSync;
    vi.spyOn(fs, 'openSync').mockImplementation((...args) => {
      if (args[0] === backup.path) throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
      return open(...args);
    });
    expect(isUsable({ backupPath: backup.path, sha256: backup.sha256 })).toBe(false);
    await finish(file);
    expect(askOne(file, `SELECT count(*) FROM member`)).toBe(200);
  });
});
