import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { readSchema } from '@engine/schema.ts';
import { apiContract, listQuery } from '../../../migrations/kroma/contract/api-contract.ts';
import { canonical } from '../../../migrations/kroma/schema/canonical.ts';
import { insertRows } from '../../support/kroma/insert.ts';
import { baselineTables } from '../../support/kroma/schema-baseline.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import { legacyDatabase, rowsOf } from '../../support/run-migration.ts';
import { addAnyNames } from '../../support/kroma/any-names.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { asset, candidate, exported, household, job, run } from './rows.ts';
import { criteriaOf, damage, unmetOf, upgradeTo } from './upgraded.ts';

const folder = temporaryFolder();
const T = '2026-01-12T12:42:20Z';
const rows = {
  ...household,
  runs: [run('r', { meta_json: '{"size":1}' }), run('r2', { meta_json: '{cut' })],
  run_jobs: [job('j', { selected_candidate: 1, meta_json: '{"prompt":"a"}' })],
  run_job_candidates: [candidate('c1', { output_path: 'out/x', final_output_path: 'out/y' })],
  assets: [asset('a1', { rel_path: 'out/x' }), asset('a2', { rel_path: 'out/y', meta_json: '[1]' })],
  project_exports: [exported('e1')],
};

/** A file with early tables in it, so that nearly every old column is there. */
const open = madeOnceOf(folder, (file, phase: number): Db => {
  const db = legacyDatabase(file, rows);
  for (const sql of baselineTables) db.exec(sql);
  const own = { project_id: 'p', created_at: T };
  const dated = { ...own, updated_at: T };
  insertRows(db, 'quality_reports', [
    { id: 'q1', run_id: 'r', run_job_id: 'j', run_job_candidate_id: 'c1', rating: 4, notes: 'good', ...own },
  ]);
  insertRows(db, 'cost_events', [
    { id: 'k1', run_id: 'r', amount_cents: 199, currency: 'EUR', event_type: 'bg_remove', notes: 'by hand', ...own },
  ]);
  insertRows(db, 'style_guides', [{ id: 's1', name: 'Ink', specs_json: '{"line":1}', ...dated }]);
  insertRows(db, 'reference_sets', [{ id: 't1', title: 'Steam', notes: 'two\nlines', ...dated }]);
  insertRows(db, 'provider_accounts', [
    { id: 'v1', provider_code: 'openai', api_key: 'k', meta_json: '{}', ...dated },
    { id: 'v2', provider_code: 'flux', api_key: '', meta_json: '{}', ...dated },
  ]);
  upgradeTo(db, phase);
  return db;
});
const ask = (db: Db, id: string, scope: string) => {
  const resource = apiContract.find((each) => each.id === id);
  if (!resource) throw new Error(`no resource ${id}`);
  const schema = readSchema(db);
  const limit = resource.limit === null ? {} : { limit: resource.limit.usual };
  return db.prepare(listQuery(resource, (...at) => schema.column(...at) !== undefined)).all({ scope, ...limit });
};

describe('the contract', () => {
  it('promises the fields of the interface', () => {
    const promised = Object.fromEntries(
      apiContract.map(({ id, fields }) => [id, fields.map(({ name }) => name).join()]),
    );

    expect(promised).toEqual({
      runs: 'id,project_id,run_mode,status,stage,time_of_day,weather,model_name,provider_code,settings_snapshot_json,started_at,finished_at,created_at,run_log_path,image_size,image_quality',
      jobs: 'id,run_id,job_key,status,prompt_text,selected_candidate_index,final_asset_id,final_output,meta_json,created_at',
      candidates:
        'id,job_id,candidate_index,status,output_asset_id,final_asset_id,output_path,final_output_path,rank_hard_failures,rank_soft_warnings,rank_avg_chroma_exceed,meta_json,created_at',
      assets:
        'id,project_id,kind,asset_kind,storage_uri,rel_path,storage_backend,mime_type,width,height,sha256,run_id,job_id,candidate_id,metadata_json,created_at',
      exports: 'id,project_id,export_asset_id,format,sha256,export_path,export_storage_uri,created_at',
      'quality-reports': 'id,project_id,run_id,job_id,candidate_id,report_type,summary_json,rating,notes,created_at',
      'cost-events':
        'id,project_id,run_id,provider_code,operation_code,units,cost_usd,currency,meta_json,amount_cents,event_type,notes,created_at',
      'style-guides': 'id,project_id,name,description,rules_json,is_default,created_at,updated_at',
      characters: 'id,project_id,code,name,bio,identity_constraints_json,created_at,updated_at',
      'reference-sets': 'id,project_id,name,kind,metadata_json,notes,created_at,updated_at',
      'reference-items': 'id,reference_set_id,asset_id,weight,notes,created_at',
      'provider-accounts': 'id,project_id,provider_code,is_enabled,config_json,has_api_key,created_at,updated_at',
      'prompt-templates': 'id,project_id,name,template_text,created_at,updated_at',
      'asset-links': 'id,project_id,parent_asset_id,child_asset_id,link_type,created_at',
    });
  });

  it('calls a field nullable only where the schema lets it be empty', () => {
    const strict = canonical.flatMap(({ name, columns }) =>
      columns.filter(({ notNull, isExtension }) => notNull && !isExtension).map((column) => `${name}.${column.name}`),
    );
    const tooLax = apiContract.flatMap(({ id, table, fields }) =>
      fields
        .filter(({ name, isNullable, sql }) => isNullable && /^\w\.\w+$/.test(sql) && sql.endsWith(`.${name}`))
        .filter(({ name }) => strict.includes(`${table}.${name}`))
        .map(({ name }) => `${id}.${name}`),
    );

    expect(tooLax).toEqual([]);
  });

  it('is answered from new columns, under old keys too', () => {
    const db = open(4);

    expect(ask(db, 'jobs', 'r')).toMatchObject([{ prompt_text: 'a', final_asset_id: 'a2', final_output: 'out/y' }]);
    expect(ask(db, 'candidates', 'j')).toMatchObject([{ output_path: 'out/x', final_output_path: 'out/y' }]);
    expect(ask(db, 'exports', 'p')).toMatchObject([{ export_path: 'exports/e1.tar.gz', format: 'tar.gz' }]);
    expect(ask(db, 'quality-reports', 'p')).toMatchObject(
      [
        { id: 'q1', report_type: 'human_review', rating: 4, notes: 'good', candidate_id: 'c1' },
        { id: 'c1:quality', report_type: 'output_guard', rating: 0, notes: '' },
      ]
        .toSorted((a, b) => (a.id === 'q1' ? 0 : 1) - (b.id === 'q1' ? 0 : 1))
        .toReversed(),
    );
    expect(ask(db, 'cost-events', 'p')).toMatchObject([
      { amount_cents: 199, cost_usd: 1.99, currency: 'EUR', event_type: 'bg_remove', notes: 'by hand' },
    ]);
    expect(ask(db, 'reference-sets', 'p')).toMatchObject([{ name: 'Steam', notes: 'two\nlines' }]);
    expect(ask(db, 'provider-accounts', 'p')).toMatchObject([{ has_api_key: 0 }, { has_api_key: 1 }]);
  });

  it('never answers with a key', () => {
    expect(JSON.stringify(apiContract.map(({ fields }) => fields.map(({ name }) => name)))).not.toMatch(
      /"api_key"|secret|cipher/,
    );
  });
});

describe('exit criteria of phase 3', () => {
  it('are met, with rows, fields and queries as evidence', () => {
    for (const phase of [3, 4]) {
      const db = open(phase);
      expect(unmetOf(db, 3)).toEqual([]);
      const [, answers] = criteriaOf(3).map(({ check }) => check(db, readSchema(db)));
      expect(answers?.evidence).toContainEqual({ label: 'runs', text: '2 rows, 16 fields, lists asked for: 1' });
      expect(answers?.evidence.some(({ label }) => label === 'style-guides')).toBe(phase === 4);
      expect(answers?.evidence).toContainEqual({
        label: 'Noted: rows of runs whose settings_snapshot_json is no JSON',
        text: '1 rows stood so in the source, e.g. r2',
      });
    }
  });

  it('are met whatever columns people added', () => {
    const db = open(3);
    addAnyNames(db, ['runs']);

    expect(unmetOf(db, 3)).toEqual([]);
  });

  it.each<[string, string, string, string]>([
    ['a required value is gone', `UPDATE assets SET kind = NULL WHERE id = 'a2'`, 'assets whose kind is missing', 'a2'],
    [
      'settings were cut, and the old column says otherwise',
      `UPDATE runs SET settings_snapshot_json = '{"si' WHERE id = 'r'`,
      'runs whose settings_snapshot_json is no JSON',
      'r',
    ],
    ['details of a job were cut', `UPDATE run_jobs SET meta_json = '{"si'`, 'run_jobs whose meta_json is no JSON', 'j'],
    [
      'a summary was cut',
      `UPDATE quality_reports SET summary_json = '{"status' WHERE id = 'c1:quality'`,
      'quality_reports whose summary_json is no JSON',
      'c1:quality',
    ],
    ['rules were cut', `UPDATE style_guides SET rules_json = '{"li'`, 'style_guides whose rules_json is no JSON', 's1'],
  ])('notice when %s', (_, sql, what, key) => {
    const db = open(4);

    damage(db, sql);

    const [found, ...others] = unmetOf(db, 3);
    expect(others).toEqual([]);
    expect(found?.id).toBe('contract-answers');
    expect(found?.text).toContain(`rows of ${what}: 1 rows, e.g. ${key}`);
  });

  it('notice a column that is gone', () => {
    const db = open(4);
    damage(db, 'ALTER TABLE characters DROP COLUMN identity_constraints_json');

    const found = unmetOf(db, 3);

    expect(found.map(({ id }) => id)).toEqual(['contract-new-names']);
    expect(found[0]?.text).toContain('characters, on this file: no such column: s.identity_constraints_json');
  });

  it('do not take a row to task that has an issue, nor a value of another kind', () => {
    const db = open(4);
    damage(db, `UPDATE run_jobs SET meta_json = '{"si'; UPDATE assets SET width = 'wide' WHERE id = 'a1'`);
    db.exec(`INSERT INTO _phasewise_quarantine (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at)
      VALUES ('b', 'run_jobs', 'j', 'meta-unreadable', '', 1, '{}', 'r', 't')`);

    expect(unmetOf(db, 3)).toEqual([]);
    const [, answers] = criteriaOf(3).map(({ check }) => check(db, readSchema(db)));
    expect(answers?.evidence.map(({ label }) => label)).toContain(
      'Noted: rows of assets whose width is of another kind than integer',
    );
  });

  it('would notice a query that reads an old column', () => {
    const db = open(3);
    const runs = apiContract.find(({ id }) => id === 'runs');
    const [field] = runs?.fields ?? [];
    const given = field?.sql ?? '';
    Object.assign(field ?? {}, { sql: 'r.mode' });
    const found = unmetOf(db, 3);
    Object.assign(field ?? {}, { sql: given });

    expect(found.map(({ id }) => id)).toEqual(['contract-new-names']);
    expect(found[0]?.text).toContain('runs, on a schema of new names alone: no such column: r.mode');
    expect(rowsOf(db, 'SELECT count(*) FROM runs')).toEqual([[2]]);
  });
});
