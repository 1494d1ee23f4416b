import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import { rowsOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { laterDatabase } from './baseline-file.ts';
import { asset, job, project, run } from './rows.ts';
import { upgradeTo } from './upgraded.ts';

/** Unique rules of somebody's about columns that a trigger fills in the row that a program writes under its old names. */
const afterPhase4 = madeOnceOf(temporaryFolder(), (file, more: string) => {
  const db = laterDatabase(file, 'first', {
    projects: [project('p2')],
    runs: [run('r2', { project_id: 'p2' })],
    run_jobs: [job('j2', { run_id: 'r2' })],
    assets: [asset('a', { rel_path: 'out/1.png' })],
  });
  db.exec(more);
  upgradeTo(db, 4);
  return db;
});
function under(rule: string, made = ''): Db {
  const db = afterPhase4(made);
  db.pragma('foreign_keys = ON');
  db.exec(rule);
  return db;
}

interface Case {
  readonly table: string;
  /** The rule, without its name and table. */
  readonly on: string;
  /** Writes a row with the id that makes the new column say what that of every other row says. */
  readonly insert: (or: string, id: string) => string;
  /** Makes a row that says something else say it, too. */
  readonly update?: string;
}
const runsOf = (or: string, id: string) =>
  `INSERT ${or} INTO runs (id, project_id, run_log_path, mode, model, status, meta_json, created_at) VALUES ('${id}', 'p2', '${id}', 'm', 'n', 'done', '{"a":1}', 't')`;
const jobs = (or: string, id: string) =>
  `INSERT ${or} INTO run_jobs (id, run_id, job_key, status, selected_candidate, final_output, meta_json, created_at) VALUES ('${id}', 'r2', '${id}', 'done', 1, 'out/9.png', '{"prompt":"x"}', 't')`;
const exports = (or: string, id: string) =>
  `INSERT ${or} INTO project_exports (id, project_id, export_path, export_sha256, created_at) VALUES ('${id}', 'p2', 'x.zip', 'abc', 't')`;
const costs = (or: string, id: string) =>
  `INSERT ${or} INTO cost_events (id, project_id, event_type, amount_cents, currency, notes, created_at) VALUES ('${id}', 'p2', 'render', 100, 'USD', 'n', 't')`;
const accounts = (or: string, id: string) =>
  `INSERT ${or} INTO provider_accounts (id, project_id, provider_code, api_key, meta_json, created_at, updated_at) VALUES ('${id}', 'p2', '${id}', '', '{"k":1}', 't', 't')`;
const secrets = (or: string, id: string) =>
  `INSERT ${or} INTO project_api_secrets (id, project_id, provider_code, secret_name, secret_ciphertext, key_ref, created_at, updated_at) VALUES ('${id}', 'p2', '${id}', 'n', 'c', 'same', 't', 't')`;
const assets = (or: string, id: string) =>
  `INSERT ${or} INTO assets (id, project_id, asset_kind, rel_path, meta_json, created_at) VALUES ('${id}', 'p2', 'k', '${id}', '{"a":1}', 't')`;
const sets = (or: string, id: string) =>
  `INSERT ${or} INTO reference_sets (id, project_id, title, notes, created_at, updated_at) VALUES ('${id}', 'p2', '${id}', 'same', 't', 't')`;
const projects = (or: string, id: string) =>
  `INSERT ${or} INTO projects (id, user_id, slug, name, created_at, updated_at) VALUES ('${id}', 'u', '${id}', 'same', 't', 't')`;
const cases: readonly Case[] = [
  { table: 'runs', on: '(project_id, run_mode COLLATE RTRIM)', insert: runsOf, update: `mode = 'm'` },
  { table: 'runs', on: '(project_id, model_name)', insert: runsOf, update: `model = 'n'` },
  { table: 'runs', on: '(status) WHERE settings_snapshot_json <> \'{}\'', insert: runsOf, update: `meta_json = '{"a":1}'` },
  { table: 'run_jobs', on: '(final_asset_id)', insert: jobs, update: `final_output = 'out/9.png'` },
  { table: 'run_jobs', on: '(run_id, selected_candidate_index)', insert: jobs, update: `selected_candidate = 1` },
  { table: 'run_jobs', on: '(lower(prompt_text)) WHERE prompt_text <> \'\'', insert: jobs, update: `meta_json = '{"prompt":"X"}'` },
  { table: 'project_exports', on: '(sha256)', insert: exports, update: `export_sha256 = 'abc'` },
  { table: 'project_exports', on: '(export_asset_id)', insert: exports, update: `export_path = 'x.zip'` },
  { table: 'cost_events', on: '(operation_code) WHERE operation_code <> \'legacy_event\'', insert: costs, update: `event_type = 'render'` },
  { table: 'cost_events', on: '(cost_usd) WHERE cost_usd > 0', insert: costs, update: `amount_cents = 100` },
  { table: 'cost_events', on: `(meta_json) WHERE meta_json <> '{}'`, insert: costs, update: `notes = 'n'` },
  { table: 'provider_accounts', on: `(config_json) WHERE config_json <> '{}'`, insert: accounts, update: `meta_json = '{"k":1}'` },
  { table: 'project_api_secrets', on: '(project_id, kms_key_ref)', insert: secrets, update: `key_ref = 'other'` },
  { table: 'assets', on: `(project_id, kind, metadata_json) WHERE metadata_json <> '{}'`, insert: assets, update: `meta_json = '{"a":1}'` },
  { table: 'reference_sets', on: `(metadata_json) WHERE metadata_json <> '{}'`, insert: sets, update: `notes = 'same'` },
  { table: 'projects', on: '(owner_user_id, name)', insert: projects },
  { table: 'projects', on: '(name) WHERE owner_user_id IS NOT NULL', insert: projects },
]; // prettier-ignore

describe.each(cases)('where somebody made $on of $table unique,', ({ table, on, insert, update }) => {
  it.each(['', 'OR REPLACE'])('a write %s under the old names comes, and nobody goes', (or) => {
    const db = under(`CREATE UNIQUE INDEX own ON ${table} ${on}`);
    const before = rowsOf(db, `SELECT count(*) FROM ${table}`)[0]?.[0];

    for (const id of ['n1', 'n2', 'n3']) db.exec(insert(or, id));
    if (update !== undefined) db.exec(`UPDATE ${or === '' ? '' : 'OR REPLACE'} ${table} SET ${update} WHERE id = 'n3'`);

    expect(rowsOf(db, `SELECT count(*) FROM ${table}`)).toEqual([[Number(before) + 3]]);
  });

  it('the values would have been carried over without it', () => {
    const db = under('');
    for (const id of ['n1', 'n2']) db.exec(insert('', id));

    expect(() => db.exec(`CREATE UNIQUE INDEX own ON ${table} ${on}`)).toThrow('UNIQUE');
  });
});

it('a candidate that its job had chosen leaves the file of another job its own', () => {
  const db = under('CREATE UNIQUE INDEX own ON run_jobs (final_asset_id)');
  const job = (or: string, id: string) =>
    `INSERT ${or} INTO run_jobs (id, run_id, job_key, status, selected_candidate, created_at) VALUES ('${id}', 'r2', '${id}', 'done', 1, 't')`;
  const candidate = (or: string, id: string) =>
    `INSERT ${or} INTO run_job_candidates (id, job_id, candidate_index, status, output_path, created_at) VALUES ('c${id}', '${id}', 1, 'done', 'out/7.png', 't')`;

  for (const [id, or] of [['n1', ''], ['n2', ''], ['n3', 'OR REPLACE']] as const) db.exec(`${job(or, id)}; ${candidate(or, id)}`); // prettier-ignore

  expect(rowsOf(db, `SELECT id FROM run_jobs WHERE id GLOB 'n*' ORDER BY id`)).toEqual([['n1'], ['n2'], ['n3']]);
});

it.each(['', 'OR REPLACE'])('where a candidate may have one report, a second one written %s stands beside it', (or) => {
  const db = under('');
  db.exec(`INSERT INTO run_job_candidates (id, job_id, candidate_index, status, created_at) VALUES ('c', 'j2', 1, 'done', 't');
    CREATE UNIQUE INDEX own ON quality_reports (candidate_id)`);

  db.exec(`INSERT ${or} INTO quality_reports (id, project_id, run_job_id, run_job_candidate_id, rating, notes, created_at)
    VALUES ('q', 'p2', 'j2', 'c', 5, 'good', 't')`);

  expect(rowsOf(db, `SELECT candidate_id, job_id FROM quality_reports ORDER BY id`)).toEqual([['c', 'j2'], [null, 'j2']]); // prettier-ignore
});

it('a rule over the old column of the same name keeps nothing from being carried over', () => {
  const db = under('CREATE UNIQUE INDEX own ON project_exports (export_sha256)');

  db.exec(exports('', 'n1'));

  expect(rowsOf(db, `SELECT sha256 FROM project_exports`)).toEqual([['abc']]);
});

it.each([
  ['provider_accounts', 'config_json', accounts, 'meta_json'],
  ['project_exports', 'sha256', exports, 'export_sha256'],
] as const)('under a rule over %s (%s) values that are nowhere else are carried over', (table, column, insert, old) => {
  const db = under(`CREATE UNIQUE INDEX own ON ${table} (${column})`);
  db.exec(insert('', 'n1'));
  db.exec(insert('', 'n2').replace(/'abc'|'{"k":1}'/, `'{"k":2}'`));
  db.exec(`UPDATE ${table} SET ${old} = '{"k":3}' WHERE id = 'n1'`);

  expect(rowsOf(db, `SELECT id, ${column} FROM ${table} ORDER BY id`)).toEqual([['n1', '{"k":3}'], ['n2', '{"k":2}']]); // prettier-ignore
});

describe.each(['users', 'app_users'])('where e-mails of active %s are unique,', (table) => {
  const other = table === 'users' ? 'app_users' : 'users';
  const insert = (or: string, id: string, isActive: number) =>
    `INSERT ${or} INTO ${other} VALUES ('${id}', '${id}', '${id}', 'a@x', ${isActive}, 't', 't')`;

  it.each([
    `CREATE UNIQUE INDEX own ON ${table} (email) WHERE is_active = 1`,
    `CREATE UNIQUE INDEX own ON ${table} (lower(email)) WHERE is_active`,
    `CREATE UNIQUE INDEX own ON ${table} (email) WHERE email IS NOT NULL AND display_name <> 'gone' AND is_active = 1`,
  ])('nobody becomes active past it: %s', (rule) => {
    const db = under('');
    db.exec(`INSERT INTO ${table} VALUES ('a', 'a', 'a', 'a@x', 0, 't', 't'), ('b', 'b', 'b', 'a@x', 0, 't', 't'); ${rule}`);

    for (const or of ['', 'OR REPLACE']) db.exec(`UPDATE ${or} ${other} SET is_active = 1`);
    for (const [or, id] of [['', 'c'], ['OR REPLACE', 'd'], ['OR IGNORE', 'e']] as const) db.exec(insert(or, id, 1)); // prettier-ignore

    expect(rowsOf(db, `SELECT group_concat(id, ' ') FROM (SELECT id FROM ${other} ORDER BY id)`)).toEqual([['a b c d e u']]);
    expect(rowsOf(db, `SELECT id, is_active FROM ${table} WHERE id IN ('a', 'b')`)).toEqual([['a', 0], ['b', 0]]);
  }); // prettier-ignore
});

it.each([
  ['runs', '(project_id, run_mode)', runsOf, 'mode', 'run_mode', `'m'`],
  ['project_exports', '(project_id, sha256)', exports, 'export_sha256', 'sha256', `'abc'`],
] as const)(
  'under a rule within projects, %s %s, another project may have the same value',
  (table, on, insert, old, column, value) => {
    const db = under(`CREATE UNIQUE INDEX own ON ${table} ${on}`);
    db.exec(insert('', 'n1'));
    db.exec(insert('', 'n2').replace(`'p2'`, `'p'`).replace(value, `'else'`));

    db.exec(`UPDATE ${table} SET ${old} = ${value} WHERE id = 'n2'`);

    expect(rowsOf(db, `SELECT id, ${column} FROM ${table} WHERE id GLOB 'n*' ORDER BY id`)).toEqual([['n1', value.slice(1, -1)], ['n2', value.slice(1, -1)]]); // prettier-ignore
  },
);

it.each([
  ['runs', '(project_id, run_mode)', runsOf, 'mode', 'run_mode', `'m'`],
  ['runs', '(project_id, model_name) WHERE model_name IS NOT NULL', runsOf, 'model', 'model_name', `'n'`],
  ['runs', `(project_id, ifnull(model_name, ''))`, runsOf, 'model', 'model_name', `'n'`],
  ['run_jobs', `(run_id, selected_candidate_index)`, jobs, 'selected_candidate', 'selected_candidate_index', `1`],
  ['project_exports', '(project_id, sha256)', exports, 'export_sha256', 'sha256', `'abc'`],
  ['project_api_secrets', '(project_id, kms_key_ref)', secrets, 'key_ref', 'kms_key_ref', `'same'`],
] as const)('what a rule over %s %s refuses stays under the old name', (table, on, insert, old, column, value) => {
  const db = under('');
  db.exec(insert('', 'n1'));
  db.exec(insert('', 'n2'));
  db.exec(`UPDATE ${table} SET ${old} = 7 WHERE id = 'n2'; CREATE UNIQUE INDEX own ON ${table} ${on}`);

  for (const or of ['', 'OR REPLACE']) db.exec(`UPDATE ${or} ${table} SET ${old} = ${value} WHERE id = 'n2'`);

  expect(rowsOf(db, `SELECT id, CAST(${old} AS TEXT), CAST(${column} AS TEXT) FROM ${table} WHERE id GLOB 'n*' ORDER BY id`)).toEqual([['n1', value.replaceAll("'", ''), value.replaceAll("'", '')], ['n2', value.replaceAll("'", ''), '7']]); // prettier-ignore
});

it.each(['(run_mode -- per project_id later\n)', '(run_mode, "my project_id")', `(run_mode || '/' || status)`])(
  'a rule %s is not taken for one within projects',
  (on) => {
    const db = under('ALTER TABLE runs ADD COLUMN "my project_id" TEXT NOT NULL DEFAULT 1');
    db.exec(`DELETE FROM runs; CREATE UNIQUE INDEX own ON runs ${on}`);

    db.exec(runsOf('', 'n1'));
    db.exec(runsOf('OR REPLACE', 'n2').replace(`'p2'`, `'p'`));

    expect(rowsOf(db, `SELECT id FROM runs WHERE id GLOB 'n*' ORDER BY id`)).toEqual([['n1'], ['n2']]);
  },
);

it('an empty text that becomes an empty object is asked as such', () => {
  const db = under('CREATE UNIQUE INDEX own ON runs (project_id, settings_snapshot_json)');
  db.exec(projects('', 'p3'));
  for (const [id, meta] of [['n1', '{"a":1}'], ['n2', '{"b":2}']] as const)
    db.exec(runsOf('', id).replace(`'p2'`, `'p3'`).replace('{"a":1}', meta));

  for (const id of ['n1', 'n2']) db.exec(`UPDATE OR REPLACE runs SET meta_json = '' WHERE id = '${id}'`);

  expect(rowsOf(db, `SELECT id, settings_snapshot_json FROM runs WHERE project_id = 'p3' ORDER BY id`)).toEqual([['n1', '{}'], ['n2', '{"b":2}']]);
}); // prettier-ignore
