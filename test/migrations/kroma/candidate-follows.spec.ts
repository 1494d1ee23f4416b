import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import { applyUpTo, findingsOf, legacyDatabase, rowsOf, valueOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import type { Row } from '../../support/kroma/insert.ts';
import { asset, candidate, household, job, run } from './rows.ts';

const folder = temporaryFolder();
const afterPhase1 = madeOnceOf(folder, (file, rows: Record<string, readonly Row[]>) => {
  const db = legacyDatabase(file, { ...household, ...rows });
  applyUpTo(db, '20260221_0017');
  return db;
});
const paths = (db: Db) => rowsOf(db, 'SELECT id, output_path, final_output_path FROM run_job_candidates ORDER BY id');
const assets = (db: Db) => rowsOf(db, 'SELECT id, output_asset_id, final_asset_id FROM run_candidates ORDER BY id');
const insert = (id: string, index: number, output: string | null, or = '') =>
  `INSERT ${or} INTO run_candidates (id, job_id, candidate_index, status, output_asset_id, created_at)
   VALUES ('${id}', 'j', ${index}, 'done', ${output === null ? 'NULL' : `'${output}'`}, 't')`;
const oldInsert = (id: string, index: number, output: string | null, or = '') =>
  `INSERT ${or} INTO run_job_candidates (id, job_id, candidate_index, status, output_path, created_at)
   VALUES ('${id}', 'j', ${index}, 'done', ${output === null ? 'NULL' : `'${output}'`}, 't')`;

describe.each([
  ['with', 'ON'],
  ['without', 'OFF'],
])('a program that knows only the new names, %s foreign keys', (_, enforced) => {
  function upgraded(rows: Record<string, Row[]> = {}) {
    const db = afterPhase1({ assets: [asset('a1'), asset('a2')], ...rows });
    db.pragma(`foreign_keys = ${enforced}`);
    return db;
  }

  it('adds, changes and removes candidates, and the old table names their files by path', () => {
    const db = upgraded();
    db.exec(insert('c1', 1, 'a1'));
    db.exec(insert('c2', 2, null));
    expect(paths(db)).toEqual([
      ['c1', 'out/a1.png', null],
      ['c2', null, null],
    ]);

    db.exec(
      `UPDATE run_candidates SET output_asset_id = 'a2', final_asset_id = 'a1', status = 'failed' WHERE id = 'c1'`,
    );
    db.exec(`DELETE FROM run_candidates WHERE id = 'c2'`);
    expect(paths(db)).toEqual([['c1', 'out/a2.png', 'out/a1.png']]);
    expect(valueOf(db, 'SELECT status FROM run_job_candidates')).toBe('failed');
    expect(findingsOf(db, '20260221_0011')).toEqual([]);
  });

  it('writes by upsert, by REPLACE and by IGNORE', () => {
    const db = upgraded();
    db.exec(insert('c1', 1, 'a1'));
    db.exec(insert('c1', 1, 'a2', 'OR IGNORE'));
    db.exec(
      `${insert('c9', 1, 'a2')} ON CONFLICT (job_id, candidate_index) DO UPDATE SET output_asset_id = excluded.output_asset_id`,
    );
    expect(paths(db)).toEqual([['c1', 'out/a2.png', null]]);

    db.exec(insert('c9', 1, 'a1', 'OR REPLACE'));
    expect(paths(db)).toEqual([['c9', 'out/a1.png', null]]);
  });

  it('keeps the spelling of a path that names the file already', () => {
    const db = upgraded({
      run_job_candidates: [candidate('c1', { output_path: ' out\\a1.png' })],
    });

    db.exec(`UPDATE run_candidates SET output_asset_id = NULL`);
    db.exec(`UPDATE run_candidates SET output_asset_id = 'a1'`);

    expect(paths(db)).toEqual([['c1', 'out/a1.png', null]]);
    db.exec(
      `UPDATE run_job_candidates SET output_path = 'out\\a1.png'; UPDATE run_candidates SET final_asset_id = 'a1'`,
    );
    expect(paths(db)).toEqual([['c1', 'out\\a1.png', 'out/a1.png']]);
  });

  it('never loses a path because its file is not found, or is deleted', () => {
    const db = upgraded({
      assets: [asset('a1', { rel_path: 'out\\a1.png' }), asset('a2')],
      run_job_candidates: [
        candidate('c1', { output_path: 'out/a1.png' }),
        candidate('c2', { candidate_index: 2, output_path: 'out/a2.png' }),
      ],
    });

    // As the original does on every start: it looks for the file under the cleaned path only, and finds none.
    db.exec(`UPDATE run_candidates SET output_asset_id = NULL WHERE id = 'c1'`);
    db.exec(`DELETE FROM assets WHERE id = 'a2'`);

    expect(paths(db)).toEqual([
      ['c1', 'out/a1.png', null],
      ['c2', 'out/a2.png', null],
    ]);
  });

  it('names the final file of a job, and its choice, without the one changing the other', () => {
    const db = upgraded({
      run_jobs: [job('j', { final_output: 'out/a1.png' })],
      run_job_candidates: [candidate('c1', { output_path: 'out/a1.png' })],
    });
    const jobs = () =>
      rowsOf(db, 'SELECT selected_candidate, final_output, selected_candidate_index, final_asset_id FROM run_jobs');

    db.exec(`UPDATE run_jobs SET final_asset_id = 'a2'`);
    expect(jobs()).toEqual([[null, 'out/a2.png', null, 'a2']]);
    db.exec(`UPDATE run_jobs SET selected_candidate_index = 1`);
    expect(jobs()).toEqual([[1, 'out/a2.png', 1, 'a2']]);
    db.exec(`UPDATE run_jobs SET selected_candidate_index = NULL, final_asset_id = NULL`);
    expect(jobs()).toEqual([[null, null, null, null]]);
  });
});

describe('a program that writes both names', () => {
  /** Other tables refer to candidates under both names, as the ones of later phases do. */
  function upgraded() {
    const db = afterPhase1({ assets: [asset('a1')] });
    db.exec(`CREATE TABLE reports (id TEXT PRIMARY KEY, old_id TEXT REFERENCES run_job_candidates(id) ON DELETE SET NULL,
      new_id TEXT REFERENCES run_candidates(id) ON DELETE CASCADE, user_id TEXT REFERENCES users(id) ON DELETE CASCADE)`);
    db.pragma('foreign_keys = ON');
    return db;
  }

  it.each([
    ['the old one first', [oldInsert('c1', 1, 'out/a1.png'), insert('c1', 1, 'a1')]],
    ['the new one first', [insert('c1', 1, 'a1'), oldInsert('c1', 1, 'out/a1.png')]],
  ])('takes the place of our row without hurting what refers to it: %s', (__, [first = '', second = '']) => {
    const db = upgraded();
    db.exec(first);
    db.exec(`INSERT INTO reports (id, old_id, new_id) VALUES ('r', 'c1', 'c1')`);

    db.exec(second);

    expect(rowsOf(db, 'SELECT old_id, new_id FROM reports')).toEqual([['c1', 'c1']]);
    expect([paths(db), assets(db)]).toEqual([[['c1', 'out/a1.png', null]], [['c1', 'a1', null]]]);
    expect(db.pragma('foreign_key_check')).toEqual([]);
    expect(rowsOf(db, 'SELECT * FROM _phasewise_mirrored')).toEqual([]);
  });

  it('keeps the projects of a user whom it adds under the new name first', () => {
    const db = upgraded();
    const values = `VALUES ('u9', 'nine', 'Nine', NULL, 1, 't', 't')`;
    db.exec(`INSERT INTO app_users ${values}; UPDATE projects SET owner_user_id = 'u9'`);
    expect(rowsOf(db, 'SELECT user_id FROM projects')).toEqual([['u9']]);

    db.exec(`INSERT INTO users ${values}`);

    expect(rowsOf(db, 'SELECT id, user_id, owner_user_id FROM projects')).toEqual([['p', 'u9', 'u9']]);
    expect(valueOf(db, 'SELECT count(*) FROM run_jobs')).toBe(1);
    expect(db.pragma('foreign_key_check')).toEqual([]);
  });

  it('completes what it left empty under one name from the other', () => {
    const db = upgraded();
    db.exec(`${insert('c1', 1, 'a1')}; ${oldInsert('c1', 1, null)}`);
    db.exec(`${oldInsert('c2', 2, 'out/new')}; ${insert('c2', 2, null)}`);

    expect(paths(db)).toEqual([
      ['c1', 'out/a1.png', null],
      ['c2', 'out/new', null],
    ]);
    expect(assets(db)).toEqual([
      ['c1', 'a1', null],
      ['c2', 'c2:output', null],
    ]);
  });

  it('is refused as it would be without us, and then nothing of its statement stays', () => {
    const db = upgraded();
    db.exec(`${oldInsert('c1', 1, 'out/a1.png')}; ${oldInsert('c2', 2, null)}`);

    expect(() => db.exec(insert('c2', 1, 'a1'))).toThrow(/UNIQUE/);
    db.exec(insert('c2', 1, 'a1', 'OR IGNORE'));
    expect(() => db.exec(insert('c3', 1, 'a1', 'OR FAIL'))).toThrow(/UNIQUE/);

    expect(rowsOf(db, 'SELECT id, candidate_index FROM run_candidates ORDER BY id')).toEqual([
      ['c1', 1],
      ['c2', 2],
    ]);
    expect(valueOf(db, `SELECT count(*) FROM _phasewise_mirrored WHERE mirror = 'quiet'`)).toBe(0);
    db.exec(insert('c2', 2, 'a1'));
    expect(paths(db)[1]).toEqual(['c2', 'out/a1.png', null]);
  });
});

it('leaves the orphans of a job that goes without foreign keys in the old table only', () => {
  const db = afterPhase1({ runs: [run('r')], run_job_candidates: [candidate('c1')] });

  db.exec(`DELETE FROM run_jobs`);

  expect([paths(db), assets(db)]).toEqual([[['c1', null, null]], []]);
});
