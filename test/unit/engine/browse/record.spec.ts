import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import path from 'node:path';
import type { BrowseQuery } from '@shared/browse.ts';
import { openBrowser, type Browser } from '@engine/browse/browser.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

/** One row, whole: its exact values, where it leads, what leads to it; also where rows have no key of their own. */

const file = path.join(temporaryFolder(), 'records.db');
let browser: Browser;
const ROWS = 1_500;

beforeAll(async () => {
  const db = new Database(file);
  db.pragma('foreign_keys = 0'); // references that lead nowhere
  db.exec(`
    CREATE TABLE parents(id TEXT PRIMARY KEY COLLATE NOCASE, number INTEGER UNIQUE);
    CREATE TABLE children(id INTEGER PRIMARY KEY, parent TEXT REFERENCES parents(id), number INTEGER REFERENCES parents(number), own INTEGER REFERENCES children);
    CREATE TABLE pairs(a, b, PRIMARY KEY(a, b)) WITHOUT ROWID;
    CREATE TABLE links(id INTEGER PRIMARY KEY, a, b, FOREIGN KEY(a, b) REFERENCES pairs(a, b));
    CREATE TABLE nameless(rowid, _rowid_, oid, long TEXT);
    CREATE VIEW seen AS SELECT id, parent, number FROM children;
    INSERT INTO parents VALUES ('one', 9007199254740993), ('TWO', 9007199254740992), (x'00ff', NULL);
    INSERT INTO pairs VALUES (1.5, x'ff'), ('', 'y'), (9223372036854775807, 'x');
    INSERT INTO links(a, b) VALUES (1.5, x'ff'), (9223372036854775807, 'x'), (NULL, 'x'), (1.5, 'elsewhere');
    INSERT INTO nameless VALUES (1, 2, 3, printf('%.*c', 5000, 'x')), (4, 5, 6, 'second');
  `);
  const add = db.prepare('INSERT INTO children(parent, number, own) VALUES (?, ?, ?)');
  db.transaction(() => {
    for (let at = 0; at < ROWS; at++) add.run(['ONE', 'two', null, 'nobody'][at % 4], at % 2 ? 9_007_199_254_740_993n : 9_007_199_254_740_992n, at || null); // prettier-ignore
  })();
  db.close();
  browser = await openBrowser(file, []);
});
afterAll(() => browser.close());

const every = (table: string): BrowseQuery => ({ table, sort: [], filters: [], find: null });
const rows = (query: BrowseQuery) => browser.page(query, { at: 'start' }, 500, true).rows;
const record = (table: string, at: number) => browser.record(table, rows(every(table))[at]?.key ?? '');

describe('a record', () => {
  it('leads to the rows that it points to, by the rules of the column pointed to', () => {
    const { references } = record('children', 0);
    const byColumn = new Map(references.map((each) => [each.reference.from[0], each]));
    expect(byColumn.get('parent')).toMatchObject({ isThere: true }); // ONE is one there
    const [parent] = rows({ ...every('parents'), filters: [byColumn.get('parent')?.filter ?? []].flat() });
    expect(parent?.cells[0]).toMatchObject({ value: 'one' });
    const [exact, ...others] = rows({ ...every('parents'), filters: [byColumn.get('number')?.filter ?? []].flat() });
    expect([exact?.cells[1], others]).toEqual([{ type: 'integer', value: '9007199254740992' }, []]);
    expect(byColumn.get('own')).toMatchObject({ filter: null, isThere: false });
  });

  it('says where a reference leads nowhere', () => {
    const parents = [0, 1, 2, 3].map((at) => record('children', at).references.find(({ reference }) => reference.from[0] === 'parent')); // prettier-ignore
    expect(parents.map((each) => [each?.filter !== null, each?.isThere])).toEqual([
      [true, true],
      [true, true],
      [false, false],
      [true, false],
    ]);
  });

  it('counts what points to it, and says where it stopped counting', () => {
    // By the collation of the column pointed to: two is TWO there.
    const counts = record('parents', 1).referencedBy.map(({ reference: { from }, count }) => [from[0], count]);
    expect(Object.fromEntries(counts)).toEqual({ parent: ROWS / 4, number: ROWS / 2 });
    const own = record('parents', 1).referencedBy.find(({ reference: { from } }) => from[0] === 'parent');
    expect(rows({ ...every('children'), filters: [own?.filter ?? []].flat() })).toHaveLength(ROWS / 4);
    const db = new Database(file);
    db.pragma('foreign_keys = 0');
    db.exec(`UPDATE children SET parent = 'one'`);
    db.close();
    expect(record('parents', 0).referencedBy).toContainEqual(expect.objectContaining({ count: 1_000, isExact: false }));
  });

  it('follows references of several columns, of any storage class', () => {
    const links = rows(every('links')).map(({ key }) => browser.record('links', key).references[0]);
    expect(links.map((each) => each?.isThere)).toEqual([true, true, false, false]);
    const [pair] = rows({ ...every('pairs'), filters: [links[0]?.filter ?? []].flat() });
    expect(pair?.cells).toMatchObject([{ value: '1.5' }, { hex: 'ff' }]);
    expect(record('pairs', 0).referencedBy).toMatchObject([{ count: 1 }]);
  });

  it('of rows without a key is the row of that number, in the order and among the rows asked for', () => {
    const [long, second] = rows(every('nameless'));
    expect(browser.record('nameless', second?.key ?? '').cells[3]).toMatchObject({ value: 'second' });
    const cell = browser.cell('nameless', { key: long?.key ?? '', column: 'long', from: 4_990, length: 100 }, false);
    expect(cell).toMatchObject({ value: 'x'.repeat(10), totalLength: 5_000 });
    const query: BrowseQuery = {
      ...every('seen'),
      sort: [{ column: 'id', isDescending: true }],
      filters: [{ operator: 'less', column: 'id', value: '100' }],
    };
    for (const [at, row] of rows(query).slice(0, 5).entries()) {
      expect(row.cells[0]).toEqual({ type: 'integer', value: String(99 - at) });
      expect(browser.record('seen', row.key).cells).toEqual(row.cells);
      expect(browser.cell('seen', { key: row.key, column: 'id', from: 0, length: 9 }, false)?.value).toBe(
        String(99 - at),
      );
    }
  });

  it('of a row that is gone is refused', () => {
    const [key = ''] = [rows(every('children')).at(-1)?.key];
    const db = new Database(file);
    db.pragma('foreign_keys = 0');
    db.exec('DELETE FROM children WHERE id = 500');
    db.close();
    expect(() => browser.record('children', key)).toThrow('E_BAD_REQUEST');
  });
});
