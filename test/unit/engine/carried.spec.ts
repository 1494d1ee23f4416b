import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureBookkeeping } from '@engine/bookkeeping-tables.ts';
import { findRemoved, findSetAside } from '@engine/carried.ts';
import type { Db } from '@engine/migration.ts';

/** Which rows of a backup are taken for kept although they are not in their table any more. */

let db: Db;
beforeEach(() => {
  db = new Database(':memory:');
  db.exec(`ATTACH ':memory:' AS backup`);
  ensureBookkeeping(db);
});
afterEach(() => void db.close());

/** The table in the backup with these rows, and in the file with those. */
function notes(before: string, now: string, columns = 'id TEXT PRIMARY KEY, n, body'): void {
  for (const [schema, rows] of [
    ['backup', before],
    ['main', now],
  ] as const) {
    db.exec(`CREATE TABLE ${schema}.note (${columns})`);
    if (rows !== '') db.exec(`INSERT INTO ${schema}.note VALUES ${rows}`);
  }
}
const issue = (key: string | null, row: object, walk = 'one', isPlaced = 0): void =>
  void db
    .prepare(
      `INSERT INTO _phasewise_quarantine (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at)
       VALUES (?, 'note', ?, 'taken', '', ?, ?, 'r', '2026-01-01')`,
    )
    .run(walk, key, isPlaced, JSON.stringify(row));
const kept = (): number => findSetAside(db, 'backup', 'note', ['id', 'n', 'body']).amongIssues;

const gone = { id: 'x', n: 1, body: 'text' };

describe('a row that is away is kept', () => {
  it.each<[string, () => void, number]>([
    ['when an issue row holds it', () => issue('x', gone), 1],
    ['once, however many hold it', () => (issue('x', gone), issue('x', gone, 'two')), 1],
    ['only with each of its values', () => issue('x', { ...gone, body: 'other' }), 0],
    ['only with whole values: 12 is not 1', () => issue('x', { ...gone, n: 12 }), 0],
    ['only where it is not said to have its place', () => issue('x', gone, 'one', 1), 0],
    ['only under its own key', () => issue('y', gone), 0],
    ['not by an issue row that cannot be read', () => (issue('x', gone), db.exec(CUT)), 0],
  ])('%s', (_, act, rows) => {
    notes(`('x', 1, 'text'), ('y', 2, 'there')`, `('y', 2, 'there')`);
    act();

    expect(kept()).toBe(rows);
  });

  it('not by one column of a key that has two', () => {
    notes(`('x', 1, 'text'), ('x', 2, 'text')`, '', 'id TEXT, n, body, PRIMARY KEY (id, n)');
    issue('x', gone);

    expect(kept()).toBe(0);
  });
});
const CUT = `UPDATE _phasewise_quarantine SET row_json = substr(row_json, 1, length(row_json) - 1) || ',"'`;

describe('of rows without a key that are away', () => {
  const nobody = { id: null, n: 1, body: 'text' };
  it.each<[string, string, object[], number]>([
    ['as many are kept as were recorded', '', [nobody], 1],
    ['all are, where each was', '', [nobody, nobody], 2],
    ['no more are kept than are away', `(NULL, 1, 'text')`, [nobody, nobody], 1],
    ['those are not that were recorded with other values', '', [{ ...nobody, n: 7 }], 0],
  ])('%s', (_, now, recorded, rows) => {
    notes(`(NULL, 1, 'text'), (NULL, 1, 'text')`, now);
    for (const row of recorded) issue(null, row);

    expect(kept()).toBe(rows);
  });

  it('one is not kept by the record of another that is still there', () => {
    notes(`(NULL, 1, 'away'), (NULL, 2, 'there'), (NULL, 1, 'away')`, '');
    db.exec(`INSERT INTO main.note (rowid, id, n, body) VALUES (2, NULL, 2, 'there'), (3, NULL, 1, 'away')`);
    issue(null, { id: null, n: 2, body: 'there' });

    expect(kept()).toBe(0);
  });

  it('equal ones need a record each', () => {
    notes(`(NULL, 1, 'a'), (NULL, 1, 'a'), (NULL, 1, 'a')`, '');
    for (const row of [1, 1, 2]) issue(null, { id: null, n: row, body: 'a' });

    expect(kept()).toBe(2);
  });

  it.each<[string, string, unknown]>([
    ['a whole number', '1', 1],
    ['a fraction', '0.1', 0.1],
    ['nothing', 'NULL', null],
    ['bytes', `x'00ff'`, { $blob: '00FF' }],
    ['no bytes', `x''`, { $blob: '' }],
    ['text that is none', `CAST(x'ff' AS TEXT)`, { $brokenText: 'FF' }],
    ['text with an end inside', `'a' || char(0) || 'b'`, { $brokenText: '610062' }],
  ])('%s is known again', (_, value, said) => {
    notes(`(NULL, 1, ${value})`, '');
    issue(null, { id: null, n: 1, body: said });

    expect(kept()).toBe(1);
  });

  it.each<[string, string, unknown]>([
    ['a number', '1', '1'],
    ['a whole number', '1', { $blob: '31' }],
    ['a fraction', '0.1', 'r0.1'],
    ['bytes', `x'6162'`, 'ab'],
    ['text', `'ab'`, { $blob: '6162' }],
    ['nothing', 'NULL', ''],
    ['nothing', 'NULL', { other: 1 }],
    ['nothing', 'NULL', undefined],
  ])('%s is not taken for something like it', (_, value, said) => {
    notes(`(NULL, 1, ${value})`, '');
    issue(null, { id: null, n: 1, body: said });

    expect(kept()).toBe(0);
  });

  it('thousands are counted in one sort, not each against every record', () => {
    const rows = 12_000;
    notes('', '');
    const series = `WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${rows})`;
    db.exec(`INSERT INTO backup.note ${series} SELECT NULL, n, 'text' FROM s;
      INSERT INTO _phasewise_quarantine (backfill_id, source_table, reason, detail, is_placed, row_json, run_id, recorded_at)
        ${series} SELECT 'one', 'note', 'taken', '', 0, json_object('id', NULL, 'n', n, 'body', 'text'), 'r', 't' FROM s`);

    expect(kept()).toBe(rows); // two minutes, were each row to look through the records
  });
});

it('a table that has other keys is no successor of one that is gone', () => {
  notes(`('x', 1, 'text')`, '');
  db.exec('DROP TABLE main.note; CREATE TABLE paper (number, text)');

  expect(findRemoved(db, 'backup', 'note', 'paper', ['id'])).toMatchObject({ inSuccessor: 0, amongIssues: 0 });
  expect(findRemoved(db, 'backup', 'note', 'nowhere', ['id'])).toMatchObject({ inSuccessor: 0, amongIssues: 0 });
});
