import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { readTableDefinition, type Db } from '@engine/migration.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { fixtures, writeFixture } from '../../support/kroma/fixtures.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { madeOnce } from '../../support/made-once.ts';
import { applyMigration, legacyDatabase, rowsOf, valueOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { asset, candidate, exported, household, job, secret } from './rows.ts';
import { damage, unmetOf, upgradeTo } from './upgraded.ts';

const folder = temporaryFolder();
let files = 0;
const newFile = () => path.join(folder, `${(files += 1)}.db`);
/** The two with the most in them; every other one goes all the way through the engine in the spec of the cleanup. */
const odd = fixtures.filter(({ name }) =>
  ['legacy with every odd case', 'baseline with wrong columns', 'dual with asset references'].includes(name),
);

describe.each(odd)('$name', (fixture) => {
  const file = newFile();

  it('is canonical afterwards, and every criterion of the last phase is met', () => {
    writeFixture(file, fixture);
    const db = new Database(file);
    const before = countsOf(db);
    upgradeTo(db, 5);

    expect(db.pragma('foreign_key_check')).toEqual([]);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(unmetOf(db, 5)).toEqual([]);
    expect(namesLeft(db)).toEqual([]);
    const rows = countsOf(db);
    for (const [table, count] of before) {
      const successor = { users: 'app_users', run_job_candidates: 'run_candidates' }[table] ?? table;
      const aside = Number(
        valueOf(
          db,
          `SELECT count(DISTINCT source_key) FROM _phasewise_quarantine WHERE source_table = '${table}' AND is_placed = 0`,
        ),
      );
      expect({ table, lost: Math.max(0, count - (rows.get(successor) ?? 0) - aside) }).toEqual({ table, lost: 0 });
    }
    for (const { name, columns } of kroma.canonical) {
      const written = readTableDefinition(String(valueOf(db, `SELECT sql FROM sqlite_schema WHERE name = '${name}'`)));
      const names = written.columns.map((column) => column.name);
      expect(columns.filter((column) => !column.isExtension && !names.includes(column.name))).toEqual([]);
    }
    db.close();
  });
});

const countsOf = (db: Db): Map<string, number> =>
  new Map(
    rowsOf(
      db,
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE '!_phasewise%' ESCAPE '!'`,
    )
      .flat()
      .map((name) => [
        String(name),
        Number(valueOf(db, `SELECT count(*) FROM ${String(name)} WHERE rowid IS NOT NULL`)),
      ]),
  );

/** Old tables and columns, and triggers and indexes that mention one. */
const namesLeft = (db: Db): unknown[] => [
  ...rowsOf(
    db,
    `SELECT name FROM sqlite_schema WHERE name IN ('users', 'run_job_candidates', '_phasewise_mirrored', '_phasewise_cut_over')`,
  ).flat(),
  ...rowsOf(
    db,
    `SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'index') AND (sql LIKE '%run_job_candidates%' OR sql LIKE '%rel_path%' OR sql LIKE '%user_id, slug%' AND sql NOT LIKE '%owner%')`,
  ).flat(),
  ...kroma.canonical.flatMap(({ name, legacyColumns = {} }) =>
    rowsOf(db, `SELECT '${name}.' || name FROM pragma_table_info('${name}')`)
      .flat()
      .filter((column) => Object.keys(legacyColumns).some((old) => column === `${name}.${old}`)),
  ),
];

describe('a file of the first version', () => {
  const rows = {
    assets: [asset('a1')],
    run_job_candidates: [candidate('c', { output_path: 'out/a1.png' })],
    project_api_secrets: [secret('s')],
    project_exports: [exported('e')],
  };
  const copyAt = madeOnce(folder, (file, phase) => {
    const db = legacyDatabase(file, { ...household, ...rows });
    upgradeTo(db, Number(phase));
    return db;
  });
  const open = (phase: number): Db => copyAt(`${phase}`);

  it('stops before it removes a row that came into an old table after the cut-over', () => {
    const db = open(4);
    for (const step of ['0025', '0026', '0027']) applyMigration(db, `20260221_${step}`);
    unseen(db, `INSERT INTO users VALUES ('new', 'new', 'New', NULL, 1, 't', 't')`);

    expect(() => applyMigration(db, '20260221_0028')).toThrow(/1 rows of users that are neither in app_users .*: new/);
    expect(valueOf(db, 'SELECT count(*) FROM users')).toBe(2);
    unseen(db, `DELETE FROM users WHERE id = 'new'; INSERT INTO run_job_candidates (id, job_id, candidate_index, status, created_at) VALUES ('late', 'j', 7, 'done', 't')`); // prettier-ignore
    expect(() => applyMigration(db, '20260221_0028')).toThrow(
      /1 rows of run_job_candidates that are neither in run_candidates .*: late/,
    );
  });

  it('still notes what happens to secrets, and links the files of new candidates', () => {
    const db = open(5);
    db.pragma('foreign_keys = ON');
    db.exec(`DELETE FROM project_api_secrets;
      INSERT INTO assets (id, project_id, kind, storage_uri, created_at) VALUES ('x', 'p', 'generated', 'x.png', 't'), ('y', 'p', 'final', 'y.png', 't');
      INSERT INTO run_candidates (id, job_id, candidate_index, status, output_asset_id, final_asset_id, created_at)
        VALUES ('new', 'j', 2, 'done', 'x', 'y', 't')`);

    expect(rowsOf(db, `SELECT event_code FROM audit_events WHERE event_code LIKE 'secret.%'`)).toEqual([
      ['secret.deleted'],
    ]);
    expect(rowsOf(db, `SELECT parent_asset_id, child_asset_id FROM asset_links WHERE parent_asset_id = 'x'`)).toEqual([
      ['x', 'y'],
    ]);
  });

  describe('the criteria find it when somebody', () => {
    it.each([
      ['drops a rule', 'final-definitions', `ALTER TABLE runs ALTER COLUMN run_mode DROP NOT NULL`],
      ['drops a list of words', 'final-words', `ALTER TABLE runs DROP CONSTRAINT runs_status_listed`],
      ['drops an index', 'final-definitions', `DROP INDEX idx_runs_project_id_created_at_desc`],
      ['puts an old column back', 'final-names', `ALTER TABLE runs ADD COLUMN mode TEXT`],
      ['puts an old table back', 'final-names', `CREATE TABLE users (id TEXT)`],
      ['adds a table that refers to an old one', 'final-names', `CREATE TABLE mine (u TEXT REFERENCES users(id))`],
      ['leaves a reference to nothing', 'final-references', `UPDATE run_jobs SET run_id = 'gone'`],
      ['breaks a trigger', 'final-writable', `CREATE TRIGGER t AFTER INSERT ON runs BEGIN INSERT INTO users VALUES (1); END`],
      ['drops a trigger of the list of events', 'final-audit', `DROP TRIGGER _phasewise_0016_secrets_delete`],
      ['drops one of two triggers of a table', 'final-audit', `DROP TRIGGER _phasewise_0016_storage_s3_update`],
      ['drops a trigger of the links', 'final-audit', `DROP TRIGGER _phasewise_0008_run_jobs_update`],
      ['cuts an issue row', 'final-issues', `INSERT INTO _phasewise_quarantine (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at) VALUES ('x', 'runs', 'r', 'x', '', 1, '{"id":', 'x', 't')`],
      ['changes an account', 'final-accounts', `UPDATE _phasewise_backfills SET moved = moved + 1 WHERE id = '20260221_0025_cut_over/runs'`],
    ])('%s', (_what, criterion, sql) => {
      const db = open(5);
      db.pragma('foreign_keys = OFF');
      if (sql.startsWith('UPDATE')) damage(db, sql);
      else db.exec(sql);

      expect(unmetOf(db, 5).map(({ id }) => id)).toContain(criterion);
    }); // prettier-ignore
  });
});

describe('the account against a backup', () => {
  const before = newFile();
  const rows = {
    assets: [asset('a1'), asset('a2', { rel_path: ' odd\\path.png' })],
    run_jobs: [job('j', { selected_candidate: 1, final_output: 'out/a1.png' })],
    run_job_candidates: [
      candidate('c', { output_path: 'odd/path.png', final_output_path: 'out/a1.png', meta_json: '{"a":1}' }),
    ],
    project_exports: [exported('e')],
    project_api_secrets: [secret('s')],
  };
  const upgraded = madeOnce(folder, (file) => {
    const db = legacyDatabase(before, { ...household, ...rows });
    db.exec(`VACUUM INTO '${file}'`);
    db.close();
    const now = new Database(file);
    upgradeTo(now, 5);
    return now;
  });

  /** The file as it was before, attached under `backup`, and as it is now. */
  function compared(change: (db: Db) => void): string[] {
    const now = upgraded('to the last phase');
    change(now);
    now.exec(`ATTACH '${before}' AS backup`);
    const findings = kroma.carriedOver?.(now, 'backup') ?? [];
    now.close();
    return findings.map(({ what, sampleKeys }) => `${what}: ${sampleKeys.join()}`);
  }

  it('finds everything of the first version in its new place', () => {
    expect(compared(() => {})).toEqual([]);
  });

  it.each([
    [`UPDATE runs SET model_name = 'x'`, 'rows of runs whose model is nowhere any more: r'],
    [`DELETE FROM run_candidates`, 'rows of run_job_candidates whose job_id is nowhere any more: c'],
    [`UPDATE run_candidates SET final_asset_id = 'a2'`, 'rows of run_job_candidates whose final_output_path is nowhere any more: c'],
    [`UPDATE app_users SET display_name = 'x'`, 'rows of users whose display_name is nowhere any more: u'],
    [`UPDATE assets SET storage_uri = 'x' WHERE id = 'a1'`, 'rows of assets whose rel_path is nowhere any more: a1'],
    [`UPDATE project_exports SET export_asset_id = NULL`, 'rows of project_exports whose export_path is nowhere any more: e'],
    [`UPDATE project_api_secrets SET kms_key_ref = NULL`, 'rows of project_api_secrets whose key_ref is nowhere any more: s'],
  ])('finds what was lost: %s', (sql, finding) => {
    expect(compared((db) => damage(db, sql))).toContain(finding);
  }); // prettier-ignore
});
