import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { passGate, passGateForWriting } from '@engine/gate.ts';
import { lookAt } from '@engine/look.ts';
import { isOfStranger } from '@engine/sidecar-owner.ts';
import { codeOf } from '../../support/code-of.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** Whose a log or journal may be that SQLite would play into the database. */

const [ME, OWNER, OTHER] = [1000, 1001, 1002];

describe('what lies beside a database', () => {
  it.each([
    ['of its owner', OWNER, 0o644, false],
    ['of root, who may write every file', 0, 0o600, false],
    ['of the user who works on it', ME, 0o644, false],
    ['of somebody else, where only the owner may write it', OTHER, 0o644, true],
    ['of somebody else, where a group may write it', OTHER, 0o664, false],
    ['of somebody else, where everybody may', OTHER, 0o606, false],
    ['of somebody else, where nobody may', OTHER, 0o444, true],
  ])('%s', (_, uid, mode, is) => {
    const database = { uid: OWNER, mode: 0o100000 | mode };

    expect(isOfStranger({ uid, mode: 0o100666 }, database, ME)).toBe(is);
  });

  it('on Windows, where every file has the same owner', () => {
    expect(isOfStranger({ uid: 0, mode: 0o100666 }, { uid: 0, mode: 0o100644 }, undefined)).toBe(false);
  });
});

const cannotGive = process.getuid?.() !== 0;
describe.skipIf(cannotGive)('a database beside which another user has left something (skipped unless root)', () => {
  const folder = temporaryFolder();

  /** As a killed program leaves it: with a row that is in its log alone. */
  function withLog(): string {
    const file = makeDatabase(folder, 'PRAGMA journal_mode = WAL; CREATE TABLE t (a)');
    const copy = path.join(folder, `${path.basename(file)}.left.db`);
    const db = new Database(file);
    db.exec('INSERT INTO t VALUES (1)');
    for (const suffix of ['', '-wal']) fs.copyFileSync(file + suffix, copy + suffix);
    db.close();
    return copy;
  }

  function withHotJournal(): string {
    const file = makeDatabase(folder, 'CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    const copy = path.join(folder, `${path.basename(file)}.left.db`);
    const db = new Database(file);
    db.pragma('cache_size = 1');
    db.exec(`BEGIN; WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
      INSERT INTO t SELECT randomblob(900) FROM n`);
    for (const suffix of ['', '-journal']) fs.copyFileSync(file + suffix, copy + suffix);
    db.close();
    return copy;
  }

  const giveTo = (file: string, uid: number): void => fs.chownSync(file, uid, uid);
  const given = (suffix: string, make: () => string, sidecarOf: number, mode = 0o644): string => {
    const file = make();
    giveTo(file, OWNER);
    fs.chmodSync(file, mode);
    giveTo(file + suffix, sidecarOf);
    fs.chmodSync(file + suffix, 0o666);
    return file;
  };

  it.each([
    ['-wal', withLog],
    ['-journal', withHotJournal],
  ])('a %s that is not empty: is looked at on a copy, and not opened for writing', async (suffix, make) => {
    const file = given(suffix, make, OTHER);

    expect(passGate(file).readOnlyReason).toMatchObject({
      code: 'E_SIDECAR_UNSAFE',
      title: 'A journal file beside the database cannot be trusted',
      message: expect.stringContaining(
        `${path.basename(file)}${suffix}, which belongs to a user who may not`,
      ) as string,
      nextStep: expect.stringContaining('move it to another folder and keep it') as string,
    });
    expect(codeOf(() => passGateForWriting(file))).toBe('E_SIDECAR_UNSAFE');
    const seen = await lookAt(file, ({ db, via }) => [via, db.prepare('SELECT count(*) FROM t').pluck().get()]);
    expect(seen).toEqual(['private-copy', 1]);
  });

  it.each([
    ['its owner left it', OWNER, 0o644],
    ['root left it', 0, 0o644],
    ['a group writes the file, and one of it left it', OTHER, 0o664],
  ])('is opened for writing where %s', (_, uid, mode) => {
    expect(passGateForWriting(given('-wal', withLog, uid, mode)).readOnlyReason).toBeNull();
    expect(passGateForWriting(given('-journal', withHotJournal, uid, mode)).readOnlyReason).toBeNull();
  });

  it('is opened for writing beside an empty log and an index over it, which whoever only reads it leaves', () => {
    const file = makeDatabase(folder, 'PRAGMA journal_mode = WAL; CREATE TABLE t (a)');
    for (const suffix of ['', '-wal', '-shm']) {
      if (suffix !== '') fs.writeFileSync(file + suffix, '');
      giveTo(file + suffix, suffix === '' ? OWNER : OTHER);
    }

    expect(passGateForWriting(file).readOnlyReason).toBeNull();
  });
});
