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
import { asset, candidate, household, job, run } from './rows.ts';

const id = '20260221_0011_rename_candidates';
const folder = temporaryFolder();
const open = madeOnceOf(folder, (file, rows: Record<string, readonly Row[]> = {}, before?: string) => {
  const db = legacyDatabase(file, { ...household, ...rows });
  if (before) db.exec(before);
  applyUpTo(db, '20260221_0010');
  return db;
});
const mark = '{"source":"phase3_backfill"}';
const references = (db: Db) => rowsOf(db, 'SELECT id, output_asset_id, final_asset_id FROM run_candidates ORDER BY id');
/** A candidate of job j with its own number. */
let number = 0;
const c = (name: string, more: Row = {}) => candidate(name, { candidate_index: (number += 1), ...more });

describe('copying', () => {
  it('copies every column as it is, text among the ranks and malformed JSON included', () => {
    const db = open({
      run_job_candidates: [
        candidate('c1', {
          status: '',
          rank_hard_failures: 'three',
          rank_soft_warnings: 1.5,
          rank_avg_chroma_exceed: 'x',
          meta_json: '{cut',
          created_at: '2026-02-14 10:00',
        }),
        candidate('c2', { candidate_index: 'two', meta_json: '' }),
      ],
    });

    expect(applyMigration(db, id)).toMatchObject({ accounts: { candidates: '2 / 0 / 0' }, findings: [] });

    const columns =
      'id, job_id, candidate_index, status, rank_hard_failures, rank_soft_warnings, rank_avg_chroma_exceed, meta_json, created_at';
    expect(rowsOf(db, `SELECT ${columns} FROM run_candidates ORDER BY id`)).toEqual(
      rowsOf(db, `SELECT ${columns} FROM run_job_candidates ORDER BY id`),
    );
    expect(references(db)).toEqual([
      ['c1', null, null],
      ['c2', null, null],
    ]);
  });

  it('sets candidates without a job, a run or an id aside, with their whole row', () => {
    const db = open({
      runs: [run('r')],
      run_jobs: [job('j'), job('orphan', { run_id: 'gone' })],
      run_job_candidates: [
        c('c1', { job_id: 'gone', output_path: 'out/x' }),
        c('c2', { job_id: 'orphan' }),
        { ...c('c3'), id: null },
        c('c4'),
      ],
    });

    expect(applyMigration(db, id)).toMatchObject({ accounts: { candidates: '1 / 0 / 3' }, findings: [] });

    expect(issuesOf(db, 'run_job_candidates')).toEqual([
      null,
      'c1: orphan-candidate (not placed)',
      'c2: orphan-candidate (not placed)',
    ]);
    expect(
      valueOf(db, `SELECT json_extract(row_json, '$.output_path') FROM _phasewise_quarantine WHERE source_key = 'c1'`),
    ).toBe('out/x');
    expect(valueOf(db, 'SELECT count(*) FROM assets')).toBe(0);
  });

  it('sets a candidate aside whose number another one has in run_candidates', () => {
    const db = open({
      run_job_candidates: [
        candidate('c1', { candidate_index: 1 }),
        candidate('c2', { candidate_index: 2, output_path: 'out/2' }),
      ],
    });
    db.exec(`CREATE TABLE run_candidates (id TEXT PRIMARY KEY, job_id TEXT NOT NULL, candidate_index INTEGER NOT NULL, status TEXT NOT NULL,
        output_asset_id TEXT, final_asset_id TEXT, rank_hard_failures INTEGER NOT NULL DEFAULT 0, rank_soft_warnings INTEGER NOT NULL DEFAULT 0,
        rank_avg_chroma_exceed REAL NOT NULL DEFAULT 0, meta_json TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL, UNIQUE (job_id, candidate_index));
      INSERT INTO run_candidates (id, job_id, candidate_index, status, created_at) VALUES ('other', 'j', 2, 's', 't')`);

    expect(applyMigration(db, id)).toMatchObject({ accounts: { candidates: '1 / 0 / 1' }, findings: [] });

    expect(issuesOf(db, 'run_job_candidates')).toEqual(['c2: slot-taken (not placed)']);
    expect(valueOf(db, 'SELECT count(*) FROM assets')).toBe(0);
  });

  it('fills what is empty in a dual file, and overwrites nothing there', () => {
    const db = open({
      assets: [asset('a1'), asset('a2')],
      run_job_candidates: [
        c('c1', { output_path: 'out/a1.png', status: 'old' }),
        c('c2', { output_path: 'out/new.png', final_output_path: 'out/a2.png' }),
        c('c3'),
      ],
    });
    applyMigration(db, id);
    unseen(
      db,
      `INSERT INTO schema_migrations VALUES ('20260221_0019_phase1_backfill', '', ''); DELETE FROM _phasewise_backfills;
      UPDATE run_candidates SET status = 'newer', output_asset_id = 'a2' WHERE id = 'c1';
      UPDATE run_candidates SET output_asset_id = NULL, final_asset_id = NULL WHERE id = 'c2'; DELETE FROM assets WHERE rel_path = 'out/new.png';
      DELETE FROM run_candidates WHERE id = 'c3'`,
    );

    expect(applyMigration(db, id)).toMatchObject({ accounts: { candidates: '2 / 1 / 0' }, findings: [] });

    expect(references(db)).toEqual([
      ['c1', 'a2', null],
      ['c2', 'c2:output', 'a2'],
      ['c3', null, null],
    ]);
    expect(valueOf(db, `SELECT status FROM run_candidates WHERE id = 'c1'`)).toBe('newer');
  });

  it('finds files anew where references of a dual file lead nowhere, and reports those that nothing else names', () => {
    const db = open({
      assets: [asset('a1')],
      run_job_candidates: [
        c('c1', { output_path: 'out/a1.png' }),
        c('c2', { final_output_path: 'out/new.png' }),
        c('c3'),
      ],
    });
    applyMigration(db, id);
    db.pragma('foreign_keys = OFF');
    unseen(
      db,
      `INSERT INTO schema_migrations VALUES ('20260221_0019_phase1_backfill', '', ''); DELETE FROM _phasewise_backfills;
      UPDATE run_candidates SET output_asset_id = 'gone' WHERE id IN ('c1', 'c3');
      UPDATE run_candidates SET final_asset_id = 'gone' WHERE id = 'c2'`,
    );
    expect(findingsOf(db, id).join()).toContain('candidates that refer to a file that is not registered');

    expect(applyMigration(db, id)).toMatchObject({ accounts: { candidates: '2 / 0 / 1' }, findings: [] });

    expect(references(db)).toEqual([
      ['c1', 'a1', null],
      ['c2', null, 'c2:final'],
      ['c3', 'gone', null],
    ]);
    expect(issuesOf(db, 'run_job_candidates')).toEqual(['c3: file-missing']);
  });
});

describe('files that nobody registered', () => {
  it('are registered once, with both sides filled, and credited to the first by instant, then by id', () => {
    const db = open({
      run_jobs: [job('j'), job('j2')],
      run_job_candidates: [
        c('c1', { output_path: 'out/x.png', created_at: '2026-02-14T12:00:00Z' }),
        c('c2', { job_id: 'j2', final_output_path: 'out\\x.png', created_at: '2026-02-14T13:30:00+02:00' }),
        c('c3', { output_path: 's3://b/y', final_output_path: 's3://b/y' }),
      ],
    });

    expect(applyMigration(db, id)?.accounts).toMatchObject({ files: '2 / 0 / 0', candidates: '3 / 0 / 0' });

    const columns =
      'id, project_id, run_id, job_id, candidate_id, asset_kind, kind, rel_path, storage_uri, meta_json, metadata_json, storage_backend, sha256, created_at';
    expect(rowsOf(db, `SELECT ${columns} FROM assets ORDER BY id`)).toEqual([
      [
        'c2:final',
        'p',
        'r',
        'j2',
        'c2',
        'candidate_final_output',
        'candidate_final_output',
        'out/x.png',
        'out/x.png',
        mark,
        mark,
        'local',
        null,
        NOW,
      ],
      [
        'c3:output',
        'p',
        'r',
        'j',
        'c3',
        'candidate_output',
        'candidate_output',
        's3://b/y',
        's3://b/y',
        mark,
        mark,
        's3',
        null,
        NOW,
      ],
    ]);
    expect(references(db)).toEqual([
      ['c1', 'c2:final', null],
      ['c2', null, 'c2:final'],
      ['c3', 'c3:output', 'c3:output'],
    ]);
  });

  it('get another id where theirs is taken', () => {
    const db = open({ assets: [asset('c1:output')], run_job_candidates: [c('c1', { output_path: 'out/x' })] });

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(references(db)).toEqual([['c1', 'c1:output:1', null]]);
  });

  it('cannot be registered for a project that does not exist: the candidate is placed and reported', () => {
    const db = open({
      runs: [run('r', { project_id: 'gone' })],
      run_job_candidates: [c('c1', { output_path: 'out/x' }), c('c2')],
    });

    expect(applyMigration(db, id)).toMatchObject({ accounts: { candidates: '1 / 0 / 1' }, findings: [] });

    expect(issuesOf(db, 'run_job_candidates')).toEqual(['c1: project-missing']);
    expect(references(db)).toEqual([
      ['c1', null, null],
      ['c2', null, null],
    ]);
  });

  it('may be registered without an id: the candidate is placed and reported', () => {
    const db = open({
      assets: [{ ...asset('x'), id: null }],
      run_job_candidates: [c('c1', { output_path: 'out/x.png' })],
    });

    expect(applyMigration(db, id)).toMatchObject({ accounts: { candidates: '0 / 0 / 1' }, findings: [] });

    expect(issuesOf(db, 'run_job_candidates')).toEqual(['c1: file-without-id']);
  });
});

describe('files that are registered', () => {
  it('get their empty run, job and candidate from the first that names them, and keep what they have', () => {
    const db = open({
      assets: [asset('a1'), asset('a2', { run_id: 'gone', job_id: '' })],
      run_job_candidates: [
        c('c2', { output_path: 'out/a1.png', final_output_path: 'out/a2.png' }),
        c('c1', { output_path: 'out/a1.png', created_at: '2027-01-01' }),
      ],
    });

    expect(applyMigration(db, id)?.accounts).toMatchObject({ files: '2 / 0 / 0' });

    expect(rowsOf(db, 'SELECT id, run_id, job_id, candidate_id FROM assets ORDER BY id')).toEqual([
      ['a1', 'r', 'j', 'c2'],
      ['a2', 'gone', 'j', 'c2'],
    ]);
  });
});

describe('resuming', () => {
  const rows = {
    runs: [run('r'), run('r2')],
    run_jobs: [
      job('j', { selected_candidate: 1 }),
      job('j2', { run_id: 'r2', final_output: 'out/own' }),
      job('j3', { final_output: 'out/own' }),
    ],
    assets: [asset('a1'), asset('a2', { rel_path: 'out\\a2.png' })],
    run_job_candidates: [
      candidate('c1', { output_path: 'out/shared', final_output_path: 'out/a2.png', created_at: '2026-03-01' }),
      candidate('c2', { job_id: 'j2', output_path: 'out/shared', created_at: '2026-01-01' }),
      candidate('c3', {
        job_id: 'j2',
        candidate_index: 2,
        output_path: 'out/a1.png',
        final_output_path: 'out/shared',
        created_at: '2025-01-01',
      }),
      candidate('c4', { job_id: 'gone' }),
    ],
  };
  it('continues after a kill behind any chunk, and ends with the same bytes', () => {
    const whole = open(rows);
    const accounts = applyMigration(whole, id)?.accounts;
    let isDone = false;
    for (let chunks = 0; !isDone; chunks++) {
      const db = open(rows);
      isDone = applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks }) !== null;
      if (!isDone) expect(applyMigration(db, id, { chunkRows: 1 })).toEqual({ accounts, findings: [] });
      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('changes nothing when it is applied again', () => {
    const db = open(rows);
    applyMigration(db, id);
    const before = contentOf(db);

    expect(applyMigration(db, id)).toMatchObject({
      accounts: { files: '0 / 1 / 0', candidates: '0 / 3 / 1', jobs: '0 / 3 / 0' },
      findings: [],
    });

    expect(contentOf(db)).toBe(before);
  });

  it('is found out when a candidate, its file or its trigger is missing', () => {
    const db = open(rows);
    applyMigration(db, id);
    unseen(
      db,
      `DELETE FROM run_candidates WHERE id = 'c1'; UPDATE run_candidates SET output_asset_id = NULL, status = 'x' WHERE id = 'c2';
      UPDATE run_candidates SET output_asset_id = 'a2', final_asset_id = 'nowhere' WHERE id = 'c3'; UPDATE run_jobs SET final_asset_id = NULL`,
    );
    db.exec('DROP TRIGGER _phasewise_0011_candidates_insert');

    expect(findingsOf(db, id)).toEqual([
      'the trigger _phasewise_0011_candidates_insert is missing',
      '1 candidates without a row in run_candidates',
      '1 candidates whose row is below another job or says something else',
      '1 candidates that name a file but refer to none',
      '1 candidates that refer to another file than they name',
      '1 candidates that refer to a file that is not registered',
      '2 jobs that name a final file but refer to none',
    ]);
  });
});

it('looks everything up by index', () => {
  const db = open({ assets: [asset('a1')], run_job_candidates: [candidate('c1', { output_path: 'out/x' })] });
  applyMigration(db, id);

  const plans = plansOf(db, id);

  expect(plans).toContain('SEARCH assets USING INDEX uq_assets_project_storage_uri (project_id=? AND storage_uri=?)');
  expect(plans).toContain('SEARCH assets USING INDEX _phasewise_assets_unclean_path (<expr>=?)');
  expect(
    plans.filter((detail) =>
      /^SCAN (assets|run_candidates|run_jobs|runs|run_job_candidates|[stjroac])\b|\(project_id=\?\)/.test(detail),
    ),
  ).toEqual([]);
});
