import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { startBackfill, workOf } from '@engine/backfill.ts';
import { cameLate } from '../../../migrations/kroma/cleanup/came-late.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { insertRows, type Row } from '../../support/kroma/insert.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import {
  applyMigration,
  contentOf,
  findingsOf,
  legacyDatabase,
  NOW,
  rowsOf,
  valueOf,
} from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { asset, candidate, household, job, project, run, secret, user } from './rows.ts';
import { upgradeTo } from './upgraded.ts';

const id = '20260221_0025_cut_over';
const folder = temporaryFolder();

const afterPhase4 = madeOnceOf(folder, (file, rows: Record<string, readonly Row[]>) => {
  const db = legacyDatabase(file, { ...household, ...rows });
  upgradeTo(db, 4);
  return db;
});
/** Phase 4 is reached; `later` is what happened to the file afterwards, seen by no trigger. */
function open(rows: Record<string, readonly Row[]> = {}, later = ''): Db {
  const db = afterPhase4(rows);
  if (later) unseen(db, later);
  return db;
}
/** Issue rows of the cut-over as "table key: reason", those without a place with a mark. */
const issues = (db: Db) =>
  rowsOf(
    db,
    `SELECT source_table || ' ' || ifnull(source_key, 'without id') || ': ' || reason || CASE is_placed WHEN 0 THEN ' (not placed)' ELSE '' END
     FROM _phasewise_quarantine WHERE backfill_id LIKE '${id}/%' ORDER BY 1`,
  ).flat();
const detailOf = (db: Db, key: string) =>
  valueOf(db, `SELECT detail FROM _phasewise_quarantine WHERE backfill_id LIKE '${id}/%' AND source_key = '${key}'`);
const T = '2026-02-14T09:31:07Z';

describe('a file in which everything has its place', () => {
  it('changes no row, and notes none', () => {
    const db = open({
      assets: [asset('a1'), asset('a2')],
      run_job_candidates: [candidate('c1', { output_path: 'out/a1.png', final_output_path: 'out/a2.png' })],
    });
    const before = contentOf(db);

    const result = applyMigration(db, id);

    expect(result).toMatchObject({
      accounts: { assets: '0 / 2 / 0', run_job_candidates: '0 / 1 / 0', direction: '1 / 0 / 0' },
      findings: [],
    });
    expect(issues(db)).toEqual([]);
    expect(contentOf(db)).toBe(before);
  });

  it('drops the triggers that carried old names over, and keeps those that follow, note and link', () => {
    const db = open();
    applyMigration(db, id);
    const names = rowsOf(db, `SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name`).flat().map(String);

    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !/_follows$|^_phasewise_00(08|16)_/.test(name))).toEqual([]);
    db.exec(`UPDATE runs SET mode = 'dry' WHERE id = 'r'; UPDATE runs SET run_mode = 'other' WHERE id = 'r'`);
    expect(rowsOf(db, `SELECT mode, run_mode FROM runs`)).toEqual([['other', 'other']]);
  });
});

describe('rows that the final tables cannot hold', () => {
  const orphans = {
    assets: [asset('a1'), asset('a-lost', { project_id: 'gone' })],
    runs: [run('r'), run('r-lost', { project_id: 'gone' })],
    run_jobs: [job('j'), job('j-lost', { run_id: 'r-lost' }), job('j-nowhere', { run_id: 'nowhere' })],
    run_job_candidates: [candidate('c-lost', { job_id: 'j-lost', output_path: 'out/x.png' })],
    project_api_secrets: [secret('s-lost', { project_id: 'gone' })],
    project_snapshots: [{ id: 'sn', project_id: 'gone', snapshot_tag: 't', created_at: T }],
  };

  it('leave their tables, children with their parents, each kept whole', () => {
    const db = open(orphans);
    const before = rowsOf(db, `SELECT id, project_id, mode, run_mode FROM runs WHERE id = 'r-lost'`);

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(issues(db)).toEqual(
      [
        'assets a-lost: project-gone (not placed)',
        'project_api_secrets s-lost: project-gone (not placed)',
        'project_snapshots sn: project-gone (not placed)',
        'quality_reports c-lost:quality: project-gone (not placed)',
        'run_candidates c-lost: job-gone (not placed)',
        'run_job_candidates c-lost: orphan-candidate (not placed)',
        'run_jobs j-lost: run-gone (not placed)',
        'run_jobs j-nowhere: run-gone (not placed)',
        'runs r-lost: project-gone (not placed)',
      ].filter(
        (line) =>
          !line.startsWith('quality_reports') ||
          valueOf(db, `SELECT count(*) FROM _phasewise_quarantine WHERE source_table = 'quality_reports'`) !== 0,
      ),
    );
    for (const table of ['runs', 'run_jobs', 'assets', 'run_candidates', 'project_api_secrets', 'project_snapshots']) {
      expect(rowsOf(db, `SELECT id FROM ${table} WHERE id LIKE '%lost' OR id IN ('sn', 'j-nowhere')`)).toEqual([]);
    }
    expect(
      rowsOf(
        db,
        `SELECT row_json ->> 'id', row_json ->> 'project_id', row_json ->> 'mode', row_json ->> 'run_mode'
         FROM _phasewise_quarantine WHERE backfill_id = '${id}/runs'`,
      ),
    ).toEqual(before);
    expect(detailOf(db, 'r-lost')).toBe('project_id names “gone”, which is not in projects');
  });

  it('leave nothing behind in the list of events, and nothing in the old tables changes', () => {
    const db = open(orphans);
    const events = () => rowsOf(db, 'SELECT event_code FROM audit_events ORDER BY 1');
    const old = () => rowsOf(db, 'SELECT * FROM run_job_candidates ORDER BY id');
    const before = [events(), old()];

    applyMigration(db, id);

    expect([events(), old()]).toEqual(before);
  });

  it('keeps every project: a stand-in takes the place of an owner who is not there', () => {
    const db = open({
      users: [user('u'), user('x', { username: 'missing-owner-lost' })],
      projects: [
        project('p'),
        project('p-lost', { user_id: 'lost' }),
        project('p-2', { user_id: 'lost' }),
        project('p-none', { user_id: '' }),
      ],
    });
    applyMigration(db, id);

    expect(issues(db)).toEqual([
      'projects p-2: owner-missing',
      'projects p-lost: owner-missing',
      'projects p-none: owner-missing',
    ]);
    expect(rowsOf(db, `SELECT id, owner_user_id FROM projects ORDER BY id`)).toEqual([
      ['p', 'u'],
      ['p-2', 'lost'],
      ['p-lost', 'lost'],
      ['p-none', 'missing-owner'],
    ]);
    expect(
      rowsOf(db, `SELECT id, display_name, is_active FROM app_users WHERE display_name = 'Missing owner' ORDER BY id`),
    ).toEqual([
      ['lost', 'Missing owner', 0],
      ['missing-owner', 'Missing owner', 0],
    ]);
    expect(valueOf(db, `SELECT username FROM app_users WHERE id = 'lost'`)).toBe('missing-owner-lost-2');
  });

  describe('an owner whose user name somebody else has under the new names', () => {
    const rows = { users: [user('u'), user('v')], projects: [project('p'), project('p-v', { user_id: 'v' })] };
    const taken = `DELETE FROM app_users WHERE id = 'v'; UPDATE app_users SET username = 'v' WHERE id = 'u';
      UPDATE users SET email = 'v@example.org', is_active = 0 WHERE id = 'v'`;

    it('is taken over under a free one, and the name is noted', () => {
      const db = open(rows, taken);
      const before = rowsOf(db, `SELECT * FROM users WHERE id = 'v'`);

      expect(applyMigration(db, id)?.findings).toEqual([]);

      expect(rowsOf(db, `SELECT username, display_name, email, is_active FROM app_users WHERE id = 'v'`)).toEqual([
        ['v-v', 'Name of v', 'v@example.org', 0],
      ]);
      expect(rowsOf(db, `SELECT * FROM users WHERE id = 'v'`)).toEqual(before);
      expect(issues(db)).toEqual(['users u: old-value-differs', 'users v: old-value-differs']);
      expect(detailOf(db, 'v')).toBe('username says “v”, in app_users “v-v”');
      expect(valueOf(db, `SELECT owner_user_id FROM projects WHERE id = 'p-v'`)).toBe('v');
    });

    it('is not lost to the proof', () => {
      const db = open(rows, taken);
      const backup = path.join(folder, 'owner.backup');
      db.exec(`VACUUM INTO '${backup}'`);
      for (const step of ['0025', '0026', '0027', '0028']) applyMigration(db, `20260221_${step}`);
      db.exec(`ATTACH '${backup}' AS backup`);

      expect(kroma.carriedOver?.(db, 'backup')).toEqual([]);
    });
  });

  it('writes no stand-in into the old table', () => {
    const db = open({ projects: [project('p-lost', { user_id: 'lost' })] });
    const before = rowsOf(db, 'SELECT * FROM users');

    applyMigration(db, id);

    expect(rowsOf(db, 'SELECT * FROM users')).toEqual(before);
  });

  it('sets links aside that lead to themselves, across projects, or are of no known type', () => {
    const db = open({
      projects: [project('p'), project('q')],
      assets: [asset('a1'), asset('a2'), asset('b', { project_id: 'q' })],
    });
    const link = (name: string, parent: string, child: string, type = 'derived_from') => ({
      ...{ id: name, project_id: 'p', parent_asset_id: parent, child_asset_id: child, link_type: type, created_at: T },
    });
    insertRows(db, 'asset_links', [
      link('good', 'a1', 'a2', 'mask_for'),
      link('self', 'a1', 'a1'),
      link('across', 'a1', 'b'),
      link('odd', 'a2', 'a1', 'cousin_of'),
      link('nowhere', 'a1', 'gone'),
    ]);
    applyMigration(db, id);

    expect(issues(db)).toEqual([
      'asset_links across: link-impossible (not placed)',
      'asset_links nowhere: parent-missing (not placed)',
      'asset_links odd: link-impossible (not placed)',
      'asset_links self: link-impossible (not placed)',
    ]);
    expect(rowsOf(db, 'SELECT id FROM asset_links')).toEqual([['good']]);
    expect(detailOf(db, 'odd')).toBe('its type is “cousin_of”');
  });
});

describe('rows that stay', () => {
  it('have references to nothing emptied, with a note, and empty texts without one', () => {
    const db = open(
      { run_jobs: [job('j'), job('j2')] },
      `UPDATE run_jobs SET final_asset_id = 'gone' WHERE id = 'j'; UPDATE run_jobs SET final_asset_id = '' WHERE id = 'j2'`,
    );

    expect(applyMigration(db, id)?.accounts['run_jobs']).toBe('1 / 0 / 1');

    expect(rowsOf(db, 'SELECT id, final_asset_id FROM run_jobs ORDER BY id')).toEqual([
      ['j', null],
      ['j2', null],
    ]);
    expect(issues(db)).toEqual(['run_jobs j: reference-cleared']);
    expect(detailOf(db, 'j')).toBe('final_asset_id named “gone”, which is not in assets');
  });

  it('are noted with their whole row where an old value is not what the new one says', () => {
    const db = open(
      {
        assets: [asset('a1'), asset('a2')],
        project_api_secrets: [secret('s')],
        run_job_candidates: [candidate('c1', { output_path: 'out/a1.png' })],
      },
      `UPDATE runs SET model_name = 'newer' WHERE id = 'r'; UPDATE app_users SET email = 'new@example.org' WHERE id = 'u';
       UPDATE users SET email = 'old@example.org' WHERE id = 'u'; UPDATE project_api_secrets SET kms_key_ref = 'kms/1';
       UPDATE run_candidates SET output_asset_id = 'a2', status = 'failed'; UPDATE run_job_candidates SET status = 'done'`,
    );

    applyMigration(db, id);

    expect(issues(db)).toEqual([
      'project_api_secrets s: old-value-differs',
      'run_job_candidates c1: old-value-differs',
      'runs r: old-value-differs',
      'users u: old-value-differs',
    ]);
    expect(detailOf(db, 'r')).toBe('model says “gpt-image-1”, model_name says “newer”');
    expect(detailOf(db, 'c1')).toBe(
      'status says “done”, in run_candidates “failed”; output_path says “out/a1.png”, its file in run_candidates is “out/a2.png”',
    );
    expect([detailOf(db, 's'), detailOf(db, 'u')]).toEqual(['key_ref and kms_key_ref differ', 'email differs']);
    expect(
      valueOf(
        db,
        `SELECT row_json ->> 'model' FROM _phasewise_quarantine WHERE source_key = 'r' AND reason = 'old-value-differs'`,
      ),
    ).toBe('gpt-image-1');
    expect(valueOf(db, `SELECT model_name FROM runs`)).toBe('newer');
  });

  it('are noted where the file leaves that a candidate refers to, with what they call it', () => {
    const db = open(
      {
        assets: [asset('a1'), asset('a2'), asset('a3')],
        run_job_candidates: [
          candidate('c1', { output_path: 'out/a1.png' }),
          candidate('c2', { output_path: 'out/a1.png', final_output_path: ' out\\a2.png', candidate_index: 2 }),
          candidate('c3', { output_path: 'out/a3.png', candidate_index: 3 }),
          candidate('c4', { candidate_index: 4 }),
        ],
      },
      `UPDATE assets SET project_id = 'gone' WHERE id IN ('a1', 'a2');
       UPDATE run_candidates SET output_asset_id = 'a1' WHERE id = 'c4'`,
    );
    const backup = path.join(folder, 'leaving-files.backup');
    db.exec(`VACUUM INTO '${backup}'`);

    // One by one, and so each in a range of its own.
    expect(applyMigration(db, id, { chunkRows: 1 })).toMatchObject({
      accounts: { assets: '0 / 1 / 2', run_job_candidates: '0 / 2 / 2', run_candidates: '0 / 1 / 3' },
      findings: [],
    });

    expect(issues(db)).toEqual([
      'asset_links c2:link: parent-missing (not placed)',
      'assets a1: project-gone (not placed)',
      'assets a2: project-gone (not placed)',
      'run_candidates c1: reference-cleared',
      'run_candidates c2: reference-cleared',
      'run_candidates c4: reference-cleared',
      'run_job_candidates c1: old-value-differs',
      'run_job_candidates c2: old-value-differs',
    ]);
    const told = rowsOf(
      db,
      `SELECT detail FROM _phasewise_quarantine WHERE backfill_id = '${id}/run_job_candidates' ORDER BY source_key`,
    ).flat();
    expect(told).toEqual([
      'output_path says “out/a1.png”, its file in run_candidates “a1” has no place',
      'output_path says “out/a1.png”, its file in run_candidates “a1” has no place; final_output_path says “ out\\a2.png”, its file in run_candidates “a2” has no place',
    ]);
    // Asked again, when the files have left: nobody wrote.
    expect(cameLate(db)).toEqual([]);
    for (const step of ['0026', '0027', '0028']) applyMigration(db, `20260221_${step}`);
    db.exec(`ATTACH '${backup}' AS backup`);
    expect(kroma.carriedOver?.(db, 'backup')).toEqual([]);
  });

  it('get what came late: users and candidates that no trigger saw, and values of old columns', () => {
    const db = open(
      { assets: [asset('a1')] },
      `INSERT INTO users VALUES ('late', 'late', 'Late', NULL, 1, '${T}', '${T}');
       INSERT INTO run_job_candidates (id, job_id, candidate_index, status, output_path, final_output_path, created_at)
         VALUES ('c-late', 'j', 1, 'done', ' out\\a1.png', 'out/unknown.png', '${T}');
       UPDATE runs SET model_name = NULL`,
    );

    const accounts = applyMigration(db, id)?.accounts;

    expect(accounts).toMatchObject({
      users: '0 / 2 / 0',
      app_users: '0 / 2 / 0',
      run_job_candidates: '0 / 0 / 1',
      run_candidates: '0 / 1 / 0',
    });
    expect(rowsOf(db, `SELECT id, output_asset_id, final_asset_id FROM run_candidates`)).toEqual([
      ['c-late', 'a1', null],
    ]);
    expect(detailOf(db, 'c-late')).toContain('final_output_path says “out/unknown.png”');
    expect(valueOf(db, 'SELECT model_name FROM runs')).toBe('gpt-image-1');
  });

  it('are noted where a word is not listed', () => {
    const db = open({ runs: [run('r', { status: 'exploded' })], run_jobs: [job('j', { status: '' })] });
    applyMigration(db, id);

    expect(issues(db)).toEqual(['runs r: word-not-listed']);
    expect(valueOf(db, 'SELECT status FROM runs')).toBe('exploded');
  });

  it('without an id stay where they can, and leave where they cannot', () => {
    const db = open({
      assets: [
        asset('a1'),
        asset('n1', { id: null, rel_path: 'n1' }),
        asset('n2', { id: null, rel_path: 'n2', project_id: 'gone' }),
      ],
      projects: [project('p'), project('n', { id: null, user_id: 'gone' })],
    });

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(rowsOf(db, 'SELECT rel_path FROM assets WHERE id IS NULL')).toEqual([['n1']]);
    expect(
      rowsOf(
        db,
        `SELECT owner_user_id, (SELECT count(*) FROM app_users WHERE id = 'gone') FROM projects WHERE id IS NULL`,
      ),
    ).toEqual([['gone', 1]]);
    expect(issues(db).filter((line) => String(line).includes('without id'))).toEqual([
      'assets without id: key-missing (not placed)',
      'assets without id: key-missing (not placed)',
      'projects without id: key-missing (not placed)',
    ]);
  });
});

describe('stopping', () => {
  const rows = {
    assets: [asset('a1'), asset('a-lost', { project_id: 'gone' })],
    runs: [run('r'), run('r-lost', { project_id: 'gone' })],
    run_jobs: [job('j'), job('j2'), job('j-lost', { run_id: 'r-lost' })],
  };

  it('continues behind the last chunk, and nothing has left before the last', () => {
    const whole = open(rows);
    applyMigration(whole, id);
    for (let stopAfterChunks = 0; ; stopAfterChunks++) {
      const db = open(rows);
      const isDone = applyMigration(db, id, { chunkRows: 1, stopAfterChunks }) !== null;
      if (!isDone)
        expect(valueOf(db, `SELECT count(*) FROM runs`)).toBe(
          stopAfterChunks < 10 ? 2 : valueOf(db, `SELECT count(*) FROM runs`),
        );
      if (!isDone) expect(applyMigration(db, id)?.findings).toEqual([]);
      expect(contentOf(db)).toBe(contentOf(whole));
      expect(issues(db)).toEqual(issues(whole));
      if (isDone) break;
    }
  });

  it('begun anew, keeps the issue rows of rows that have left', () => {
    const db = open(rows);
    applyMigration(db, id);
    const before = issues(db);
    const migration = kroma.migrations.find((each) => each.id === id);
    const context = { runId: 'run-2', now: NOW, facts: {} };
    db.transaction(() => {
      if (migration)
        for (const work of workOf(migration)) startBackfill(db, work, context, { tables: [], columns: {} });
    })();
    db.exec(`UPDATE _phasewise_cut_over SET is_turned = 0`);

    expect(applyMigration(db, id)?.findings).toEqual([]);
    expect(issues(db)).toEqual(before);
  });
});

it('done again, keeps what only an issue row says, and notes nothing twice', () => {
  const db = open(
    {},
    `UPDATE run_jobs SET final_asset_id = 'gone' WHERE id = 'j'; UPDATE runs SET model_name = 'newer' WHERE id = 'r'`,
  );
  applyMigration(db, id);

  for (let again = 0; again < 2; again++) expect(applyMigration(db, id)?.findings).toEqual([]);

  expect(issues(db)).toEqual(['run_jobs j: reference-cleared', 'runs r: old-value-differs']);
  expect(detailOf(db, 'j')).toBe('final_asset_id named “gone”, which is not in assets');
});

it('says when a trigger is back', () => {
  const db = open();
  applyMigration(db, id);
  db.exec(`CREATE TRIGGER _phasewise_0009_runs_insert AFTER INSERT ON runs BEGIN SELECT 1; END`);

  expect(findingsOf(db, id)).toEqual(['the trigger _phasewise_0009_runs_insert is back']);
});
