import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import { rowsOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { laterDatabase } from './baseline-file.ts';
import { upgradeTo } from './upgraded.ts';

/** SQLite fires the newest trigger first: one that somebody adds after the upgrade has changed the row before ours. */
const folder = temporaryFolder();
const afterPhase4 = madeOnceOf(folder, (file) => {
  const db = laterDatabase(file, 'first');
  upgradeTo(db, 4);
  return db;
});
/** @param before writes after the upgrade, ahead of the trigger. @param event such as "INSERT ON assets". */
function upgraded(event: string, set: string, before = ''): Db {
  const db = afterPhase4();
  const table = event.split(' ').at(-1);
  db.exec(`${before}; CREATE TRIGGER added AFTER ${event} BEGIN UPDATE ${table} SET ${set} WHERE id = NEW.id; END`);
  return db;
}

describe('what a trigger that was added later changes stays, and old and new names say it:', () => {
  const asset = (columns: string, values: string) =>
    `INSERT INTO assets (id, project_id, created_at, asset_kind, rel_path, ${columns}) VALUES ('a', 'p', 't', ${values})`;
  const ofAsset = `SELECT asset_kind, kind, rel_path, storage_uri, meta_json, metadata_json, storage_backend FROM assets`;

  it('of a file that an old program adds', () => {
    const db = upgraded('INSERT ON assets', `meta_json = '{"own":1}', asset_kind = 'own', rel_path = 's3://own'`);

    db.exec(asset('meta_json', `'k', 'x', '{"o":1}'`));

    expect(rowsOf(db, ofAsset)).toEqual([['own', 'own', 's3://own', 's3://own', '{"own":1}', '{"own":1}', 's3']]);
  });

  it('of a file that a new program adds', () => {
    const db = upgraded('INSERT ON assets', `metadata_json = '{"own":1}', kind = 'own', storage_uri = 'own'`);

    db.exec(asset('kind, storage_uri, metadata_json', `'', '', 'k', 'x', '{"n":1}'`));

    expect(rowsOf(db, ofAsset)).toEqual([['own', 'own', 'own', 'own', '{"own":1}', '{"own":1}', 'local']]);
  });

  it('of a file that programs change', () => {
    const before = asset('meta_json', `'k', 'x', '{"o":1}'`);
    const old = upgraded('UPDATE OF asset_kind ON assets', `meta_json = '{"own":1}', rel_path = 's3://own'`, before);
    const other = upgraded('UPDATE OF kind ON assets', `metadata_json = '{"own":1}', storage_uri = 'own'`, before);
    old.exec(`UPDATE assets SET asset_kind = 'l', rel_path = 'y', meta_json = '{"o":2}'`);
    other.exec(`UPDATE assets SET kind = 'l', storage_uri = 'y', metadata_json = '{"n":2}'`);

    expect(rowsOf(old, ofAsset)).toEqual([['l', 'l', 's3://own', 's3://own', '{"own":1}', '{"own":1}', 's3']]);
    expect(rowsOf(other, ofAsset)).toEqual([['l', 'l', 'own', 'own', '{"own":1}', '{"own":1}', 'local']]);
  });

  const ofRun = `SELECT mode, run_mode, model, model_name, meta_json, settings_snapshot_json FROM runs WHERE id <> 'r'`;
  const run = (columns: string, values: string) =>
    `INSERT INTO runs (id, project_id, run_log_path, status, created_at, mode, ${columns}) VALUES ('r1', 'p', 'l', 'ok', 't', ${values})`;

  it.each([
    [`mode = 'own', meta_json = '{"own":1}'`, 'model, meta_json', `'x', 'm', '{"o":1}'`],
    [`run_mode = 'own', settings_snapshot_json = '{"own":1}'`, 'run_mode, model_name', `'', 'x', 'm'`],
  ])('of a run that a program adds: %s', (set, columns, values) => {
    const db = upgraded('INSERT ON runs', set);

    db.exec(run(columns, values));

    expect(rowsOf(db, ofRun)).toEqual([['own', 'own', 'm', 'm', '{"own":1}', '{"own":1}']]);
  });

  it.each([
    ['mode', `model = 'own', meta_json = '{"own":1}'`, `mode = 'y', model = 'n', meta_json = '{"o":2}'`],
    ['run_mode', `model_name = 'own', settings_snapshot_json = '{"own":1}'`, `run_mode = 'y', model_name = 'n'`],
  ])('of a run whose %s a program changes', (column, set, change) => {
    const db = upgraded(`UPDATE OF ${column} ON runs`, set, run('model, meta_json', `'x', 'm', '{"o":1}'`));

    db.exec(`UPDATE runs SET ${change} WHERE id = 'r1'`);

    expect(rowsOf(db, ofRun)).toEqual([['y', 'y', 'own', 'own', '{"own":1}', '{"own":1}']]);
  });

  it.each([
    ['selected_candidate', `prompt_text = 'own'`, `selected_candidate = 2`, [2, 2, 'own']],
    ['selected_candidate', `selected_candidate = 3`, `selected_candidate = 2`, [3, 3, 'p']],
    ['selected_candidate_index', `selected_candidate = 3`, `selected_candidate_index = 2`, [3, 3, 'p']],
    ['meta_json', `meta_json = '{"prompt":"own"}'`, `meta_json = '{"prompt":"q"}'`, [null, null, 'own']],
  ])('of a job whose %s a program changes: %s', (column, set, change, expected) => {
    const db = upgraded(`UPDATE OF ${column} ON run_jobs`, set, `UPDATE run_jobs SET meta_json = '{"prompt":"p"}'`);

    db.exec(`UPDATE run_jobs SET ${change}`);

    expect(rowsOf(db, `SELECT selected_candidate, selected_candidate_index, prompt_text FROM run_jobs`)).toEqual([
      expected,
    ]);
  });

  const fileOf = (asset: string) => `(SELECT storage_uri FROM assets WHERE id = ${asset})`;

  it('of the final file of a job', () => {
    const added = upgraded('INSERT ON run_jobs', `final_output = 'own.png'`);
    const changed = upgraded('UPDATE OF final_output ON run_jobs', `final_output = 'own.png'`);
    const before = asset('meta_json', `'k', 'f.png', ''`);
    const named = upgraded('UPDATE OF final_asset_id ON run_jobs', `final_output = 'own.png'`, before);
    added.exec(`INSERT INTO run_jobs (id, run_id, job_key, status, final_output, created_at)
      VALUES ('j1', 'r', 'k', 'done', 'f.png', 't'); DELETE FROM run_jobs WHERE id = 'j'`);
    changed.exec(`UPDATE run_jobs SET final_output = 'f.png'`);
    named.exec(`UPDATE run_jobs SET final_asset_id = 'a'`);

    for (const db of [added, changed, named])
      expect(rowsOf(db, `SELECT final_output, ${fileOf('final_asset_id')} FROM run_jobs`)).toEqual([
        ['own.png', 'own.png'],
      ]);
  });

  const ofExport = `SELECT export_path, ${fileOf('export_asset_id')}, format, export_sha256, sha256 FROM project_exports`;
  const exported = `INSERT INTO project_exports (id, project_id, export_path, export_sha256, created_at)
    VALUES ('e', 'p', 'a.tar.gz', 'orig', 't')`;

  it.each([
    ['adds', 'INSERT', exported],
    ['moves', 'UPDATE OF export_path', `UPDATE project_exports SET export_path = 'b', export_sha256 = 'h'`],
    ['gives another file', 'UPDATE OF export_asset_id', `UPDATE project_exports SET export_asset_id = 'a'`],
  ])('of an export that a program %s', (_, event, change) => {
    const before = asset('meta_json', `'k', 'f.png', ''`) + (event === 'INSERT' ? '' : `; ${exported}`);
    const db = upgraded(`${event} ON project_exports`, `export_path = 'own.zip', export_sha256 = 'own'`, before);

    db.exec(change);

    expect(rowsOf(db, ofExport)).toEqual([['own.zip', 'own.zip', 'zip', 'own', 'own']]);
  });

  it.each([
    ['INSERT', 'meta_json', ''],
    ['INSERT', 'config_json', ''],
    ['UPDATE OF meta_json', 'meta_json', 'meta_json'],
    ['UPDATE OF meta_json', 'config_json', 'meta_json'],
    ['UPDATE OF config_json', 'meta_json', 'config_json'],
  ])('of a pair of columns, after %s: %s', (event, set, changed) => {
    const insert = `INSERT INTO provider_accounts (id, project_id, provider_code, api_key, meta_json, created_at, updated_at)
      VALUES ('k', 'p', 'k', '', '{"o":1}', 't', 't')`;
    const db = upgraded(`${event} ON provider_accounts`, `${set} = '{"own":1}'`, changed === '' ? '' : insert);

    db.exec(changed === '' ? insert : `UPDATE provider_accounts SET ${changed} = '{"o":2}'`);

    expect(rowsOf(db, `SELECT meta_json, config_json FROM provider_accounts`)).toEqual([['{"own":1}', '{"own":1}']]);
  });
});
