import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { readSchema } from '@engine/schema.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { insertRows } from '../../support/kroma/insert.ts';
import { baselineTables } from '../../support/kroma/schema-baseline.ts';
import { findingsOf, legacyDatabase } from '../../support/run-migration.ts';
import { madeOnce } from '../../support/made-once.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { asset, candidate, exported, household, job, project, secret } from './rows.ts';
import { criteriaOf, damage, upgradeTo } from './upgraded.ts';

/** Every place in which something of a row could be lost is asked for by itself. */

const folder = temporaryFolder();
const T = '2026-01-12T12:42:20Z';
const made = madeOnce(folder, (file, phase) => {
  const db = legacyDatabase(file, {
    ...household,
    projects: [project('p'), project('q')],
    assets: [asset('a1'), asset('a2'), asset('q1', { project_id: 'q' })],
    run_jobs: [job('j', { selected_candidate: 1 })],
    run_job_candidates: [
      candidate('c', { output_path: 'out/a1.png', final_output_path: 'out/a2.png' }),
      candidate('lost', { job_id: 'gone' }),
    ],
    project_exports: [exported('e')],
    project_api_secrets: [secret('s'), secret('n', { id: null, key_ref: 'of nobody' })],
  });
  for (const sql of baselineTables) db.exec(sql);
  const own = { project_id: 'p', created_at: T };
  const report = { run_id: 'r', run_job_id: 'j', run_job_candidate_id: 'c', rating: 4, notes: 'good', ...own };
  insertRows(db, 'quality_reports', [{ id: 'q1', ...report }]);
  if (phase !== '0') upgradeTo(db, Number(phase));
  return db;
});

/** What one criterion finds, with everything that its evidence says. */
function foundBy(db: Db, phase: number, id: string, mayBeEdited = false): string {
  const result = criteriaOf(phase)
    .find((criterion) => criterion.id === id)
    ?.check(db, readSchema(db), { mayBeEdited });
  if (!result) throw new Error(`no criterion ${id}`);
  return result.met ? 'nothing' : result.evidence.map(({ label, text }) => `${label}: ${text}`).join('\n');
}
function foundAfter(sql: string, phase: number, id: string): string {
  const db = made(`${phase}`);
  damage(db, sql);
  return foundBy(db, phase, id);
}

describe('of the core, a value is missed that stands in the old column alone:', () => {
  it.each([
    ['projects', 'user_id', 'owner_user_id', ''],
    ['project_api_secrets', 'key_ref', 'kms_key_ref', ''],
    ['assets', 'asset_kind', 'kind', ''],
    ['assets', 'rel_path', 'storage_uri', ''],
    ['assets', 'meta_json', 'metadata_json', '{}'],
    ['runs', 'mode', 'run_mode', ''],
    ['runs', 'model', 'model_name', ''],
    ['runs', 'meta_json', 'settings_snapshot_json', '{}'],
    ['run_jobs', 'selected_candidate', 'selected_candidate_index', null],
    ['run_jobs', 'final_output', 'final_asset_id', ''],
    ['project_exports', 'export_path', 'export_asset_id', ''],
    ['project_exports', 'export_sha256', 'sha256', ''],
  ] as const)('%s.%s', (table, legacy, canonical, nothing) => {
    const value = nothing === null ? 'NULL' : `'${nothing}'`;
    const sql = `UPDATE ${table} SET ${legacy} = '{"a":1}', ${canonical} = ${value} WHERE rowid = (SELECT min(rowid) FROM ${table})`;
    expect(foundAfter(sql, 1, 'core-filled')).toContain(
      `rows of ${table} with ${legacy} but without ${canonical}: 1 rows`,
    );
  });
});

describe('of the core, a reference that leads nowhere is found:', () => {
  it.each([
    [`UPDATE run_candidates SET job_id = 'gone'`, 'candidates below a job that does not exist'],
    [`UPDATE run_candidates SET output_asset_id = 'gone'`, 'candidates whose output file does not exist'],
    [`UPDATE run_candidates SET final_asset_id = 'gone'`, 'candidates whose final file does not exist'],
    [`UPDATE project_storage SET project_id = 'gone' WHERE project_id = 'q'`, 'storage of projects that do not exist'],
    [`UPDATE run_jobs SET final_asset_id = 'gone'`, 'jobs whose final file does not exist'],
    [`UPDATE project_exports SET export_asset_id = 'gone'`, 'exports whose file does not exist'],
    [`UPDATE projects SET owner_user_id = 'gone'`, 'projects whose owner does not exist'],
  ])('%s', (sql, finding) => {
    expect(foundAfter(sql, 1, 'references-clean')).toContain(finding);
  });
});

it.each([
  [`UPDATE run_candidates SET final_asset_id = output_asset_id`, 1, 'paths-resolved', 'e.g. c'],
  [`UPDATE _phasewise_backfills SET state = 'running'`, 1, 'accounts-close', 'accounts that do not add up'],
  [`DELETE FROM _phasewise_backfills`, 1, 'accounts-close', 'Accounts: '],
  [`UPDATE quality_reports SET job_id = NULL WHERE id = 'q1'`, 2, 'events-filled', 'run_job_id but without job_id'],
  [
    `UPDATE quality_reports SET summary_json = '{}' WHERE id = 'q1'`,
    2,
    'events-filled',
    'rating but without summary_json',
  ],
  [
    `UPDATE quality_reports SET summary_json = '{"rating":4,"notes":"bad"}' WHERE id = 'q1'`,
    2,
    'ratings-kept',
    'e.g. q1',
  ],
  [`UPDATE quality_reports SET report_type = 'model_score' WHERE id = 'q1'`, 2, 'ratings-kept', 'e.g. q1'],
  [
    `INSERT INTO asset_links VALUES ('k', 'p', 'a1', 'q1', 'mask_for', 't')`,
    4,
    'links-sound',
    'links between projects',
  ],
  [
    `INSERT INTO asset_links VALUES ('k', 'p', 'q1', 'a1', 'mask_for', 't')`,
    4,
    'links-sound',
    'links between projects',
  ],
  [`UPDATE asset_links SET link_type = 'variant_of'`, 4, 'links-derived', 'candidates whose two files are not linked'],
])('what is asked of rows is asked of every part of them: %s', (sql, phase, criterion, finding) => {
  expect(foundAfter(sql, phase, criterion)).toContain(finding);
});

it('a candidate without a report is the fault of nobody only where it is newer than the reports', () => {
  const db = made('2');
  damage(db, `DELETE FROM quality_reports WHERE candidate_id = 'c'`);
  expect(foundBy(db, 2, 'candidates-judged', true)).toContain('e.g. c');
});

describe('before anything of a run is recorded', () => {
  it('a checksum that is none is no backup', () => {
    const db = made('1');
    const row = (sha256: string) =>
      db.exec(`INSERT OR REPLACE INTO _phasewise_runs VALUES ('r', 't', NULL, NULL, 1, 'running', '0', '${sha256}')`);
    row('');
    expect(foundBy(db, 0, 'backup-recorded')).not.toBe('nothing');
    row('a'.repeat(64));
    expect(foundBy(db, 0, 'backup-recorded')).toBe('nothing');
  });

  it('the list of applied changes is missed as soon as rows were moved', () => {
    const db = made('1');
    db.exec(`DROP TABLE schema_migrations; DELETE FROM _phasewise_migrations`);
    expect(foundBy(db, 0, 'ledger-readable')).toBe('');
    db.exec(`DELETE FROM _phasewise_backfills`);
    expect(foundBy(db, 0, 'ledger-readable')).toBe('nothing');
  });
});

describe('at the end, issue rows and accounts', () => {
  const issue = (source: string, key: string, json: string): string =>
    `INSERT INTO _phasewise_quarantine (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at)
     VALUES ('x', '${source}', '${key}', 'x', '', 1, '${json}', 'x', 't')`;
  const walk = '20260221_0025_cut_over/runs';
  const aside = (key: string): string =>
    issue('runs', key, `{"id":"${key}"}`).replace(`('x'`, `('${walk}'`).replace(`'', 1`, `'', 0`);
  it.each([
    ['that hold a list', issue('runs', 'r', '[1]'), 'final-issues', 'issue rows whose content cannot be read'],
    ['of another row', issue('runs', 'r', '{"id":"z"}'), 'final-issues', 'issue rows that hold another row than they name'],
    ['without a column of their table', issue('runs', 'r', '{"a":1}'), 'final-issues', 'issue rows with fewer columns than their table'],
    ['of a walk that was not finished', `UPDATE _phasewise_backfills SET state = 'running' WHERE id = '${walk}'`, 'final-accounts', 'walks that do not add up'],
    ['of which one is gone', `UPDATE _phasewise_backfills SET issue_rows = 1, expected = expected + 1 WHERE id = '${walk}'`, 'final-accounts', 'walks whose issue rows are not all there'],
    ['of a row that is back', aside('r'), 'final-accounts', 'rows of runs that were set aside and are back'],
  ])('%s are found', (_, sql, criterion, finding) => {
    expect(foundAfter(sql, 5, criterion)).toContain(finding);
  }); // prettier-ignore

  it('a word that no list has is noted, or found', () => {
    const db = made('5');
    db.exec(`ALTER TABLE runs DROP CONSTRAINT runs_status_listed`);
    damage(db, `UPDATE runs SET status = 'odd'`);
    expect(foundBy(db, 5, 'final-words')).toContain('rows of runs with another word in status that are not noted');
    db.exec(issue('runs', 'r', '{"id":"r"}'));
    expect(foundBy(db, 5, 'final-words')).toBe('nothing');
  });

  it('a rule that lets every word through is no list of words', () => {
    const db = made('5');
    db.exec(
      `ALTER TABLE runs DROP CONSTRAINT runs_status_listed; ALTER TABLE runs ADD CONSTRAINT any CHECK (status <> '' OR 1)`,
    );
    expect(foundBy(db, 5, 'final-words')).toContain('list of words of runs.status that nothing enforces');
  });
});

describe('at the end, where the files of a project lie', () => {
  // The triggers that would make the row are gone by then.
  const rekeyed = `UPDATE projects SET id = 'renamed' WHERE id = 'q'; UPDATE assets SET project_id = 'renamed' WHERE project_id = 'q'`;

  it('is missed when its key was changed after the cut-over', () => {
    expect(foundAfter(rekeyed, 5, 'final-storage')).toContain(
      'projects without a row in project_storage: 1 rows, e.g. renamed',
    );
  });

  it('is there for every project', () => {
    expect(foundBy(made('5'), 5, 'final-storage')).toBe('nothing');
  });
});

describe('the proof of the cut-over finds', () => {
  const found = (sql: string): string[] => {
    const db = made('4');
    upgradeTo(db, 5);
    damage(db, sql);
    return findingsOf(db, '20260221_0025');
  };
  // Its working table is gone at the end: the step is asked as it is asked in the middle of the phase.
  const turned = `CREATE TABLE _phasewise_cut_over (id TEXT PRIMARY KEY NOT NULL, is_turned INTEGER NOT NULL);`;
  it('a direction that was not turned', () => {
    expect(found(`${turned} INSERT INTO _phasewise_cut_over VALUES ('direction', 0)`)).toEqual([
      '1 directions that were not turned',
    ]);
    expect(found(`${turned} INSERT INTO _phasewise_cut_over VALUES ('direction', 1)`)).toEqual([]);
  });

  it('a row that was set aside and is still there', () => {
    const sql = `${turned} INSERT INTO _phasewise_cut_over VALUES ('direction', 1);
      INSERT INTO _phasewise_quarantine (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at)
        VALUES ('20260221_0025_cut_over/runs', 'runs', 'r', 'x', '', 0, '{"id":"r"}', 'x', 't')`;
    expect(found(sql)).toEqual(['1 rows of runs that were set aside and are still there']);
  });
});

describe('the account against a backup', () => {
  /** What is found after `sql` in a file of this phase, held against the one that it was made of. */
  function lostBy(sql: string, phase = '1'): string[] {
    const [before, now] = [made('0'), made(phase)];
    damage(now, sql);
    now.exec(`ATTACH '${before.name}' AS backup`);
    return (kroma.carriedOver?.(now, 'backup') ?? []).map(({ what, sampleKeys }) => `${what}: ${sampleKeys.join()}`);
  }

  it.each(['1', '5'])('finds nothing where everything has its place, at the end of phase %s', (phase) => {
    expect(lostBy('', phase)).toEqual([]);
  });

  it('finds what a row without an id has said, where the old column is gone and nobody noted it', () => {
    const changed = `UPDATE project_api_secrets SET kms_key_ref = 'x' WHERE id IS NULL`;
    expect(lostBy(changed, '5')).toEqual([]);
    expect(lostBy(`${changed}; DELETE FROM _phasewise_quarantine WHERE source_key IS NULL`, '5')).toEqual([
      expect.stringContaining('rows of project_api_secrets without an id whose key_ref is nowhere any more'),
    ]);
  });

  it.each([
    [`UPDATE runs SET model_name = 'another'`, 'rows of runs whose model is nowhere any more: r'],
    [`UPDATE project_api_secrets SET kms_key_ref = ''`, 'rows of project_api_secrets whose key_ref is nowhere any more: s'],
    [`DELETE FROM run_candidates WHERE id = 'c'`, 'rows of run_job_candidates whose job_id is nowhere any more: c'],
    [`UPDATE app_users SET display_name = 'another'`, 'rows of users whose display_name is nowhere any more: u'],
    [`DELETE FROM _phasewise_quarantine`, 'rows of run_job_candidates whose job_id is nowhere any more: lost'],
    [`UPDATE _phasewise_quarantine SET row_json = '{"id":"lost","job_id":"x"}'`, 'rows of run_job_candidates whose job_id is nowhere any more: lost'],
  ])('finds what was lost while old and new names stand side by side: %s', (sql, finding) => {
    expect(lostBy(sql)).toContain(finding);
  }); // prettier-ignore
});
