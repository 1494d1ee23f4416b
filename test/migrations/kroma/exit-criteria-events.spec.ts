import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { readSchema } from '@engine/schema.ts';
import { insertRows } from '../../support/kroma/insert.ts';
import { baselineTables } from '../../support/kroma/schema-baseline.ts';
import { legacyDatabase } from '../../support/run-migration.ts';
import { madeOnce } from '../../support/made-once.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { candidate, exported, household, project, run, secret } from './rows.ts';
import { criteriaOf, damage, unmetOf, upgradeTo } from './upgraded.ts';

const folder = temporaryFolder();
const T = '2026-01-12T12:42:20Z';

/** Legacy rows, with or without the early event tables beside them. */
const open = (phase: number, withEarlyTables = true): Db => upgraded(JSON.stringify([phase, withEarlyTables]));
const upgraded = madeOnce(folder, (file, key) => {
  const [phase, withEarlyTables] = JSON.parse(key) as [number, boolean];
  const db = legacyDatabase(file, {
    ...household,
    projects: [project('p')],
    runs: [run('r'), run('r2')],
    run_job_candidates: [
      candidate('c1'),
      candidate('c2', { candidate_index: 2, rank_hard_failures: 'many' }),
      candidate('c3', { job_id: 'gone' }),
    ],
    project_exports: [exported('e1')],
    project_api_secrets: [secret('s1')],
  });
  if (withEarlyTables) addEvents(db);
  upgradeTo(db, phase);
  return db;
});

function addEvents(db: Db): void {
  for (const sql of baselineTables) db.exec(sql);
  const own = { project_id: 'p', created_at: T };
  insertRows(db, 'quality_reports', [
    { id: 'q1', run_id: 'r', run_job_id: 'j', run_job_candidate_id: 'c1', rating: 4, notes: 'good', ...own },
  ]);
  const cost = { run_id: 'r', currency: 'EUR', event_type: 'bg_remove', notes: 'by hand', ...own };
  insertRows(db, 'cost_events', [
    { ...cost, id: 'k1', amount_cents: 199 },
    { ...cost, id: 'k2', amount_cents: -7 },
  ]);
  insertRows(db, 'audit_events', [
    { id: 'a1', user_id: 'u', action: 'secret.set', details_json: '{"k":1}', ...own },
    { id: 'a2', user_id: null, action: 'x', details_json: '{cut', ...own },
  ]);
}

const check = (db: Db, id: string) => {
  const found = criteriaOf(2).find((criterion) => criterion.id === id);
  if (!found) throw new Error(`no criterion ${id}`);
  return found.check(db, readSchema(db));
};

describe('exit criteria of phase 2', () => {
  it.each([true, false])('are met at its end, with evidence (early tables: %s)', (withEarlyTables) => {
    const db = open(2, withEarlyTables);

    expect(unmetOf(db, 2)).toEqual([]);
    expect(unmetOf(db, 1)).toEqual([]);
    for (const { id } of criteriaOf(2)) expect([id, check(db, id).evidence.length > 0]).toEqual([id, true]);
  });

  it('are not met before', () => {
    const db = open(1);

    const schema = criteriaOf(2).filter(({ cost }) => cost === 'schema');
    expect(schema.filter(({ id }) => !check(db, id).met).map(({ id }) => id)).toEqual([
      'event-columns',
      'event-indexes',
      'event-triggers',
      'audit-triggers',
    ]);
  });

  it('do not call a legacy file met where the new tables are not there yet', () => {
    const legacy = legacyDatabase(path.join(folder, 'legacy.db'), household);
    const { met, summary } = check(legacy, 'event-triggers');

    expect([met, summary]).toEqual([false, expect.stringMatching(/^Not there yet: quality_reports, cost_events, /)]);
  });

  it('state what the reports are, what they cost, and that no logs were looked for', () => {
    const db = open(2);

    expect(check(db, 'candidates-judged').evidence).toContainEqual({
      label: 'Reports by type',
      text: 'human_review: 1\noutput_guard: 2',
    });
    expect(check(db, 'costs-agree').summary).toBe('2 events cost 1.92 by their old amounts and 1.92 by the new ones.');
    expect(check(db, 'run-log-coverage').summary).toBe(
      'No folder with run logs was chosen; 2 runs are known by their rows alone.',
    );
  });

  it('state how far the run logs were found', () => {
    const db = open(2);
    db.exec(`CREATE TABLE IF NOT EXISTS _phasewise_run_logs (run_id TEXT PRIMARY KEY, state TEXT, file_name TEXT);
      INSERT INTO _phasewise_run_logs VALUES ('r', 'agrees', 'a.json')`);

    expect(check(db, 'run-log-coverage').summary).toBe('Of 2 runs, by their log: agrees: 1, not looked for: 1.');

    db.exec(`UPDATE _phasewise_run_logs SET state = 'differs'`);
    expect(unmetOf(db, 2)).toEqual([{ id: 'run-log-coverage', text: expect.stringContaining('1 rows, e.g. r') }]);
  });

  it.each<[string, string, string, string]>([
    [
      'a column has another type',
      `ALTER TABLE cost_events DROP COLUMN units; ALTER TABLE cost_events ADD COLUMN units TEXT`,
      'event-columns',
      'cost_events.units is TEXT, not REAL',
    ],
    [
      'a candidate lost its report',
      `DELETE FROM quality_reports WHERE id = 'c1:quality'`,
      'candidates-judged',
      'e.g. c1',
    ],
    [
      'a report was made a rating',
      `UPDATE quality_reports SET report_type = 'human_review' WHERE id = 'c1:quality'`,
      'candidates-judged',
      'e.g. c1',
    ],
    [
      'a report lost its candidate',
      `UPDATE quality_reports SET candidate_id = NULL WHERE id = 'q1'`,
      'events-filled',
      'run_job_candidate_id but without candidate_id: 1 rows, e.g. q1',
    ],
    [
      'a cost is 0',
      `UPDATE cost_events SET cost_usd = 0 WHERE id = 'k2'`,
      'events-filled',
      'amount_cents but without cost_usd: 1 rows, e.g. k2',
    ],
    [
      'a cost lost its word',
      `UPDATE cost_events SET operation_code = 'legacy_event' WHERE id = 'k1'`,
      'events-filled',
      'event_type but without operation_code: 1 rows, e.g. k1',
    ],
    [
      'a cost lost its note',
      `UPDATE cost_events SET meta_json = '{}' WHERE id = 'k1'`,
      'events-filled',
      'notes but without meta_json: 1 rows, e.g. k1',
    ],
    [
      'an event lost its code',
      `UPDATE audit_events SET event_code = 'legacy_event' WHERE id = 'a2'; DELETE FROM _phasewise_quarantine WHERE source_table = 'audit_events'`,
      'events-filled',
      'action but without event_code: 1 rows, e.g. a2',
    ],
    [
      'an event lost its details',
      `UPDATE audit_events SET payload_json = '{}' WHERE id = 'a1'`,
      'events-filled',
      'details_json but without payload_json: 1 rows, e.g. a1',
    ],
    [
      'an event lost its user',
      `UPDATE audit_events SET actor_user_id = NULL WHERE id = 'a1'`,
      'events-filled',
      'user_id but without actor_user_id: 1 rows, e.g. a1',
    ],
    [
      'a rating is another',
      `UPDATE quality_reports SET summary_json = '{"rating":5,"notes":"good"}' WHERE id = 'q1'`,
      'ratings-kept',
      'e.g. q1',
    ],
    [
      'an account does not add up',
      `UPDATE _phasewise_backfills SET moved = moved + 1 WHERE migration_id LIKE '%audit_events'`,
      'event-accounts',
      'e.g. 20260221_0016_audit_events/events',
    ],
    [
      'an issue row was removed',
      `DELETE FROM _phasewise_quarantine WHERE source_table = 'audit_events'`,
      'event-accounts',
      'e.g. 20260221_0016_audit_events/events',
    ],
    ['a cost is off by a cent', `UPDATE cost_events SET cost_usd = 2.00 WHERE id = 'k1'`, 'costs-agree', 'e.g. k1'],
  ])('notice when %s', (_, sql, id, text) => {
    const db = open(2);

    damage(db, sql);

    const found = unmetOf(db, 2).find((each) => each.id === id);
    expect(found?.text).toContain(text);
  });

  it.each([
    [
      'an index is gone',
      `quality_reports`,
      'event-indexes',
      'no index on quality_reports(project_id, created_at DESC)',
    ],
  ])('notice when %s', (_, table, id, text) => {
    const db = open(2);
    const names = db
      .prepare<[string], string>(
        `SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql LIKE '% DESC%'`,
      )
      .pluck()
      .all(table);

    for (const name of names) db.exec(`DROP INDEX "${name}"`);

    expect(unmetOf(db, 2)).toEqual([{ id, text: expect.stringContaining(text) }]);
  });

  it.each([
    ['_phasewise_0016_events_action_insert', null],
    ['_phasewise_0016_secrets_delete', 'audit-triggers'],
    ['_phasewise_0016_storage_%', 'audit-triggers'],
    ['_phasewise_0016_events_%_update_follows', 'event-triggers'],
  ])('notice when the trigger %s is gone: %s', (pattern, id) => {
    const db = open(2);
    const names = db
      .prepare<[string], string>(`SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE ?`)
      .pluck()
      .all(pattern);
    expect(names.length).toBeGreaterThan(0);

    for (const name of names) db.exec(`DROP TRIGGER "${name}"`);

    expect(unmetOf(db, 2).map((each) => each.id)).toEqual(id === null ? [] : [id]);
  });

  it('do not blame a newer program for candidates that nobody has judged yet', () => {
    const db = open(2);
    damage(
      db,
      `INSERT INTO run_candidates (id, job_id, candidate_index, status, meta_json, created_at) VALUES ('new', 'j', 9, 'planned', '{}', '2099-01-01T00:00:00Z')`,
    );

    expect(unmetOf(db, 2, { mayBeEdited: true })).toEqual([]);
    expect(unmetOf(db, 2).map(({ id }) => id)).toEqual(['candidates-judged']);
  });
});

describe('after the old names are gone', () => {
  it('the criteria of phases 1 to 3 are still met, and say so', () => {
    const db = open(5);

    for (const phase of [1, 2, 3, 4]) expect([phase, unmetOf(db, phase)]).toEqual([phase, []]);
    expect(check(db, 'event-triggers').summary).toBe('No old names are left, so nothing has to be carried over.');
    expect(check(db, 'costs-agree').summary).toBe('No old amounts are left; 2 events cost 1.92.');
  });

  it('what programs do is still noted', () => {
    const db = open(5);
    db.pragma('foreign_keys = ON');

    db.exec(`DELETE FROM project_api_secrets; UPDATE project_storage SET s3_bucket = 'b';
      INSERT INTO project_exports (id, project_id, format, created_at) VALUES ('e2', 'p', 'zip', 't')`);

    const codes = `SELECT event_code FROM audit_events WHERE payload_json LIKE '%"recorded_by":"phasewise"%' ORDER BY rowid`;
    expect(db.prepare<[], string>(codes).pluck().all()).toEqual(
      expect.arrayContaining(['secret.deleted', 'storage.s3.updated', 'project.exported']),
    );
  });

  it('they still notice damage', () => {
    const db = open(5);
    damage(db, `DELETE FROM quality_reports WHERE candidate_id = 'c1'; UPDATE run_jobs SET meta_json = '{"si'`);
    db.exec('DROP TRIGGER _phasewise_0016_secrets_update');

    expect(unmetOf(db, 2).map(({ id }) => id)).toEqual(['audit-triggers', 'candidates-judged']);
    expect(unmetOf(db, 3).map(({ id }) => id)).toEqual(['contract-answers']);
  });

  it('they are met between the cut-over and the removal, too', () => {
    const db = open(4);
    db.exec(`INSERT INTO _phasewise_migrations (id, phase, checksum, run_id, seq, applied_at, duration_ms, schema_sha256)
      VALUES ('20260221_0025_cut_over', 5, '', 'r', 99, 't', 0, '')`);
    const carrying = db
      .prepare<[], string>(
        `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_phasewise_*' AND name NOT GLOB '*_follows'
      AND NOT (name GLOB '_phasewise_0016_*' AND tbl_name <> 'audit_events')`,
      )
      .pluck()
      .all();
    for (const name of carrying) db.exec(`DROP TRIGGER "${name}"`);

    for (const phase of [1, 2, 3]) expect([phase, unmetOf(db, phase)]).toEqual([phase, []]);
  });
});
