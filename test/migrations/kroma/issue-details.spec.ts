import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyUpTo, legacyDatabase, rowsOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import type { Row } from '../../support/kroma/insert.ts';
import { asset, candidate, exported, household, job, project, run, secret, user } from './rows.ts';

const folder = temporaryFolder();
let files = 0;

/** What the issue rows of an upgraded file say, as key and detail, in order of key. */
function details(reason: string, rows: Record<string, readonly Row[]>, before = ''): unknown[][] {
  const db = legacyDatabase(path.join(folder, `${(files += 1)}.db`), { ...household, ...rows });
  if (before) unseen(db, before);
  applyUpTo(db, '20260221_0017');
  return rowsOf(
    db,
    `SELECT source_key, detail FROM _phasewise_quarantine WHERE reason = '${reason}' ORDER BY source_key`,
  );
}
const settings = (text: string, index = 0) => project(`p${index}`, { slug: `s${index}`, settings_json: text });

describe('the detail of an issue row says which value is wrong', () => {
  it('orphan-candidate: the job or the run that is missing', () => {
    expect(
      details('orphan-candidate', {
        run_jobs: [job('j'), job('j-runless', { run_id: 'r-gone' })],
        run_job_candidates: [
          candidate('c1', { job_id: 'j-gone' }),
          candidate('c2', { job_id: 'j-runless' }),
          candidate('c3', { job_id: '' }),
        ],
      }),
    ).toEqual([
      ['c1', 'names job j-gone, which does not exist'],
      ['c2', 'its job j-runless names run r-gone, which does not exist'],
      ['c3', 'names no job'],
    ]);
  });

  it('slot-taken, username-taken, address-taken, owner-slug-taken: who has it', () => {
    const candidates = `CREATE TABLE run_candidates (id TEXT PRIMARY KEY, job_id TEXT NOT NULL, candidate_index INTEGER NOT NULL, status TEXT NOT NULL,
      output_asset_id TEXT, final_asset_id TEXT, rank_hard_failures INTEGER NOT NULL DEFAULT 0, rank_soft_warnings INTEGER NOT NULL DEFAULT 0,
      rank_avg_chroma_exceed REAL NOT NULL DEFAULT 0, meta_json TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL, UNIQUE (job_id, candidate_index));
      INSERT INTO run_candidates (id, job_id, candidate_index, status, created_at) VALUES ('other', 'j', 1, 'done', 't')`;
    expect(details('slot-taken', { run_job_candidates: [candidate('c1')] }, candidates)).toEqual([
      ['c1', 'candidate other is number 1 of job j in run_candidates'],
    ]);
    const users = `CREATE TABLE app_users (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL, email TEXT,
      is_active INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL); INSERT INTO app_users VALUES ('other', 'kim', 'Kim', NULL, 1, '', '')`;
    expect(details('username-taken', { users: [user('u'), user('u1', { username: 'kim' })] }, users)).toEqual([
      ['u1', 'the user other has the user name kim in app_users'],
    ]);
    const addresses = `ALTER TABLE assets ADD COLUMN storage_uri TEXT; UPDATE assets SET storage_uri = 'out/a2.png' WHERE id = 'a1'`;
    expect(details('address-taken', { assets: [asset('a1'), asset('a2')] }, addresses)).toEqual([
      ['a2', 'the file a1 has the address out/a2.png'],
    ]);
    const owners = `ALTER TABLE projects ADD COLUMN owner_user_id TEXT; UPDATE projects SET owner_user_id = 'v' WHERE id = 'p'`;
    const projects = [project('p', { slug: 'same' }), project('p2', { user_id: 'v', slug: 'same' })];
    expect(details('owner-slug-taken', { users: [user('u'), user('v')], projects }, owners)).toEqual([
      ['p2', 'the project p of the same owner has the short name same'],
    ]);
  });

  it('same-path-after-cleaning: the other file', () => {
    expect(
      details('same-path-after-cleaning', {
        assets: [asset('a1', { rel_path: 'out/x' }), asset('a2', { rel_path: 'out\\x ' })],
      }),
    ).toEqual([
      ['a1', 'the file a2 becomes out/x, too'],
      ['a2', 'the file a1 becomes out/x, too'],
    ]);
  });

  it('owner-missing, project-missing, run-missing: what is named', () => {
    expect(
      details('owner-missing', { projects: [project('p', { user_id: 'u-gone' }), project('p2', { user_id: '' })] }),
    ).toEqual([
      ['p', 'names user u-gone, which does not exist'],
      ['p2', 'names no user'],
    ]);
    const homeless = { project_id: 'p-gone' };
    expect(
      details('project-missing', {
        runs: [run('r', homeless)],
        assets: [asset('a', homeless)],
        project_exports: [exported('e', homeless)],
        project_api_secrets: [secret('k', homeless)],
        run_job_candidates: [candidate('c', { output_path: 'out/x' })],
        run_jobs: [job('j', { final_output: 'out/y' })],
      }),
    ).toEqual(['a', 'c', 'e', 'j', 'k', 'r'].map((key) => [key, 'names project p-gone, which does not exist']));
    expect(details('run-missing', { run_jobs: [job('j', { run_id: 'r-gone' })] })).toEqual([
      ['j', 'names run r-gone, which does not exist'],
    ]);
  });

  it('settings-unreadable and settings-wrong-type: where, but nothing of what they say', () => {
    expect(
      details('settings-unreadable', { projects: [settings('{"key":"sample-not-a-key",}'), settings('{"a":', 1)] }),
    ).toEqual([
      ['p0', 'the settings hold what JSON does not allow'],
      ['p1', 'the settings are no JSON from character 6 on'],
    ]);
    const wrong = ['[]', '{"storage":7}', '{"storage":{"s3":"x"}}', '{"storage":{"local":{"base_dir":["a"]}}}'];
    expect(details('settings-wrong-type', { projects: wrong.map(settings) })).toEqual([
      ['p0', 'the settings are a list'],
      ['p1', 'storage is a number'],
      ['p2', 'storage.s3 is a text'],
      ['p3', 'storage.local.base_dir is a list'],
    ]);
  });

  it('meta-unreadable: what the details are instead', () => {
    const meta = ['[]', 'null', '7', '{"prompt":'];
    expect(
      details('meta-unreadable', { run_jobs: meta.map((meta_json, index) => job(`j${index}`, { meta_json })) }),
    ).toEqual([
      ['j0', 'the details are a list'],
      ['j1', 'the details are null'],
      ['j2', 'the details are a number'],
      ['j3', 'the details are no JSON from character 11 on'],
    ]);
  });
});
