import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportRows } from '@engine/browse/export.ts';
import { openBrowser, type Browser } from '@engine/browse/browser.ts';
import type { BrowseQuery, ExportFormat } from '@shared/browse.ts';
import { codeOfPromise } from '../../../support/code-of.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { parseCsv, parseTsv, parseMarkdown, type Field } from './export-parsers.ts';

/** Every format over the nastiest values: written, read back by another parser, compared by value and storage class. */

const folder = temporaryFolder();
type Stored = [type: string, value: string];

const texts = [
  '',
  ' ',
  ' led and trailed ',
  'plain',
  `it's`,
  '"quoted"',
  'a,b;c\td',
  'line\nbreak',
  'line\r\nbreak\r',
  '\u2028\u2029\u0085',
  'nul\0inside',
  '\0',
  '\uFFFD really',
  '\uFEFFmark',
  '日本語 😀 e\u0301 \u202Eright to left',
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=tab',
  '\r=return',
  '  =blanks first',
  '|pipe|',
  '<b>&amp;</b>',
  '`code` **bold** [link](x)',
  'NULL',
  '\\N',
  '\\x00',
  '\\',
  "x'00ff'",
  '12',
  '-12',
  '1.50',
  '9007199254740993',
  '(not exported)',
  '-- comment\n; DROP TABLE things;',
  '/* */',
  ':name ?1 @p $p',
  '__proto__',
  '{"$blob":"00"}',
  'x'.repeat(5_000),
];
const numbers = [
  0,
  0n,
  -0,
  1,
  1n,
  -5,
  -5n,
  1.5,
  0.1,
  1e21,
  1e-7,
  5e-324,
  1.7976931348623157e308,
  2.2250738585072014e-308,
  Infinity,
  -Infinity,
  9_007_199_254_740_993n,
  9_223_372_036_854_775_807n,
  -9_223_372_036_854_775_808n,
];
const blobs = ['', '00', 'ff', '00ff', '27', '2c0a0d22', '89504e47', 'fffe', '53514c697465'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
const broken = ['ff', '61ff62', 'c3', 'eda080', 'f5808080', '00ff', '27ff27', '22ff0a'];

const NAME = 'odd "table\nname\' ; DROP--';
const columns = ['id', 'value', 'odd ""col,umn\n', '=formula', 'api_token'];
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const query = (table: string, more: Partial<BrowseQuery> = {}): BrowseQuery => ({
  table,
  sort: [],
  filters: [],
  find: null,
  ...more,
});

const file = path.join(folder, 'nasty.db');
let plain: Database.Database;
let browser: Browser;
let made = 0;

beforeAll(async () => {
  const db = new Database(file);
  fill(db);
  db.close();
  plain = new Database(file, { readonly: true }).defaultSafeIntegers();
  browser = await openBrowser(file, []);
});
afterAll(() => {
  browser.close();
  plain.close();
});

function fill(db: Database.Database): void {
  const [id, value, odd, formula, token] = columns.map(quoted);
  db.exec(`CREATE TABLE ${quoted(NAME)}(${id} INTEGER PRIMARY KEY, ${value}, ${odd} TEXT, ${formula} BLOB, ${token});
    CREATE TABLE keyed(k, n INTEGER, v, PRIMARY KEY(k, n)) WITHOUT ROWID;
    CREATE VIEW seen AS SELECT ${value} AS value, ${id} AS id FROM ${quoted(NAME)};
    CREATE TABLE empty(a, b);`);
  const add = db.prepare(`INSERT INTO ${quoted(NAME)}(${value}, ${odd}, ${formula}, ${token}) VALUES (?, ?, ?, ?)`);
  db.transaction(() => {
    for (const each of [null, ...texts, ...numbers, ...blobs]) add.run(each, 'same', null, 'geheim');
    for (const hex of broken)
      db.exec(`INSERT INTO ${quoted(NAME)}(${value}, ${formula}) VALUES (CAST(x'${hex}' AS TEXT), 1)`);
    db.exec(`INSERT OR IGNORE INTO keyed SELECT coalesce(${value}, 'none'), ${id}, ${value} FROM ${quoted(NAME)}`);
  })();
}

/** What stands in the file: storage class, and the value in digits or bytes. */
function stored(db: Database.Database, table: string, names: readonly string[], order = ''): Stored[][] {
  const raw = db
    .prepare(
      `SELECT ${names.map((name) => `typeof(${name}), ${name}, CAST(${name} AS BLOB)`).join(', ')} FROM ${table} ${order}`,
    )
    .safeIntegers()
    .raw()
    .all() as unknown[][];
  return raw.map((row) =>
    names.map((_, at): Stored => {
      const [type, value, bytes] = row.slice(at * 3, at * 3 + 3) as [string, unknown, Buffer | null];
      if (type === 'text' || type === 'blob') return [type, Buffer.from(bytes ?? []).toString('hex')];
      return [type, type === 'real' && Object.is(value, -0) ? '-0' : String(value)];
    }),
  );
}

interface Options {
  readonly columns?: string[] | null;
  readonly revealed?: string[];
  readonly hasMark?: boolean;
  readonly from?: Browser;
}

async function written(asked: BrowseQuery, format: ExportFormat, options: Options = {}): Promise<Buffer> {
  const target = path.join(folder, `out ${++made}`);
  const { columns: chosen = null, revealed = [], hasMark = false, from = browser } = options;
  const done = await exportRows(
    from,
    { path: from.path, query: asked, columns: chosen, format, hasMark, target, partial: `${target}.part`, revealed },
    () => {},
  );
  const bytes = readFileSync(target);
  expect(done).toEqual({ path: target, rows: expect.any(Number) as number, bytes: bytes.length });
  expect(existsSync(`${target}.part`)).toBe(false);
  if (process.platform !== 'win32') expect(statSync(target).mode & 0o777).toBe(0o600);
  return bytes;
}

/** JSON by Node's own parser; the source of numbers is kept, because JavaScript cannot hold them. */
function parseJson(text: string): Record<string, Stored>[] {
  const parse = JSON.parse as unknown as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => Record<string, unknown>[];
  const rows = parse(text, (_key, value, { source }) => {
    if (typeof value === 'number') return ofNumber(source ?? '');
    return value;
  });
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, ofJson(value)])));
}
function ofJson(value: unknown): Stored {
  if (value === null) return ['null', 'null'];
  if (typeof value === 'string') return ['text', Buffer.from(value).toString('hex')];
  if (Array.isArray(value)) return value as Stored;
  const object = value as Record<string, string | Stored>;
  if ('$masked' in object) return ['masked', (object['$masked'] as Stored)[1]];
  return '$blob' in object ? ['blob', String(object['$blob'])] : ['text', String(object['$brokenText'])];
}
function ofNumber(source: string): Stored {
  if (/^-?\d+$/.test(source)) return ['integer', source];
  return ['real', Object.is(Number(source), -0) ? '-0' : String(Number(source))];
}

function ofCsv({ isQuoted, text }: Field): Stored {
  if (isQuoted) return ['text', Buffer.from(text).toString('hex')];
  if (text === '') return ['null', 'null'];
  const bytes = /^(CAST\()?x'([0-9a-f]*)'( AS TEXT\))?$/.exec(text);
  if (bytes) return [bytes[1] ? 'text' : 'blob', bytes[2] ?? ''];
  return text.startsWith('(') ? ['masked', ''] : ofNumber(text);
}

const allOf = (table: string, names: readonly string[], order = '') =>
  stored(plain, quoted(table), names.map(quoted), order);

describe('a round trip', () => {
  const shown = columns.slice(0, 4);
  it('through exact CSV keeps values and storage classes', async () => {
    const [head, ...rows] = parseCsv((await written(query(NAME), 'csv-exact', { columns: shown })).toString('utf8'));
    expect(head?.map(({ text }) => text)).toEqual(shown);
    expect(rows.map((row) => row.map(ofCsv))).toEqual(allOf(NAME, shown));
  });

  it('through CSV differs by the apostrophe before what a spreadsheet would run, and by nothing else', async () => {
    const text = (await written(query(NAME), 'csv', { columns: shown, hasMark: true })).toString('utf8');
    expect(text.startsWith('\uFEFF')).toBe(true);
    const [head, ...rows] = parseCsv(text.slice(1));
    expect(head?.map((field) => field.text)).toEqual(['id', 'value', 'odd ""col,umn\n', "'=formula"]);
    const changed: string[] = [];
    const plainRows = allOf(NAME, shown);
    for (const [at, row] of rows.entries()) {
      const own = row.map(ofCsv);
      const [type, hex = ''] = own[1] ?? [];
      if (type === 'text' && hex !== plainRows[at]?.[1]?.[1]) {
        const value = Buffer.from(hex, 'hex').toString();
        expect(value[0]).toBe("'");
        changed.push(value.slice(1));
        own[1] = ['text', hex.slice(2)];
      }
      expect(own).toEqual(plainRows[at]);
    }
    expect(changed).toEqual(texts.filter((each) => /^\s*[=+@-]|^[\t\r\n]/.test(each)));
    expect(rows.flat().filter(({ isQuoted, text: cell }) => isQuoted && /^[=+\-@\t\r]/.test(cell))).toEqual([]);
  });

  it('through TSV keeps values; numbers look like text', async () => {
    const [head, ...rows] = parseTsv((await written(query(NAME), 'tsv', { columns: shown })).toString('utf8'));
    expect(head?.map(({ value }) => value)).toEqual(shown);
    const expected = allOf(NAME, shown).map((row) =>
      row.map(([type, value]): Stored =>
        type === 'integer'
          ? ['text', Buffer.from(value).toString('hex')]
          : type === 'real'
            ? ['text', 'real']
            : [type, value],
      ),
    );
    const found = rows.map((row, at) =>
      row.map(({ type, value, hex }, column): Stored => {
        if (allOfCached(shown)[at]?.[column]?.[0] === 'real') {
          expect(ofNumber(value)).toEqual(allOfCached(shown)[at]?.[column]);
          return ['text', 'real'];
        }
        return [type, type === 'null' ? 'null' : hex];
      }),
    );
    expect(found).toEqual(expected);
  });

  it.each(['json', 'ndjson'] as const)('through %s keeps values and storage classes', async (format) => {
    const text = (await written(query(NAME), format, { columns: shown })).toString('utf8');
    const rows = parseJson(format === 'json' ? text : `[${text.trimEnd().split('\n').join(',')}]`);
    expect(rows.map((row) => Object.keys(row))).toEqual(rows.map(() => shown));
    expect(rows.map((row) => shown.map((name) => row[name]))).toEqual(allOf(NAME, shown));
  });

  it('through SQL keeps values and storage classes, and runs nothing but its own statements', async () => {
    const script = (await written(query(NAME), 'sql', { columns: shown })).toString('utf8');
    const copy = new Database(':memory:');
    copy.exec('CREATE TABLE things(a)');
    copy.exec(script);
    expect(stored(copy, quoted(NAME), shown.map(quoted))).toEqual(allOf(NAME, shown));
    expect(copy.prepare('SELECT name FROM sqlite_schema').pluck().all()).toEqual(['things', NAME]);
    copy.close();
    expect(script.includes('\0')).toBe(false);
  });

  it('through Markdown shows what can be shown, and nothing becomes markup', async () => {
    const text = (await written(query(NAME), 'markdown', { columns: shown })).toString('utf8');
    const [, , ...rows] = parseMarkdown(text);
    const values = allOf(NAME, shown).map((row) => row[1]);
    expect(rows.length).toBe(values.length);
    for (const [at, row] of rows.entries()) expect(row[1]).toBe(inMarkdown(values[at] ?? ['', '']));
    expect(text).not.toMatch(/<(?!br>)/);
  });

  it('of 20,000 random reals through SQL and JSON is exact to the bit', async () => {
    const other = path.join(folder, 'reals.db');
    const db = new Database(other);
    db.exec('CREATE TABLE reals(v)');
    const bits = new DataView(new ArrayBuffer(8));
    const add = db.prepare('INSERT INTO reals VALUES (?)');
    db.transaction(() => {
      for (let at = 0; at < 20_000; at++) {
        bits.setUint32(0, (at * 2_654_435_761) >>> 0);
        bits.setUint32(4, (at * 40_503 * 65_599) >>> 0);
        add.run(Number.isNaN(bits.getFloat64(0)) ? at / 3 : bits.getFloat64(0));
      }
    })();
    const values = db.prepare('SELECT v FROM reals').pluck().all();
    db.close();
    const from = await openBrowser(other, []);
    const copy = new Database(':memory:');
    copy.exec((await written(query('reals'), 'sql', { from })).toString());
    const parsed = JSON.parse((await written(query('reals'), 'json', { from })).toString()) as { v: number }[];
    from.close();
    expect(parsed.map(({ v }) => v)).toEqual(values);
    expect(copy.prepare('SELECT v FROM reals').pluck().all()).toEqual(values);
    expect(copy.prepare(`SELECT count(*) FROM reals WHERE typeof(v) <> 'real'`).pluck().get()).toBe(0);
  });

  it.each(['UTF-16le', 'UTF-16be'])('of a database in %s keeps text, valid or not', async (encoding) => {
    const other = path.join(folder, `${encoding}.db`);
    const db = new Database(other);
    db.pragma(`encoding = '${encoding}'`);
    fill(db);
    const shownThere = ['value', 'id'].map(quoted);
    const values = stored(db, quoted(NAME), shownThere);
    db.close();
    const from = await openBrowser(other, []);
    const script = (await written(query(NAME), 'sql', { from, columns: ['value', 'id'] })).toString();
    from.close();
    const copy = new Database(':memory:');
    copy.exec(script);
    expect(stored(copy, quoted(NAME), shownThere)).toEqual(values);
    expect(values.length).toBeGreaterThan(70);
  });
});

let cached: Stored[][] | undefined;
const allOfCached = (shown: readonly string[]): Stored[][] => (cached ??= allOf(NAME, shown));

function inMarkdown([type, value]: Stored): string {
  const size = value.length / 2;
  if (type === 'null') return '*NULL*';
  if (type === 'blob') return `*blob, ${size} bytes*`;
  if (type === 'integer') return value;
  if (type === 'real') return ofReal(Number(value));
  const bytes = Buffer.from(value, 'hex');
  const text = bytes.toString();
  if (Buffer.compare(Buffer.from(text), bytes) !== 0) return `*broken text, ${size} bytes*`;
  if (text === '') return '*empty text*';
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  // oxlint-disable-next-line no-control-regex -- control characters are what is meant
  return shown.replace(/\r\n|[\r\n\u2028\u2029]/g, '\n').replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\uFFFD');
}
const ofReal = (value: number): string => {
  if (!Number.isFinite(value)) return value > 0 ? '9e999' : '-9e999';
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
};

describe('the rows', () => {
  const value = (bytes: Buffer): Stored[][] =>
    parseCsv(bytes.toString())
      .slice(1)
      .map((row) => row.map(ofCsv));

  it('come in the order asked for, filtered, with the columns in the order asked for', async () => {
    const asked = query(NAME, {
      sort: [{ column: 'value', isDescending: true }],
      filters: [{ operator: 'greater', column: 'id', value: '20' }],
    });
    expect(value(await written(asked, 'csv-exact', { columns: ['value', 'id'] }))).toEqual(
      allOf(NAME, ['value', 'id'], 'WHERE id > 20 ORDER BY value DESC, id DESC'),
    );
  });

  it('of tables without rowid, of views and of no rows come, too', async () => {
    expect(value(await written(query('keyed'), 'csv-exact'))).toEqual(allOf('keyed', ['k', 'n', 'v'], 'ORDER BY k, n'));
    const sorted = query('seen', { sort: [{ column: 'id', isDescending: true }] });
    expect(value(await written(sorted, 'csv-exact'))).toEqual(allOf('seen', ['value', 'id'], 'ORDER BY id DESC'));
    expect((await written(query('empty'), 'json')).toString()).toBe('[]\n');
    expect((await written(query('empty'), 'csv')).toString()).toBe('"a","b"\r\n');
  });

  it('of many bursts come once each, in every order', async () => {
    const other = path.join(folder, 'many.db');
    const db = new Database(other);
    db.exec(`CREATE TABLE many(id INTEGER PRIMARY KEY, word TEXT, pad TEXT); CREATE INDEX by_word ON many(word DESC);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
      INSERT INTO many SELECT i * 3, nullif('w' || (i % 7), 'w3'), 'padding ' || i FROM n`);
    const from = await openBrowser(other, []);
    const told: number[] = [];
    for (const [sort, order] of [
      [[], 'id'],
      [[{ column: 'word', isDescending: true }], 'word DESC, id'],
      [[{ column: 'word', isDescending: false }], 'word, id DESC'],
      [[{ column: 'pad', isDescending: false }], 'pad, id'],
    ] as const) {
      const target = path.join(folder, `many ${++made}`);
      const input = { path: other, query: query('many', { sort: [...sort] }), columns: ['id'], format: 'tsv' } as const;
      await exportRows(
        from,
        { ...input, columns: ['id'], hasMark: false, target, partial: `${target}.part`, revealed: [] },
        (rows) => told.push(rows),
      );
      const expected = db.prepare(`SELECT id FROM many ORDER BY ${order}`).pluck().all();
      const found = readFileSync(target, 'utf8').trimEnd().split('\n').slice(1).map(Number);
      expect(found.length).toBe(40_000);
      expect(found.every((id, at) => id === expected[at])).toBe(true);
    }
    from.close();
    db.close();
  });

  it('keep large values whole without holding them', async () => {
    const other = path.join(folder, 'large.db');
    const db = new Database(other);
    db.exec(`CREATE TABLE large(id INTEGER PRIMARY KEY, v)`);
    const add = db.prepare('INSERT INTO large(v) VALUES (?)');
    const text = `=${`${'é😀'.repeat(1_000)}'"\n`.repeat(250)}`; // 1.5 MB: read in slices, which end within characters
    add.run(text);
    add.run(Buffer.alloc(16_100_000, 0xab)); // read in two pieces
    for (const hex of ['ff', '0041'])
      db.prepare(`INSERT INTO large(v) VALUES (CAST(CAST(? AS BLOB) || x'${hex}' AS TEXT))`).run(text);
    const values = stored(db, 'large', ['v']);
    db.close();
    const from = await openBrowser(other, []);
    const csv = await written(query('large'), 'csv-exact', { from, columns: ['v'] });
    expect(value(csv)).toEqual(values);
    const isText = parseCsv(csv.toString()).map(([field]) => field?.isQuoted);
    expect(isText).toEqual([true, true, false, false, true]); // bytes only where it is no text
    const copy = new Database(':memory:');
    copy.exec((await written(query('large'), 'sql', { from, columns: ['v'] })).toString());
    expect(stored(copy, 'large', ['v'])).toEqual(values);
    copy.close();
    from.close();
  });
});

describe('sensitive columns', () => {
  it('stay masked in every format unless they were named', async () => {
    for (const format of ['csv', 'csv-exact', 'tsv', 'json', 'ndjson', 'sql', 'markdown'] as const) {
      const masked = (await written(query(NAME), format)).toString();
      expect(masked).not.toContain('geheim');
      expect(masked).toContain(
        format.endsWith('json') ? '{"$masked":6}' : format === 'markdown' ? '*(not exported)*' : '(not exported)',
      );
      expect((await written(query(NAME), format, { revealed: ['api_token'] })).toString()).toContain('geheim');
    }
  });
});

describe('the file', () => {
  const input = (target: string, more: object = {}) => ({
    path: file,
    query: query(NAME),
    columns: null,
    format: 'csv' as const,
    hasMark: false,
    target,
    partial: `${target}.part`,
    revealed: [],
    ...more,
  });

  it('never takes the place of another one, nor of the database', async () => {
    const target = path.join(folder, 'mine.csv');
    writeFileSync(target, 'mine');
    expect(await codeOfPromise(exportRows(browser, input(target), () => {}))).toBe('E_FILE_EXISTS');
    expect(readFileSync(target, 'utf8')).toBe('mine');
    expect(await codeOfPromise(exportRows(browser, input(`${file}-wal`), () => {}))).toBe('E_PATH_UNSUPPORTED');
    expect(await codeOfPromise(exportRows(browser, input(path.join(folder, 'no/where.csv')), () => {}))).toBe(
      'E_NOT_FOUND',
    );
  });

  it('that appears while the rows are written stays, and nothing of ours is left', async () => {
    const target = path.join(folder, 'late.csv');
    const work = exportRows(browser, input(target), () => {});
    writeFileSync(target, 'theirs');
    expect(await codeOfPromise(work)).toBe('E_FILE_EXISTS');
    expect(readFileSync(target, 'utf8')).toBe('theirs');
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('is not kept when another program writes meanwhile', async () => {
    const other = path.join(folder, 'busy.db');
    const db = new Database(other);
    db.exec(
      `CREATE TABLE t(a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) INSERT INTO t SELECT i FROM n`,
    );
    const from = await openBrowser(other, []);
    const target = path.join(folder, 'busy.csv');
    const work = exportRows(from, { ...input(target, { path: other }), query: query('t') }, () => {});
    await Promise.resolve();
    db.exec('INSERT INTO t VALUES (0)'); // is not kept waiting either
    expect(await codeOfPromise(work)).toBe('E_STATE_CHANGED');
    expect(existsSync(target) || existsSync(`${target}.part`)).toBe(false);
    from.close();
    db.close();
  });

  it('needs columns that there are', async () => {
    const target = path.join(folder, 'columns.csv');
    expect(await codeOfPromise(exportRows(browser, input(target, { columns: [] }), () => {}))).toBe('E_BAD_REQUEST');
    expect(await codeOfPromise(exportRows(browser, input(target, { columns: ['id) --'] }), () => {}))).toBe(
      'E_BAD_REQUEST',
    );
    expect(existsSync(target)).toBe(false);
  });
});
