import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyMigration, contentOf, findingsOf, issuesOf, rowsOf, valueOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import type { Row } from '../../support/kroma/insert.ts';
import { fieldsOf, known, laterDatabase, type Shape } from './baseline-file.ts';

const id = '20260221_0004_provider_accounts';
const folder = temporaryFolder();
let files = 0;
const open = (shape: Shape, provider_accounts: Row[] = []) =>
  laterDatabase(path.join(folder, `${(files += 1)}.db`), shape, { provider_accounts });
const account = (name: string, more: Row = {}) =>
  known(name, { provider_code: name, api_key: '', meta_json: '{}', ...more });
const both = 'SELECT id, meta_json, config_json FROM provider_accounts ORDER BY id';

describe('filling', () => {
  it('makes the table in its final form where it is missing: without old names and without a place for keys', () => {
    const db = open('missing');

    expect(applyMigration(db, id)).toEqual({ accounts: { provider_accounts: '0 / 0 / 0' }, findings: [] });

    expect(fieldsOf(db, 'provider_accounts')).toEqual([
      'id TEXT',
      'project_id TEXT NOT NULL -> projects CASCADE',
      'provider_code TEXT NOT NULL',
      'is_enabled INTEGER NOT NULL DEFAULT 1',
      `config_json TEXT NOT NULL DEFAULT '{}'`,
      'created_at TEXT NOT NULL',
      'updated_at TEXT NOT NULL',
    ]);
    expect(valueOf(db, `SELECT count(*) FROM sqlite_schema WHERE name GLOB '_phasewise_0004*'`)).toBe(0);
  });

  it('copies the old text, reads nothing as {}, and reports what is no JSON or has no project', () => {
    const db = open('first', [
      account('a', { meta_json: '{"tier": 2}', api_key: 'sample-not-a-key' }),
      account('b', { meta_json: '' }),
      account('c', { meta_json: 'no json' }),
      account('d', { meta_json: '{"cut":' }),
      account('e', { meta_json: '{"n": NaN, "i": -Infinity}' }),
      account('f', { project_id: 'gone' }),
    ]);

    expect(applyMigration(db, id)).toEqual({ accounts: { provider_accounts: '2 / 1 / 3' }, findings: [] });

    expect(rowsOf(db, 'SELECT id, config_json, is_enabled FROM provider_accounts ORDER BY id')).toEqual([
      ['a', '{"tier": 2}', 1],
      ['b', '{}', 1],
      ['c', 'no json', 1],
      ['d', '{"cut":', 1],
      ['e', '{"n": NaN, "i": -Infinity}', 1],
      ['f', '{}', 1],
    ]);
    expect(rowsOf(db, 'SELECT meta_json, api_key FROM provider_accounts ORDER BY id LIMIT 2')).toEqual([
      ['{"tier": 2}', 'sample-not-a-key'],
      ['', ''],
    ]);
    expect(issuesOf(db, 'provider_accounts')).toEqual([
      'c: json-unreadable',
      'd: json-unreadable',
      'f: project-missing',
    ]);
    expect(rowsOf(db, 'SELECT detail FROM _phasewise_quarantine ORDER BY source_key')).toEqual([
      ['config_json is no JSON from character 1 of 7'],
      ['config_json is no JSON: it breaks off after 7 characters'],
      ['project_id names gone, which is not in projects'],
    ]);
  });

  it('keeps what a dual file says, and fills what is still the default there', () => {
    const db = open('dual', [
      account('a', { meta_json: '{"old":1}', config_json: '{"new":1}', is_enabled: 0 }),
      account('b', { meta_json: '{"old":1}' }),
      account('c', { meta_json: '', config_json: '' }),
      account('d', { config_json: '{"new":1}' }),
    ]);

    expect(applyMigration(db, id)).toEqual({ accounts: { provider_accounts: '2 / 2 / 0' }, findings: [] });

    expect(rowsOf(db, both)).toEqual([
      ['a', '{"old":1}', '{"new":1}'],
      ['b', '{"old":1}', '{"old":1}'],
      ['c', '', '{}'],
      ['d', '{}', '{"new":1}'],
    ]);
  });

  it('continues after a kill behind any chunk, and applied again it changes nothing', () => {
    const rows = [
      account('a', { meta_json: '{"x":1}' }),
      account('b', { meta_json: '' }),
      account('c', { meta_json: '?' }),
    ];
    const whole = open('first', rows);
    applyMigration(whole, id);
    for (let chunks = 0; chunks <= rows.length; chunks++) {
      const db = open('first', rows);
      expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();
      expect(applyMigration(db, id, { chunkRows: 1 })?.accounts).toEqual({ provider_accounts: '1 / 1 / 1' });
      expect(applyMigration(db, id)?.accounts).toEqual({ provider_accounts: '0 / 2 / 1' });
      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('is found out when a column is empty again', () => {
    const db = open('first', [account('a', { meta_json: '{"x":1}' })]);
    applyMigration(db, id);
    db.exec(
      `DROP TRIGGER _phasewise_0004_provider_accounts_update_follows; UPDATE provider_accounts SET config_json = '{}'`,
    );

    expect(findingsOf(db, id)).toEqual([
      'the trigger _phasewise_0004_provider_accounts_update_follows is missing',
      '1 rows of provider_accounts whose meta_json stands in the old column only',
    ]);
  });
});

describe.each([
  ['with foreign keys and recursive triggers', 'ON'],
  ['without', 'OFF'],
])('a program %s', (_, setting) => {
  function prepared() {
    const db = open('first', [account('a', { meta_json: '{"x":1}' })]);
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${setting}`);
    db.pragma(`recursive_triggers = ${setting}`);
    return db;
  }
  const update = (set: string) => {
    const db = prepared();
    db.exec(`UPDATE provider_accounts SET ${set}`);
    return rowsOf(db, both);
  };

  it('updates one side, and the other follows; both, and both stay as written', () => {
    expect(update(`meta_json = '{"y":1}'`)).toEqual([['a', '{"y":1}', '{"y":1}']]);
    expect(update(`meta_json = ''`)).toEqual([['a', '', '{}']]);
    expect(update(`config_json = '{"z":1}'`)).toEqual([['a', '{"z":1}', '{"z":1}']]);
    expect(update(`config_json = '{}'`)).toEqual([['a', '{}', '{}']]);
    expect(update(`config_json = ''`)).toEqual([['a', '', '']]);
    expect(update(`meta_json = '1', config_json = '2'`)).toEqual([['a', '1', '2']]);
    expect(update(`meta_json = meta_json, is_enabled = 0`)).toEqual([['a', '{"x":1}', '{"x":1}']]);
  });

  it('inserts one side, and the other follows; both, and both stay as written', () => {
    const db = prepared();
    const insert = (name: string, columns: string, values: string, or = '') =>
      db.exec(
        `INSERT ${or} INTO provider_accounts (id, project_id, provider_code, api_key, created_at, updated_at${columns})
         VALUES ('${name}', 'p', '${name}', '', 't', 't'${values})`,
      );

    insert('b', ', meta_json', `, '{"l":1}'`);
    insert('c', ', config_json', `, '{"c":1}'`);
    insert('d', ', meta_json, config_json', `, '{"l":1}', '{"c":1}'`);
    insert('e', '', '');
    insert('f', ', meta_json', `, ''`);
    insert('a', ', config_json', `, '{"c":2}'`, 'OR REPLACE');
    db.exec(`INSERT INTO provider_accounts (id, project_id, provider_code, api_key, created_at, updated_at) VALUES ('g', 'p', 'e', '', 't', 't')
      ON CONFLICT (project_id, provider_code) DO UPDATE SET meta_json = '{"u":1}'`);

    expect(rowsOf(db, both)).toEqual([
      ['a', '{"c":2}', '{"c":2}'],
      ['b', '{"l":1}', '{"l":1}'],
      ['c', '{"c":1}', '{"c":1}'],
      ['d', '{"l":1}', '{"c":1}'],
      ['e', '{"u":1}', '{"u":1}'],
      ['f', '', '{}'],
    ]);
  });
});
