import { chmodSync, copyFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Db, SourceFile, SourceFiles } from '@engine/migration.ts';
import { openSourceFiles } from '@engine/source-files.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { insertRows, type Row } from '../../support/kroma/insert.ts';
import { baselineTables } from '../../support/kroma/schema-baseline.ts';
import { dualEventTables } from '../../support/kroma/schema-dual.ts';
import {
  applyMigration,
  contentOf,
  findingsOf,
  issuesOf,
  legacyDatabase,
  plansOf,
  rowsOf,
  valueOf,
} from '../../support/run-migration.ts';
import { madeOnce } from '../../support/made-once.ts';
import { SHARED_DATA_MISSING, sharedFile } from '../../support/shared-data.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { candidate, household, job, run } from './rows.ts';
import { unmetOf } from './upgraded.ts';

const id = '20260221_0014_cost_events';
const folder = temporaryFolder();
const T = '2026-02-14T09:31:07Z';
const firstShape = baselineTables.find((sql) => sql.includes('TABLE cost_events')) ?? '';
const dualShape = dualEventTables.find((sql) => sql.includes('TABLE cost_events')) ?? '';
const cost = (key: string | null, more: Row = {}): Row => ({
  ...{ id: key, project_id: 'p', run_id: 'r', amount_cents: 17, currency: 'EUR', event_type: 'bg_remove', notes: '' },
  ...{ created_at: T, ...more },
});

const withReports = madeOnce(folder, (file, more) => {
  const db = legacyDatabase(file, { ...household, ...(JSON.parse(more) as Record<string, readonly Row[]>) });
  for (const migration of kroma.migrations.filter(({ phase }) => phase === 1)) applyMigration(db, migration.id);
  applyMigration(db, '20260221_0012');
  return db;
});
/** A file after phase 1 and the quality reports, with costs in this shape. */
function open(shape: string | null, costs: Row[] = [], more: Record<string, readonly Row[]> = {}): Db {
  const db = withReports(JSON.stringify(more));
  if (shape !== null) {
    db.exec(shape);
    insertRows(db, 'cost_events', costs);
  }
  return db;
}
const all = `SELECT id, provider_code, operation_code, units, cost_usd, currency, meta_json FROM cost_events ORDER BY id`;
const old = `SELECT event_type, amount_cents, notes FROM cost_events ORDER BY id`;

describe('filling', () => {
  const costs = [
    cost('a', { notes: 'скидка "x"' }),
    cost('b', { amount_cents: -250, currency: '', event_type: '' }),
    cost('c', { amount_cents: 2 ** 53 + 2 }),
    cost('d', { amount_cents: 'a lot' }),
    cost('e', { project_id: 'gone', amount_cents: 0 }),
  ];

  it('takes operation, amount and note from the old columns, which stay', () => {
    const db = open(firstShape, costs);
    const before = rowsOf(db, old);

    expect(applyMigration(db, id)).toEqual({ accounts: { costs: '3 / 0 / 2', 'run-logs': '0 / 1 / 0' }, findings: [] });

    expect(rowsOf(db, all)).toEqual([
      ['a', 'unknown', 'bg_remove', 0, 0.17, 'EUR', '{"notes":"скидка \\"x\\""}'],
      ['b', 'unknown', 'legacy_event', 0, -2.5, 'USD', '{}'],
      ['c', 'unknown', 'bg_remove', 0, (2 ** 53 + 2) / 100, 'EUR', '{}'],
      ['d', 'unknown', 'bg_remove', 0, 0, 'EUR', '{}'],
      ['e', 'unknown', 'bg_remove', 0, 0, 'EUR', '{}'],
    ]);
    expect(rowsOf(db, old)).toEqual(before);
    expect(issuesOf(db, 'cost_events')).toEqual(['d: amount-unreadable', 'e: project-missing']);
    expect(rowsOf(db, `SELECT detail FROM _phasewise_quarantine WHERE source_table = 'cost_events' ORDER BY source_key`)).toEqual(
      [[`amount_cents is 'a lot'`], ['names project gone, which does not exist']],
    ); // prettier-ignore
  });

  it.each([
    ['the first shape', firstShape],
    ['both names', dualShape],
  ])('reports an amount that no cost can say, and completes, with %s', (_, shape) => {
    const odd = [Infinity, -Infinity, 5e-324, -5e-324, 1e-322];
    const proper = [1e-300, -1.7976931348623157e308, -(2n ** 63n), 0.5];
    const amounts = [...odd, ...proper];
    const db = open(
      shape,
      amounts.map((amount, index) => cost(`k${index}`, { amount_cents: amount })),
    );
    const before = rowsOf(db, old);

    expect(applyMigration(db, id)).toEqual({ accounts: { costs: '4 / 0 / 5', 'run-logs': '0 / 1 / 0' }, findings: [] });

    expect(rowsOf(db, `SELECT cost_usd FROM cost_events ORDER BY id`).flat()).toEqual([
      ...odd.map(() => 0),
      ...proper.map((amount) => Number(amount) / 100),
    ]);
    expect(rowsOf(db, old)).toEqual(before);
    expect(issuesOf(db, 'cost_events')).toEqual(odd.map((__, index) => `k${index}: amount-unreadable`));
    insertRows(db, 'cost_events', [cost('later', { amount_cents: Infinity }), cost('tiny', { amount_cents: 5e-324 })]);
    expect(findingsOf(db, id)).toEqual([]);
    expect(
      unmetOf(db, 2).filter(({ id: criterion }) => criterion === 'events-filled' || criterion === 'costs-agree'),
    ).toEqual([]);
  });

  it('keeps what a file with both names says, and fills what is still the default there', () => {
    const native = {
      provider_code: 'openai',
      operation_code: 'image_generation',
      units: 9,
      cost_usd: 1.503,
      meta_json: '{"x":1}',
    };
    const db = open(dualShape, [
      { ...cost('a', { amount_cents: 150 }), ...native },
      cost('b', { notes: 'n' }),
      { ...cost('c'), meta_json: '{cut' },
    ]);

    expect(applyMigration(db, id)).toEqual({ accounts: { costs: '1 / 1 / 1', 'run-logs': '0 / 1 / 0' }, findings: [] });

    expect(rowsOf(db, all)).toEqual([
      ['a', 'openai', 'image_generation', 9, 1.503, 'EUR', '{"x":1}'],
      ['b', 'unknown', 'bg_remove', 0, 0.17, 'EUR', '{"notes":"n"}'],
      ['c', 'unknown', 'bg_remove', 0, 0.17, 'EUR', '{cut'],
    ]);
    expect(issuesOf(db, 'cost_events')).toEqual(['c: json-unreadable']);
  });

  it.each([
    ['the first shape', firstShape],
    ['both names', dualShape],
  ])('continues after a kill behind any chunk, and applied again it changes nothing, with %s', (_, shape) => {
    const whole = open(shape, costs);
    applyMigration(whole, id);
    for (let chunks = 0; chunks <= costs.length + 1; chunks++) {
      const db = open(shape, costs);
      expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();
      expect(applyMigration(db, id, { chunkRows: 1 })?.findings).toEqual([]);
      expect(contentOf(db)).toBe(contentOf(whole));
      expect(applyMigration(db, id)?.accounts).toEqual({ costs: '0 / 3 / 2', 'run-logs': '0 / 1 / 0' });
      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('makes the table and the indexes where they are missing, and finds out when they are gone again', () => {
    const db = open(null);
    expect(applyMigration(db, id)).toEqual({ accounts: { costs: '0 / 0 / 0', 'run-logs': '0 / 1 / 0' }, findings: [] });
    const scans = plansOf(db, id).filter((plan) => plan.startsWith('SCAN') && !plan.includes('CONSTANT'));
    expect(scans).toEqual([]);

    db.exec(
      'DROP INDEX idx_cost_events_run_id; DROP INDEX idx_quality_reports_job_id; DROP TRIGGER _phasewise_0014_runs_delete',
    );

    expect(findingsOf(db, id)).toEqual([
      'the index on cost_events(run_id) is missing',
      'the index on quality_reports(job_id) is missing',
      'the trigger _phasewise_0014_runs_delete is missing',
    ]);
  });

  it('is found out when something stands in the old column only', () => {
    const db = open(firstShape, [cost('a', { notes: 'n' })]);
    applyMigration(db, id);
    db.exec(`DROP TRIGGER _phasewise_0014_costs_update_follows; UPDATE cost_events SET cost_usd = 0, currency = ''`);
    db.exec(`DROP TRIGGER _phasewise_0014_costs_update; UPDATE cost_events SET currency = ''`);

    expect(findingsOf(db, id)).toEqual([
      'the trigger _phasewise_0014_costs_update is missing',
      'the trigger _phasewise_0014_costs_update_follows is missing',
      '1 costs whose operation, amount or note stands in the old column only',
      '1 costs without a currency',
    ]);
  });
});

describe.each([
  ['with foreign keys', 'ON', 'OFF'],
  ['without foreign keys', 'OFF', 'OFF'],
  ['with recursive triggers', 'ON', 'ON'],
])('a program %s', (_, enforced, recursive) => {
  const openWith = (shape: string) => {
    const db = open(shape, [cost('a', { notes: 'n' })]);
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${enforced}`);
    db.pragma(`recursive_triggers = ${recursive}`);
    return db;
  };
  const says = (db: Db, key: string) =>
    rowsOf(db, `SELECT operation_code, cost_usd, currency, meta_json FROM cost_events WHERE id = '${key}'`)[0];
  const saysOld = (db: Db, key: string) =>
    rowsOf(db, `SELECT event_type, amount_cents, notes FROM cost_events WHERE id = '${key}'`)[0];

  it.each([firstShape, dualShape])('writes the old columns, and the new ones follow', (shape) => {
    const db = openWith(shape);
    insertRows(db, 'cost_events', [
      cost('b', { currency: '', event_type: '', notes: 'x' }),
      cost('c', { amount_cents: 'x' }),
    ]);
    expect(says(db, 'b')).toEqual(['legacy_event', 0.17, 'USD', '{"notes":"x"}']);
    expect(saysOld(db, 'b')).toEqual(['', 17, 'x']);
    expect(says(db, 'c')).toEqual(['bg_remove', 0, 'EUR', '{}']);

    db.exec(`UPDATE cost_events SET event_type = 'e', amount_cents = 5, notes = '' WHERE id = 'b'`);
    expect(says(db, 'b')).toEqual(['e', 0.05, 'USD', '{}']);
    db.exec(`UPDATE cost_events SET event_type = '', amount_cents = 0, notes = 'y' WHERE id = 'b'`);
    expect(says(db, 'b')).toEqual(['legacy_event', 0, 'USD', '{"notes":"y"}']);
    expect(saysOld(db, 'b')).toEqual(['', 0, 'y']);
  });

  it.each([firstShape, dualShape])('writes the new columns, and the old ones follow', (shape) => {
    const db = openWith(shape);
    const row = {
      provider_code: 'o',
      operation_code: 'op',
      units: 1,
      cost_usd: 0.042,
      meta_json: '{"a":1,"notes":"m"}',
    };
    insertRows(db, 'cost_events', [{ ...cost('b', { event_type: '', amount_cents: 0 }), ...row }]);
    expect(saysOld(db, 'b')).toEqual(['op', 4, 'm']);
    expect(says(db, 'b')).toEqual(['op', 0.042, 'EUR', '{"a":1,"notes":"m"}']);

    db.exec(`UPDATE cost_events SET operation_code = 'q', cost_usd = 1e300, meta_json = '{"a":1}' WHERE id = 'b'`);
    expect(saysOld(db, 'b')).toEqual(['q', 0, '']);
    db.exec(`UPDATE cost_events SET cost_usd = 0.001 WHERE id = 'b'`);
    expect(says(db, 'b')).toEqual(['q', 0.001, 'EUR', '{"a":1}']);
    db.exec(
      `UPDATE cost_events SET notes = 'z' WHERE id = 'b'; UPDATE cost_events SET meta_json = '{cut' WHERE id = 'a'`,
    );
    expect(says(db, 'b')).toEqual(['q', 0.001, 'EUR', '{"a":1,"notes":"z"}']);
    db.exec(`UPDATE cost_events SET notes = 'not lost' WHERE id = 'a'`);
    expect([says(db, 'a')?.[3], saysOld(db, 'a')?.[2]]).toEqual(['{cut', 'not lost']);
  });

  it.each([firstShape, dualShape])('writes both sides, and both stay', (shape) => {
    const db = openWith(shape);
    db.exec(
      `UPDATE cost_events SET event_type = 'e', operation_code = 'o', amount_cents = 1, cost_usd = 2, notes = 'x', meta_json = '{"y":1}'`,
    );

    expect(saysOld(db, 'a')).toEqual(['e', 1, 'x']);
    expect(says(db, 'a')).toEqual(['o', 2, 'EUR', '{"y":1}']);
  });

  it.each([firstShape, dualShape])('deletes a run, then the project', (shape) => {
    const db = openWith(shape);
    db.exec(`DELETE FROM runs`);
    expect(rowsOf(db, 'SELECT id, run_id FROM cost_events')).toEqual([['a', null]]);
    db.exec(`DELETE FROM projects`);
    expect(rowsOf(db, 'SELECT id FROM cost_events')).toEqual([]);
  });
});

describe('run logs', () => {
  const time = '2026-03-04T05:06:07.089Z';
  const guard = '{"checked_input":"x","summary":{"hard_failures":0.5}}';
  const log = (more: Record<string, unknown> = {}) =>
    JSON.stringify({ timestamp: time, jobs: [{ id: 'j', candidates: [{ candidate_index: 1 }] }], ...more });
  const folderOf = (byPath: Record<string, SourceFile | string>): SourceFiles => ({
    read: (file) => {
      const found = byPath[file] ?? { state: 'missing' };
      return typeof found === 'string' ? { state: 'read', text: found, file } : found;
    },
  });
  const openWith = (runs: Row[] = [run('r')]) =>
    open(null, [], { runs, run_jobs: [job('j')], run_job_candidates: [candidate('c1')] });
  const states = (db: Db) => rowsOf(db, 'SELECT run_id, state, file_name FROM _phasewise_run_logs ORDER BY run_id');
  const summary = (db: Db) => valueOf(db, `SELECT summary_json FROM quality_reports WHERE id = 'c1:quality'`);
  const seed =
    '{"status":"done","rank":{"hard_failures":0,"soft_warnings":0,"avg_chroma_exceed":0.0},"source":"phase2_backfill"';

  it('tell when the run started, what the checks found and what it cost; twice they tell the same', () => {
    const text = `{"timestamp": "${time}", "jobs": [{"id": "j", "candidates": [{"candidate_index": 1, "output_guard": ${guard}, "qa": {"é": 1}}]}],
      "cost_events": [{"cost_usd": 0.1, "units": 2, "provider": "o"}, {"cost_usd": 0.1, "units": 2, "provider": "o"}], "generation": {"cost_usd": 0.5}}`;
    const db = openWith();
    const sourceFiles = folderOf({ 'runs/r.json': text });

    expect(applyMigration(db, id, { sourceFiles })).toEqual({
      accounts: { costs: '0 / 0 / 0', 'run-logs': '1 / 0 / 0' },
      findings: [],
    });

    expect(valueOf(db, `SELECT started_at FROM runs`)).toBe(time);
    expect(summary(db)).toBe(`${seed},"output_guard":${guard},"qa":{"é":1}}`);
    expect(
      rowsOf(db, `SELECT id, run_id, cost_usd, units, meta_json, created_at FROM cost_events ORDER BY id`),
    ).toEqual([
      ['r:cost:1', 'r', 0.1, 2, '{"cost_usd":0.1,"units":2,"provider":"o"}', '2026-03-04T05:06:07Z'],
      ['r:cost:2', 'r', 0.1, 2, '{"cost_usd":0.1,"units":2,"provider":"o"}', '2026-03-04T05:06:07Z'],
      ['r:cost:3', 'r', 0.5, 0, '{"cost_usd":0.5}', '2026-03-04T05:06:07Z'],
    ]);
    expect(states(db)).toEqual([['r', 'agrees', 'runs/r.json']]);

    const content = contentOf(db);
    expect(applyMigration(db, id, { sourceFiles })?.accounts).toEqual({ costs: '0 / 3 / 0', 'run-logs': '0 / 1 / 0' });
    expect(contentOf(db)).toBe(content);
  });

  it('add only the costs that the run has not', () => {
    const db = open(dualShape, [
      {
        ...cost('native', { amount_cents: 10, currency: 'USD' }),
        provider_code: 'o',
        operation_code: 'x',
        units: 2,
        cost_usd: 0.1,
      },
      cost('r:cost:2', { run_id: null }),
    ]);
    const event = { provider: 'o', operation: 'x', units: 2, cost_usd: 0.1 };

    applyMigration(db, id, {
      sourceFiles: folderOf({
        'runs/r.json': log({ jobs: [{ id: 'j', candidates: ['x'] }], cost_events: [event, event] }),
      }),
    });

    expect(rowsOf(db, `SELECT id, event_type, amount_cents, cost_usd FROM cost_events ORDER BY id`)).toEqual([
      ['native', 'bg_remove', 10, 0.1],
      ['r:cost:2', 'bg_remove', 17, 0.17],
      ['r:cost:2:2', 'x', 10, 0.1],
    ]);
  });

  it('keep what is known better: a start, a result of the guard, a rating by hand', () => {
    const db = openWith([run('r')]);
    db.exec(`UPDATE runs SET started_at = 'known';
      UPDATE quality_reports SET summary_json = '{"output_guard":{"mine":1}}' WHERE id = 'c1:quality';
      INSERT INTO quality_reports (id, project_id, candidate_id, report_type, summary_json, created_at) VALUES ('hand', 'p', 'c1', 'human_review', '{"rating":1}', 't')`);

    const text = `{"jobs": [{"id": "j", "candidates": [{"candidate_index": 1, "output_guard": ${guard}}]}]}`;
    expect(applyMigration(db, id, { sourceFiles: folderOf({ 'runs/r.json': text }) })?.accounts['run-logs']).toBe(
      '0 / 1 / 0',
    );

    expect(rowsOf(db, 'SELECT started_at FROM runs')).toEqual([['known']]);
    expect(rowsOf(db, 'SELECT summary_json FROM quality_reports ORDER BY id')).toEqual([
      ['{"output_guard":{"mine":1}}'],
      ['{"rating":1}'],
    ]);
  });

  it('that cannot be read, disagree or are missing are told apart', () => {
    const runs = ['cut', 'big', 'more', 'less', 'other', 'gone'].map((key) => run(key));
    const db = open(null, [], {
      runs: [...runs, run('pathless', { run_log_path: ' ' }), run('timed', { meta_json: '{"timestamp":"2025-01-01T00:00:00Z"}' })],
      run_jobs: runs.map(({ id: key }) => job(`j-${String(key)}`, { run_id: key ?? null, job_key: 'j' })),
    }); // prettier-ignore
    const sourceFiles = folderOf({
      'runs/cut.json': '{"jobs": [',
      'runs/big.json': { state: 'unreadable', reason: 'it is longer than 64 MB', file: 'runs/big.json' },
      'runs/more.json': log({ jobs: [{ id: 'j', candidates: ['x'] }, { id: 'k' }], cost_usd: 1 }),
      'runs/less.json': log({ jobs: [], cost_usd: 1 }),
      'runs/other.json': log({ jobs: [{ id: 'z' }], cost_usd: 1 }),
      'runs/timed.json': log({ jobs: [], cost_usd: 1 }),
    });

    expect(applyMigration(db, id, { sourceFiles })?.accounts['run-logs']).toBe('0 / 2 / 6');

    expect(states(db).map(([key, state]) => `${String(key)} ${String(state)}`)).toEqual([
      ...['big unreadable', 'cut unreadable', 'gone missing', 'less differs', 'more differs', 'other differs'],
      ...['pathless missing', 'timed differs'],
    ]);
    expect(
      rowsOf(db, `SELECT source_key, reason, detail FROM _phasewise_quarantine WHERE reason GLOB 'log-*' ORDER BY 1`),
    ).toEqual([
      ['big', 'log-unreadable', 'the run log runs/big.json cannot be read: it is longer than 64 MB'],
      ['cut', 'log-unreadable', 'the run log runs/cut.json cannot be read: it is cut off in line 1'],
      ['less', 'log-differs', 'the run log runs/less.json lacks job j, which the database has'],
      ['more', 'log-differs', 'the run log runs/more.json has job k, candidate 1 of job k, which the database has not'],
      [
        'other',
        'log-differs',
        'the run log runs/other.json has job z, candidate 1 of job z, which the database has not and lacks job j, which the database has',
      ],
      ['timed', 'log-differs', `the run log runs/timed.json is of ${time}, but the run is of 2025-01-01T00:00:00Z`],
    ]);
    // Only the log that shares a job with its run gave anything.
    expect(rowsOf(db, 'SELECT run_id FROM cost_events')).toEqual([['more']]);
  });

  it('are not missed when nobody chose a folder', () => {
    const db = openWith();
    expect(applyMigration(db, id)?.accounts['run-logs']).toBe('0 / 1 / 0');
    expect(states(db)).toEqual([]);
  });

  const small = sharedFile('kroma', 'legacy-small.db');
  it.skipIf(small === null)(
    `of the original give what was counted${small === null ? ` (${SHARED_DATA_MISSING})` : ''}`,
    () => {
      const file = path.join(folder, 'small.db');
      copyFileSync(small ?? '', file);
      chmodSync(file, 0o644);
      const db = new Database(file);
      for (const migration of kroma.migrations.filter(({ phase }) => phase === 1)) applyMigration(db, migration.id);
      applyMigration(db, '20260221_0012');
      const sourceFiles = openSourceFiles(sharedFile('kroma', 'run-logs') ?? '', file);

      expect(applyMigration(db, id, { sourceFiles })).toEqual({
        accounts: { costs: '0 / 0 / 0', 'run-logs': '33 / 5 / 2' },
        findings: [],
      });

      expect(rowsOf(db, 'SELECT state, count(*) FROM _phasewise_run_logs GROUP BY state')).toEqual([['agrees', 33], ['differs', 1], ['missing', 5], ['unreadable', 1]]); // prettier-ignore
      expect(rowsOf(db, 'SELECT cost_usd FROM cost_events ORDER BY run_id DESC, id').flat()).toEqual([
        0.3366, 0.02, 0, 0.5, 0.042,
      ]);
      expect(valueOf(db, 'SELECT count(*) FROM runs WHERE started_at IS NOT NULL')).toBe(34);
      expect(applyMigration(db, id, { sourceFiles })?.accounts['run-logs']).toBe('0 / 38 / 2');
      db.close();
    },
  );
});
