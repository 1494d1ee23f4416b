import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { coded, toAppError } from '@shared/errors.ts';
import { sha256File } from '@engine/fsync.ts';
import { identify } from '@engine/identity.ts';
import { lockForMaintenance } from '@engine/lock.ts';
import * as probe from '@engine/lock-probe.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { changeBytes } from '../../support/engine/damaged-shop.ts';
import { askOne, makeShop } from '../../support/engine/run-shop.ts';
import { dieInTheMiddleOfAWrite, manyRows, otherProgram } from '../../support/other-program.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

/** The lock is taken on the file that the gate saw, or not at all. */

const folder = temporaryFolder();
const requestFor = (file: string) => ({
  path: file,
  identity: identify(file),
  lockFolder: path.join(path.dirname(file), 'locks'),
  waitMs: 2_000,
});

function holding(file: string): Database.Database {
  const db = new Database(file);
  db.exec('BEGIN EXCLUSIVE');
  return db;
}

it('a file that took the place of the one that was looked at is not even waited for', async () => {
  const [file, other] = [makeShop(folder), makeShop(folder)];
  const request = requestFor(file);
  fs.renameSync(other, file);
  const holder = holding(file);

  const code = await codeOfPromise(lockForMaintenance(request));

  holder.close();
  expect(code).toBe('E_PATH_CHANGED');
});

it('a file that is gone is not said to have been replaced', async () => {
  const file = makeShop(folder);
  const request = requestFor(file);
  fs.rmSync(file);

  const error = await lockForMaintenance(request).catch(toAppError);

  expect(error).toMatchObject({ code: 'E_PATH_CHANGED', safety: 'Phasewise changed nothing.' });
  expect(error).toMatchObject({ message: expect.stringContaining('is gone') as string });
  expect(error).toMatchObject({ nextStep: expect.stringMatching(/bin.*unplugged.*backup/) as string });
});

it('one that took its place while the lock was waited for is let go of again', async () => {
  const [file, other] = [makeShop(folder), makeShop(folder)];
  const holder = holding(file);
  const swapped = async () => {
    if (fs.existsSync(other)) fs.renameSync(other, file);
    if (holder.open) holder.close();
  };

  const code = await codeOfPromise(lockForMaintenance({ ...requestFor(file), stopPoint: swapped }));

  expect(code).toBe('E_PATH_CHANGED');
  holding(file).close(); // nobody holds it
  expect(fs.readdirSync(path.join(path.dirname(file), 'locks'))).toEqual([]);
});

it('where nobody can be seen to hold it, it is asked whether the disk locks at all', async () => {
  const file = makeShop(folder);
  const holder = holding(file); // by this very process, which is left out when it looks for holders
  const asked = vi.spyOn(probe, 'assertLocksWork').mockImplementation((name) => {
    throw coded('E_LOCKING_UNAVAILABLE', name);
  });

  const code = await codeOfPromise(lockForMaintenance(requestFor(file)));

  holder.close();
  asked.mockRestore();
  expect(code).toBe('E_LOCKING_UNAVAILABLE');
});

it('what was not committed is taken back as the lock goes, and the log is written back all the same', async () => {
  const file = makeShop(folder, { wal: true });
  const lock = await lockForMaintenance(requestFor(file));
  lock.db.exec(`DELETE FROM note WHERE rowid = 1; BEGIN; DELETE FROM note`);

  lock.release();

  expect(fs.existsSync(`${file}-wal`)).toBe(false);
  expect(askOne(file, `SELECT count(*) FROM note`)).toBe(89);
});

it('a log that somebody keeps from being written back is told of as the lock goes', async () => {
  const lock = await lockForMaintenance(requestFor(makeShop(folder, { wal: true })));
  const pragma = lock.db.pragma.bind(lock.db);
  vi.spyOn(lock.db, 'pragma').mockImplementation((source, options) =>
    source === 'wal_checkpoint(TRUNCATE)' ? [{ busy: 1 }] : pragma(source, options),
  );

  expect(codeOf(() => lock.release())).toBe('E_IO');
  expect(lock.db.open).toBe(false);
});

it('nothing but SQLite touches the file while it is locked; let go of or refused, it may be read again', async () => {
  const file = makeShop(folder);
  const lock = await lockForMaintenance(requestFor(file));
  expect(() => sha256File(file)).toThrow('touched while SQLite had it open');
  lock.release();
  expect(sha256File(file)).toHaveLength(64);

  const holder = holding(file);
  expect(await codeOfPromise(lockForMaintenance({ ...requestFor(file), waitMs: 0 }))).not.toBeNull();
  holder.close();
  expect(sha256File(file)).toHaveLength(64);
});

describe.each([false, true])('locking (wal: %s)', (wal) => {
  /** Taken for a file that is kept without free pages, it has some: as it is when only that field is damaged. */
  function toBeCut(): string {
    const freed =
      'CREATE TABLE junk AS SELECT zeroblob(100000) AS b; CREATE TABLE late AS SELECT 1 AS a; DROP TABLE junk';
    const file = makeShop(folder, { wal });
    new Database(file).exec(`PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = 2; VACUUM; ${freed}`).close();
    if (wal) new Database(file).exec('PRAGMA journal_mode = WAL').close();
    changeBytes(file, 64, Buffer.alloc(4));
    return file;
  }
  /** As programs leave it that know nothing of the number of pages in the header. */
  function ofAnOldProgram(): string {
    const file = makeShop(folder, { wal });
    changeBytes(file, 28, Buffer.alloc(4));
    changeBytes(file, 92, Buffer.alloc(4));
    return file;
  }

  it.each([
    ['free pages that SQLite would cut off', toBeCut],
    ['a header that SQLite would mend', ofAnOldProgram],
  ])('changes no byte of a file with %s, nor does letting go', async (_, make) => {
    const file = make();
    const bytes = fs.readFileSync(file);

    const lock = await lockForMaintenance(requestFor(file));
    lock.release();

    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    expect(askOne(file, 'PRAGMA integrity_check')).toBe('ok');
    expect(fs.readdirSync(path.dirname(file)).filter((name) => name.startsWith('shop.db'))).toEqual(['shop.db']);
  });

  it('keeps everybody else out, readers too, before and after a step of ours', async () => {
    const file = makeShop(folder, { wal });
    const refused = (sql: string) => `
      try { db.exec(${JSON.stringify(sql)}); throw new Error('not locked') }
      catch (error) { if (error.code !== 'SQLITE_BUSY') throw error }`;
    const tries = async () => {
      for (const sql of ['SELECT count(*) FROM note', 'BEGIN IMMEDIATE', 'DELETE FROM note'])
        await (await otherProgram(file, refused(sql))).kill();
    };
    const lock = await lockForMaintenance(requestFor(file));

    await tries();
    expect(lock.db.pragma('journal_mode', { simple: true })).toBe(wal ? 'wal' : 'delete');
    expect(fs.statSync(`${file}-wal`, { throwIfNoEntry: false })?.size).toBe(wal ? 0 : undefined);
    lock.db.exec(`BEGIN IMMEDIATE; DELETE FROM note WHERE rowid = 1; COMMIT`);
    await tries();

    lock.release();
    expect(askOne(file, 'SELECT count(*) FROM note')).toBe(89);
  });

  it('undoes what a killed program left half written', async () => {
    const file = makeShop(folder, { wal, extra: manyRows(2_000) });
    const other = await otherProgram(file, dieInTheMiddleOfAWrite);
    await other.kill();

    const lock = await lockForMaintenance(requestFor(file));
    const half = lock.db.prepare(`SELECT count(*) FROM many WHERE text = 'half written'`).pluck().get();
    lock.release();

    expect(half).toBe(0);
    expect(isThere(`${file}-journal`)).toBe(false);
  });
});
