import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import { createBackup } from '@engine/backup.ts';
import type { Db } from '@engine/migration.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { backUpWith } from '../../support/engine/back-up-with.ts';
import { makeShop } from '../../support/engine/run-shop.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());

/** What better-sqlite3 says of a file that was locked all the time: done, and nothing was copied. */
const emptyPromise = { totalPages: 0, remainingPages: 0 };

type Copying = (options: Parameters<Db['backup']>[1]) => ReturnType<Db['backup']>;

/** Of a database whose copying goes like this. @returns the error's code, and what is left in the folder. */
async function backUpCopiedBy(copying: Copying): Promise<[string | null, string[]]> {
  const file = makeDatabase(folder, `CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1);`);
  const db = new Database(file);
  const lying = new Proxy(db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name === 'backup') return (_: string, options: Parameters<Copying>[0]) => copying(options);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  }) as Db;
  const backups = `${file} backups`;

  const code = await codeOfPromise(
    createBackup(lying, {
      ...{ path: file, folder: backups, reason: 'by hand', runId: null, appVersion: '0.0.0-test', starvedMs: 30 },
      content: { packId: '', variantTitle: '', phase: null },
    }),
  );
  db.close();
  return [code, readdirSync(backups)];
}

it('a backup that was promised and copied nothing is called busy, and leaves nothing behind', async () => {
  expect(await backUpCopiedBy(() => Promise.resolve(emptyPromise))).toEqual(['E_BACKUP_BUSY', []]);
});

it('one that does not advance any more is given up, and one that does is not, however long it takes', async () => {
  const copying =
    (isAdvancing: boolean): Copying =>
    async (options) => {
      for (let left = 20; left > 0; left--) {
        options?.progress?.({ totalPages: 20, remainingPages: isAdvancing ? left : 20 });
        await sleep(5);
      }
      return emptyPromise; // nothing was copied in truth
    };

  expect(await backUpCopiedBy(copying(false))).toEqual(['E_BACKUP_STARVED', []]);
  expect(await backUpCopiedBy(copying(true))).toEqual(['E_BACKUP_BUSY', []]);
});

it('a copy that SQLite does not let have a rollback journal is none', async () => {
  const really = Database.prototype.pragma;
  vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Db, ...args) {
    return args[0] === 'journal_mode = DELETE' ? 'wal' : really.apply(this, args);
  });
  const file = makeShop(folder, { wal: true });

  expect(await codeOfPromise(backUpWith(file, () => {}))).toBe('E_BACKUP_UNVERIFIED');
});

it.each(['copied', 'hashed'] as const)(
  'a backup of which a single value is another after it was %s is none',
  async (when) => {
    const file = makeDatabase(
      folder,
      `CREATE TABLE a (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO a VALUES (1, 'right');`,
    );
    const db = new Database(file);
    const backups = path.join(folder, `backups ${when}`);
    const spoil = (point: string, copy: string): void => {
      if (point !== when) return;
      const other = new Database(copy);
      other.exec(`UPDATE a SET text = 'wrong'`);
      other.close();
    };

    const code = await codeOfPromise(
      createBackup(db, {
        ...{ path: file, folder: backups, reason: 'by hand', runId: null, appVersion: '0.0.0-test', probe: spoil },
        content: { packId: '', variantTitle: '', phase: null },
      }),
    );
    db.close();

    expect(code).toBe('E_BACKUP_UNVERIFIED');
    expect(readdirSync(backups)).toEqual([]);
  },
);

it('a backup gives a sign of life behind each part of its trial restore, which may take minutes', async () => {
  const told: (number | string)[] = [];
  await backUpWith(makeShop(folder), (point) => void told.push(point), {
    onWork: ({ fraction }) => void (fraction !== null && told.push(fraction)),
  });

  const trial = told.slice(told.indexOf('hashed'), told.indexOf('rehearsed'));
  expect(trial).toEqual(['hashed', 0.8, 0.85, 0.9, 0.95]);
  const fractions = told.filter((each) => typeof each === 'number');
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
});
