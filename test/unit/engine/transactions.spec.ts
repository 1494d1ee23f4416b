import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { inTransaction } from '@engine/session.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** What a step is done in. */

const folder = temporaryFolder();
const open = (): Db => {
  const db = new Database(makeDatabase(folder, 'CREATE TABLE a (id INTEGER PRIMARY KEY)'));
  db.pragma('foreign_keys = 0');
  return db;
};
const insert = (db: Db) =>
  inTransaction({ db, assertSameFile: () => {} }, 'a step', () => void db.exec('INSERT INTO a VALUES (1)'));
const rows = (db: Db) => db.prepare('SELECT count(*) FROM a').pluck().get();

it('no step begins while foreign keys are on: dropping a table would take its children along', () => {
  const db = open();
  db.pragma('foreign_keys = 1');

  expect(() => insert(db)).toThrow('outside a transaction and with foreign keys off');
  expect(rows(db)).toBe(0);
  db.close();
});

it('nor inside another one, which is left as it is', () => {
  const db = open();
  db.exec('BEGIN; INSERT INTO a VALUES (7)');

  expect(() => insert(db)).toThrow('outside a transaction and with foreign keys off');
  expect([db.inTransaction, rows(db)]).toEqual([true, 1]);
  db.close();
});

it('what went wrong is told also where the step cannot be taken back by us', () => {
  const db = open();
  const failing = new Proxy(db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name === 'exec')
        return (sql: string) => {
          if (sql === 'ROLLBACK') throw new Error('cannot rollback');
          return target.exec(sql);
        };
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  }) as Db;
  const change = () =>
    inTransaction({ db: failing, assertSameFile: () => {} }, 'a step', () => {
      throw new Error('there is a stone in the way');
    });

  expect(change).toThrow('there is a stone in the way');
  db.close();
});
