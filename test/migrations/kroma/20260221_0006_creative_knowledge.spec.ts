import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyMigration, contentOf, findingsOf, issuesOf, rowsOf, valueOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { insertRows, type Row } from '../../support/kroma/insert.ts';
import { fieldsOf, known, laterDatabase, type Shape } from './baseline-file.ts';
import { asset } from './rows.ts';

const id = '20260221_0006_creative_knowledge';
const folder = temporaryFolder();
let files = 0;
const open = (shape: Shape, rows: Record<string, Row[]> = {}) =>
  laterDatabase(path.join(folder, `${(files += 1)}.db`), shape, rows);
const guide = (name: string, more: Row = {}) => known(name, { name, ...more });
const set = (name: string, more: Row = {}) => known(name, { title: name, ...more });
const item = (name: string, more: Row = {}) => ({
  ...{ id: name, reference_set_id: 's', asset_id: name, notes: '', created_at: 't' },
  ...more,
});
const guides = 'SELECT id, specs_json, rules_json FROM style_guides ORDER BY id';
const sets = 'SELECT id, title, name, notes, metadata_json FROM reference_sets ORDER BY id';

describe('filling', () => {
  it('makes the four tables in their final form where they are missing', () => {
    const db = open('missing');

    expect(applyMigration(db, id)?.findings).toEqual([]);

    const own = (table: string) => fieldsOf(db, table).filter((field) => !/^(id|project_id|\w+_at) /.test(field));
    expect(own('style_guides')).toEqual([
      'name TEXT NOT NULL',
      `description TEXT NOT NULL DEFAULT ''`,
      `rules_json TEXT NOT NULL DEFAULT '{}'`,
      'is_default INTEGER NOT NULL DEFAULT 0',
    ]);
    expect(own('characters')).toEqual([
      'code TEXT NOT NULL',
      'name TEXT NOT NULL',
      `bio TEXT NOT NULL DEFAULT ''`,
      `identity_constraints_json TEXT NOT NULL DEFAULT '{}'`,
    ]);
    expect(own('reference_sets')).toEqual([
      'name TEXT NOT NULL',
      'kind TEXT NOT NULL',
      `metadata_json TEXT NOT NULL DEFAULT '{}'`,
    ]);
    expect(own('reference_items')).toEqual([
      'reference_set_id TEXT NOT NULL -> reference_sets CASCADE',
      'asset_id TEXT NOT NULL -> assets CASCADE',
      'weight REAL NOT NULL DEFAULT 1.0',
      `notes TEXT NOT NULL DEFAULT ''`,
    ]);
  });

  it('copies rules and names, puts notes into the metadata, and leaves the old columns as they are', () => {
    const db = open('first', {
      style_guides: [guide('a', { specs_json: '{"line": 1}' }), guide('b', { specs_json: '' }), guide('c', { specs_json: '{"cut":' }), guide('d', { specs_json: '["a","b"]' })],
      characters: [known('x', { code: 'X', name: 'x' })],
      reference_sets: [set('s', { notes: 'one\n"two" \u000b ü 🎨' }), set('t', { title: '' })],
      assets: [asset('i')],
      reference_items: [item('i'), item('j'), item('k', { reference_set_id: 'gone', asset_id: 'i' })],
    }); // prettier-ignore

    expect(applyMigration(db, id)).toEqual({
      accounts: {
        style_guides: '2 / 1 / 1',
        characters: '0 / 1 / 0',
        reference_sets: '2 / 0 / 0',
        reference_items: '0 / 1 / 2',
      },
      findings: [],
    });

    expect(rowsOf(db, guides)).toEqual([
      ['a', '{"line": 1}', '{"line": 1}'],
      ['b', '', '{}'],
      ['c', '{"cut":', '{"cut":'],
      ['d', '["a","b"]', '["a","b"]'],
    ]);
    const notes = 'one\n"two" \u000b ü 🎨';
    expect(rowsOf(db, sets)).toEqual([
      ['s', 's', 's', notes, JSON.stringify({ notes })],
      ['t', '', '', '', '{}'],
    ]);
    expect(rowsOf(db, 'SELECT DISTINCT kind FROM reference_sets')).toEqual([['other']]);
    expect(rowsOf(db, 'SELECT DISTINCT weight FROM reference_items')).toEqual([[1]]);
    expect(issuesOf(db, 'style_guides')).toEqual(['c: json-unreadable']);
    expect(issuesOf(db, 'reference_items')).toEqual(['j: file-missing', 'k: set-missing']);
    expect(rowsOf(db, `SELECT detail FROM _phasewise_quarantine ORDER BY source_key`)).toEqual([
      ['rules_json is no JSON: it breaks off after 7 characters'],
      ['asset_id names j, which is not in assets'],
      ['reference_set_id names gone, which is not in reference_sets'],
    ]);
  });

  it('keeps what a dual file says, and fills what is still empty there', () => {
    const db = open('dual', {
      style_guides: [guide('a', { specs_json: '{"old":1}', rules_json: '{"new":1}' }), guide('b', { specs_json: '{"old":1}' })],
      characters: [known('x', { code: 'X', name: 'x', identity_constraints_json: '' }), known('y', { code: 'Y', name: 'y', identity_constraints_json: '?' })],
      reference_sets: [
        set('s', { name: 'newer', notes: 'soft', metadata_json: '{"k":[1]}', kind: 'lighting' }),
        set('t', { notes: 'soft', kind: '', metadata_json: '' }),
      ],
    }); // prettier-ignore

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(rowsOf(db, guides).map(([, , rules]) => rules)).toEqual(['{"new":1}', '{"old":1}']);
    expect(rowsOf(db, sets)).toEqual([
      ['s', 's', 'newer', 'soft', '{"k":[1]}'],
      ['t', 't', 't', 'soft', '{"notes":"soft"}'],
    ]);
    expect(rowsOf(db, 'SELECT kind FROM reference_sets ORDER BY id')).toEqual([['lighting'], ['other']]);
    expect(rowsOf(db, 'SELECT identity_constraints_json FROM characters ORDER BY id')).toEqual([['{}'], ['?']]);
    expect(issuesOf(db, 'characters')).toEqual(['y: json-unreadable']);
  });

  it('continues after a kill behind any chunk, and applied again it changes nothing', () => {
    const rows = {
      style_guides: [guide('a', { specs_json: '{"x":1}' }), guide('b', { specs_json: '?' })],
      reference_sets: [set('s', { notes: 'n' }), set('t', { project_id: 'gone' })],
      reference_items: [item('i')],
    };
    const whole = open('first', rows);
    const accounts = applyMigration(whole, id)?.accounts;
    for (let chunks = 0; chunks < 5; chunks++) {
      const db = open('first', rows);
      expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();
      expect(applyMigration(db, id, { chunkRows: 1 })).toEqual({ accounts, findings: [] });
      applyMigration(db, id);
      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('is found out when a new column is empty again', () => {
    const db = open('first', {
      style_guides: [guide('a', { specs_json: '{"x":1}' })],
      reference_sets: [set('s', { notes: 'n' })],
    });
    applyMigration(db, id);
    const names = rowsOf(db, `SELECT name FROM sqlite_schema WHERE name GLOB '_phasewise_0006*'`).flat();
    for (const name of names) db.exec(`DROP TRIGGER ${String(name)}`);
    db.exec(
      `UPDATE style_guides SET rules_json = '{}'; UPDATE reference_sets SET name = NULL, kind = '', metadata_json = '{}'`,
    );

    expect(names).toHaveLength(10);
    expect(findingsOf(db, id).slice(10)).toEqual([
      '1 rows of style_guides whose specs_json stands in the old column only',
      '1 rows of reference_sets whose title stands in the old column only',
      '1 reference sets without a kind',
      '1 reference sets whose notes are in no metadata',
    ]);
  });
});

describe.each([
  ['with foreign keys and recursive triggers', 'ON'],
  ['without', 'OFF'],
])('a program %s', (_, setting) => {
  const prepared = () => {
    const db = open('first', { style_guides: [guide('a', { specs_json: '{"x":1}' })], reference_sets: [set('s', { notes: 'n' })] });
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${setting}`);
    db.pragma(`recursive_triggers = ${setting}`);
    return db;
  }; // prettier-ignore
  const update = (sql: string) => {
    const db = prepared();
    db.exec(`UPDATE reference_sets SET ${sql}`);
    return rowsOf(db, sets)[0]?.slice(1);
  };

  it('updates one name, and the other follows', () => {
    expect(update(`title = 'new'`)).toEqual(['new', 'new', 'n', '{"notes":"n"}']);
    expect(update(`name = 'new'`)).toEqual(['new', 'new', 'n', '{"notes":"n"}']);
    expect(update(`name = 'new', title = 'old'`)).toEqual(['old', 'new', 'n', '{"notes":"n"}']);
    expect(update(`title = ''`)).toEqual(['', '', 'n', '{"notes":"n"}']);
    expect(update(`name = NULL`)).toEqual(['', null, 'n', '{"notes":"n"}']);
  });

  it('updates the notes, and metadata that only repeats them follows; metadata never changes the notes', () => {
    expect(update(`notes = 'm'`)).toEqual(['s', 's', 'm', '{"notes":"m"}']);
    expect(update(`notes = ''`)).toEqual(['s', 's', '', '{}']);
    expect(update(`metadata_json = '{"k":1}'`)).toEqual(['s', 's', 'n', '{"k":1}']);
    expect(update(`notes = 'm', metadata_json = '{"k":1}'`)).toEqual(['s', 's', 'm', '{"k":1}']);
    const db = prepared();
    db.exec(`UPDATE reference_sets SET metadata_json = '{"k":1}'; UPDATE reference_sets SET notes = 'm'`);
    expect(valueOf(db, 'SELECT metadata_json FROM reference_sets')).toBe('{"k":1}');
  });

  it('inserts with the names it knows', () => {
    const db = prepared();
    insertRows(db, 'reference_sets', [
      set('t', { notes: 'n' }),
      set('u', { title: '', name: 'U', metadata_json: '{"k":1}', notes: 'n' }),
      set('v', { name: 'V' }),
    ]);
    insertRows(db, 'style_guides', [guide('b', { specs_json: '' }), guide('c', { rules_json: '{"r":1}' })]);

    expect(rowsOf(db, sets).slice(1)).toEqual([
      ['t', 't', 't', 'n', '{"notes":"n"}'],
      ['u', 'U', 'U', 'n', '{"k":1}'],
      ['v', 'v', 'V', '', '{}'],
    ]);
    expect(rowsOf(db, guides).slice(1)).toEqual([
      ['b', '', '{}'],
      ['c', '{"r":1}', '{"r":1}'],
    ]);
  });
});
