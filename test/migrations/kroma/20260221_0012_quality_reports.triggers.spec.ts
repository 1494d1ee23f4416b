import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { insertRows, type Row } from '../../support/kroma/insert.ts';
import { baselineTables } from '../../support/kroma/schema-baseline.ts';
import { dualEventTables } from '../../support/kroma/schema-dual.ts';
import { applyMigration, legacyDatabase, rowsOf, valueOf } from '../../support/run-migration.ts';
import { madeOnce } from '../../support/made-once.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { candidate, household, run } from './rows.ts';

const folder = temporaryFolder();
const T = '2026-02-14T09:31:07Z';
const firstShape = baselineTables.find((sql) => sql.includes('TABLE quality_reports')) ?? '';
const dualShape = dualEventTables.find((sql) => sql.includes('TABLE quality_reports')) ?? '';

/** A file after phase 2's migration of reports, with one candidate. */
const open = madeOnce(folder, (file, shape) => {
  const db = legacyDatabase(file, { ...household, run_job_candidates: [candidate('c1')] });
  for (const migration of kroma.migrations.filter(({ phase }) => phase === 1)) applyMigration(db, migration.id);
  db.exec(shape);
  const findings = applyMigration(db, '20260221_0012')?.findings ?? [];
  if (findings.length > 0) throw new Error(findings.join('; '));
  return db;
});

const seed = (status = 'done') =>
  `{"status":"${status}","rank":{"hard_failures":0,"soft_warnings":0,"avg_chroma_exceed":0.0},"source":"phase2_backfill"}`;
const reports = (db: Db) =>
  rowsOf(db, 'SELECT id, run_id, job_id, candidate_id, report_type, summary_json FROM quality_reports ORDER BY id');
const notes = (db: Db) => valueOf(db, `SELECT count(*) FROM _phasewise_mirrored WHERE mirror = 'quality_reports'`);
const insert = (db: Db, row: Row) => insertRows(db, 'quality_reports', [row]);
const newReport = (id: string, more: Row = {}): Row => ({
  ...{ id, project_id: 'p', run_id: 'r', job_id: 'j', candidate_id: 'c2', report_type: 'output_guard' },
  ...{ summary_json: '{"status":"done"}', created_at: T, ...more },
});
const newCandidate = (id: string, index: number): Row => {
  const { output_path: _output, final_output_path: _final, ...row } = candidate(id, { candidate_index: index });
  return row;
};

describe.each([
  ['on', 'ON', 'OFF'],
  ['off', 'OFF', 'OFF'],
  ['off and recursive triggers', 'OFF', 'ON'],
  ['on and recursive triggers', 'ON', 'ON'],
])('with foreign keys %s', (_, enforced, recursive) => {
  const openWith = (shape: string) => {
    const db = open(shape);
    db.pragma(`foreign_keys = ${enforced}`);
    db.pragma(`recursive_triggers = ${recursive}`);
    return db;
  };

  describe.each([
    ['made by us', ''],
    ['of the first shape', firstShape],
    ['with both names', dualShape],
  ])('a table %s', (__, shape) => {
    let db: Db;
    beforeEach(() => {
      db = openWith(shape);
    });

    it('gets the report of a candidate that an older program adds', () => {
      insertRows(db, 'run_job_candidates', [candidate('c2', { candidate_index: 2, created_at: '' })]);

      expect(reports(db)).toEqual([
        ['c1:quality', 'r', 'j', 'c1', 'output_guard', seed()],
        ['c2:quality', 'r', 'j', 'c2', 'output_guard', seed()],
      ]);
      expect(notes(db)).toBe(1);
      expect(valueOf(db, `SELECT created_at FROM quality_reports WHERE id = 'c2:quality'`)).toMatch(
        /^20..-..-..T..:..:..Z$/,
      );
    });

    it.each(['old name first', 'new name first'])(
      'keeps the report of a program that writes everything itself, %s',
      (order) => {
        const writes = [
          () => insertRows(db, 'run_job_candidates', [candidate('c2', { candidate_index: 2 })]),
          () => insertRows(db, 'run_candidates', [newCandidate('c2', 2)]),
        ];
        for (const write of order === 'old name first' ? writes : writes.reverse()) write();
        insert(db, newReport('native'));
        insert(db, newReport('again', { report_type: 'model_score' }));

        expect(reports(db).map(([id, , , candidateId]) => [id, candidateId])).toEqual([
          ['again', 'c2'],
          ['c1:quality', 'c1'],
          ['native', 'c2'],
        ]);
        expect(notes(db)).toBe(0);
      },
    );

    it('lets a rating by hand stand beside the report of the guard', () => {
      insertRows(db, 'run_candidates', [newCandidate('c2', 2)]);
      insert(db, newReport('hand', { report_type: 'human_review', summary_json: '{"rating":4,"notes":"ok"}' }));

      expect(reports(db).map(([id]) => id)).toEqual(['c1:quality', 'c2:quality', 'hand']);
    });

    it('replaces nothing that was there before the run', () => {
      insertRows(db, 'run_job_candidates', [candidate('c2', { candidate_index: 2 })]);
      insertRows(db, 'runs', [run('r2')]);
      insert(db, newReport('later'));

      expect(reports(db).map(([id]) => id)).toEqual(['c1:quality', 'c2:quality', 'later']);
    });

    it('lets go of a candidate, a job and a run that are deleted; its own report goes with the candidate', () => {
      insert(
        db,
        newReport('hand', {
          candidate_id: 'c1',
          report_type: 'human_review',
          summary_json: '{"rating":4,"notes":"ok"}',
        }),
      );
      db.exec(`DELETE FROM run_job_candidates WHERE id = 'c1'`);
      expect(reports(db)).toEqual([['hand', 'r', 'j', null, 'human_review', '{"rating":4,"notes":"ok"}']]);

      db.exec(`DELETE FROM run_jobs WHERE id = 'j'`);
      db.exec(`DELETE FROM runs WHERE id = 'r'`);
      expect(reports(db)).toEqual([['hand', null, null, null, 'human_review', '{"rating":4,"notes":"ok"}']]);

      db.exec(`DELETE FROM projects`);
      expect(reports(db)).toEqual([]);
    });

    it('keeps a report that a person added to when its candidate goes, and finds it for one that takes its place', () => {
      const said = `${seed().slice(0, -1)},"rating":5,"notes":"keep"}`;
      db.prepare(`UPDATE quality_reports SET summary_json = ? WHERE id = 'c1:quality'`).run(said);

      db.exec(`INSERT OR REPLACE INTO run_job_candidates (id, job_id, candidate_index, status, created_at)
        VALUES ('c1', 'j', 1, 'failed', '${T}')`);
      expect(reports(db)).toEqual([['c1:quality', 'r', 'j', 'c1', 'output_guard', said]]);

      db.exec(`DELETE FROM run_job_candidates`);
      expect(reports(db)).toEqual([['c1:quality', 'r', 'j', null, 'output_guard', said]]);
    });

    it('keeps a report that a person added to beside one that a program writes', () => {
      insertRows(db, 'run_job_candidates', [candidate('c2', { candidate_index: 2 })]);
      db.exec(
        `UPDATE quality_reports SET summary_json = json_set(summary_json, '$.seenBy', 'Mia') WHERE id = 'c2:quality'`,
      );

      insert(db, newReport('scored', { report_type: 'model_score', summary_json: '{"score":1}' }));

      expect(reports(db).map(([id, , , candidateId]) => [id, candidateId])).toEqual([
        ['c1:quality', 'c1'],
        ['c2:quality', 'c2'],
        ['scored', 'c2'],
      ]);
      expect(valueOf(db, `SELECT summary_json FROM quality_reports WHERE id = 'c2:quality'`)).toContain('Mia');
    });

    it('takes along what a run log added to it', () => {
      db.exec(
        `UPDATE quality_reports SET summary_json = json_set(summary_json, '$.output_guard', json('{"passed":1}'), '$.qa', json('{}'))`,
      );
      db.exec(`DELETE FROM run_job_candidates`);

      expect(reports(db)).toEqual([]);
    });

    it('lets a program change the keys of candidates, and goes along', () => {
      insertRows(db, 'run_job_candidates', [candidate('c2', { candidate_index: 2 })]);
      db.exec(
        `UPDATE quality_reports SET summary_json = json_set(summary_json, '$.rating', 4) WHERE id = 'c2:quality'`,
      );

      const keys = [['c1', 'away'], ['c2', 'c1'], ['away', 'c2']]; // prettier-ignore
      for (const table of ['run_job_candidates', 'run_candidates'])
        for (const [from, to] of keys) db.prepare(`UPDATE ${table} SET id = ? WHERE id = ?`).run(to, from);

      expect(
        reports(db).map(([id, , , candidateId, , says]) => [id, candidateId, /"rating":4/.test(String(says))]),
      ).toEqual([
        ['c1:quality', 'c1', true],
        ['c2:quality', 'c2', false],
      ]);
      db.exec(`DELETE FROM run_candidates`);
      expect(reports(db).map(([id]) => id)).toEqual(['c1:quality']);
      expect(db.pragma('foreign_key_check')).toEqual([]);
    });

    it('stays whole when a run is read again under new ids', () => {
      db.exec(`DELETE FROM runs WHERE id = 'r'; DELETE FROM run_jobs; DELETE FROM run_job_candidates`);
      insertRows(db, 'runs', [run('r2')]);
      db.exec(
        `INSERT INTO run_jobs (id, run_id, job_key, status, created_at) VALUES ('j2', 'r2', 'k', 'done', '${T}')`,
      );
      insertRows(db, 'run_job_candidates', [candidate('c9', { job_id: 'j2' })]);

      expect(reports(db)).toEqual([['c9:quality', 'r2', 'j2', 'c9', 'output_guard', seed()]]);
    });

    it('survives a candidate that replaces one, and one without a job', () => {
      db.exec(`INSERT OR REPLACE INTO run_job_candidates (id, job_id, candidate_index, status, meta_json, created_at)
        VALUES ('c1', 'j', 1, 'failed', '<html>output_guard', '${T}')`);
      db.pragma('foreign_keys = OFF');
      insertRows(db, 'run_job_candidates', [candidate('lost', { job_id: 'gone' })]);

      expect(reports(db)).toEqual([
        ['c1:quality', 'r', 'j', 'c1', 'output_guard', expect.stringMatching(/"status":"(failed|done)"/)],
      ]);
    });
  });

  describe.each([
    ['of the first shape', firstShape],
    ['with both names', dualShape],
  ])('a table %s', (__, shape) => {
    const old = (db: Db, id: string) =>
      rowsOf(db, `SELECT run_job_id, run_job_candidate_id, rating, notes FROM quality_reports WHERE id = '${id}'`)[0];
    const says = (db: Db, id: string) =>
      rowsOf(db, `SELECT job_id, candidate_id, report_type, summary_json FROM quality_reports WHERE id = '${id}'`)[0];
    const rated = (id: string, more: Row = {}): Row => ({
      ...{ id, project_id: 'p', run_id: 'r', run_job_id: 'j', run_job_candidate_id: 'c1', rating: 3, notes: 'a "b"' },
      ...{ created_at: T, ...more },
    });

    it('follows a program that knows only the old columns', () => {
      const db = openWith(shape);
      insert(db, rated('a'));
      expect(says(db, 'a')).toEqual(['j', 'c1', 'human_review', '{"rating":3,"notes":"a \\"b\\""}']);

      db.exec(`UPDATE quality_reports SET rating = 5, notes = '' WHERE id = 'a'`);
      expect(says(db, 'a')).toEqual(['j', 'c1', 'human_review', '{"rating":5,"notes":""}']);

      db.exec(`UPDATE quality_reports SET run_job_id = NULL, run_job_candidate_id = NULL WHERE id = 'a'`);
      expect(says(db, 'a')).toEqual([null, null, 'human_review', '{"rating":5,"notes":""}']);
    });

    it('adds a rating to what the guard found', () => {
      const db = openWith(shape);
      db.exec(`UPDATE quality_reports SET rating = 2 WHERE id = 'c1:quality'`);

      expect(says(db, 'c1:quality')).toEqual([
        'j',
        'c1',
        'output_guard',
        `${seed().slice(0, -1)},"rating":2,"notes":""}`,
      ]);
    });

    it.each([
      ['a rating', 'rating = 5'],
      ['a note', `notes = 'great, keep'`],
      ['a rating that is no JSON', `rating = x'00'`],
    ])('keeps %s that a person gave in the report of the guard when the run goes', (___, set) => {
      const db = openWith(shape);
      db.exec(`UPDATE quality_reports SET ${set} WHERE id = 'c1:quality'`);
      const before = rowsOf(db, `SELECT rating, notes, summary_json FROM quality_reports`);

      db.exec(`DELETE FROM runs; DELETE FROM run_jobs; DELETE FROM run_job_candidates`);

      expect(rowsOf(db, `SELECT rating, notes, summary_json FROM quality_reports`)).toEqual(before);
    });

    it('lets go of a report whose rating was taken back', () => {
      const db = openWith(shape);
      db.exec(`UPDATE quality_reports SET rating = 5, notes = 'n'; UPDATE quality_reports SET rating = 0, notes = ''`);
      db.exec(`DELETE FROM run_job_candidates`);

      expect(reports(db)).toEqual([]);
    });

    it('keeps the old reference right when a program changes the key of an old candidate', () => {
      const db = openWith(shape);
      db.exec(`UPDATE run_job_candidates SET id = 'other' WHERE id = 'c1'`);

      expect(old(db, 'c1:quality')).toEqual(['j', 'other', 0, '']);
    });

    it('makes the old columns follow a program that knows only the new ones', () => {
      const db = openWith(shape);
      insert(
        db,
        newReport('a', { candidate_id: 'c1', report_type: 'human_review', summary_json: '{"rating":4,"notes":"n"}' }),
      );
      expect(old(db, 'a')).toEqual(['j', 'c1', 4, 'n']);

      db.exec(`UPDATE quality_reports SET summary_json = '{"rating":1}', candidate_id = NULL WHERE id = 'a'`);
      expect(old(db, 'a')).toEqual(['j', null, 1, '']);
      expect(says(db, 'a')).toEqual(['j', null, 'human_review', '{"rating":1}']);

      db.exec(`UPDATE quality_reports SET summary_json = '{cut' WHERE id = 'a'`);
      expect(old(db, 'a')).toEqual(['j', null, 0, '']);
    });

    it('leaves both sides to a program that writes both', () => {
      const db = openWith(shape);
      insert(db, {
        ...rated('a'),
        job_id: 'j',
        candidate_id: 'c1',
        report_type: 'model_score',
        summary_json: '{"x":1}',
      });
      db.exec(`UPDATE quality_reports SET rating = 9, summary_json = '{"rating":8}' WHERE id = 'a'`);

      expect(old(db, 'a')).toEqual(['j', 'c1', 9, 'a "b"']);
      expect(says(db, 'a')).toEqual(['j', 'c1', 'model_score', '{"rating":8}']);
    });

    it('never fails a write: a blob, malformed JSON, a candidate that has no twin', () => {
      const db = openWith(shape);
      insert(db, rated('a', { rating: Buffer.from([1, 255]), notes: Buffer.from('x') }));
      insert(db, newReport('b', { candidate_id: null, summary_json: '{cut' }));
      db.exec(
        `UPDATE quality_reports SET rating = x'00', notes = x'ff' WHERE id = 'b'; UPDATE quality_reports SET rating = 'x' WHERE id = 'b'`,
      );
      db.pragma('foreign_keys = OFF');
      insertRows(db, 'run_job_candidates', [candidate('lost', { job_id: 'gone' })]);
      db.pragma(`foreign_keys = ${enforced}`);
      insert(db, rated('c', { run_job_candidate_id: 'lost' }));

      expect(says(db, 'c')).toEqual(['j', null, 'human_review', '{"rating":3,"notes":"a \\"b\\""}']);
      expect(valueOf(db, 'SELECT count(*) FROM quality_reports')).toBe(4);
    });
  });
});
