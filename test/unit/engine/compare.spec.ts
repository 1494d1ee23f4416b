import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { comparableColumns, compareTable } from '@engine/compare.ts';
import type { Db } from '@engine/migration.ts';

/** Which rows of a table count as the same in two databases: what "nothing was lost" rests on. */

let db: Db;
afterEach(() => void db.close());

/** The table `t` in both, with rows of its own in each. */
function both(columns: string, before: string, after: string, key = ''): Db {
  db = new Database(':memory:');
  db.exec(`ATTACH ':memory:' AS backup`);
  for (const schema of ['backup', 'main']) db.exec(`CREATE TABLE ${schema}.t (${columns}) ${key}`);
  db.exec(`INSERT INTO backup.t ${before}; INSERT INTO main.t ${after}`);
  return db;
}
const kept = (columns = comparableColumns(db, 'backup', 't')): [number, number] => {
  const { kept: rows, rowsBefore } = compareTable(db, { before: 'backup', after: 'main' }, 't', columns);
  return [rows, rowsBefore];
};

describe('a row that can be found again by its number or key', () => {
  it.each([
    ['nothing', `('a'), (NULL), (1)`, 3],
    ['the case of a letter, where the column takes no notice of it', `('A'), (NULL), (1)`, 2],
    ['the type of a value', `('a'), (NULL), (1.0)`, 2],
    ['a value that became NULL', `(NULL), (NULL), (1)`, 2],
    ['NULL that became a value', `('a'), (0), (1)`, 2],
  ])('has changed where this differs: %s', (_, after, rows) => {
    both('a COLLATE NOCASE', `(a) VALUES ('a'), (NULL), (1)`, `(a) VALUES ${after}`);

    expect(kept()).toEqual([rows, 3]);
  });

  it('is known by its key where all rows have other numbers now', () => {
    both(
      'k TEXT PRIMARY KEY, v',
      `(rowid, k, v) VALUES (1, 'a', 1), (2, 'b', 2)`,
      `(rowid, k, v) VALUES (8, 'a', 1), (9, 'b', 2)`,
    );

    expect(kept()).toEqual([2, 2]);
  });

  it('without a key, is known by its number, and by nothing else', () => {
    const before = `(rowid, k, v) VALUES (1, NULL, 'a'), (2, NULL, 'b'), (3, 'x', 'c')`;
    both('k TEXT PRIMARY KEY, v', before, `(rowid, k, v) VALUES (1, NULL, 'a'), (2, NULL, 'b'), (9, 'x', 'c')`);
    expect(kept()).toEqual([3, 3]);
    db.close();

    both('k TEXT PRIMARY KEY, v', before, `(rowid, k, v) VALUES (1, 'new', 'a'), (2, NULL, 'b'), (9, 'x', 'c')`);
    expect(kept(['v'])).toEqual([2, 3]); // the first has a key by now: it is another row
  });

  it('is not taken for another by a column that only has the name of the number', () => {
    both('rowid TEXT, v', `VALUES ('x', 1), ('x', 2)`, `VALUES ('x', 1), ('x', 2)`);
    expect(kept()).toEqual([2, 2]);
  });

  it('is compared by what it stores, not by what SQLite makes of it while reading', () => {
    both('a, v AS (a + 1) VIRTUAL, s AS (a + 2) STORED', '(a) VALUES (1)', '(a) VALUES (1)');
    expect(comparableColumns(db, 'backup', 't')).toEqual(['a', 's']);
  });
});

describe('a row that has neither number nor key', () => {
  const nameless = 'rowid, _rowid_, oid';
  it.each([
    ['nothing', `(1, 'a', 0), (1, 'a', 0), (2, 'b', 0)`, 3],
    ['how many there are of it', `(1, 'a', 0), (2, 'b', 0)`, 1],
    ['the type of a value', `(1, 'a', 0), (1, 'a', 0), (2.0, 'b', 0)`, 2],
  ])('has changed where this differs: %s', (_, after, rows) => {
    both(nameless, `VALUES (1, 'a', 0), (1, 'a', 0), (2, 'b', 0)`, `VALUES ${after}`);

    expect(kept()).toEqual([rows, 3]);
  });
});

it('the key of a table without numbers finds its rows', () => {
  both('k TEXT PRIMARY KEY, v', `VALUES ('a', 1), ('b', 2)`, `VALUES ('a', 1), ('b', 3)`, 'WITHOUT ROWID');

  expect(kept()).toEqual([1, 2]);
});
