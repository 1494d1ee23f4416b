import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowseQuery, CellValue, Filter } from '@shared/browse.ts';
import { exportRows } from '@engine/browse/export.ts';
import { openBrowser, type Browser } from '@engine/browse/browser.ts';
import { orderBy, orderOf, rangesAfter } from '@engine/browse/order.ts';
import type { Place } from '@engine/browse/row-key.ts';
import { isSorted } from '@engine/browse/subject.ts';
import { codeOfPromise } from '../../../support/code-of.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

/** Schemas that SQLite takes and people write: what they say is followed as SQLite itself would, or said to be broken. */

const folder = temporaryFolder();
const file = path.join(folder, 'odd.db');
let browser: Browser;

beforeAll(async () => {
  const db = new Database(file);
  db.unsafeMode(true);
  db.exec(`PRAGMA foreign_keys = 0;
    CREATE TABLE owners(Id INTEGER PRIMARY KEY, Name TEXT UNIQUE, loose UNIQUE);
    INSERT INTO owners VALUES (1, 'Ann', 5), (9007199254740993, 'Bob', NULL), (9007199254740992, 'Cid', NULL);
    CREATE TABLE letters(id INTEGER PRIMARY KEY, owner REFERENCES OWNERS(ID));
    INSERT INTO letters VALUES (1, 1), (2, 2);
    CREATE TABLE lost(id INTEGER PRIMARY KEY, a REFERENCES owners(missing), b REFERENCES nowhere(x), c REFERENCES owners(rowid));
    INSERT INTO lost VALUES (1, 1, 1, 1);
    CREATE TABLE texts(id INTEGER PRIMARY KEY, owner TEXT REFERENCES owners(Id), loose REFERENCES owners(loose));
    INSERT INTO texts VALUES (1, '1', 5), (2, '01', '5'), (3, '1.0', NULL), (4, '9007199254740993', NULL);
    CREATE VIEW overflow AS SELECT id, abs(-9223372036854775807 - (id = 1)) AS x FROM letters;
    CREATE TABLE leads(id INTEGER PRIMARY KEY, x REFERENCES overflow(x));
    INSERT INTO leads VALUES (1, 1);
    CREATE VIEW absent AS SELECT nowhere_made(id) FROM letters;
    CREATE TABLE made(id INTEGER PRIMARY KEY, t, j AS (t));
    INSERT INTO made(t) VALUES ('{"a": 1}'), ('{bad');
    CREATE VIRTUAL TABLE words USING fts5(body, content = nosuch, content_rowid = id);
    CREATE TABLE anything(id INTEGER PRIMARY KEY, a ANY) STRICT;
    INSERT INTO anything VALUES (1, '007'), (2, 7), (3, '7'), (4, 7.5), (5, x'07');
    CREATE TABLE reals(id INTEGER PRIMARY KEY, r);
    CREATE TABLE days(id INTEGER PRIMARY KEY, day DATE);
    CREATE INDEX by_day ON days(day);
    INSERT INTO reals VALUES (1, 1e22), (2, -1e999), (3, 123456789012345680.0), (4, 0.1 + 0.2), (5, 0.0);
  `);
  // SQLite refuses such a row when it is written; it need not have been SQLite, or not this one.
  db.exec(`PRAGMA writable_schema = 1;
    UPDATE sqlite_schema SET sql = replace(sql, 'j AS (t)', 'j AS (json_extract(t, ''$.a''))') WHERE name = 'made'`);
  db.close();
  browser = await openBrowser(file, []);
});
afterAll(() => browser.close());

const NOT_READ = /The table made cannot be read: malformed JSON/;
const one = (value: string) => ({ type: 'integer', value });
const text = (value: string) => ({ type: 'text', value, length: value.length });
const query = (table: string, filters: Filter[] = [], find: string | null = null): BrowseQuery => ({
  ...{ table, sort: [], filters, find },
});
const rows = (asked: BrowseQuery) => browser.page(asked, { at: 'start' }, 100, true).rows;
const plain = (cell: CellValue | undefined): string => (cell && 'value' in cell ? cell.value : (cell?.type ?? ''));
const ids = (asked: BrowseQuery): string => rows(asked).map(({ cells }) => plain(cells[0])).join(' '); // prettier-ignore
const record = (table: string, id: string) => browser.record(table, rows(query(table)).find(({ cells }) => plain(cells[0]) === id)?.key ?? ''); // prettier-ignore
const pointing = (id: string, table: string) =>
  record('owners', id).referencedBy.filter(({ reference }) => reference.fromTable === table);

describe('a reference', () => {
  it('may write the names that it leads to in other letters', () => {
    const [first] = record('letters', '1').references;
    expect(first).toMatchObject({ isThere: true, reference: { toTable: 'owners', to: ['Id'] } });
    expect(ids(query('owners', [first?.filter ?? []].flat()))).toBe('1');
    expect(record('letters', '2').references).toMatchObject([{ isThere: false }]);
    expect(pointing('1', 'letters')).toMatchObject([{ count: 1 }]);
  });

  it('to columns that are not there is left out, and rows on both sides can be opened', () => {
    expect(record('lost', '1').references).toEqual([]);
    expect(pointing('1', 'lost')).toEqual([]);
  });

  it('to a view that cannot be read leads nowhere', () => {
    expect(record('leads', '1').references).toMatchObject([{ isThere: false }]);
  });

  it('from texts to numbers is counted and shown from either end alike', () => {
    for (const id of ['1', '2', '3', '4'])
      expect(record('texts', id).references.at(-1)).toMatchObject({ isThere: true, reference: { to: ['Id'] } });
    const by = (id: string, column: string) =>
      pointing(id, 'texts').find(({ reference }) => reference.from[0] === column);
    expect(by('1', 'owner')).toMatchObject({ count: 3, isExact: true });
    expect(ids(query('texts', [by('1', 'owner')?.filter ?? []].flat()))).toBe('1 2 3');
    expect(by('9007199254740993', 'owner')).toMatchObject({ count: 1 });
    expect(by('9007199254740992', 'owner')).toMatchObject({ count: 0 });
    // A column without a type takes the text '5' for no number.
    expect(by('1', 'loose')).toMatchObject({ count: 1 });
  });
});

describe('what is computed from values that do not suit it', () => {
  it.each([
    ['overflow', /The view overflow cannot be read: integer overflow/],
    ['absent', /The view absent cannot be read: no such function: nowhere_made/],
    ['words', /The virtual table words cannot be read: no such table: main.nosuch/],
  ])('is said of %s, and is no defect of this program', async (table, why) => {
    expect(() => rows(query(table))).toThrow('E_HOSTILE_SCHEMA');
    expect(() => rows(query(table))).toThrow(why);
    const target = path.join(folder, `${table}.csv`);
    const input = { ...{ path: file, target, partial: `${target}.part`, query: query(table), format: 'csv' as const } };
    const exported = exportRows(browser, { ...input, columns: null, revealed: [], hasMark: false }, () => {});
    expect(await codeOfPromise(exported)).toBe('E_HOSTILE_SCHEMA');
  });
});

describe('a generated column that cannot be computed in one row', () => {
  const failed = { type: 'failed', reason: 'malformed JSON' };
  const bad = '{bad';

  it('is said of that cell, and everything else is shown', () => {
    expect(rows(query('made')).map(({ cells }) => cells)).toEqual([
      [one('1'), text('{"a": 1}'), one('1')],
      [one('2'), text(bad), failed],
    ]);
    expect(record('made', '2').cells).toEqual([one('2'), text(bad), failed]);
    expect(record('made', '1').cells.at(-1)).toEqual(one('1'));
    const sorted = { ...query('made'), sort: [{ column: 't', isDescending: true }] };
    expect(rows(sorted).map(({ cells }) => plain(cells[2]))).toEqual(['failed', '1']);
  });

  it('can neither be sorted by nor looked through, nor written out', async () => {
    expect(() => rows({ ...query('made'), sort: [{ column: 'j', isDescending: false }] })).toThrow(NOT_READ);
    expect(() => rows(query('made', [{ operator: 'equals', column: 'j', value: '1' }]))).toThrow(NOT_READ);
    const target = path.join(folder, 'made.csv');
    const input = {
      ...{ path: file, target, partial: `${target}.part`, query: query('made'), format: 'csv' as const },
    };
    const exported = exportRows(browser, { ...input, columns: null, revealed: [], hasMark: false }, () => {});
    expect(await codeOfPromise(exported)).toBe('E_HOSTILE_SCHEMA');
  });
});

describe('an order by an index', () => {
  it('is not sorted anew for every page where many rows share a text in a column of another type', () => {
    const { db } = browser.session;
    const subject = browser.subject('days');
    const order = orderOf(db, subject, [{ column: 'day', isDescending: false }]);
    const place: Place = [
      { type: 'text', bytes: Buffer.from('2026-03-14') },
      { type: 'integer', value: 5n },
    ];
    expect(order.isIndexed).toBe(true);
    for (const isForward of [true, false])
      for (const { where, fixedTerms } of rangesAfter(order, place, isForward)) {
        const asked = `SELECT 1 FROM ${subject.sql} WHERE ${where.replaceAll('?', '1')}`;
        expect(isSorted(db, `${asked} ORDER BY ${orderBy(order, isForward, fixedTerms)}`), where).toBe(false);
      }
  });
});

describe('a question about values', () => {
  it.each<[Filter, string]>([
    [{ operator: 'equals', column: 'a', value: '007' }, '1 2'],
    [{ operator: 'equals', column: 'a', value: '7' }, '2 3'],
    [{ operator: 'differs', column: 'a', value: '007' }, '3 4 5'],
    [{ operator: 'in', column: 'a', values: ['007', '7.5'] }, '1 2 4'],
  ])('of a STRICT table in a column of type ANY takes texts for texts: %j', (filter, expected) => {
    expect(ids(query('anything', [filter]))).toBe(expected);
  });

  it.each([
    ['1e+22', '1'],
    ['-9e999', '2'],
    ['123456789012345680.0', '3'],
    ['0.30000000000000004', '4'],
    ['0.0', '5'],
  ])('finds the real number %s as it is shown', (text, expected) => {
    expect(ids(query('reals', [{ operator: 'contains', column: 'r', value: text }]))).toBe(expected);
    expect(ids(query('reals', [], text))).toBe(expected);
  });
});
