import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { countIssues, ensureBookkeeping } from '@engine/bookkeeping.ts';

it('counts a row once, however many backfills speak of it, and every row without a key', () => {
  const db = new Database(':memory:');
  ensureBookkeeping(db);
  const add = db.prepare(`INSERT INTO _phasewise_quarantine (backfill_id, source_table, source_key, reason, detail,
    is_placed, row_json, run_id, recorded_at) VALUES (?, 'run_jobs', ?, ?, '', 1, '{}', 'r', '')`);
  for (const backfill of ['a', 'b', 'c']) {
    add.run(backfill, 'job-1', 'run-missing');
    add.run(backfill, null, 'key-missing');
    add.run(backfill, null, 'key-missing');
  }
  add.run('a', 1, 'run-missing');
  add.run('b', '1', 'run-missing');

  expect(countIssues(db)).toEqual([
    { reason: 'key-missing', sourceTable: 'run_jobs', count: 2 },
    { reason: 'run-missing', sourceTable: 'run_jobs', count: 3 },
  ]);
  db.close();
});
