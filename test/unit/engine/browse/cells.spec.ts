import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import path from 'node:path';
import type { CellValue } from '@shared/browse.ts';
import { openBrowser, type Browser } from '@engine/browse/browser.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

/** What a cell of the grid says of the nastiest values: told apart, exact, cut between characters, of true length. */

const folder = temporaryFolder();
const open: Browser[] = [];
afterAll(() => open.forEach((browser) => browser.close()));

async function browse(name: string, write: (db: Database.Database) => void, encoding = 'UTF-8'): Promise<Browser> {
  const file = path.join(folder, `${name}.db`);
  const db = new Database(file);
  db.pragma(`encoding = '${encoding}'`);
  write(db);
  db.close();
  const browser = await openBrowser(file, []);
  open.push(browser);
  return browser;
}
const rowsOf = (browser: Browser, table: string): CellValue[][] =>
  browser
    .page({ table, sort: [], filters: [], find: null }, { at: 'start' }, 500, false)
    .rows.map(({ cells }) => cells);

describe('a cell tells apart', () => {
  let browser: Browser;
  const values: [string, string, CellValue][] = [
    ['NULL', 'NULL', { type: 'null' }],
    ['an empty text', `''`, { type: 'text', value: '', length: 0 }],
    ['an empty blob', `x''`, { type: 'blob', hex: '', length: 0 }],
    ['the integer 0', '0', { type: 'integer', value: '0' }],
    ['the text 0', `'0'`, { type: 'text', value: '0', length: 1 }],
    ['the real 0', '0.0', { type: 'real', value: '0.0' }],
    ['the blob 0', `x'30'`, { type: 'blob', hex: '30', length: 1 }],
    ['2^53 + 1', '9007199254740993', { type: 'integer', value: '9007199254740993' }],
    ['the largest integer', '9223372036854775807', { type: 'integer', value: '9223372036854775807' }],
    ['the smallest integer', '-9223372036854775808', { type: 'integer', value: '-9223372036854775808' }],
    ['2^63, which is a real', '9223372036854775808', { type: 'real', value: '9223372036854776000.0' }],
    ['infinity', '9e999', { type: 'real', value: '9e999' }],
    ['minus infinity', '-9e999', { type: 'real', value: '-9e999' }],
    ['the smallest real', '5e-324', { type: 'real', value: '5e-324' }],
    ['a sum that is not 0.3', '0.1 + 0.2', { type: 'real', value: '0.30000000000000004' }],
    ['text with NUL inside', `'a' || char(0) || 'b'`, { type: 'text', value: 'a\0b', length: 3 }],
    ['a byte order mark', `char(65279) || 'a'`, { type: 'text', value: '\ufeffa', length: 4 }],
    ['text that is not UTF-8', `CAST(x'61ff62' AS TEXT)`, { type: 'broken-text', hex: '61ff62', length: 3 }],
    ['half a surrogate pair in UTF-8', `CAST(x'eda0bd' AS TEXT)`, { type: 'broken-text', hex: 'eda0bd', length: 3 }],
    ['an overlong slash', `CAST(x'c0af' AS TEXT)`, { type: 'broken-text', hex: 'c0af', length: 2 }],
    ['a script', `'<script>alert(1)</script>'`, { type: 'text', value: '<script>alert(1)</script>', length: 25 }],
    ['a text as long as a cell', `printf('%.*c', 1024, 'x')`, { type: 'text', value: 'x'.repeat(1_024), length: 1_024 }], // prettier-ignore
    [
      'a longer one',
      `printf('%.*c', 1025, 'x')`,
      { type: 'text', value: 'x'.repeat(1_024), length: 1_025, isCut: true },
    ],
    ['a blob as long as a cell', 'zeroblob(32)', { type: 'blob', hex: '00'.repeat(32), length: 32 }],
    ['a longer blob', 'zeroblob(33)', { type: 'blob', hex: '00'.repeat(32), length: 33 }],
  ];
  beforeAll(async () => {
    browser = await browse('cells', (db) => {
      db.exec('CREATE TABLE t(id INTEGER PRIMARY KEY, v)');
      for (const [, sql] of values) db.exec(`INSERT INTO t(v) VALUES (${sql})`);
      // Literals lose the sign.
      db.prepare('INSERT INTO t(v) VALUES (?)').run(-0.0);
    });
  });
  it.each(values.map(([name, , expected], at) => [name, at, expected] as const))('%s', (_name, at, expected) => {
    expect(rowsOf(browser, 't')[at]?.[1]).toEqual(expected);
  });
  it('minus zero as SQLite itself gives it', () => {
    const stored = browser.session.db
      .prepare('SELECT v FROM t WHERE id = ?')
      .pluck()
      .get(values.length + 1);
    expect(rowsOf(browser, 't').at(-1)?.[1]).toEqual({ type: 'real', value: Object.is(stored, -0) ? '-0.0' : '0.0' });
  });
});

describe('a text that is cut', () => {
  const emoji = '😀';
  it.each(['UTF-8', 'UTF-16le', 'UTF-16be'])('is cut between characters, in %s', async (encoding) => {
    const texts = [0, 1, 2, 3].map((before) => 'a'.repeat(before) + emoji.repeat(600));
    const browser = await browse(
      `cut-${encoding}`,
      (db) => {
        db.exec('CREATE TABLE t(v TEXT)');
        for (const text of texts) db.prepare('INSERT INTO t VALUES (?)').run(text);
      },
      encoding,
    );
    for (const [at, [cell]] of rowsOf(browser, 't').entries()) {
      if (cell?.type !== 'text') throw new Error(`it is ${cell?.type}`);
      expect(texts[at]?.startsWith(cell.value)).toBe(true);
      expect([...cell.value].every((character) => character === emoji || character === 'a')).toBe(true);
      expect(cell.length).toBe(Buffer.byteLength(texts[at] ?? '', encoding === 'UTF-8' ? 'utf8' : 'utf16le'));
    }
  });

  it('shows half a pair in UTF-16 as the bytes that are there', async () => {
    const browser = await browse(
      'half',
      (db) =>
        db.exec(`CREATE TABLE t(v TEXT); INSERT INTO t VALUES (CAST(x'61003dd8' AS TEXT)), ('é' || char(0x1f600))`),
      'UTF-16le',
    );
    expect(rowsOf(browser, 't')).toEqual([
      [{ type: 'broken-text', hex: '61003dd8', length: 4 }],
      [{ type: 'text', value: 'é😀', length: 6 }],
    ]);
  });

  it('says of texts in UTF-16 whether they were cut, which their size in UTF-8 does not tell', async () => {
    const browser = await browse(
      'cut16',
      (db) => db.exec(`CREATE TABLE t(v TEXT); INSERT INTO t VALUES ('plain'), (printf('%.*c', 600, '日'))`),
      'UTF-16le',
    );
    expect(rowsOf(browser, 't')).toEqual([
      [{ type: 'text', value: 'plain', length: 10 }],
      [{ type: 'text', value: '日'.repeat(512), length: 1_200, isCut: true }],
    ]);
  });
});

describe('a table', () => {
  it('may have 2,000 columns, all of which arrive with the right value', async () => {
    const names = Array.from({ length: 2_000 }, (_, at) => `c${at}`);
    const browser = await browse('wide', (db) => {
      db.exec(`CREATE TABLE wide(${names.join(', ')}); CREATE VIEW seen AS SELECT * FROM wide`);
      for (let row = 0; row < 3; row++)
        db.exec(`INSERT INTO wide VALUES (${names.map((_, at) => at + row * 10_000).join(', ')})`);
    });
    const expected = [0, 1, 2].map((row) =>
      names.map((_, at) => ({ type: 'integer', value: String(at + row * 10_000) })),
    );
    expect(rowsOf(browser, 'wide')).toEqual(expected);
    expect(rowsOf(browser, 'seen')).toEqual(expected);
    const found = browser.page({ table: 'wide', sort: [], filters: [], find: '11999' }, { at: 'start' }, 5, false);
    expect(found.rows.map(({ cells }) => cells[0])).toEqual([{ type: 'integer', value: '10000' }]);
    expect(browser.record('wide', found.rows[0]?.key ?? '').cells).toEqual(expected[1]);
  });

  it('may have hostile names, generated columns, and every value of a list of 1,000', async () => {
    const names = [`"`, `'`, `a"b`, '];--', 'rowid', 'select', 'é', '\t', ' ', '${x}', '%s', 'x'.repeat(2_000)];
    const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`);
    const browser = await browse('names', (db) => {
      db.exec(
        `CREATE TABLE "t""; DROP TABLE t; --"(${quoted.join(', ')}, made AS ("rowid" || '!') STORED, seen AS (1 + 1))`,
      );
      db.exec(`INSERT INTO "t""; DROP TABLE t; --" VALUES (${names.map((_, at) => `'v${at}'`).join(', ')})`);
    });
    const table = 't"; DROP TABLE t; --';
    expect(rowsOf(browser, table)).toEqual([
      [
        ...names.map((_, at) => ({ type: 'text', value: `v${at}`, length: `v${at}`.length })),
        { type: 'text', value: 'v4!', length: 3 },
        { type: 'integer', value: '2' },
      ],
    ]);
    const key =
      browser.page({ table, sort: [], filters: [], find: null }, { at: 'start' }, 1, false).rows[0]?.key ?? '';
    for (const [at, column] of names.entries())
      expect(browser.cell(table, { key, column, from: 0, length: 10 }, false)).toMatchObject({ value: `v${at}` });
    const many = Array.from({ length: 1_000 }, (_, at) => `v${at}`);
    const filters = [{ operator: 'in' as const, column: '"', values: many }];
    expect(browser.page({ table, sort: [], filters, find: null }, { at: 'start' }, 5, false).rows).toHaveLength(1);
  });
});
