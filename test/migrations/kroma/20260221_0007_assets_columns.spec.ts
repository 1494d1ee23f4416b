import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  applyMigration,
  contentOf,
  findingsOf,
  issuesOf,
  legacyDatabase,
  plansOf,
  rowsOf,
  valueOf,
} from '../../support/run-migration.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import type { Row } from '../../support/kroma/insert.ts';
import { asset, household, project } from './rows.ts';

const id = '20260221_0007_assets_columns';
const folder = temporaryFolder();
let files = 0;
const open = (assets: Row[], more: Record<string, Row[]> = {}) =>
  legacyDatabase(path.join(folder, `${(files += 1)}.db`), { ...household, assets, ...more });
const addDualColumns = `ALTER TABLE assets ADD COLUMN kind TEXT; ALTER TABLE assets ADD COLUMN storage_uri TEXT;
  ALTER TABLE assets ADD COLUMN metadata_json TEXT NOT NULL DEFAULT '{}'; ALTER TABLE assets ADD COLUMN storage_backend TEXT NOT NULL DEFAULT 'local';`;
const all = 'SELECT id, kind, storage_uri, metadata_json, storage_backend FROM assets ORDER BY id';

describe('filling', () => {
  it('copies kind, address and details as they are, malformed ones included, and turns an empty JSON text into {}', () => {
    const db = open([
      asset('a1', { asset_kind: 'export', rel_path: ' out\\Ü/./a.png ', meta_json: '{"path_exists": true}' }),
      asset('a2', { asset_kind: '', meta_json: '' }),
      asset('a3', { meta_json: '{cut off' }),
      asset('a4', { meta_json: 'null' }),
    ]);

    expect(applyMigration(db, id)).toEqual({ accounts: { assets: '4 / 0 / 0' }, findings: [] });

    expect(rowsOf(db, all)).toEqual([
      ['a1', 'export', ' out\\Ü/./a.png ', '{"path_exists": true}', 'local'],
      ['a2', '', 'out/a2.png', '{}', 'local'],
      ['a3', 'candidate_output', 'out/a3.png', '{cut off', 'local'],
      ['a4', 'candidate_output', 'out/a4.png', 'null', 'local'],
    ]);
    expect(rowsOf(db, "SELECT mime_type, width, height FROM assets WHERE id = 'a1'")).toEqual([[null, null, null]]);
    expect(valueOf(db, `SELECT meta_json FROM assets WHERE id = 'a2'`)).toBe('');
  });

  it('says that s3 addresses lie in S3', () => {
    const db = open([
      asset('a1', { rel_path: 's3://b/x.png' }),
      asset('a2', { rel_path: ' s3:\\\\b\\y.png' }),
      asset('a3', { rel_path: 'S3/x.png' }),
    ]);

    applyMigration(db, id);

    expect(rowsOf(db, 'SELECT id, storage_backend FROM assets ORDER BY id')).toEqual([
      ['a1', 's3'],
      ['a2', 's3'],
      ['a3', 'local'],
    ]);
  });

  it('keeps what a dual file says, and fills what is still the default there', () => {
    const db = open([
      asset('a1', { meta_json: '{"old":1}' }),
      asset('a2', { meta_json: '{"old":1}' }),
      asset('a3', { rel_path: 's3://b/x' }),
    ]);
    db.exec(`${addDualColumns} UPDATE assets SET kind = 'final', storage_uri = 'moved/' || id, metadata_json = '{"new":1}', storage_backend = 'own' WHERE id = 'a1';
      UPDATE assets SET kind = '', storage_uri = '' WHERE id = 'a2'`);

    expect(applyMigration(db, id)).toEqual({ accounts: { assets: '2 / 1 / 0' }, findings: [] });

    expect(rowsOf(db, all)).toEqual([
      ['a1', 'final', 'moved/a1', '{"new":1}', 'own'],
      ['a2', 'candidate_output', 'out/a2.png', '{"old":1}', 'local'],
      ['a3', 'candidate_output', 's3://b/x', '{}', 's3'],
    ]);
  });

  it('leaves an address empty that another file of the project already has, and reports it', () => {
    const db = open([asset('a1'), asset('a2')]);
    db.exec(`${addDualColumns} UPDATE assets SET storage_uri = 'out/a1.png' WHERE id = 'a2'`);

    expect(applyMigration(db, id)).toEqual({ accounts: { assets: '0 / 0 / 2' }, findings: [] });

    expect(rowsOf(db, 'SELECT id, storage_uri FROM assets ORDER BY id')).toEqual([
      ['a1', null],
      ['a2', 'out/a1.png'],
    ]);
    expect(issuesOf(db, 'assets')).toEqual(['a1: address-taken', 'a2: same-path-after-cleaning']);
  });

  it('keeps both of two files whose paths differ in slashes or outer blanks only, and reports both', () => {
    const db = open(
      [asset('a1', { rel_path: 'out/x.png' }), asset('a2', { rel_path: 'out\\x.png' }), asset('a3', { rel_path: '\u00a0out/x.png\n' }),
        asset('a4', { rel_path: 'out/X.png' }), asset('a5', { rel_path: './out/x.png' }), asset('a6', { rel_path: 'out\\x.png', project_id: 'q' })],
      { projects: [project('p'), project('q')] },
    ); // prettier-ignore

    expect(applyMigration(db, id)).toEqual({ accounts: { assets: '3 / 0 / 3' }, findings: [] });

    expect(issuesOf(db, 'assets')).toEqual(['a1', 'a2', 'a3'].map((key) => `${key}: same-path-after-cleaning`));
    expect(valueOf(db, `SELECT count(*) FROM assets WHERE storage_uri = rel_path AND kind = asset_kind`)).toBe(6);
  });

  it('fills and reports a file of a project that does not exist, and sets one without an id aside', () => {
    const db = open([asset('a1', { project_id: 'gone' }), { ...asset('x'), id: null }]);

    expect(applyMigration(db, id)?.accounts).toEqual({ assets: '0 / 0 / 2' });

    expect(issuesOf(db, 'assets')).toEqual([null, 'a1: project-missing']);
    expect(rowsOf(db, `SELECT kind FROM assets WHERE id = 'a1'`)).toEqual([['candidate_output']]);
  });

  it('continues after a kill behind any chunk, and applied again it changes nothing', () => {
    const assets = [
      asset('a1'),
      asset('a2', { rel_path: 'out\\a1.png' }),
      asset('a3', { project_id: 'gone' }),
      asset('a4', { meta_json: '' }),
    ];
    const whole = open(assets);
    applyMigration(whole, id);
    for (let chunks = 0; chunks <= assets.length; chunks++) {
      const db = open(assets);
      expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();
      expect(applyMigration(db, id, { chunkRows: 1 })?.accounts).toEqual({ assets: '1 / 0 / 3' });
      expect(contentOf(db)).toBe(contentOf(whole));

      expect(applyMigration(db, id)?.accounts).toEqual({ assets: '0 / 1 / 3' });
      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('is found out when a column is empty again', () => {
    const db = open([asset('a1', { meta_json: '{"a":1}', rel_path: 's3://b/x' })]);
    applyMigration(db, id);
    unseen(db, `UPDATE assets SET storage_backend = 'local', metadata_json = '{}'`);
    expect(findingsOf(db, id)).toEqual([
      '1 assets whose details stand in the old column only',
      '1 assets in S3 that are said to lie here',
    ]);

    unseen(db, `UPDATE assets SET kind = NULL, storage_uri = NULL`);
    expect(findingsOf(db, id).slice(0, 2)).toEqual([
      '1 assets whose kind stands in the old column only',
      '1 assets whose address stands in the old column only',
    ]);
  });
});

describe.each([
  ['with', 'ON'],
  ['without', 'OFF'],
])('an older program %s foreign keys', (_, enforced) => {
  function upgraded(assets: Row[] = []) {
    const db = open(assets);
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${enforced}`);
    return db;
  }
  const insert = (name: string, file: string, more = '') =>
    `INSERT INTO assets (id, project_id, asset_kind, rel_path, meta_json, created_at) VALUES ('${name}', 'p', 'export', '${file}', '{"a":1}', 't') ${more}`;

  it('registers and overwrites files, and the new columns follow', () => {
    const db = upgraded();
    db.exec(insert('a1', 's3://b/x'));
    db.exec(insert('a2', 'out/y'));
    db.exec(
      insert(
        'a3',
        'out/y',
        `ON CONFLICT (project_id, rel_path) DO UPDATE SET asset_kind = 'job_final_output', meta_json = ''`,
      ),
    );
    db.exec(
      `INSERT OR REPLACE INTO assets (id, project_id, asset_kind, rel_path, created_at) VALUES ('a4', 'p', 'k', 's3://b/x', 't')`,
    );

    expect(rowsOf(db, all)).toEqual([
      ['a2', 'job_final_output', 'out/y', '{}', 'local'],
      ['a4', 'k', 's3://b/x', '{}', 's3'],
    ]);

    db.exec(`UPDATE assets SET rel_path = 'out/z' WHERE id = 'a4'`);
    expect(rowsOf(db, `SELECT storage_uri, storage_backend FROM assets WHERE id = 'a4'`)).toEqual([['out/z', 'local']]);
  });

  it('changes one column, and an edit of another one stays', () => {
    const db = upgraded([asset('a1')]);
    db.exec(`UPDATE assets SET kind = 'final'`);

    db.exec(`UPDATE assets SET meta_json = '{"b":2}'`);

    expect(rowsOf(db, 'SELECT kind, metadata_json FROM assets')).toEqual([['final', '{"b":2}']]);
  });

  it('gives both sides itself, and what it gives stays', () => {
    const db = upgraded();
    db.exec(`INSERT INTO assets (id, project_id, asset_kind, kind, rel_path, storage_uri, meta_json, metadata_json, storage_backend, created_at)
      VALUES ('a1', 'p', 'old', 'new', 'old/path', 'new/path', '{"old":1}', '{"new":1}', 'own', 't')`);
    db.exec(`UPDATE assets SET asset_kind = 'older', kind = 'newer'`);

    expect(rowsOf(db, all)).toEqual([['a1', 'newer', 'new/path', '{"new":1}', 'own']]);
  });

  it('is never stopped by an address that another file has', () => {
    const db = upgraded([asset('a1')]);
    unseen(db, `UPDATE assets SET storage_uri = 'taken'`);

    db.exec(insert('a2', 'taken'));
    db.exec(`UPDATE OR REPLACE assets SET rel_path = 'taken too', meta_json = 'x' WHERE id = 'a2'`);
    db.exec(insert('a3', 'taken'));

    expect(rowsOf(db, 'SELECT id, storage_uri FROM assets ORDER BY id')).toEqual([
      ['a1', 'taken'],
      ['a2', 'taken too'],
      ['a3', null],
    ]);
  });
});

it('makes the address unique where the data allows it, and only findable where it does not', () => {
  const free = open([asset('a1')]);
  const shared = open([asset('a1'), asset('a2')]);
  shared.exec(`${addDualColumns} UPDATE assets SET storage_uri = 'same'`);
  for (const db of [free, shared]) applyMigration(db, id);

  const names = `SELECT group_concat(name) FROM sqlite_schema WHERE type = 'index' AND name LIKE '%uri' AND name NOT LIKE '%unclean%'`;
  expect([valueOf(free, names), valueOf(shared, names)]).toEqual([
    'uq_assets_project_storage_uri',
    '_phasewise_assets_uri',
  ]);
});

it('looks addresses and cleaned paths up by index, never through all files of a project', () => {
  const db = open([asset('a1')]);
  applyMigration(db, id);

  const plans = plansOf(db, id);

  expect(plans).toContain('SEARCH o USING INDEX _phasewise_assets_unclean_path (<expr>=?)');
  expect(plans).toContain('SEARCH o USING INDEX uq_assets_project_storage_uri (project_id=? AND storage_uri=?)');
  expect(plans.filter((detail) => /SCAN (o|other|p)\b|\(project_id=\?\)/.test(detail))).toEqual([]);
});
