import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import {
  applyMigration,
  applyUpTo,
  contentOf,
  findingsOf,
  issuesOf,
  legacyDatabase,
  NOW,
  plansOf,
  rowsOf,
  valueOf,
} from '../../support/run-migration.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import type { Row } from '../../support/kroma/insert.ts';
import { asset, exported, household } from './rows.ts';

const id = '20260221_0015_project_exports_cols';
const folder = temporaryFolder();
const open = madeOnceOf(folder, (file, exports: Row[], more: Record<string, Row[]> = {}) => {
  const db = legacyDatabase(file, { ...household, project_exports: exports, ...more });
  applyUpTo(db, '20260221_0011');
  return db;
});
const all = (db: Db) => rowsOf(db, 'SELECT id, export_asset_id, format, sha256 FROM project_exports ORDER BY id');

describe('filling', () => {
  it('names the file of every export, registers those that nobody did, and takes the checksum along', () => {
    const db = open(
      [
        exported('e1', { export_path: 'exports\\a.tar.gz', export_sha256: 'abc' }),
        exported('e2', { export_path: 'exports/known.zip' }),
        exported('e3', { export_path: ' ' }),
      ],
      {
        assets: [asset('a1', { rel_path: 'exports/known.zip' })],
      },
    );

    expect(applyMigration(db, id)).toEqual({
      accounts: { paths: '2 / 1 / 0', files: '1 / 1 / 0', exports: '3 / 0 / 0' },
      findings: [],
    });

    expect(all(db)).toEqual([
      ['e1', 'e1:export', 'tar.gz', 'abc'],
      ['e2', 'a1', 'zip', null],
      ['e3', null, 'folder', null],
    ]);
    expect(
      rowsOf(
        db,
        `SELECT kind, asset_kind, rel_path, storage_uri, run_id, job_id, candidate_id, sha256, created_at FROM assets WHERE id = 'e1:export'`,
      ),
    ).toEqual([['export', 'export', 'exports/a.tar.gz', 'exports/a.tar.gz', null, null, null, null, NOW]]);
    expect(rowsOf(db, `SELECT run_id, job_id, candidate_id FROM assets WHERE id = 'a1'`)).toEqual([[null, null, null]]);
  });

  it.each([
    ['x.tar.gz', 'tar.gz'],
    ['x.TGZ ', 'tar.gz'],
    ['x.zip', 'zip'],
    ['x.Zip', 'zip'],
    ['exports/x', 'folder'],
    ['x.tar', 'folder'],
    ['x.gz', 'folder'],
    ['gz', 'folder'],
  ])('calls %s a %s', (export_path, format) => {
    const db = open([exported('e1', { export_path })]);
    applyMigration(db, id);

    expect(valueOf(db, 'SELECT format FROM project_exports')).toBe(format);
  });

  it('registers a shared file once, for the export that came first', () => {
    const db = open([
      exported('e1', { export_path: 'x.zip', created_at: '2026-02-02' }),
      exported('e2', { export_path: 'x.zip', created_at: '2026-02-01 12:00' }),
    ]);
    applyMigration(db, id);

    expect(all(db).map(([name, file]) => [name, file])).toEqual([
      ['e1', 'e2:export'],
      ['e2', 'e2:export'],
    ]);
  });

  it('keeps what a dual file says', () => {
    const db = open([exported('e1', { export_path: 'x.zip', export_sha256: 'old' })], { assets: [asset('a1')] });
    db.exec(`ALTER TABLE project_exports ADD COLUMN export_asset_id TEXT; ALTER TABLE project_exports ADD COLUMN sha256 TEXT;
      ALTER TABLE project_exports ADD COLUMN format TEXT NOT NULL DEFAULT 'tar.gz'; UPDATE project_exports SET export_asset_id = 'a1', sha256 = 'new', format = 'tgz'`);

    expect(applyMigration(db, id)?.accounts).toMatchObject({ exports: '0 / 1 / 0' });

    expect(all(db)).toEqual([['e1', 'a1', 'tgz', 'new']]);
  });

  it('reports an export of a project that does not exist', () => {
    const db = open([exported('e1', { project_id: 'gone', export_path: 'x.zip' })]);

    expect(applyMigration(db, id)).toMatchObject({ accounts: { exports: '0 / 0 / 1' }, findings: [] });

    expect(issuesOf(db, 'project_exports')).toEqual(['e1: project-missing']);
    expect(all(db)).toEqual([['e1', null, 'zip', null]]);
  });

  it('finds the file anew where the reference leads nowhere, and reports an export that nothing else names', () => {
    const db = open([exported('e1', { export_path: 'x.zip' }), exported('e2', { export_path: '' })]);
    db.exec(
      `ALTER TABLE project_exports ADD COLUMN export_asset_id TEXT; UPDATE project_exports SET export_asset_id = 'gone'`,
    );

    expect(applyMigration(db, id)).toMatchObject({ accounts: { exports: '1 / 0 / 1' }, findings: [] });

    expect(all(db).map((row) => (row as unknown[])[1])).toEqual(['e1:export', 'gone']);
    expect(issuesOf(db, 'project_exports')).toEqual(['e1: file-missing', 'e2: file-missing']);
  });

  it('continues after a kill behind any chunk, and applied again it changes nothing', () => {
    const exports = [
      exported('e1', { export_path: 'x.zip' }),
      exported('e2', { export_path: 'x.zip', created_at: '2025-01-01' }),
      exported('e3', { project_id: 'gone' }),
    ];
    const whole = open(exports);
    applyMigration(whole, id);
    let isDone = false;
    for (let chunks = 0; !isDone; chunks++) {
      const db = open(exports);
      isDone = applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks }) !== null;
      if (!isDone) applyMigration(db, id, { chunkRows: 1 });
      expect(contentOf(db)).toBe(contentOf(whole));
      expect(applyMigration(db, id)?.accounts).toMatchObject({ exports: '0 / 2 / 1' });
      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('is found out when a column is empty again', () => {
    const db = open([exported('e1', { export_sha256: 'abc' }), exported('e2', { export_path: 'x.zip' })]);
    applyMigration(db, id);
    unseen(
      db,
      `UPDATE project_exports SET export_asset_id = NULL, sha256 = NULL, format = 'tar.gz'; UPDATE project_exports SET export_asset_id = 'nowhere' WHERE id = 'e2'`,
    );

    expect(findingsOf(db, id)).toEqual([
      '1 exports that name a file but refer to none',
      '1 exports that refer to a file that is not registered',
      '1 exports whose checksum stands in the old column only',
      '1 exports called tar.gz that are none',
    ]);
  });

  it('removes the working tables of the candidates', () => {
    const db = open([exported('e1')]);
    applyUpTo(db, '20260221_0017');

    expect(valueOf(db, `SELECT count(*) FROM sqlite_schema WHERE name LIKE '%claims%'`)).toBe(0);
  });
});

describe.each([
  ['with', 'ON'],
  ['without', 'OFF'],
])('a program %s foreign keys', (_, enforced) => {
  function upgraded(assets: Row[] = []) {
    const db = open([], { assets });
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${enforced}`);
    return db;
  }

  it('writes the old columns, and the new ones follow', () => {
    const db = upgraded([asset('a1', { rel_path: 'known.zip' })]);
    const insert = (name: string, file: string) =>
      db.exec(
        `INSERT OR REPLACE INTO project_exports (id, project_id, export_path, export_sha256, created_at) VALUES ('${name}', 'p', '${file}', 'abc', 't')`,
      );
    insert('e1', 'known.zip');
    insert('e2', 'new\\folder');
    insert('e3', 'later.tar.gz');
    db.exec(`UPDATE project_exports SET export_path = 'moved.zip', export_sha256 = 'def' WHERE id = 'e3'`);

    expect(all(db)).toEqual([
      ['e1', 'a1', 'zip', 'abc'],
      ['e2', 'e2:export', 'folder', 'abc'],
      ['e3', expect.stringMatching(/^e3:export:/), 'zip', 'def'],
    ]);
    expect(findingsOf(db, id)).toEqual([]);
  });

  it('writes both sides itself, and what it gives stays', () => {
    const db = upgraded([asset('a1')]);
    db.exec(
      `INSERT INTO project_exports (id, project_id, export_path, export_sha256, export_asset_id, format, sha256, created_at) VALUES ('e1', 'p', 'x', 'old', 'a1', 'zip', 'new', 't')`,
    );

    expect(all(db)).toEqual([['e1', 'a1', 'zip', 'new']]);
    expect(valueOf(db, 'SELECT count(*) FROM assets')).toBe(1);
  });
});

it('looks files up by index', () => {
  const db = open([exported('e1')]);
  applyMigration(db, id);

  const plans = plansOf(db, id);

  expect(plans).toContain('SEARCH assets USING INDEX uq_assets_project_storage_uri (project_id=? AND storage_uri=?)');
  expect(plans.filter((detail) => /^SCAN (assets|projects|[spac])\b|\(project_id=\?\)/.test(detail))).toEqual([]);
});
