import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import {
  applyMigration,
  applyUpTo,
  findingsOf,
  issuesOf,
  legacyDatabase,
  rowsOf,
  valueOf,
} from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import type { Row } from '../../support/kroma/insert.ts';
import { asset, candidate, household, job, project, run } from './rows.ts';

const id = '20260221_0011_rename_candidates';
const folder = temporaryFolder();
let files = 0;
function open(rows: Record<string, readonly Row[]> = {}, before = '') {
  const db = legacyDatabase(path.join(folder, `${(files += 1)}.db`), { ...household, ...rows });
  if (before) db.exec(before);
  applyUpTo(db, '20260221_0010');
  return db;
}
const finals = (db: Db) => rowsOf(db, 'SELECT id, final_asset_id FROM run_jobs ORDER BY id');
/** A candidate of job j with its own number. */
let number = 0;
const c = (name: string, more: Row = {}) => candidate(name, { candidate_index: (number += 1), ...more });

describe('the final file of a job', () => {
  const withChoice = (more: Row, candidates: Row[]) =>
    open({ run_jobs: [job('j', more)], assets: [asset('a1'), asset('a2')], run_job_candidates: candidates });

  it.each<[string, Row, Row, string | null]>([
    [
      'is the final file of the chosen candidate',
      { selected_candidate: 1 },
      { output_path: 'out/a1.png', final_output_path: 'out/a2.png' },
      'a2',
    ],
    ['is its output where it has no final file', { selected_candidate: 1 }, { output_path: 'out/a1.png' }, 'a1'],
    [
      'is the chosen one even where the job names another path',
      { selected_candidate: 1, final_output: 'out/a2.png' },
      { output_path: 'out/a1.png' },
      'a1',
    ],
    [
      'is named by the path where the choice leads nowhere',
      { selected_candidate: 9, final_output: 'out\\a2.png' },
      { output_path: 'out/a1.png' },
      'a2',
    ],
    [
      'is named by the path where the chosen candidate has no file',
      { selected_candidate: 1, final_output: 'out/a2.png' },
      {},
      'a2',
    ],
    ['is registered where nobody did', { final_output: ' out/new.png' }, {}, 'j:final-output'],
    ['is none where nothing names one', { final_output: '  ' }, {}, null],
  ])('%s', (_, more, chosen, expected) => {
    const db = withChoice(more, [candidate('c1', chosen)]);

    expect(applyMigration(db, id)).toMatchObject({
      accounts: { jobs: expected === null ? '0 / 1 / 0' : '1 / 0 / 0' },
      findings: [],
    });

    expect(finals(db)).toEqual([['j', expected]]);
    expect(valueOf(db, 'SELECT final_output FROM run_jobs')).toBe(more['final_output'] ?? null);
  });

  it('is credited to the first job that names it, after all candidates', () => {
    const db = open({
      run_jobs: [
        job('j', { created_at: '2026-02-01' }),
        job('j1', { final_output: 'out/new', created_at: '2026-03-01' }),
        job('j2', { final_output: 'out/new', created_at: '2026-02-01' }),
        job('j3', { final_output: 'out/a1.png' }),
      ],
      assets: [asset('a1')],
      run_job_candidates: [c('c1', { output_path: 'out/a1.png', created_at: '2027-01-01' })],
    });
    applyMigration(db, id);

    expect(rowsOf(db, 'SELECT id, job_id, candidate_id, kind FROM assets ORDER BY id')).toEqual([
      ['a1', 'j', 'c1', 'candidate_output'],
      ['j2:final-output', 'j2', null, 'job_final_output'],
    ]);
    expect(finals(db)).toEqual([
      ['j', null],
      ['j1', 'j2:final-output'],
      ['j2', 'j2:final-output'],
      ['j3', 'a1'],
    ]);
  });

  it('that is there already stays, and one that cannot be named is reported', () => {
    const db = open({
      projects: [project('p')],
      runs: [run('r'), run('r2', { project_id: 'gone' })],
      run_jobs: [
        job('j', { final_output: 'out/a1.png' }),
        job('j1', { run_id: 'gone', final_output: 'x' }),
        job('j2', { run_id: 'r2', final_output: 'y' }),
      ],
      assets: [asset('a1'), asset('a2')],
    });
    db.exec(`UPDATE run_jobs SET final_asset_id = 'a2' WHERE id = 'j'; DELETE FROM _phasewise_quarantine`);

    expect(applyMigration(db, id)).toMatchObject({ accounts: { jobs: '0 / 1 / 2' }, findings: [] });

    expect(finals(db)).toEqual([
      ['j', 'a2'],
      ['j1', null],
      ['j2', null],
    ]);
    expect(issuesOf(db, 'run_jobs')).toEqual(['j1: run-missing', 'j2: project-missing']);
  });

  it('is found anew where the reference leads nowhere, and reported where nothing says which it was', () => {
    const db = open({
      run_jobs: [job('j', { final_output: 'out/a1.png' }), job('j1', { final_output: 'out/new.png' }), job('j2')],
      assets: [asset('a1')],
    });
    db.exec(`UPDATE run_jobs SET final_asset_id = 'gone'`);

    expect(applyMigration(db, id)).toMatchObject({ accounts: { jobs: '2 / 0 / 1' }, findings: [] });

    expect(finals(db)).toEqual([
      ['j', 'a1'],
      ['j1', 'j1:final-output'],
      ['j2', 'gone'],
    ]);
    expect(issuesOf(db, 'run_jobs')).toEqual(['j: file-missing', 'j1: file-missing', 'j2: file-missing']);
  });

  it('is found anew after a tool has removed the file, and the damage is noticed before', () => {
    const db = open({ run_jobs: [job('j', { final_output: 'out/a1.png' })], assets: [asset('a1')] });
    applyMigration(db, id);
    db.exec(`DELETE FROM assets; DELETE FROM _phasewise_backfills`);

    expect(findingsOf(db, id).join()).toContain('jobs that name a final file but refer to none');
    expect(applyMigration(db, id)).toMatchObject({ accounts: { jobs: '1 / 0 / 0' }, findings: [] });
    expect(finals(db)).toEqual([['j', 'j:final-output']]);
  });
});
