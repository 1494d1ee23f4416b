import { chmodSync, copyFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { insertRows, type Row } from '../../support/kroma/insert.ts';
import { baselineTables } from '../../support/kroma/schema-baseline.ts';
import { dualEventTables } from '../../support/kroma/schema-dual.ts';
import { floatText } from '../../support/oracle/python-text.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import {
  applyMigration,
  contentOf,
  findingsOf,
  issuesOf,
  legacyDatabase,
  NOW,
  plansOf,
  rowsOf,
  valueOf,
} from '../../support/run-migration.ts';
import { SHARED_DATA_MISSING, sharedFile } from '../../support/shared-data.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { candidate, household, job, run } from './rows.ts';

const id = '20260221_0012_quality_reports';
const folder = temporaryFolder();
const T = '2026-02-14T09:31:07Z';
const firstShape = baselineTables.find((sql) => sql.includes('TABLE quality_reports')) ?? '';
const dualShape = dualEventTables.find((sql) => sql.includes('TABLE quality_reports')) ?? '';
const report = (key: string | null, more: Row = {}): Row => ({
  ...{ id: key, project_id: 'p', run_id: 'r', run_job_id: 'j', run_job_candidate_id: 'c1', rating: 0, notes: '' },
  ...{ created_at: T, ...more },
});

const afterPhase1 = madeOnceOf(folder, (file, more: Record<string, readonly Row[]>) => {
  const db = legacyDatabase(file, { ...household, run_job_candidates: [candidate('c1')], ...more });
  for (const migration of kroma.migrations.filter(({ phase }) => phase === 1)) applyMigration(db, migration.id);
  return db;
});
/** A file after phase 1, with reports in this shape. */
function open(shape: string | null, reports: Row[] = [], more: Record<string, readonly Row[]> = {}): Db {
  const db = afterPhase1(more);
  if (shape !== null) {
    db.exec(shape);
    insertRows(db, 'quality_reports', reports);
  }
  return db;
}
const all = `SELECT id, job_id, candidate_id, report_type, summary_json FROM quality_reports ORDER BY id`;
const seed = (rest = '', status = 'done', hard = '0', soft = '0', chroma = '0.0') =>
  `{"status":"${status}","rank":{"hard_failures":${hard},"soft_warnings":${soft},"avg_chroma_exceed":${chroma}},"source":"phase2_backfill"${rest}}`;
const summaries = (db: Db) => rowsOf(db, `SELECT candidate_id, summary_json FROM quality_reports ORDER BY id`);

describe('the report of a candidate', () => {
  it('says what its row says, with all that it belongs to', () => {
    const db = open(null, [], {
      run_job_candidates: [
        candidate('c1', { status: 'failed_output_guard', rank_hard_failures: 2, rank_soft_warnings: 1, rank_avg_chroma_exceed: 11.5 }),
        candidate('c2', { candidate_index: 2, created_at: '' }),
      ], // prettier-ignore
    });

    expect(applyMigration(db, id)).toEqual({
      accounts: { reports: '0 / 0 / 0', candidates: '2 / 0 / 0' },
      findings: [],
    });

    expect(rowsOf(db, 'SELECT * FROM quality_reports ORDER BY id')).toEqual([
      ['c1:quality', 'p', 'r', 'j', 'c1', 'output_guard', seed('', 'failed_output_guard', '2', '1', '11.5'), T],
      ['c2:quality', 'p', 'r', 'j', 'c2', 'output_guard', seed(), NOW],
    ]);
  });

  it.each([
    ['{"output_guard":{"files":[1,2.0,{"é":"\\u0041"}]},"x":1}', ',"output_guard":{"files":[1,2.0,{"é":"\\u0041"}]}'],
    ['{ "output_guard" : { "a" : 12345678901234567890 } }', ',"output_guard":{"a":12345678901234567890}'],
    ['{"output_guard":{"a":1},"output_guard":{"a":2}}', ',"output_guard":{"a":2}'],
    ['{"output_guard":{"a":1},"output_guard":[]}', ''],
    ['{"output_guard":{"a":NaN}}', ',"output_guard":{"a":null}'],
    ['{"output_guard":null}', ''],
    ['{"a":{"output_guard":{}}}', ''],
    ['[{"output_guard":{}}]', ''],
    ['{"output_guard":{"a":1}', ''],
    ['\ufeff{"output_guard":{}}', ''],
    ["{output_guard:{'a':1}}", ''],
    ['{"output_guard":{}}', ',"output_guard":{}'],
    ['<html>output_guard</html>', ''],
    ['', ''],
  ])('takes from the details %j the result of the guard', (meta, expected) => {
    const db = open(null, [], { run_job_candidates: [candidate('c1', { meta_json: meta })] });

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(summaries(db)).toEqual([['c1', seed(expected)]]);
  });

  it('writes numbers and texts as Python does', () => {
    const numbers = [0, 1, 0.1, 0.1 + 0.2, 1 / 3, 57.1224, 123456.789, 1e-4, 1e-5, 1.5e-7, 1e15, 1e16, 1.5e17, 1e22, 1e300, 2 ** 53 + 2, -3.25]; // prettier-ignore
    const db = open(null, [], {
      run_job_candidates: numbers.map((value, at) =>
        candidate(`c${String(at).padStart(2, '0')}`, { candidate_index: at, rank_avg_chroma_exceed: value, rank_hard_failures: 1.9, status: `ö "\\\n\u0001\u007f` }),
      ), // prettier-ignore
    });

    applyMigration(db, id);

    const status = JSON.stringify('ö "\\\n\u0001\u007f').slice(1, -1);
    expect(summaries(db).map(([, summary]) => summary)).toEqual(
      numbers.map((value) => seed('', status, '1', '0', floatText(value))),
    );
  });

  it('counts a rank that is no number as nothing, and says which', () => {
    const db = open(null, [], {
      run_job_candidates: [
        candidate('c1', { rank_hard_failures: 'two', rank_avg_chroma_exceed: Infinity }),
        candidate('c2', { candidate_index: 2 }),
      ],
    });

    expect(applyMigration(db, id)).toEqual({
      accounts: { reports: '0 / 0 / 0', candidates: '1 / 0 / 1' },
      findings: [],
    });
    expect(summaries(db)).toEqual([
      ['c1', seed()],
      ['c2', seed()],
    ]);
    expect(issuesOf(db, 'run_candidates')).toEqual(['c1: rank-unreadable']);
    expect(valueOf(db, `SELECT detail FROM _phasewise_quarantine WHERE reason = 'rank-unreadable'`)).toBe(
      `rank_hard_failures is 'two', rank_avg_chroma_exceed is 'Inf'`,
    );
    expect(applyMigration(db, id)?.accounts).toEqual({ reports: '0 / 2 / 0', candidates: '0 / 1 / 1' });
  });

  it('is not made where its job, run or project is missing, and that is said', () => {
    const db = open(null, [], {
      runs: [run('r'), run('r2', { project_id: 'gone' })],
      run_jobs: [job('j'), job('j2', { run_id: 'r2' })],
      run_job_candidates: [candidate('c1'), candidate('c2', { job_id: 'j2' })],
    });
    insertRows(db, 'run_jobs', [job('j3', { run_id: 'gone' })]);
    db.exec(`INSERT INTO _phasewise_mirrored (mirror, key) VALUES ('quiet', 'run_candidates');
      INSERT INTO run_candidates SELECT 'c3', 'gone', 1, status, NULL, NULL, 0, 0, 0, '{}', created_at FROM run_candidates WHERE id = 'c1';
      INSERT INTO run_candidates SELECT 'c4', 'j3', 1, status, NULL, NULL, 0, 0, 0, '{}', created_at FROM run_candidates WHERE id = 'c1';
      DELETE FROM _phasewise_mirrored`);

    expect(applyMigration(db, id)).toEqual({
      accounts: { reports: '0 / 0 / 0', candidates: '1 / 0 / 3' },
      findings: [],
    });

    expect(
      rowsOf(
        db,
        `SELECT source_key, reason, detail FROM _phasewise_quarantine WHERE source_table = 'run_candidates' ORDER BY 1`,
      ),
    ).toEqual([
      ['c2', 'report-not-made', 'its run names project gone, which does not exist'],
      ['c3', 'report-not-made', 'names job gone, which does not exist'],
      ['c4', 'report-not-made', 'its job names run gone, which does not exist'],
    ]);
  });

  it('gets another id where its own is taken by something else', () => {
    const db = open(firstShape, [report('c1:quality', { run_job_candidate_id: null, rating: 3 })]);

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(rowsOf(db, `SELECT substr(id, 1, 11), report_type FROM quality_reports ORDER BY id`)).toEqual([
      ['c1:quality', 'human_review'],
      ['c1:quality:', 'output_guard'],
    ]);
  });
});

describe('reports of the first shape', () => {
  it('are what a person gave; the candidate gets its own beside it', () => {
    const db = open(firstShape, [
      report('a', { rating: 5, notes: 'a\n"b" ❤️' }),
      report('b', { run_id: null, run_job_id: null, run_job_candidate_id: null, rating: -1 }),
      report('c', { rating: 'good' }),
    ]);

    expect(applyMigration(db, id)).toEqual({
      accounts: { reports: '3 / 0 / 0', candidates: '1 / 0 / 0' },
      findings: [],
    });

    expect(rowsOf(db, all)).toEqual([
      ['a', 'j', 'c1', 'human_review', '{"rating":5,"notes":"a\\n\\"b\\" ❤️"}'],
      ['b', null, null, 'human_review', '{"rating":-1,"notes":""}'],
      ['c', 'j', 'c1', 'human_review', '{"rating":"good","notes":""}'],
      ['c1:quality', 'j', 'c1', 'output_guard', seed()],
    ]);
    // A program that reads the old names sees the new report too.
    expect(
      rowsOf(db, `SELECT run_job_id, run_job_candidate_id, rating, notes FROM quality_reports WHERE id = 'c1:quality'`),
    ).toEqual([['j', 'c1', 0, '']]);
  });

  it('of a missing project stay and are reported, those without an id too', () => {
    const db = open(firstShape, [report('a', { project_id: 'gone' }), report(null)]);

    expect(applyMigration(db, id)?.accounts).toEqual({ reports: '0 / 0 / 2', candidates: '1 / 0 / 0' });

    expect(issuesOf(db, 'quality_reports')).toEqual([null, 'a: project-missing']);
    expect(rowsOf(db, `SELECT report_type FROM quality_reports WHERE id = 'a'`)).toEqual([['human_review']]);
  });
});

describe('reports of a file with both names', () => {
  it('keep what they say; only what the original mistook for a result becomes a review', () => {
    const native = '{"status":"done","output_path":"x"}';
    const db = open(dualShape, [
      { ...report('a'), job_id: 'j', candidate_id: 'c1', summary_json: native },
      { ...report('b', { rating: 4 }), job_id: 'j', candidate_id: 'c1', summary_json: '{"rating": 4, "notes": ""}' },
      { ...report('c', { rating: 2, run_job_id: 'gone' }), summary_json: '{}' },
      { ...report('d'), report_type: 'model_score', summary_json: '{ }' },
      { ...report('e'), summary_json: '{cut' },
      { ...report('f', { rating: 1 }), summary_json: '{"rating":1,"notes":"","by":"me"}' },
    ]);

    expect(applyMigration(db, id)).toEqual({
      accounts: { reports: '4 / 1 / 1', candidates: '0 / 1 / 0' },
      findings: [],
    });

    expect(rowsOf(db, all)).toEqual([
      ['a', 'j', 'c1', 'output_guard', native],
      ['b', 'j', 'c1', 'human_review', '{"rating": 4, "notes": ""}'],
      // The reference is enforced here, so it must not come to name what does not exist.
      ['c', null, 'c1', 'human_review', '{"rating":2,"notes":""}'],
      ['d', 'j', 'c1', 'model_score', '{"rating":0,"notes":""}'],
      ['e', 'j', 'c1', 'output_guard', '{cut'],
      ['f', 'j', 'c1', 'output_guard', '{"rating":1,"notes":"","by":"me"}'],
    ]);
    expect(issuesOf(db, 'quality_reports')).toEqual(['e: json-unreadable']);
  });
});

describe('the migration', () => {
  it.each([
    ['no table', null, []],
    ['the first shape', firstShape, [report('a', { rating: 5 }), report('b', { project_id: 'gone' })]],
    ['both names', dualShape, [{ ...report('a', { rating: 5 }) }, { ...report('b', { project_id: 'gone' }) }]],
  ])('continues after a kill behind any chunk, and applied again it changes nothing, with %s', (_, shape, reports) => {
    const candidates = [1, 2, 3].map((index) =>
      candidate(`c${index}`, { candidate_index: index, rank_soft_warnings: index === 2 ? 'x' : 0 }),
    );
    const whole = open(shape, reports, { run_job_candidates: candidates });
    applyMigration(whole, id);
    for (let chunks = 0; chunks <= 3 + reports.length; chunks++) {
      const db = open(shape, reports, { run_job_candidates: candidates });
      expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();
      expect(applyMigration(db, id, { chunkRows: 1 })?.findings).toEqual([]);
      const content = contentOf(db);
      expect(content).toBe(contentOf(whole));
      expect(applyMigration(db, id)?.accounts['candidates']).toBe('0 / 2 / 1');
      expect(contentOf(db)).toBe(content);
    }
  });

  it('is found out when something is missing again', () => {
    const db = open(firstShape, [report('a', { rating: 5 })]);
    applyMigration(db, id);
    db.exec(`DROP TRIGGER _phasewise_0012_reports_update; DROP TRIGGER _phasewise_0012_reports_update_follows; DROP INDEX idx_quality_reports_candidate_id;
      UPDATE quality_reports SET report_type = 'output_guard', job_id = NULL WHERE id = 'a'; DELETE FROM quality_reports WHERE id = 'c1:quality'`);

    expect(findingsOf(db, id)).toEqual([
      'the index on quality_reports(candidate_id) is missing',
      'the trigger _phasewise_0012_reports_update is missing',
      'the trigger _phasewise_0012_reports_update_follows is missing',
      '1 quality reports whose job or candidate stands in the old column only',
      '1 quality reports that a person gave and that are marked as the result of a machine',
    ]);
    db.exec(`DELETE FROM quality_reports`);
    expect(findingsOf(db, id)).toContain('1 candidates without a quality report');
  });

  it('finds every row by an index', () => {
    const db = open(firstShape, [report('a')]);
    applyMigration(db, id);

    const scans = plansOf(db, id).filter(
      (plan) => plan.startsWith('SCAN') && !/json_each|CONSTANT|subquery/.test(plan),
    );
    expect(scans).toEqual([]);
  });
});

const expected = { 'legacy-small': [null, 202, 0], 'legacy-medium': [null, 19805, 0], 'baseline-wrong-columns': [26, 222, 26], dual: [1091, 0, 0] } as const; // prettier-ignore
const small = sharedFile('kroma', 'legacy-small.db');
describe.skipIf(small === null)(`files of the original${small === null ? ` (${SHARED_DATA_MISSING})` : ''}`, () => {
  it.each(Object.entries(expected))('%s gets as many reports as were counted', (name, [before, seeds, reviews]) => {
    const file = path.join(folder, `${name}.db`);
    copyFileSync(sharedFile('kroma', `${name}.db`) ?? '', file);
    chmodSync(file, 0o644);
    const db = new Database(file);
    for (const migration of kroma.migrations.filter(({ phase }) => phase === 1)) applyMigration(db, migration.id);
    const native = before === null ? [] : rowsOf(db, 'SELECT * FROM quality_reports ORDER BY id');

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(rowsOf(db, `SELECT count(*), count(*) FILTER (WHERE id LIKE '%:quality'), count(*) FILTER (WHERE report_type = 'human_review') FROM quality_reports`)).toEqual(
      [[(before ?? 0) + seeds, seeds, reviews]],
    ); // prettier-ignore
    if (name === 'dual') expect(rowsOf(db, 'SELECT * FROM quality_reports ORDER BY id')).toEqual(native);
    db.close();
  });
});
