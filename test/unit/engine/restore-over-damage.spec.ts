import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { coded, safetyText } from '@shared/errors.ts';
import type { RestorePoint } from '@engine/restore-request.ts';
import { root } from '../../../build/layout.mjs';
import {
  besides,
  bodyOf,
  changeBytes,
  damagedShop,
  errorOf,
  expectInPlace,
  keptIn,
  members,
  restore,
} from '../../support/engine/damaged-shop.ts';
import { askOne } from '../../support/engine/run-shop.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

/** What SQLite can lock but not read as a whole is overwritten where it lies, and its bytes are kept. */

const folder = temporaryFolder();

describe('a restore over a damaged body', () => {
  const largerPages = 'PRAGMA journal_mode = DELETE; PRAGMA page_size = 8192; VACUUM;';
  const tail = (file: string): void => changeBytes(file, fs.statSync(file).size - 20_000, Buffer.alloc(20_000, 0x5a));
  it.each<[string, boolean, NonNullable<Parameters<typeof damagedShop>[1]>]>([
    ['is made in place', false, {}],
    ['is made in place, under a log', true, {}],
    ['is made in place over a larger file', false, { change: `CREATE TABLE more AS SELECT zeroblob(400000) AS b;` }],
    ['is made in place over pages of another size', false, { change: largerPages }],
    ['is made in place over a larger file under a log', true, { change: `CREATE TABLE more AS SELECT zeroblob(9e5);` }],
    ['and pages of another size', true, { change: `${largerPages} PRAGMA journal_mode = WAL;`, damage: tail }],
    [
      'that is zeros from its second page on',
      false,
      { damage: (file) => changeBytes(file, 4_096, Buffer.alloc(40_000)) },
    ],
  ])('%s: the bytes are kept, and come back', async (_, wal, how) => {
    const shop = await damagedShop(folder, { ...how, wal });

    const { before, replacedFolder } = await restore(shop.file, shop.backup);

    expect(before).toBeNull();
    await expectInPlace(shop, replacedFolder);
  });

  it('by a program that has it open all the same: that finds what was put back', async () => {
    const shop = await damagedShop(folder);
    const reads = `db.prepare('SELECT count(*) FROM setting').get();
      process.on('message', () => process.send(db.prepare('SELECT count(*) AS n FROM member').get().n));`;
    const script = `const db = new (require('better-sqlite3'))(${JSON.stringify(shop.file)}); ${reads} process.send('ready')`;
    const other = spawn(process.execPath, ['-e', script], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await once(other, 'message');

    await restore(shop.file, shop.backup);

    other.send('look');
    expect(await once(other, 'message')).toEqual([200, undefined]);
    other.kill('SIGKILL');
  });

  it('is a rename where SQLite cannot even lock it', async () => {
    const noList = (file: string): void => changeBytes(file, 100, Buffer.alloc(60, 0xff));
    const { file, backup, damaged, ino } = await damagedShop(folder, { damage: noList });

    const { replacedFolder } = await restore(file, backup);

    expect(fs.statSync(file).ino).not.toBe(ino);
    expect(keptIn(replacedFolder).equals(damaged)).toBe(true);
    expect(members(file)).toBe(200);
  });

  it.each<RestorePoint>(['intended', 'switched'])(
    'is a rename where SQLite finds only at "%s" that it cannot do it: one folder, and the very bytes in it',
    async (point) => {
      const { file, backup, damaged, ino } = await damagedShop(folder);
      const fail = (at: RestorePoint): void => {
        if (at === point && fs.statSync(file).ino === ino && !isThere(`${file}.restore-stage`))
          throw coded('E_CORRUPT', 'The content of the file is damaged.');
      };

      const { replacedFolder } = await restore(file, backup, { probe: fail });

      expect(fs.statSync(file).ino).not.toBe(ino);
      expect(besides(file)).toEqual([path.basename(replacedFolder ?? '')]);
      expect(keptIn(replacedFolder).equals(damaged)).toBe(true);
      expect(members(file)).toBe(200);
    },
  );
});

describe('a restore over a damaged body that SQLite would change by locking it', () => {
  const freePages =
    'PRAGMA auto_vacuum = 2; VACUUM; CREATE TABLE more AS SELECT zeroblob(40000) AS b; DROP TABLE more;';
  const asFull = (file: string): void => {
    changeBytes(file, 8_192, Buffer.alloc(3_000, 0x5a));
    changeBytes(file, 64, Buffer.alloc(4)); // free pages are cut off by every commit now
  };
  it.each([false, true])('is a rename, and the very bytes are kept (wal: %s)', async (wal) => {
    const { file, backup, damaged, ino } = await damagedShop(folder, { wal, change: freePages, damage: asFull });

    const { replacedFolder } = await restore(file, backup);

    expect(fs.statSync(file).ino).not.toBe(ino);
    expect(keptIn(replacedFolder).equals(damaged)).toBe(true);
    expect(besides(file)).toEqual([path.basename(replacedFolder ?? '')]);
    expect(members(file)).toBe(200);
  });
});

describe('a restore over a damaged body is refused, and leaves nothing', () => {
  it('where it is stopped in its last moment', async () => {
    const { file, backup, damaged } = await damagedShop(folder);
    const beforeReplacing = () => Promise.reject(coded('E_CANCELLED', 'Stopped.'));

    expect(await errorOf(restore(file, backup, { beforeReplacing }))).toMatchObject({ code: 'E_CANCELLED' });

    expect(fs.readFileSync(file).equals(damaged)).toBe(true);
    expect(besides(file)).toEqual([]);
  });

  it.each<[RestorePoint, boolean]>([
    ['kept', false],
    ['kept', true],
    ['unlocked', false],
    ['unlocked', true],
  ])('where another program writes at "%s" (wal: %s): that stays', async (point, wal) => {
    const { file, backup } = await damagedShop(folder, { wal });
    const write = (at: RestorePoint): void => {
      if (at === point) new Database(file).exec(`UPDATE setting SET value = 'of another'`).close();
    };

    const error = await errorOf(restore(file, backup, { probe: write }));

    expect(error).toMatchObject({ code: 'E_STATE_CHANGED', safety: safetyText.untouched });
    expect(askOne(file, `SELECT value FROM setting WHERE name = 'after'`)).toBe('of another');
    expect(askOne(file, `PRAGMA journal_mode`)).toBe(wal ? 'wal' : 'delete');
    expect(besides(file)).toEqual([]);
  });

  it.each<[string, (file: string) => void]>([
    ['deletes', (file) => fs.rmSync(file)],
    ['renames another file over', (file) => fs.renameSync(`${file}.theirs`, file)],
  ])('but what may be the last copy, where another program %s the file at "kept"', async (_, take) => {
    const { file, backup, damaged } = await damagedShop(folder);
    fs.copyFileSync(backup.path, `${file}.theirs`);

    const error = await errorOf(restore(file, backup, { probe: (at) => void (at === 'kept' && take(file)) }));

    const kept = besides(file).find((name) => name.startsWith('shop.db replaced-')) ?? '';
    expect(error).toMatchObject({ code: 'E_PATH_CHANGED', safety: safetyText.unknown });
    expect(error?.message).toContain(`How shop.db was before is kept in ${kept}.`);
    expect(keptIn(path.join(path.dirname(file), kept)).equals(damaged)).toBe(true);
  });

  it('where what lies beside it cannot be looked at: not even a lock', async () => {
    const { file, backup, damaged } = await damagedShop(folder);
    const look = fs.lstatSync;
    let isKept = false;
    vi.spyOn(fs, 'lstatSync').mockImplementation(((name: fs.PathLike, options: object) => {
      if (isKept && name === `${file}-wal`) throw Object.assign(new Error('EIO: on purpose'), { code: 'EIO' });
      return look(name, options);
    }) as typeof fs.lstatSync);
    const probe = (at: RestorePoint): void => {
      if (at === 'kept') isKept = true;
    };

    expect(await errorOf(restore(file, backup, { probe }))).not.toBeNull();
    vi.restoreAllMocks();

    expect(fs.readFileSync(file).equals(damaged)).toBe(true);
    await restore(file, backup);
    expect(members(file)).toBe(200);
  });

  it('where SQLite cannot do it after all, and the rename is stopped', async () => {
    const { file, backup, damaged } = await damagedShop(folder);
    const fail = (at: RestorePoint): void => {
      if (at === 'switched') throw coded('E_CORRUPT', 'The content of the file is damaged.');
    };
    let asked = 0;
    const beforeReplacing = () =>
      asked++ === 0 ? Promise.resolve() : Promise.reject(coded('E_CANCELLED', 'Stopped.'));

    const error = await errorOf(restore(file, backup, { probe: fail, beforeReplacing }));

    expect(error).toMatchObject({ code: 'E_CANCELLED', message: 'Stopped.' });
    expect(bodyOf(fs.readFileSync(file)).equals(bodyOf(damaged))).toBe(true);
    expect(besides(file)).toEqual([]);
  });

  it('where another program has left its commits in a log by the time that the bytes are kept', async () => {
    const { file, backup } = await damagedShop(folder, { wal: true });
    const other = path.join(path.dirname(file), 'backups', 'theirs.db');
    fs.copyFileSync(file, other);
    const theirs = new Database(other);
    theirs.exec(`UPDATE setting SET value = 'in a log'`);
    const log = fs.readFileSync(`${other}-wal`);
    theirs.close();
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(other + suffix, { force: true });
    const leave = (at: RestorePoint) => void (at === 'kept' && fs.writeFileSync(`${file}-wal`, log));

    expect(await errorOf(restore(file, backup, { probe: leave }))).toMatchObject({ code: 'E_STATE_CHANGED' });

    expect(askOne(file, `SELECT value FROM setting WHERE name = 'after'`)).toBe('in a log');
  });

  it('where the disk is full while the bytes are kept', async () => {
    const { file, backup, damaged } = await damagedShop(folder);
    const copy = fs.copyFileSync;
    vi.spyOn(fs, 'copyFileSync').mockImplementation((from, to, mode) => {
      if (String(to).includes(' replacing-'))
        throw Object.assign(new Error('ENOSPC: refused on purpose'), { code: 'ENOSPC' });
      copy(from, to, mode);
    });

    const error = await errorOf(restore(file, backup));
    vi.restoreAllMocks();

    expect(error).toMatchObject({ code: 'E_RESTORE_TARGET', safety: safetyText.untouched });
    expect(fs.readFileSync(file).equals(damaged)).toBe(true);
    expect(besides(file)).toEqual([]);
  });
});
