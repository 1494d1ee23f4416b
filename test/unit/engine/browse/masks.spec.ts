import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import path from 'node:path';
import type { BrowseQuery, Filter } from '@shared/browse.ts';
import { CodedError } from '@shared/errors.ts';
import { browseAnswers } from '@engine/browse/answers.ts';
import { openBrowser, type Browser } from '@engine/browse/browser.ts';
import { exportRows } from '@engine/browse/export.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

/** A sensitive value leaves the engine when somebody asks for this very one, and by no other way. */

const folder = temporaryFolder();
const file = path.join(folder, 'masks.db');
const SECRETS = ['s3cret-alpha', 's3cret-beta', 's3cret-gamma'];
let browser: Browser;

beforeAll(async () => {
  const db = new Database(file);
  db.exec(`
    CREATE TABLE members(token TEXT PRIMARY KEY, name TEXT, password TEXT, token_count INTEGER,
      loud TEXT AS (upper(password)) VIRTUAL) WITHOUT ROWID;
    CREATE TABLE visits(id INTEGER PRIMARY KEY, member TEXT REFERENCES members(token));
    CREATE TABLE pins(secret INTEGER PRIMARY KEY, note TEXT);
    CREATE VIEW plain AS SELECT name, password FROM members;
    CREATE VIEW renamed AS SELECT name AS who, password AS word FROM members;
    CREATE VIEW computed AS SELECT name, lower(password) || '!' AS word, count(*) AS n FROM members GROUP BY 1;
    CREATE VIEW nested AS SELECT substr(word, 2) AS part FROM renamed;
    CREATE VIEW mixed AS SELECT name AS x FROM members UNION SELECT password FROM members;
    CREATE VIEW harmless AS SELECT name, count(*) AS n FROM members GROUP BY name;
    CREATE VIRTUAL TABLE found USING fts5(password, other);
    CREATE TABLE pairs(place INTEGER, password TEXT, PRIMARY KEY(password, place));
    CREATE TABLE implied(id INTEGER PRIMARY KEY, x, y, FOREIGN KEY(x, y) REFERENCES pairs);
    CREATE TABLE lists(token TEXT);
    CREATE VIEW taken_apart AS SELECT value, json FROM lists, json_each(lists.token);
    CREATE VIRTUAL TABLE found_words USING fts5vocab(found, row);
    CREATE VIRTUAL TABLE old USING fts4(password, other);
    CREATE VIRTUAL TABLE old_words USING fts4aux(old);
    CREATE VIRTUAL TABLE over_other USING fts5(x, content = 'implied', content_rowid = 'id');
    CREATE VIRTUAL TABLE notes USING fts5(body);
    CREATE VIRTUAL TABLE notes_old USING fts5(password);
    CREATE TABLE made(password TEXT, again AS /* of it */ (lower(password)));
    CREATE TABLE providers(id INTEGER PRIMARY KEY, api_key TEXT, label TEXT);
    CREATE VIEW short AS SELECT id, api_key AS k, label FROM providers;
    CREATE VIRTUAL TABLE short_index USING fts5(k, label, content = 'short', content_rowid = 'id');
    CREATE VIRTUAL TABLE short_words USING fts5vocab(short_index, row);
    CREATE VIEW over_index AS SELECT rowid AS id, k AS again FROM short_index;
    CREATE VIRTUAL TABLE second_index USING fts5(again, content = 'over_index', content_rowid = 'id');
    CREATE VIRTUAL TABLE second_words USING fts5vocab(second_index, instance);
    CREATE VIEW over_shadow AS SELECT block AS b FROM second_index_data;
    CREATE TABLE twins(password TEXT, copy TEXT AS (lower(password)) UNIQUE);
    CREATE TABLE twins_of(copy_of TEXT REFERENCES twins(copy));
    CREATE TABLE unfit(id INTEGER PRIMARY KEY, body TEXT, password TEXT,
      parsed AS (body), found AS (password));
    CREATE TABLE paths(id INTEGER PRIMARY KEY, password TEXT, found AS (password));
    CREATE TABLE asked(password TEXT);
    CREATE VIEW asked_for AS SELECT json(password) AS n FROM asked;
    INSERT INTO providers VALUES (1, 's3cret-alpha', 'plain');
    INSERT INTO short_index(short_index) VALUES ('rebuild');
    INSERT INTO second_index(rowid, again) VALUES (1, 's3cret-alpha');
    INSERT INTO twins VALUES ('s3cret-alpha');
    INSERT INTO twins_of VALUES ('s3cret-alpha');
    INSERT INTO unfit VALUES (1, '{bad', 's3cret-alpha');
    INSERT INTO paths VALUES (1, 's3cret-alpha');
    INSERT INTO asked VALUES ('s3cret');
    INSERT INTO pairs VALUES (1, 's3cret-alpha');
    INSERT INTO implied VALUES (1, 's3cret-alpha', 1);
    INSERT INTO lists VALUES ('["s3cret-alpha"]');
    INSERT INTO old VALUES ('s3cret-alpha', 'plain');
    INSERT INTO over_other(over_other) VALUES ('rebuild');
    INSERT INTO notes_old VALUES ('s3cret-alpha');
    INSERT INTO made VALUES ('s3cret-alpha');
    INSERT INTO pins VALUES (987654321, 'n');
    CREATE TABLE ranked(id INTEGER PRIMARY KEY, rank INTEGER, password TEXT);
    CREATE INDEX by_rank ON ranked(rank, password);
    INSERT INTO ranked VALUES (1, 7, 'z-s3cret'), (2, 7, 'm-s3cret'), (3, 7, 'a-s3cret');
  `);
  SECRETS.forEach((secret, at) => {
    db.prepare('INSERT INTO members(token, name, password, token_count) VALUES (?, ?, ?, ?)').run(secret, `n${at}`, `${secret}!`, at); // prettier-ignore
    db.prepare('INSERT INTO visits(member) VALUES (?)').run(secret);
    db.prepare('INSERT INTO found VALUES (?, ?)').run(secret, 'plain');
  });
  // SQLite refuses rows with what cannot be computed when they are written; it need not have been this SQLite.
  db.unsafeMode(true);
  db.exec(`PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql =
    replace(replace(sql, 'AS (body)', 'AS (json_extract(body, ''$''))'), 'AS (password)', 'AS (json_extract(''{}'', password))')
    WHERE name IN ('unfit', 'paths')`);
  db.close();
  browser = await openBrowser(file, []);
});
afterAll(() => browser.close());

const query = (table: string, more: Partial<BrowseQuery> = {}): BrowseQuery => ({ ...{ table, sort: [], filters: [], find: null }, ...more }); // prettier-ignore
const rows = (asked: BrowseQuery) => browser.page(asked, { at: 'start' }, 50, true).rows;
function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('nothing was thrown');
}
/** As text and as hex, in any case. */
function expectNothingLeaks(answer: unknown): void {
  const said = JSON.stringify(answer).toLowerCase();
  for (const secret of [...SECRETS, 's3cret', '987654321']) {
    expect(said).not.toContain(secret);
    expect(said).not.toContain(Buffer.from(secret).toString('hex'));
  }
}

describe('sensitive values', () => {
  it.each([
    'members',
    'visits',
    'plain',
    'renamed',
    'computed',
    'nested',
    'mixed',
    'found',
    'found_content',
    'found_data',
    'pins',
    'implied',
    'taken_apart',
    'found_words',
    'old_words',
    'over_other',
    'over_other_data',
    'notes_old_content',
    'made',
    'short',
    'short_index',
    'short_index_data',
    'short_index_idx',
    'short_words',
    'over_index',
    'second_index',
    'second_index_data',
    'second_words',
    'over_shadow',
    'twins_of',
    'unfit',
  ])('stand in no page of %s, its keys included', (table) => {
    const page = browser.page(query(table), { at: 'start' }, 50, true);
    expect(page.rows.length).toBeGreaterThan(0);
    expectNothingLeaks(page);
    expect(JSON.stringify(page)).toContain('"masked"');
  });

  it('are told from what only speaks of them', () => {
    const names = (table: string) =>
      browser.tables().tables.find(({ name }) => name === table)?.columns.filter(({ isSensitive }) => isSensitive).map(({ name }) => name); // prettier-ignore
    expect(names('members')).toEqual(['token', 'password', 'loud']);
    expect(names('computed')).toEqual(['word', 'n']);
    expect(names('harmless')).toEqual([]);
    expect(names('short_index')).toEqual(['k']);
    expect(names('over_index')).toEqual(['again']);
  });

  it('are not quoted by why they cannot be computed', async () => {
    const [row] = rows(query('unfit'));
    const hidden = { type: 'failed', reason: 'what SQLite says of it may quote a hidden value' };
    const record = browser.record('unfit', row?.key ?? '');
    for (const { cells } of [row ?? { cells: [] }, record]) expect(cells.slice(3)).toEqual([hidden, hidden]);
    expectNothingLeaks(record);
    for (const table of ['asked_for', 'paths', 'unfit']) {
      const target = path.join(folder, `${table}.csv`);
      const input = { path: file, target, partial: `${target}.part`, query: query(table), format: 'csv' as const };
      const exported = exportRows(browser, { ...input, columns: null, revealed: [], hasMark: false }, () => {});
      const why = await exported.catch((error: unknown) => error);
      expect(why).toBeInstanceOf(CodedError);
      if (why instanceof CodedError) expectNothingLeaks([why.message, why.appError]);
    }
    for (const table of ['asked_for', 'paths']) expect(messageOf(() => rows(query(table)))).not.toContain('s3cret');
    expect(messageOf(() => rows(query('asked_for')))).toContain(hidden.reason);
  });

  it('stand in no record, and its references lead on all the same', () => {
    const [member] = rows(query('members'));
    const record = browser.record('members', member?.key ?? '');
    expectNothingLeaks(record);
    expect(record.referencedBy).toMatchObject([{ count: 1 }]);
    const filters = record.referencedBy.flatMap(({ filter }) => (filter ? [filter] : []));
    const [visit] = rows(query('visits', { filters }));
    const back = browser.record('visits', visit?.key ?? '');
    expect(back.references).toMatchObject([{ isThere: true }]);
    expectNothingLeaks(back);
    const [there] = rows(
      query('members', { filters: back.references.flatMap(({ filter }) => (filter ? [filter] : [])) }),
    );
    expect(there?.key).toBe(member?.key);
  });

  it('have keys by which pages go on, and which nobody can make up', () => {
    const all = rows(query('members'));
    const after = browser.page(query('members'), { at: 'after', key: all[0]?.key ?? '' }, 50, true).rows;
    expect(after.map(({ key }) => key)).toEqual(all.slice(1).map(({ key }) => key));
    const forged = JSON.stringify([['x', Buffer.from('["t","00"]').toString('base64url')]]);
    expect(() => browser.record('members', forged)).toThrow('E_BAD_REQUEST');
    const broken = (all[0]?.key ?? '').replace(/.(?="\]\]$)/, (last) => (last === 'A' ? 'Q' : 'A'));
    expect(() => browser.record('members', broken)).toThrow('E_BAD_REQUEST');
  });

  it.each<Filter>([
    { operator: 'less', column: 'password', value: 's' },
    { operator: 'greater', column: 'password', value: 's' },
    { operator: 'between', column: 'token', from: 'a', to: 'z' },
    { operator: 'contains', column: 'password', value: 'alpha' },
    { operator: 'starts-with', column: 'token', value: 's' },
    { operator: 'json-equals', column: 'password', path: '$', value: 's' },
    { operator: 'equals', column: 'password', value: 's3cret-beta!' },
    { operator: 'differs', column: 'password', value: 's3cret-beta!' },
    { operator: 'in', column: 'token', values: ['s3cret-alpha', 'x'] },
  ])('cannot be found out piece by piece, or by trying: $operator', (filter) => {
    expect(() => rows(query('members', { filters: [filter] }))).toThrow('E_BAD_REQUEST');
  });

  it('can be asked for NULL, which tells nothing else', () => {
    expect(rows(query('members', { filters: [{ operator: 'is-null', column: 'password' }] }))).toEqual([]);
    const all = rows(query('members', { filters: [{ operator: 'is-not-null', column: 'password' }] }));
    expect(all).toHaveLength(SECRETS.length);
    expectNothingLeaks(all);
  });

  it('are not confirmed to who makes up a reference or a key', () => {
    const guess = JSON.stringify([['t', Buffer.from('s3cret-alpha').toString('hex')]]);
    for (const table of ['visits', 'members'])
      expect(() => rows(query(table, { filters: [{ operator: 'refers', columns: [table === 'visits' ? 'member' : 'token'], key: guess }] }))).toThrow('E_BAD_REQUEST'); // prettier-ignore
    expect(() => browser.record('members', guess)).toThrow('E_BAD_REQUEST');
    expect(() => browser.page(query('members'), { at: 'after', key: guess }, 5, true)).toThrow('E_BAD_REQUEST');
    expect(() => browser.cell('members', { key: guess, column: 'name', from: 0, length: 5 }, false)).toThrow('E_BAD_REQUEST'); // prettier-ignore
    const number = JSON.stringify([['i', '987654321']]);
    expect(() => browser.record('pins', number)).toThrow('E_BAD_REQUEST');
  });

  it('do not break the ties of an order by an index that they are part of', () => {
    const found = rows(query('ranked', { sort: [{ column: 'rank', isDescending: false }] }));
    expect(found.map(({ cells }) => (cells[0]?.type === 'integer' ? cells[0].value : null))).toEqual(['1', '2', '3']);
  });

  it('neither give an order nor are found by a search', () => {
    for (const column of ['token', 'password', 'loud'])
      expect(() => rows(query('members', { sort: [{ column, isDescending: false }] }))).toThrow('E_BAD_REQUEST');
    expect(() => rows(query('plain', { sort: [{ column: 'password', isDescending: false }] }))).toThrow(
      'E_BAD_REQUEST',
    );
    expect(rows(query('members', { find: 's3cret' }))).toEqual([]);
    expect(rows(query('members', { find: 'n1' }))).toHaveLength(1);
  });

  it('come one by one, to who asks for one', async () => {
    const answers = browseAnswers([], () => {});
    const keySecret = '5a'.repeat(32);
    const asked = { path: file, keySecret, query: query('members'), anchor: { at: 'start' as const } };
    const page = await answers.browsePage({ ...asked, limit: 5, hasConsent: false });
    const key = page.rows[0]?.key ?? '';
    const cell = {
      path: file,
      keySecret,
      table: 'members',
      column: 'token',
      key,
      from: 0,
      length: 100,
      mayLoad: false,
    };
    await expect(answers.browseCell({ ...cell, isRevealed: false })).rejects.toThrow('E_BAD_REQUEST');
    expect(await answers.browseCell({ ...cell, isRevealed: true })).toMatchObject({ value: 's3cret-alpha' });
    // A key of this process is good in another one with the same secret, and in no other.
    await expect(answers.browseCell({ ...cell, keySecret: 'a5'.repeat(32), isRevealed: true })).rejects.toThrow('E_BAD_REQUEST'); // prettier-ignore
  });
});
