import { copyFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { assertPlan } from '@engine/plan.ts';
import type { RunDependencies } from '@engine/run.ts';
import { verifyResult } from '@engine/verify.ts';
import { kroma } from '../../migrations/kroma/pack.ts';
import { buildBaseline } from '../support/kroma/baseline.ts';
import { writeFixture } from '../support/kroma/fixtures.ts';
import { readTables } from '../support/oracle/rows.ts';
import { upgradeHere, withDatabase } from '../support/kroma/upgrade.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** The last phase was stopped behind the turn, and a program that knows only the old names went on: nothing of it is lost. */
const folder = temporaryFolder();
const ready = path.join(folder, 'ready.db');
const asPlanned: Partial<RunDependencies> = {
  assertPlan: (lock, pack, target, asked) => assertPlan(lock.db, pack, target, asked),
};
const toTheEnd = (file: string, more: Partial<RunDependencies> = asPlanned) =>
  upgradeHere(file, more, { toPhase: 5, isRemovalConfirmed: true });

beforeAll(async () => {
  writeFixture(ready, { build: (db) => buildBaseline(db, { isHopeless: false }) });
  const report = await upgradeHere(ready, asPlanned, { toPhase: 4 });
  if (report.error) throw new Error(report.error.message);
});

let files = 0;
/**
 * @param at point and subject of the commit behind which the power goes.
 * @param before what a program wrote before the last phase began.
 */
async function stoppedAt(at: string, before = ''): Promise<string> {
  const file = path.join(folder, `stopped-${files++}.db`);
  copyFileSync(ready, file);
  write(file, before);
  const probe = (point: string, subject: string) => {
    if (`${point} ${subject}` === at) throw new Error('the power went out');
  };
  const tuning = { smallRows: 0, firstChunkRows: 40, maxChunkRows: 40 };
  const stopped = await toTheEnd(file, { probe, tuning });
  expect(stopped.error?.message).toContain('the power went out');
  return file;
}
function write(file: string, sql: string): void {
  const db = new Database(file);
  db.pragma('foreign_keys = OFF');
  db.exec(sql);
  db.close();
}
/** What the verdict says no to, compared with the file as the last run found it. */
const unmet = (file: string, backupPath: string | null) =>
  verifyResult({ path: file, toPhase: 5, backupPath }, [kroma])
    .checks.filter(({ state }) => state !== 'met')
    .map(({ title, summary }) => `${title}: ${summary}`);
const valuesOf = (file: string, sql: string): unknown[] =>
  withDatabase(file, (db) => db.prepare<[], unknown>(sql).pluck().all());
const isLate = (value: unknown) => /LATE|4242/.test(String(value));
/** Tables of which an issue row or a row holds one of the late values. */
function kept(file: string): Set<string> {
  const { tables, issues } = withDatabase(file, (db) => ({
    tables: readTables(db),
    issues: db.prepare<[], [string, string]>(`SELECT source_table, row_json FROM _phasewise_quarantine`).raw().all(),
  }));
  const rows = [...tables]
    .filter(([, rows]) => rows.some((row) => Object.values(row).some(isLate)))
    .map(([name]) => name);
  return new Set([...rows, ...issues.filter(([, row]) => isLate(row)).map(([table]) => table)]);
}

const T = '2026-02-14T09:31:07Z';
const first = (table: string) => `(SELECT min(id) FROM ${table})`;
const ofUsers = `UPDATE users SET display_name = 'LATE NAME' WHERE id = ${first('users')};
  INSERT INTO users VALUES ('u-late', 'u-late', 'LATE USER', NULL, 1, '${T}', '${T}');`;
const ofCandidates = `
  UPDATE run_job_candidates SET status = 'LATE', output_path = 'LATE.png' WHERE id = ${first('run_job_candidates')};
  INSERT INTO run_job_candidates (id, job_id, candidate_index, status, output_path, created_at)
    VALUES ('c-late', ${first('run_jobs')}, 4242, 'done', 'LATE too.png', '${T}');`;
const ofEvents = `
  UPDATE quality_reports SET notes = 'LATE NOTE' WHERE id = ${first('quality_reports')};
  UPDATE cost_events SET amount_cents = 4242 WHERE id = ${first('cost_events')};
  UPDATE audit_events SET action = 'LATE ACTION' WHERE id = ${first('audit_events')};`;
const ofCore = `
  UPDATE runs SET mode = 'LATE MODE', model = 'LATE MODEL', meta_json = '{"n":"LATE"}' WHERE id = ${first('runs')};
  UPDATE run_jobs SET final_output = 'LATE.png', selected_candidate = 4242 WHERE id = ${first('run_jobs')};
  UPDATE assets SET rel_path = 'LATE.png', asset_kind = 'LATE' WHERE id = ${first('assets')};
  UPDATE project_exports SET export_path = 'LATE.zip' WHERE id = ${first('project_exports')};
  UPDATE project_api_secrets SET key_ref = 'LATE' WHERE id = ${first('project_api_secrets')};`;
/** Rows that only the old program knows how to fill: their new columns are empty. */
const newInCore = `
  INSERT INTO projects (id, user_id, slug, name, created_at, updated_at) VALUES ('p-late', 'u-late', 'late', 'LATE', '${T}', '${T}');
  INSERT INTO runs (id, project_id, run_log_path, mode, stage, model, status, meta_json, created_at)
    VALUES ('r-late', 'p-late', 'late.json', 'run', 'style', 'LATE MODEL', 'ok', '{}', '${T}');
  INSERT INTO run_jobs (id, run_id, job_key, status, created_at) VALUES ('j-late', 'r-late', 'k', 'done', '${T}'), ('j-lost', 'LATE', 'k', 'done', '${T}');
  INSERT INTO assets (id, project_id, asset_kind, rel_path, meta_json, created_at)
    VALUES ('a-late', 'p-late', 'candidate_output', 'LATE.png', '{}', '${T}');`;

it.each([
  ['chunk-committed 20260221_0025_cut_over/direction', ofUsers + ofCandidates + ofEvents + ofCore],
  ['step-applied 20260221_0025_cut_over', ofUsers + ofCandidates + ofEvents + ofCore + newInCore],
  ['step-applied 20260221_0026_final_core', ofUsers + ofCandidates + ofEvents],
  ['step-applied 20260221_0027_final_rest', ofUsers + ofCandidates],
])('what comes behind %s is in its place or noted when the old names are gone', async (at, late) => {
  const file = await stoppedAt(at);
  write(file, late);

  const report = await toTheEnd(file);

  expect(report.error?.message).toBeUndefined();
  expect(unmet(file, report.backup?.path ?? null)).toEqual([]);
  expect(valuesOf(file, `SELECT display_name FROM app_users WHERE id = 'u-late'`)).toEqual(['LATE USER']);
  const written = [...late.matchAll(/(?:UPDATE|INSERT INTO) (\w+)/g)].map(([, table]) => table ?? '');
  expect([...new Set(written).difference(kept(file))]).toEqual([]);
});

/** Goes on, and to the end. */
async function goOn(file: string): Promise<void> {
  const report = await toTheEnd(file);
  expect(report.error?.message).toBeUndefined();
  expect(unmet(file, report.backup?.path ?? null)).toEqual([]);
}
const notesOf = (file: string, key: string) =>
  valuesOf(
    file,
    `SELECT reason || ': ' || detail FROM _phasewise_quarantine WHERE source_key = '${key}' AND backfill_id LIKE '%_0025_%' ORDER BY id`,
  );
const behindCore = 'step-applied 20260221_0026_final_core';

describe('a word that the new table does not list, behind its rebuild', () => {
  it('stays with the row of the old table, which is noted', async () => {
    const file = await stoppedAt(behindCore);
    write(
      file,
      `${ofCandidates.replace(`'done'`, `'running'`)} INSERT INTO users VALUES ('u-late', 'u-late', 'LATE', NULL, 2, '${T}', '${T}')`,
    );

    await goOn(file);

    expect(valuesOf(file, `SELECT status FROM run_candidates WHERE id = 'c-late'`)).toEqual(['']);
    expect(valuesOf(file, `SELECT is_active FROM app_users WHERE id = 'u-late'`)).toEqual([1]);
    expect(notesOf(file, 'c-late')[0]).toContain('status says “running”, in run_candidates “”');
    expect(notesOf(file, 'u-late')).toEqual(['old-value-differs: is_active says “2”, in app_users “1”']);
  });

  it('stays there of an owner, too, who is taken over under a free name', async () => {
    const file = await stoppedAt(behindCore);
    write(
      file,
      `UPDATE app_users SET username = 'u-late' WHERE id = ${first('app_users')};
       INSERT INTO users VALUES ('u-late', 'u-late', 'LATE', NULL, 2, '${T}', '${T}');
       INSERT INTO projects (id, owner_user_id, slug, name, created_at, updated_at) VALUES ('p-late', 'u-late', 'late', 'LATE', '${T}', '${T}')`,
    );

    await goOn(file);

    expect(valuesOf(file, `SELECT username || is_active FROM app_users WHERE id = 'u-late'`)).toEqual([
      'u-late-u-late1',
    ]);
  });
});

describe('a row that has left its table', () => {
  const orphans = `
    INSERT INTO run_jobs (id, run_id, job_key, status, created_at) VALUES ('lost', 'nowhere', 'k', 'FIRST', '${T}');
    INSERT INTO assets (id, project_id, asset_kind, rel_path, meta_json, created_at)
      VALUES ('lost', 'nowhere', 'candidate_output', 'x.png', '{"only":"FIRST"}', '${T}');`;
  const held = `SELECT source_table FROM _phasewise_quarantine
    WHERE source_key = 'lost' AND is_placed = 0 AND row_json LIKE '%FIRST%' ORDER BY 1`;

  it.each([
    [
      'step-applied 20260221_0025_cut_over',
      `INSERT INTO run_jobs (id, run_id, job_key, status, created_at) VALUES ('lost', ${first('runs')}, 'kx', 'queued', '${T}');
       INSERT INTO assets (id, project_id, asset_kind, rel_path, kind, storage_uri, created_at)
         VALUES ('lost', ${first('projects')}, 'candidate_output', 'y.png', 'candidate_output', 'y.png', '${T}')`,
    ],
    [
      behindCore,
      `INSERT INTO run_jobs (id, run_id, job_key, status, created_at) VALUES ('lost', ${first('runs')}, 'kx', 'done', '${T}');
       INSERT INTO assets (id, project_id, kind, storage_uri, created_at) VALUES ('lost', ${first('projects')}, 'candidate_output', 'y.png', '${T}')`,
    ],
  ])('stays among the issue rows when another one gets its id behind %s', async (at, late) => {
    const file = await stoppedAt(at, orphans);
    expect(valuesOf(file, held)).toEqual(['assets', 'run_jobs']);
    write(file, late);

    await goOn(file);

    expect(valuesOf(file, held)).toEqual(['assets', 'run_jobs']);
    expect(valuesOf(file, `SELECT job_key FROM run_jobs WHERE id = 'lost'`)).toEqual(['kx']);
    expect(valuesOf(file, `SELECT storage_uri FROM assets WHERE id = 'lost'`)).toEqual(['y.png']);
  });
});

it.each(['chunk-committed 20260221_0025_cut_over/direction', 'step-applied 20260221_0025_cut_over'])(
  'rows without an id that left before %s keep their number when an equal one is written',
  async (at) => {
    const lost = `INSERT INTO chat_sessions (id, project_id, user_id, created_at, updated_at) VALUES (NULL, 'nowhere', 'nobody', '${T}', '${T}');`;
    const file = await stoppedAt(at, lost.repeat(3));
    write(file, lost);

    await goOn(file);

    const noted = `SELECT count(*) FROM _phasewise_quarantine WHERE backfill_id = '20260221_0025_cut_over/chat_sessions' AND source_key IS NULL`;
    expect(valuesOf(file, noted)).toEqual([4]);
  },
);

describe('a row that was noted before the turn', () => {
  /** Of the first chunk of its walk, behind which the power goes. */
  const orphan = `INSERT INTO run_jobs (id, run_id, job_key, status, created_at) VALUES ('AAA-lost', 'nowhere', 'k', 'FIRST', '${T}')`;
  const noted = 'chunk-committed 20260221_0025_cut_over/run_jobs';

  it('is kept as it is when it leaves, not as it was when it was noted', async () => {
    const file = await stoppedAt(noted, orphan);
    write(file, `UPDATE run_jobs SET status = 'LATE' WHERE id = 'AAA-lost'`);

    await goOn(file);

    const rows = `SELECT row_json ->> 'status' FROM _phasewise_quarantine WHERE source_key = 'AAA-lost' AND is_placed = 0`;
    expect(valuesOf(file, rows)).toEqual(['LATE']);
  });

  it('stays where it is when it has a place by then', async () => {
    const file = await stoppedAt(noted, orphan);
    write(
      file,
      `INSERT INTO runs (id, project_id, run_log_path, mode, stage, model, status, meta_json, created_at)
         VALUES ('nowhere', ${first('projects')}, 'late.json', 'run', 'style', 'M', 'ok', '{}', '${T}')`,
    );

    await goOn(file);

    expect(valuesOf(file, `SELECT status FROM run_jobs WHERE id = 'AAA-lost'`)).toEqual(['FIRST']);
    expect(notesOf(file, 'AAA-lost')).toEqual(['word-not-listed: status is “FIRST”']);
  });
});
