import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import path from 'node:path';
import type { BrowsePage, BrowseQuery, SortColumn } from '@shared/browse.ts';
import { openBrowser, type Browser } from '@engine/browse/browser.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

/**
 * Pages against SQLite's own answer: for every order and filter, walking forwards, backwards and by number must show the
 * rows of one plain SELECT, each once. The values are the awkward ones: NULL, equal keys, other storage classes, NOCASE.
 */

const folder = temporaryFolder();
const file = path.join(folder, 'pages.db');
let browser: Browser;
let plain: Database.Database;
const ROWS = 3_457; // more than three slices of the position index

beforeAll(async () => {
  const db = new Database(file);
  db.exec(`
    CREATE TABLE things(id INTEGER PRIMARY KEY, word TEXT COLLATE NOCASE, number, other INTEGER NOT NULL DEFAULT 0, "odd ""name" TEXT);
    CREATE INDEX by_word ON things(word, number DESC);
    CREATE INDEX by_number ON things(number);
    CREATE INDEX by_other ON things(other DESC, word);
    CREATE INDEX some_only ON things("odd ""name") WHERE other > 2;
    CREATE TABLE pairs(a TEXT, b INTEGER, note TEXT, PRIMARY KEY(a, b)) WITHOUT ROWID;
    CREATE INDEX pairs_note ON pairs(note);
    CREATE TABLE keyed(id TEXT PRIMARY KEY, rowid TEXT, _rowid_ TEXT, oid TEXT);
    CREATE VIEW seen AS SELECT word, count(*) AS n FROM things GROUP BY word;
  `);
  const add = db.prepare('INSERT INTO things(id, word, number, other, "odd ""name") VALUES (?, ?, ?, ?, ?)');
  const pair = db.prepare('INSERT OR IGNORE INTO pairs VALUES (?, ?, ?)');
  const words = ['a', 'A', 'b', 'B', '', 'zebra', 'Zebra', null, 'é', 'É', '10', '9', '日本'];
  const numbers = [
    null,
    0,
    -1,
    1,
    2.5,
    '2',
    'x',
    Buffer.from('b'),
    9_007_199_254_740_993n,
    -9_223_372_036_854_775_808n,
    Infinity,
  ];
  db.transaction(() => {
    for (let at = 0; at < ROWS; at++) {
      add.run(at * 3 - 500, words[at % words.length], numbers[(at * 7) % numbers.length], (at * 13) % 5, `n${at % 40}`);
      pair.run(`k${at % 60}`, at % 41, at % 3 === 0 ? null : `note ${at % 7}`);
    }
    db.prepare(`INSERT INTO keyed VALUES ('one', 'r', 's', 't'), ('two', 'r', 's', 't')`).run();
    db.prepare(`UPDATE things SET word = CAST(x'ff41' AS TEXT) WHERE id % 50 = 1`).run();
  })();
  db.close();
  plain = new Database(file, { readonly: true });
  browser = await openBrowser(file, []);
});
afterAll(() => {
  browser.close();
  plain.close();
});

const query = (table: string, sort: SortColumn[] = [], more: Partial<BrowseQuery> = {}): BrowseQuery => ({
  ...{ table, sort, filters: [], find: null },
  ...more,
});
const up = (column: string): SortColumn => ({ column, isDescending: false });
const down = (column: string): SortColumn => ({ column, isDescending: true });

/** Walks a whole query forwards. */
function walk(asked: BrowseQuery, limit: number): BrowsePage['rows'] {
  const rows: BrowsePage['rows'] = [];
  for (let page = browser.page(asked, { at: 'start' }, limit, true); ;) {
    rows.push(...page.rows);
    const last = page.rows.at(-1);
    if (!last || !page.hasAfter) return rows;
    page = browser.page(asked, { at: 'after', key: last.key }, limit, true);
  }
}

function walkBack(asked: BrowseQuery, limit: number): BrowsePage['rows'] {
  const rows: BrowsePage['rows'] = [];
  for (let page = browser.page(asked, { at: 'end' }, limit, true); ;) {
    rows.unshift(...page.rows);
    const first = page.rows[0];
    if (!first || !page.hasBefore) return rows;
    page = browser.page(asked, { at: 'before', key: first.key }, limit, true);
  }
}

const orders: [string, string, SortColumn[]][] = [
  ['things', 'the key', []],
  ['things', 'the key downwards', [down('id')]],
  ['things', 'the key, behind which nothing matters', [down('id'), up('odd "name')]],
  ['things', 'an index with NULL and two collations of a word', [up('word')]],
  ['things', 'the same downwards', [down('word')]],
  ['things', 'both columns of the index', [up('word'), down('number')]],
  ['things', 'an index of all storage classes', [up('number')]],
  ['things', 'that downwards', [down('number')]],
  ['things', 'a descending index', [down('other')]],
  ['things', 'a descending index upwards', [up('other')]],
  ['things', 'what no index gives', [up('odd "name'), down('word')]],
  ['things', 'mixed directions that no index gives', [up('word'), up('number')]],
  ['pairs', 'a composite key', []],
  ['pairs', 'an index beside a composite key', [down('note')]],
  ['seen', 'a view', []],
  ['keyed', 'a table whose rowid has no name', []],
];

describe('pages of rows', () => {
  it.each(orders)('show every row of %s once, by %s', (table, _order, sort) => {
    const asked = query(table, sort);
    const forwards = walk(asked, 97);
    const total = plain.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
    expect(forwards).toHaveLength(total);
    expect(new Set(forwards.map(({ key }) => key)).size).toBe(total);
    expect(walkBack(asked, 101)).toEqual(forwards);
    for (const position of [0, 1, 999, 1_000, 1_001, 2_345, total - 3, total - 1].filter(
      (at) => at >= 0 && at < total,
    )) {
      const page = browser.page(asked, { at: 'position', position }, 5, true);
      expect({ position: page.position, rows: page.rows }).toEqual({
        position,
        rows: forwards.slice(position, position + 5),
      });
    }
  });

  it.each(orders.filter(([table, , sort]) => table === 'things' && sort.length > 0))(
    'of %s come in the order of SQLite itself, by %s',
    (_table, _order, sort) => {
      const columns = sort.map(
        ({ column, isDescending }) => `"${column.replaceAll('"', '""')}"${isDescending ? ' DESC' : ''}`,
      );
      const values = sort.map(
        ({ column }) => `typeof("${column.replaceAll('"', '""')}") || hex("${column.replaceAll('"', '""')}")`,
      );
      const expected = plain
        .prepare(`SELECT ${values.join(` || '|' || `)} FROM things ORDER BY ${columns.join(', ')}`)
        .pluck()
        .all();
      const value = plain.prepare(`SELECT ${values.join(` || '|' || `)} FROM things WHERE id = ?`).pluck();
      const found = walk(query('things', sort), 500).map(({ cells }) => {
        const [id] = cells;
        return value.get(id?.type === 'integer' ? Number(id.value) : null);
      });
      // Rows that are equal in the collation may change places.
      const folded = (texts: unknown[]) =>
        texts.map((text) => String(text).replace(/text(..)*?(?=\||$)/g, (hex) => hex.toLowerCase()));
      const isFolded = sort.some(({ column }) => column === 'word');
      if (!isFolded) expect(found).toEqual(expected);
      else expect(folded(found).toSorted()).toEqual(folded(expected).toSorted());
    },
  );

  it('count exactly, in the background', async () => {
    const asked = query('things', [up('word')], { filters: [{ operator: 'greater', column: 'other', value: '2' }] });
    browser.page(asked, { at: 'start' }, 10, false);
    await expect.poll(() => browser.count(asked)).toMatchObject({ isExact: true, isFinal: true });
    const expected = plain.prepare('SELECT count(*) FROM things WHERE other > 2').pluck().get();
    expect(browser.count(asked).value).toBe(expected);
  });

  it('ask for consent before a large table is sorted', () => {
    expect(browser.cost(query('things', [up('odd "name')]))).toMatchObject({ kind: 'sort', needsConsent: false });
    expect(browser.cost(query('things', [up('word')]))).toMatchObject({ kind: 'free' });
    expect(browser.cost(query('things', [down('id'), up('odd "name')]))).toMatchObject({ kind: 'free' });
    expect(browser.cost(query('things', [up('word'), down('id'), up('number')]))).toMatchObject({
      kind: browser.cost(query('things', [up('word'), down('id')])).kind,
    });
    expect(browser.cost(query('things', [], { find: 'x' }))).toMatchObject({ kind: 'scan' });
  });

  it('I03: take names from the schema only', () => {
    for (const column of ['id) --', 'rowid', 'no such', '"id"', "id'"])
      expect(() => browser.page(query('things', [up(column)]), { at: 'start' }, 5, true)).toThrow('E_BAD_REQUEST');
    expect(() => browser.page(query('sqlite_schema'), { at: 'start' }, 5, true)).toThrow('E_BAD_REQUEST');
    expect(() => browser.page(query('things; DROP TABLE things'), { at: 'start' }, 5, true)).toThrow('E_BAD_REQUEST');
  });

  it('refuse keys that are none', () => {
    for (const key of ['', '[]', '[["i","1;"]]', '{"a":1}', '[["i","1"],["i","2"]]', '[["t","zz"]]'])
      expect(() => browser.page(query('things'), { at: 'after', key }, 5, true)).toThrow('E_BAD_REQUEST');
  });
});

describe('another program that writes meanwhile', () => {
  it('is seen, and not kept from it', () => {
    const asked = query('pairs');
    const before = browser.page(asked, { at: 'start' }, 5, true);
    const other = new Database(file, { timeout: 0 });
    other.prepare(`INSERT INTO pairs VALUES ('a first', 1, NULL)`).run();
    other.close();
    const after = browser.page(asked, { at: 'start' }, 5, true);
    expect(after.version).not.toBe(before.version);
    expect(after.rows[0]?.cells[0]).toMatchObject({ value: 'a first' });
  });
});
