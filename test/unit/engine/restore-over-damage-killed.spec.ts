import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import { coded } from '@shared/errors.ts';
import { readableIntent } from '@engine/intent.ts';
import { clearDeadRestore } from '@engine/restore-dead.ts';
import type { RestorePoint } from '@engine/restore-request.ts';
import { readSidecars } from '@engine/sidecars.ts';
import {
  besides,
  bodyOf,
  changeBytes,
  damagedShop,
  errorOf,
  expectInPlace,
  finish,
  keptIn,
  killedAt,
  members,
  restore,
} from '../../support/engine/damaged-shop.ts';
import { askOne } from '../../support/engine/run-shop.ts';
import { dieInTheMiddleOfAWrite, manyRows, otherProgram } from '../../support/other-program.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

/** A restore over a damaged file that was interrupted: what it kept at first is what comes back when it is undone. */

const folder = temporaryFolder();

describe('a restore over a damaged body, killed', () => {
  const points = ['kept', 'intended', 'switched', 'unlocked', 'copying', 'copied', 'finished'];
  it.each(points.flatMap((point) => [false, true].map((wal) => [point, wal] as const)))(
    'at "%s" (wal: %s), is carried through, and what was there at first is kept, once',
    async (point, wal) => {
      const shop = await damagedShop(folder, { wal });
      const { file, backup, damaged } = shop;

      await killedAt(point, shop);

      const note = readableIntent(file);
      expect(isThere(intentFile(file))).toBe(point !== 'kept');
      if (point !== 'kept') {
        expect(note).toMatchObject({ way: 'in-place', beforePath: null, files: [] });
        expect(keptIn(path.join(path.dirname(file), note?.quarantine ?? '')).equals(damaged)).toBe(true);
      }
      if (['kept', 'intended', 'switched', 'unlocked', 'copying'].includes(point))
        expect(bodyOf(fs.readFileSync(file)).equals(bodyOf(damaged))).toBe(true);

      const { before, replacedFolder } = await (point === 'kept' ? restore(file, backup) : finish(file));

      expect(before).toBeNull();
      if (note) expect(path.basename(replacedFolder ?? '')).toBe(note.quarantine);
      await expectInPlace(shop, replacedFolder);
    },
  );

  it('while the bytes are copied, as a stop does it, leaves nothing once that is put right', async () => {
    const shop = await damagedShop(folder);
    const { file, damaged } = shop;
    await killedAt('kept', shop);
    expect(besides(file)).toEqual([expect.stringContaining(' replacing-')]);

    clearDeadRestore(file, path.join(path.dirname(file), 'backups', '.locks'));

    expect(besides(file)).toEqual([]);
    expect(fs.readFileSync(file).equals(damaged)).toBe(true);
  });

  it('twice, is carried through by what the first has kept', async () => {
    const shop = await damagedShop(folder);
    const { file } = shop;
    await killedAt('switched', shop);
    await killedAt('unlocked', shop);

    const { replacedFolder } = await finish(file);

    await expectInPlace(shop, replacedFolder);
  });

  it('with the page count of an old program in its header, which SQLite mends: there is one folder', async () => {
    const damage = (file: string): void => {
      changeBytes(file, 8_192, Buffer.alloc(3_000, 0x5a));
      changeBytes(file, 28, Buffer.from([0, 0, 0, 3]));
      changeBytes(file, 92, Buffer.from([0, 0, 0, 1]));
    };
    const shop = await damagedShop(folder, { damage });
    await killedAt('unlocked', shop);

    const { replacedFolder } = await finish(shop.file);

    await expectInPlace(shop, replacedFolder);
  });

  it('and then a log that nobody has committed lies there', async () => {
    const shop = await damagedShop(folder);
    const { file } = shop;
    await killedAt('unlocked', shop);
    const copy = path.join(path.dirname(file), 'backups', 'copy.db');
    fs.copyFileSync(file, copy);
    const writer = new Database(copy);
    writer.exec(`PRAGMA cache_size = 1; BEGIN; CREATE TABLE half AS SELECT zeroblob(200000) AS b`);
    expect(fs.statSync(`${copy}-wal`).size).toBeGreaterThan(32);
    fs.copyFileSync(`${copy}-wal`, `${file}-wal`);
    writer.exec('ROLLBACK').close();
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(copy + suffix, { force: true });

    const { replacedFolder } = await finish(file);

    await expectInPlace(shop, replacedFolder);
  });

  it('and then a journal lies there that takes back what was half done', async () => {
    const change = `PRAGMA page_size = 8192; VACUUM; ${manyRows(3_000)}`;
    const shop = await damagedShop(folder, { change });
    const { file } = shop;
    await killedAt('unlocked', shop);
    await (await otherProgram(file, dieInTheMiddleOfAWrite)).kill();
    expect(readSidecars(file).isJournalHot).toBe(true);

    const { replacedFolder } = await finish(file);

    await expectInPlace(shop, replacedFolder);
  });

  it('once its commit is in the log: what it has put there itself is not taken for what was there', async () => {
    const shop = await damagedShop(folder, { wal: true });
    const { file, backup } = shop;
    // A reader keeps the log from getting into the file; it comes once the copying has looked who is there.
    const reader = new Database(file);
    const read = (at: RestorePoint): void => {
      if (at === 'copying') reader.exec('BEGIN; SELECT count(*) FROM setting');
    };
    expect(await errorOf(restore(file, backup, { patienceMs: 100, probe: read }))).toMatchObject({
      code: 'E_RESTORE_HELD',
    });
    const left = ['', '-wal'].map((suffix) => [file + suffix, fs.readFileSync(file + suffix)] as const);
    reader.close(); // which would write the log back
    for (const [name, bytes] of left) fs.writeFileSync(name, bytes);
    expect(fs.statSync(`${file}-wal`).size).toBeGreaterThan(40_000);

    const { before, replacedFolder } = await finish(file);

    expect(before).toBeNull();
    await expectInPlace(shop, replacedFolder);
  });

  it('and then another program has left its log beside it: both are kept as they were found', async () => {
    const shop = await damagedShop(folder, { wal: true });
    const { file, damaged } = shop;
    await killedAt('unlocked', shop);
    const first = readableIntent(file)?.quarantine ?? '';
    await (await otherProgram(file, `db.exec("UPDATE setting SET value = 'in their log'")`)).kill();
    const [main, log] = [fs.readFileSync(file), fs.readFileSync(`${file}-wal`)];

    const { replacedFolder } = await finish(file);

    expect(members(file)).toBe(200);
    expect(keptIn(path.join(path.dirname(file), first)).equals(damaged)).toBe(true);
    expect(keptIn(replacedFolder).equals(main)).toBe(true);
    expect(fs.readFileSync(path.join(replacedFolder ?? '', 'shop.db-wal')).equals(log)).toBe(true);
  });

  it('and written to by another program since, begins anew: both states are kept', async () => {
    const shop = await damagedShop(folder);
    const { file, damaged } = shop;
    await killedAt('unlocked', shop);
    const first = readableIntent(file)?.quarantine ?? '';
    new Database(file).exec(`UPDATE setting SET value = 'of another'`).close();
    const theirs = bodyOf(fs.readFileSync(file));

    const { replacedFolder } = await finish(file);

    expect(members(file)).toBe(200);
    expect(besides(file)).toEqual([first, path.basename(replacedFolder ?? '')].toSorted());
    expect(keptIn(path.join(path.dirname(file), first)).equals(damaged)).toBe(true);
    expect(bodyOf(keptIn(replacedFolder)).equals(theirs)).toBe(true);
  });

  it('and used on once it was in place, backs that up, and still tells of the bytes', async () => {
    const shop = await damagedShop(folder);
    const { file, damaged } = shop;
    await killedAt('copied', shop);
    new Database(file).exec(`INSERT INTO setting VALUES ('since', 'then')`).close();
    await killedAt('unlocked', shop); // what it then notes must not forget the first

    const { before, replacedFolder } = await finish(file);

    expect(askOne(before?.path ?? '', `SELECT value FROM setting WHERE name = 'since'`)).toBe('then');
    expect(besides(file)).toEqual([path.basename(replacedFolder ?? '')]);
    expect(keptIn(replacedFolder).equals(damaged)).toBe(true);
  });

  it.each([false, true])('and then SQLite cannot do it after all (wal: %s): it is a rename', async (wal) => {
    const { file, backup, damaged, ino, ...shop } = await damagedShop(folder, { wal });
    await killedAt('unlocked', { file, backup, damaged, ino, ...shop });
    const first = readableIntent(file)?.quarantine ?? '';
    const fail = (at: RestorePoint): void => {
      if (at === 'switched' && fs.statSync(file).ino === ino)
        throw coded('E_CORRUPT', 'The content of the file is damaged.');
    };

    const { replacedFolder } = await finish(file, { probe: fail });

    expect(fs.statSync(file).ino).not.toBe(ino);
    expect(members(file)).toBe(200);
    expect(path.basename(replacedFolder ?? '')).toBe(first);
    expect(besides(file)).toEqual([first]);
    expect(keptIn(replacedFolder).equals(damaged)).toBe(true);
  });

  it('and then somebody takes the folder away: nobody is sent there', async () => {
    const shop = await damagedShop(folder);
    await killedAt('copied', shop);
    fs.rmSync(path.join(path.dirname(shop.file), readableIntent(shop.file)?.quarantine ?? ''), { recursive: true });

    expect(await finish(shop.file)).toMatchObject({ before: null, replacedFolder: null });

    expect(members(shop.file)).toBe(200);
  });

  it('and then stopped, is as unfinished as it was', async () => {
    const shop = await damagedShop(folder);
    const { file } = shop;
    await killedAt('unlocked', shop);
    const [note, there] = [fs.readFileSync(intentFile(file)), besides(file)];
    const beforeReplacing = () => Promise.reject(coded('E_CANCELLED', 'Stopped.'));

    expect(await errorOf(finish(file, { beforeReplacing }))).toMatchObject({ code: 'E_CANCELLED' });

    expect(fs.readFileSync(intentFile(file)).equals(note)).toBe(true);
    expect(besides(file)).toEqual(there);
    await finish(file);
    expect(members(file)).toBe(200);
  });
});
