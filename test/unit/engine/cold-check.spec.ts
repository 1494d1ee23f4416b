import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import { checkCold, rowCounts } from '@engine/cold-check.ts';
import { fsyncFile } from '@engine/fsync.ts';
import { passGate } from '@engine/gate.ts';
import { underMaintenanceLock } from '@engine/small-change.ts';
import { CodedError, safetyText } from '@shared/errors.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** How a small change ends: what the lock leaves, and what is found when the file is opened again. */

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());

it('a log that SQLite says it could not write back is no end that went well', async () => {
  const file = makeDatabase(folder, 'PRAGMA journal_mode = WAL; CREATE TABLE a (b)');
  const really = Database.prototype.pragma;
  const change = underMaintenanceLock(
    passGate(file),
    path.join(folder, 'locks'),
    () => {},
    async ({ db }) => {
      db.exec('INSERT INTO a VALUES (2)');
      vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, ...args) {
        return args[0] === 'wal_checkpoint(TRUNCATE)' ? [{ busy: 1 }] : really.apply(this, args);
      });
      await Promise.resolve();
    },
  );

  expect(
    await change.catch((thrown: unknown) => (thrown instanceof CodedError ? thrown.appError : thrown)),
  ).toMatchObject({ code: 'E_IO', safety: safetyText.unknown });
});

const family = `PRAGMA foreign_keys = OFF; CREATE TABLE parent (id INTEGER PRIMARY KEY); INSERT INTO parent VALUES (1);
  CREATE TABLE child (of REFERENCES parent); INSERT INTO child VALUES (1), (7)`;

it.each<[string, string, (file: string) => void]>([
  ['nothing happened since', '', () => {}],
  ['one more reference leads nowhere', 'references', (file) => change(file, 'UPDATE child SET of = 8 WHERE of = 1')],
  ['a row is gone', 'rows', (file) => change(file, 'DELETE FROM child WHERE of = 1')],
  ['a table is gone', 'rows', (file) => change(file, 'DROP TABLE child')],
  ['SQLite finds damage', 'integrity', miscountFreePages],
])('of a changed file that is opened again, where %s, these checks do not hold: %s', (_, unmet, act) => {
  const file = makeDatabase(folder, family);
  const db = new Database(file);
  const expected = { rows: rowCounts(db), foreignKeys: new Map([['child', 1]]) };
  db.close();
  act(file);

  const checks = checkCold(file, expected);

  expect(checks.map(({ id }) => id)).toEqual(['integrity', 'references', 'rows']);
  expect(checks.filter(({ state }) => state !== 'met').map(({ id }) => id)).toEqual(unmet === '' ? [] : [unmet]);
});

it('references that could not be counted before, and lead somewhere, are not worse', () => {
  const file = makeDatabase(folder, `${family}; UPDATE child SET of = 1`);

  const checks = checkCold(file, { rows: new Map(), foreignKeys: new Map([['child', -1]]) });

  expect(checks.every(({ state }) => state === 'met')).toBe(true);
});

it('touches the file by nothing but SQLite while SQLite has it open', () => {
  const file = makeDatabase(folder, family);
  const really = Database.prototype.prepare;
  const touched = new Set<unknown>();
  vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Database.Database, sql: string) {
    touched.add(wordsOf(() => fsyncFile(file)));
    return really.call(this, sql);
  } as typeof really);

  checkCold(file, { rows: new Map(), foreignKeys: new Map() });

  expect([...touched]).toEqual(['a database file was touched while SQLite had it open']);
});

it('leaves the file closed: what SQLite makes to read a log is gone', () => {
  const file = makeDatabase(folder, `PRAGMA journal_mode = WAL; ${family}`);

  checkCold(file, { rows: new Map(), foreignKeys: new Map() });

  expect(['-wal', '-shm'].filter((suffix) => fs.existsSync(file + suffix))).toEqual([]);
});

function wordsOf(act: () => void): string {
  try {
    act();
    return 'it was touched';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function change(file: string, sql: string): void {
  new Database(file).exec(`PRAGMA foreign_keys = OFF; ${sql}`).close();
}

/** Every row can still be read; only integrity_check compares this number with the list. */
function miscountFreePages(file: string): void {
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, Buffer.from([0, 0, 0, 77]), 0, 4, 36);
  fs.closeSync(handle);
}
