import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import { applyMigration, applyUpTo, findingsOf, legacyDatabase, rowsOf, valueOf } from '../../support/run-migration.ts';
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
const finals = (db: Db) => rowsOf(db, 'SELECT id, final_asset_id FROM run_jobs ORDER BY id');

describe.each([
  ['with', 'ON'],
  ['without', 'OFF'],
])('an older program %s foreign keys', (_, enforced) => {
  function upgraded(rows: Record<string, Row[]> = {}) {
    const db = open(rows);
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${enforced}`);
    return db;
  }
  const insert = (name: string, index: number, output: string | null, final: string | null, or = '', jobId = 'j') =>
    `INSERT ${or} INTO run_job_candidates (id, job_id, candidate_index, status, output_path, final_output_path, meta_json, created_at)
     VALUES ('${name}', '${jobId}', ${index}, 'done', ${output === null ? 'NULL' : `'${output}'`}, ${final === null ? 'NULL' : `'${final}'`}, '{}', 't')`;

  it('adds candidates with known and unknown files', () => {
    const db = upgraded({ assets: [asset('a1'), asset('a2', { rel_path: 'out\\a2.png' })] });

    db.exec(insert('c1', 1, 'out/a1.png', 'out/a2.png'));
    db.exec(insert('c2', 2, ' out\\new.png', 'out/new.png'));
    db.exec(insert('c3', 3, '', null));

    expect(references(db)).toEqual([
      ['c1', 'a1', 'a2'],
      ['c2', 'c2:output', 'c2:output'],
      ['c3', null, null],
    ]);
    expect(
      rowsOf(
        db,
        `SELECT project_id, run_id, job_id, candidate_id, kind, asset_kind, rel_path, storage_uri, meta_json, metadata_json FROM assets WHERE id = 'c2:output'`,
      ),
    ).toEqual([
      ['p', 'r', 'j', 'c2', 'candidate_output', 'candidate_output', 'out/new.png', 'out/new.png', mark, mark],
    ]);
    expect(findingsOf(db, id)).toEqual([]);
  });

  it('registers the file afterwards, as ingestion does', () => {
    const db = upgraded();
    db.exec(insert('c1', 1, 'out/x', null));
    db.exec(`INSERT INTO assets (id, project_id, run_id, job_id, candidate_id, asset_kind, rel_path, meta_json, created_at) VALUES ('own', 'p', 'r', 'j', NULL, 'job_final_output', 'out/x', '{"path_exists":true}', 't')
      ON CONFLICT (project_id, rel_path) DO UPDATE SET candidate_id = excluded.candidate_id, asset_kind = excluded.asset_kind, meta_json = excluded.meta_json`);

    expect(rowsOf(db, 'SELECT id, kind, metadata_json, candidate_id FROM assets')).toEqual([
      ['c1:output', 'job_final_output', '{"path_exists":true}', null],
    ]);
    expect(references(db)).toEqual([['c1', 'c1:output', null]]);
  });

  it('changes candidates, and an edit of another column in run_candidates stays', () => {
    const db = upgraded({ assets: [asset('a1')], run_job_candidates: [candidate('c1', { output_path: 'out/x' })] });
    db.exec(`UPDATE run_candidates SET meta_json = '{"edited":1}'`);

    db.exec(`UPDATE run_job_candidates SET status = 'failed', rank_hard_failures = 2`);
    db.exec(`UPDATE run_job_candidates SET output_path = 'out/y', final_output_path = 'out/a1.png'`);
    db.exec(`UPDATE run_job_candidates SET output_path = 'out/z'`);

    expect(rowsOf(db, 'SELECT status, rank_hard_failures, meta_json, final_asset_id FROM run_candidates')).toEqual([
      ['failed', 2, '{"edited":1}', 'a1'],
    ]);
    expect(valueOf(db, 'SELECT rel_path FROM assets WHERE id = (SELECT output_asset_id FROM run_candidates)')).toBe(
      'out/z',
    );
    expect(findingsOf(db, id).filter((text) => !text.includes('something else'))).toEqual([]);
  });

  it('writes by upsert, by REPLACE and by IGNORE', () => {
    const db = upgraded({ assets: [asset('a1'), asset('a2')] });
    db.exec(insert('c1', 1, 'out/a1.png', null));
    db.exec(insert('c1', 1, 'out/a2.png', null, 'OR IGNORE'));
    expect(references(db)).toEqual([['c1', 'a1', null]]);
    db.exec(
      `${insert('c9', 1, 'out/a2.png', null)} ON CONFLICT (job_id, candidate_index) DO UPDATE SET output_path = excluded.output_path`,
    );
    expect(references(db)).toEqual([['c1', 'a2', null]]);
    db.exec(insert('c1', 1, 'out/a1.png', 'out/a2.png', 'OR REPLACE'));
    expect(references(db)).toEqual([['c1', 'a1', 'a2']]);
    expect(valueOf(db, 'SELECT count(*) FROM assets')).toBe(2);
  });

  it('never pushes a file or a candidate of somebody else out with its REPLACE', () => {
    const db = upgraded({ assets: [asset('c2:output', { rel_path: 'kept' })] });
    unseen(
      db,
      `INSERT INTO run_candidates (id, job_id, candidate_index, status, created_at) VALUES ('canonical-only', 'j', 2, 's', 't')`,
    );

    db.exec(insert('c2', 2, 'out/new', null, 'OR REPLACE'));

    expect(valueOf(db, `SELECT rel_path FROM assets WHERE id = 'c2:output'`)).toBe('kept');
    expect(references(db)).toEqual([['canonical-only', null, null]]);
    expect(valueOf(db, 'SELECT count(*) FROM run_job_candidates')).toBe(1);
  });

  it('removes candidates, jobs and runs', () => {
    const db = upgraded({
      runs: [run('r'), run('r2')],
      run_jobs: [job('j'), job('j2', { run_id: 'r2' })],
      run_job_candidates: [candidate('c1'), candidate('c2', { candidate_index: 2 }), candidate('c3', { job_id: 'j2' })],
    });
    db.exec(`DELETE FROM run_job_candidates WHERE id = 'c1'`);
    expect(references(db).map(([name]) => name)).toEqual(['c2', 'c3']);

    db.exec(`DELETE FROM run_jobs WHERE id = 'j'`);
    expect(references(db).map(([name]) => name)).toEqual(['c3']);

    db.exec(`DELETE FROM runs WHERE id = 'r2'`);
    expect(references(db).map(([name]) => name)).toEqual(enforced === 'ON' ? [] : ['c3']);
  });

  it('writes both tables itself, in either order, with files of its own', () => {
    const db = upgraded({ assets: [asset('a1')] });
    const own = (name: string, index: number) =>
      `INSERT INTO run_candidates (id, job_id, candidate_index, status, output_asset_id, created_at) VALUES ('${name}', 'j', ${index}, 'done', 'a1', 't')`;
    db.exec(insert('c1', 1, 'out/a1.png', null));
    db.exec(own('c1', 1));
    db.exec(own('c2', 2));
    db.exec(insert('c2', 2, 'out/a1.png', null));

    expect(references(db)).toEqual([
      ['c1', 'a1', null],
      ['c2', 'a1', null],
    ]);
    expect(() => db.exec(own('c1', 1))).toThrow(/UNIQUE/);
  });

  it('forgets which rows it wrote for others with the next run', () => {
    const db = upgraded();
    db.exec(insert('c1', 1, null, null));
    db.exec(
      `INSERT INTO runs (id, project_id, run_log_path, mode, status, created_at) VALUES ('r9', 'p', 'log', 'run', 'ok', 't')`,
    );

    expect(valueOf(db, `SELECT count(*) FROM _phasewise_mirrored`)).toBe(0);
  });

  it('adds and changes jobs, and their final file follows: the own path at ingestion, then the choice', () => {
    const db = upgraded({ assets: [asset('a1'), asset('a2')] });
    db.exec(
      `INSERT INTO run_jobs (id, run_id, job_key, status, selected_candidate, final_output, created_at) VALUES ('j2', 'r', 'k', 'done', 1, 'out/a1.png', 't'), ('j3', 'r', 'k3', 'done', 1, NULL, 't'), ('j4', 'r', 'k4', 'done', NULL, 'out/new', 't')`,
    );
    db.exec(insert('c2', 1, 'out/a2.png', null, '', 'j2'));
    db.exec(insert('c3', 1, 'out/a2.png', null, '', 'j3'));
    expect(finals(db)).toEqual([
      ['j', null],
      ['j2', 'a1'],
      ['j3', 'a2'],
      ['j4', 'j4:final-output'],
    ]);

    db.exec(insert('c4', 2, 'out/a1.png', null, '', 'j3'));
    db.exec(`UPDATE run_jobs SET selected_candidate = 2 WHERE id = 'j3'`);
    db.exec(`UPDATE run_jobs SET final_output = 'out\\a2.png' WHERE id = 'j2'`);
    db.exec(`UPDATE run_jobs SET final_output = NULL WHERE id = 'j4'`);
    expect(finals(db)).toEqual([
      ['j', null],
      ['j2', 'a2'],
      ['j3', 'a1'],
      ['j4', null],
    ]);
  });

  it('works with recursive triggers, too', () => {
    const db = upgraded({ assets: [asset('a1')] });
    db.pragma('recursive_triggers = ON');

    db.exec(insert('c1', 1, 'out/a1.png', null));
    db.exec(insert('c1', 1, 'out/new', 'out/a1.png', 'OR REPLACE'));
    db.exec(`UPDATE run_jobs SET final_output = 'out/a1.png', selected_candidate = 1`);

    expect(references(db)).toEqual([['c1', 'c1:output', 'a1']]);
    expect(finals(db)).toEqual([['j', 'a1']]);
  });
});

it('leaves candidates alone whose job does not exist, for a program without foreign keys', () => {
  const db = open();
  applyMigration(db, id);

  db.exec(
    `INSERT INTO run_job_candidates (id, job_id, candidate_index, status, output_path, created_at) VALUES ('c1', 'gone', 1, 's', 'out/x', 't')`,
  );
  db.exec(`UPDATE run_job_candidates SET status = 'x'`);

  expect([valueOf(db, 'SELECT count(*) FROM run_candidates'), valueOf(db, 'SELECT count(*) FROM assets')]).toEqual([
    0, 0,
  ]);
});
