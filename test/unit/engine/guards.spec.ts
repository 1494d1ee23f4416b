import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { insertApplied } from '@engine/bookkeeping.ts';
import { ensureBookkeeping } from '@engine/bookkeeping-tables.ts';
import { must, openEngine } from '@engine/connection.ts';
import { recordApplied } from '@engine/ledger.ts';
import type { Db } from '@engine/migration.ts';
import { inTransaction } from '@engine/session.ts';
import { codeOf } from '../../support/code-of.ts';
import { legacyRows, legacySchema, shopPack } from '../../support/engine/shop-pack.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

describe('the connection that writes', () => {
  it.each([
    ['WAL', 2],
    ['DELETE', 3],
  ])('in %s mode puts every commit on the disk, and leaves foreign keys alone', (mode, synchronous) => {
    const file = makeDatabase(folder, `PRAGMA journal_mode = ${mode}; CREATE TABLE a (id INTEGER PRIMARY KEY)`);
    const db = openEngine(file);

    const found = ['synchronous', 'foreign_keys'].map((name) => db.pragma(name, { simple: true }));
    db.close();

    expect(found).toEqual([synchronous, 0]);
  });

  it('notices a setting that SQLite silently does not take', () => {
    const db = new Database(makeDatabase(folder, 'CREATE TABLE a (id INTEGER PRIMARY KEY)'));
    db.pragma('foreign_keys = 1');
    db.exec('BEGIN');

    const code = codeOf(() => must(db, 'foreign_keys', 0));
    db.close();

    expect(code).toBe('E_RUNTIME_MISMATCH');
  });
});

it('a record that cannot be read back is no record', () => {
  const db = new Database(makeDatabase(folder, legacySchema + legacyRows(2, 1)));
  const pack = shopPack();
  const [migration] = pack.migrations;
  if (migration === undefined) throw new Error('the shop has no migration');
  const detail = { runId: 'run-1', now: '2026-11-21T14:02:33Z', durationMs: 1 };
  ensureBookkeeping(db);

  const swallowed = codeOf(() => recordApplied(db, pack, migration, detail, () => {}));
  const written = codeOf(() => recordApplied(db, pack, migration, detail, insertApplied));
  db.close();

  expect([swallowed, written]).toEqual(['E_LEDGER_TAMPERED', null]);
});

it('a commit that failed is not tried again: nobody knows what the disk holds', () => {
  const db = new Database(makeDatabase(folder, 'CREATE TABLE a (id INTEGER PRIMARY KEY)'));
  db.pragma('foreign_keys = 0');
  const said: string[] = [];
  const failing = new Proxy(db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name === 'exec')
        return (sql: string) => {
          said.push(sql);
          if (sql === 'COMMIT' && said.filter((each) => each === sql).length === 1) throw new Error('disk I/O error');
          return target.exec(sql);
        };
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  }) as Db;
  const change = () =>
    inTransaction({ db: failing, assertSameFile: () => {} }, 'a step', () => db.exec('INSERT INTO a VALUES (1)'));

  const code = codeOf(change);
  const rows = db.prepare('SELECT count(*) FROM a').pluck().get();
  db.close();

  expect([code, rows, said]).toEqual(['E_MIGRATION_FAILED', 0, ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK']]);
});
