import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureBookkeeping } from '@engine/bookkeeping-tables.ts';
import type { Db } from '@engine/migration.ts';
import { countLeft, countSetAside, markKeylessLeft, setAside, setAsideKeyless } from '@engine/set-aside.ts';

/** How many rows the issue rows stand for: a table may have so many fewer, and not one more. */

let db: Db;
beforeEach(() => {
  db = new Database(':memory:');
  ensureBookkeeping(db);
  db.exec(`CREATE TABLE Note (id, body); INSERT INTO Note VALUES (1, 'a'), (2, 'b'), (NULL, 'x')`);
});
afterEach(() => void db.close());

const issue = (walk: string, key: number | null, isPlaced = 0, table = 'note'): void =>
  void db
    .prepare(
      `INSERT INTO _phasewise_quarantine (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at)
       VALUES (?, ?, ?, 'taken', '', ?, '{}', 'r', '2026-01-01')`,
    )
    .run(walk, table, key, isPlaced);
const walks = ['one', 'two'].map((id) => ({ id, source: 'note', key: 'id' }));

describe('rows that have left their table', () => {
  it.each<[string, () => void, number]>([
    ['count', () => [7, 8].forEach((key) => issue('one', key)), 2],
    ['count once, whoever speaks of them', () => ['one', 'two'].forEach((walk) => issue(walk, 7)), 1],
    ['do not count where they are in it still', () => [1, 7].forEach((key) => issue('one', key)), 1],
    ['do not count where they have their place', () => issue('one', 7, 1), 0],
    ['do not count where another step recorded them', () => issue('three', 7), 0],
    ['and have no key are as many as are fewer in it now', () => [0, 1, 2].forEach(() => issue('one', null)), 2],
    ['and have no key are never less than none', () => {}, 0],
  ])('%s', (_, act, left) => {
    act();

    expect(countLeft(db, walks).get('note') ?? 0).toBe(left);
  });

  it('are all that were recorded, once the table is gone', () => {
    for (const key of [1, 7, null]) issue('one', key);
    db.exec('DROP TABLE Note');

    expect(countLeft(db, walks)).toEqual(new Map([['note', 3]]));
  });
});

describe('rows without a place', () => {
  it.each<[string, () => void, number]>([
    ['count by their key, once', () => ['one', 'two'].forEach((walk) => issue(walk, 7)), 1],
    ['count under any spelling of their table', () => (issue('one', 7), issue('one', 8, 0, 'NOTE')), 2],
    ['do not count where they have their place', () => (issue('one', 7, 1), issue('one', null, 1)), 0],
    [
      'and without a key count as the most that one walk has',
      () => (issue('one', null), issue('one', null), issue('two', null)),
      2,
    ],
  ])('%s', (_, act, rows) => {
    act();

    expect(countSetAside(db, null).get('note') ?? 0).toBe(rows);
  });

  it('count for the walks that are asked about alone', () => {
    issue('one', 7);
    issue('two', 8);

    expect([countSetAside(db, ['two']), countSetAside(db, [])]).toEqual([new Map([['note', 1]]), new Map()]);
  });
});

describe('records of rows without a key', () => {
  const walk = { id: 'one', source: 'note', key: 'id' };
  const record = () =>
    setAsideKeyless(db, { backfillId: 'one', source: 'note', key: 'id', runId: 'r', now: '2026-01-01' });
  const marked = () =>
    db.prepare(`SELECT row_json ->> 'body' FROM _phasewise_quarantine WHERE detail <> '' ORDER BY id`).pluck().all();

  it('are marked where the row has left, of equal ones as many as have', () => {
    db.exec(`INSERT INTO Note VALUES (NULL, 'x'), (NULL, 'x'), (NULL, 'y')`);
    record();
    markKeylessLeft(db, walk);
    expect(marked()).toEqual([]);

    db.exec(`DELETE FROM Note WHERE body = 'y' OR rowid = (SELECT max(rowid) FROM Note WHERE body = 'x')`);
    markKeylessLeft(db, walk);
    expect(marked()).toEqual(['x', 'y']);
  });

  it('stay marked when an equal row is written, and are marked when the row was changed', () => {
    record();
    db.exec(`DELETE FROM Note WHERE id IS NULL`);
    markKeylessLeft(db, walk);
    db.exec(`INSERT INTO Note VALUES (NULL, 'x')`);
    record();
    markKeylessLeft(db, walk);
    expect(marked()).toEqual(['x']);

    db.exec(`UPDATE Note SET body = 'z' WHERE id IS NULL`);
    markKeylessLeft(db, walk);
    expect(marked()).toEqual(['x', 'x']);
  });

  it('of a table that is gone are left alone', () => {
    record();
    db.exec('DROP TABLE Note');

    markKeylessLeft(db, walk);

    expect(marked()).toEqual([]);
  });
});

it('a row is recorded once per walk, with every column that stores or computes a value', () => {
  db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, a, twice AS (a * 2) VIRTUAL, thrice AS (a * 3) STORED);
    INSERT INTO t VALUES (1, 5)`);
  const source = { backfillId: 'one', source: 't', key: 'id', runId: 'r', now: '2026-01-01' };
  const aside = () =>
    setAside(db, source, { after: null, upTo: 9 }, { reason: 'taken', where: '1', detailSql: 'NULL', isPlaced: false });

  expect([aside(), aside()]).toEqual([1, 0]);
  expect(db.prepare('SELECT detail, row_json FROM _phasewise_quarantine').all()).toEqual([
    { detail: '', row_json: '{"id":1,"a":5,"twice":10,"thrice":15}' },
  ]);
});
