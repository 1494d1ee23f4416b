import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowsePage, BrowseQuery, CellValue, Filter } from '@shared/browse.ts';
import { openBrowser, type Browser } from '@engine/browse/browser.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

/** Tables that are stored in ways few people know of: no row is lost, shown twice, or taken for another one. */

const folder = temporaryFolder();
const file = path.join(folder, 'unusual.db');
/** More than one page of the grid. */
const MANY = 5_000;
let browser: Browser;

beforeAll(async () => {
  const db = new Database(file);
  db.exec(`
    CREATE TABLE falling(id INTEGER PRIMARY KEY DESC, v);
    INSERT INTO falling VALUES (5, 'a'), (3, 'b'), (NULL, 'c'), (NULL, 'd'), (9, 'e');
    CREATE TABLE nameless(rowid, _rowid_, oid, id INTEGER PRIMARY KEY DESC);
    INSERT INTO nameless VALUES (1, 1, 1, NULL), (2, 2, 2, 7), (3, 3, 3, NULL);
    CREATE TABLE nullable(k TEXT PRIMARY KEY, v);
    INSERT INTO nullable VALUES (NULL, 1), (NULL, 2), ('x', 3);
    CREATE TABLE folded(a TEXT COLLATE NOCASE, v, PRIMARY KEY(a COLLATE BINARY)) WITHOUT ROWID;
    INSERT INTO folded VALUES ('a', 1), ('A', 2), ('b', 3), ('B', 4);
    CREATE TABLE mixed(a, b, v, PRIMARY KEY(a, b DESC)) WITHOUT ROWID;
    INSERT INTO mixed VALUES (1, 1, 'x'), (1, 2, 'y'), (2, 1, 'z');
    CREATE TABLE "" ("" TEXT, "__proto__" TEXT);
    INSERT INTO "" VALUES ('e', 'f');
    CREATE TABLE "É"(a); CREATE TABLE "é"(a); INSERT INTO "É" VALUES (1); INSERT INTO "é" VALUES (2);
    CREATE VIEW series AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY}) SELECT i FROM n;
    CREATE VIEW "long" AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT i FROM n;
    CREATE VIEW gone AS SELECT * FROM nowhere;
    CREATE VIEW circle AS SELECT * FROM other_circle; CREATE VIEW other_circle AS SELECT * FROM circle;
    CREATE TABLE "QZQZ"(v); INSERT INTO "QZQZ" VALUES (1);
    CREATE TABLE partly("WKWK" TEXT, v); INSERT INTO partly VALUES ('t', 1);
    CREATE TABLE texts(id INTEGER PRIMARY KEY, t);
    INSERT INTO texts(t) VALUES ('a' || char(0) || 'bcd'), ('{"a": true, "b": null, "c": "x", "big": 9007199254740993, "odd key": 1, "list": [1, 2]}'),
      ('x%y_z'), (x'7b7d'), (5), (NULL);
  `);
  db.close();
  // Names that are no text: SQLite takes any bytes for one.
  const bytes = readFileSync(file).toString('latin1');
  const named = bytes.replaceAll('QZQZ', 'Q\u00ff\u00feZ').replaceAll('WKWK', 'W\u00ffKK');
  writeFileSync(file, Buffer.from(named, 'latin1'));
  browser = await openBrowser(file, []);
});
afterAll(() => browser.close());

const query = (table: string, more: Partial<BrowseQuery> = {}): BrowseQuery => ({
  ...{ table, sort: [], filters: [], find: null },
  ...more,
});
const plain = (cell: CellValue): string => ('value' in cell ? cell.value : cell.type);
const rowsOf = (rows: BrowsePage['rows']): string[] => rows.map(({ cells }) => cells.map(plain).join(' '));
const sorted = (table: string, column: string, isDescending = false) =>
  rowsOf(browser.page(query(table, { sort: [{ column, isDescending }] }), { at: 'start' }, 50, true).rows);

/** One row at a time, there and back. */
function walked(asked: BrowseQuery): string[] {
  const there: BrowsePage['rows'] = [];
  for (let page = browser.page(asked, { at: 'start' }, 1, true); page.rows[0] && there.length < 20;) {
    there.push(...page.rows);
    page = browser.page(asked, { at: 'after', key: page.rows[0].key }, 1, true);
  }
  const back: BrowsePage['rows'] = [];
  for (let page = browser.page(asked, { at: 'end' }, 1, true); page.rows[0] && back.length < 20;) {
    back.unshift(...page.rows);
    page = browser.page(asked, { at: 'before', key: page.rows[0].key }, 1, true);
  }
  expect(rowsOf(back)).toEqual(rowsOf(there));
  return rowsOf(there);
}

describe('rows', () => {
  it.each([
    ['falling', ['5 a', '3 b', 'null c', 'null d', '9 e']],
    ['nameless', ['1 1 1 null', '2 2 2 7', '3 3 3 null']],
    ['nullable', ['null 1', 'null 2', 'x 3']],
    ['folded', ['A 2', 'B 4', 'a 1', 'b 3']],
    ['mixed', ['1 2 y', '1 1 x', '2 1 z']],
    ['', ['e f']],
    ['É', ['1']],
    ['é', ['2']],
  ])('of %j come once each, in the order in which they are stored', (table, expected) => {
    expect(walked(query(table))).toEqual(expected);
  });

  it('are each opened by their own key', () => {
    const { rows } = browser.page(query('folded'), { at: 'start' }, 9, false);
    expect(rows.map(({ key }) => browser.record('folded', key).cells.map(plain).join(' '))).toEqual(rowsOf(rows));
  });

  it('are sorted by an INTEGER PRIMARY KEY that is not the rowid', () => {
    expect(sorted('falling', 'id').slice(2)).toEqual(['3 b', '5 a', '9 e']);
    expect(sorted('falling', 'id', true).slice(0, 3)).toEqual(['9 e', '5 a', '3 b']);
  });

  it('of a table without rowid are sorted by what no index gives, and walked through in that order', () => {
    expect(walked(query('folded', { sort: [{ column: 'v', isDescending: true }] }))).toEqual([
      'B 4',
      'b 3',
      'A 2',
      'a 1',
    ]);
    expect(browser.page(query('folded', { sort: [{ column: 'v', isDescending: true }] }), { at: 'position', position: 2 }, 1, true).rows.map(({ cells }) => plain(cells[0] ?? { type: 'null' }))).toEqual(['A']); // prettier-ignore
  });
});

describe('a view', () => {
  it('is counted while somebody looks at it, and not for ever', () => {
    browser.page(query('series'), { at: 'start' }, 100, false);
    const series = Array.from({ length: 8 }, () => browser.count(query('series'))); // a busy machine needs several
    expect(series.at(-1)).toEqual({ value: MANY, isExact: true, isFinal: true });
    browser.page(query('long'), { at: 'start' }, 100, false);
    const counts = Array.from({ length: 8 }, () => browser.count(query('long')));
    expect(counts.at(-1)).toMatchObject({ isExact: false, isFinal: true });
    expect(counts.at(-1)?.value).toBeGreaterThan(1_000);
  });

  it('is sorted without a question only where it is known to be small', () => {
    const byNumber = (table: string) => query(table, { sort: [{ column: 'i', isDescending: true }] });
    expect(browser.cost(byNumber('series'))).toEqual({ kind: 'sort', rows: MANY, needsConsent: false });
    expect(browser.cost(byNumber('long'))).toMatchObject({ kind: 'sort', needsConsent: true });
    expect(() => browser.page(byNumber('long'), { at: 'start' }, 5, false)).toThrow('E_BAD_REQUEST');
  });
});

describe('what cannot be read', () => {
  it.each([
    ['gone', /no such table: main.nowhere/],
    ['circle', /circularly defined/],
    ['Q\uFFFD\uFFFDZ', /no such table/],
    // Otherwise SQLite would take the name for a text, and show that in every row.
    ['partly', /no such column/],
  ])('is said of %s, and the other tables are shown', (table, why) => {
    expect(() => browser.page(query(table), { at: 'start' }, 5, false)).toThrow('E_HOSTILE_SCHEMA');
    expect(() => browser.page(query(table), { at: 'start' }, 5, false)).toThrow(why);
    expect(browser.tables().tables.map(({ name }) => name)).toContain(table);
  });
});

describe('a question about texts', () => {
  const found = (filter: Partial<Filter> & { operator: Filter['operator'] }): string[] =>
    browser
      .page(query('texts', { filters: [{ column: 't', ...filter } as Filter] }), { at: 'start' }, 50, true)
      .rows.map(({ cells }) => plain(cells[0] ?? { type: 'null' }));

  it('finds what stands behind a NUL, and takes no character for a pattern', () => {
    expect(found({ operator: 'contains', value: 'bcd' })).toEqual(['1']);
    expect(found({ operator: 'contains', value: '%Y_' })).toEqual(['3']);
    expect(browser.page(query('texts', { find: 'bcd' }), { at: 'start' }, 5, true).rows).toHaveLength(1);
  });

  it.each([
    ['a', 'true', ['2']],
    ['b', 'null', ['2']],
    ['c', 'x', ['2']],
    ['c', '"x"', ['2']],
    ['big', '9007199254740993', ['2']],
    ['odd key', '1', ['2']],
    ['$.list[1]', '2', ['2']],
    ['list', '[1,2]', ['2']],
    ['', '5', ['5']],
    ['c', 'y', []],
  ])('asks for %s = %s inside of JSON', (jsonPath, value, expected) => {
    expect(found({ operator: 'json-equals', path: jsonPath, value })).toEqual(expected);
  });

  it('says so where a path is none', () => {
    expect(() => found({ operator: 'json-equals', path: '$.[', value: '1' })).toThrow('no path into a JSON value');
  });
});
