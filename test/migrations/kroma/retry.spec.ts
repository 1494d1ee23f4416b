import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { retryIssues } from '@engine/retry.ts';
import { verifyResult } from '@engine/verify.ts';
import { describe, expect, it } from 'vitest';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { createLegacySchema, recordLegacyMarkers } from '../../../migrations/kroma/sample/schema.ts';
import { foldersOf, upgradeHere } from '../../support/kroma/upgrade.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const NOW = `'2026-01-01T00:00:00Z'`;

/** A run whose job `j2` is missing although a candidate, with files that nobody registered, belongs to it. */
async function setUp() {
  const file = path.join(mkdtempSync(path.join(folder, 'case-')), 'app.db');
  const db = new Database(file);
  createLegacySchema(db);
  recordLegacyMarkers(db, '2026-01-01T00:00:00Z');
  db.pragma('foreign_keys = 0');
  db.exec(`
    INSERT INTO users (id, username, display_name, created_at, updated_at) VALUES ('u1', 'anna', 'Anna', ${NOW}, ${NOW});
    INSERT INTO projects (id, user_id, slug, name, settings_json, created_at, updated_at)
      VALUES ('p1', 'u1', 'kites', 'Kites', '{cut off', ${NOW}, ${NOW});
    INSERT INTO runs (id, project_id, run_log_path, mode, status, created_at) VALUES ('r1', 'p1', 'runs/run_1.json', 'run', 'ok', ${NOW});
    INSERT INTO run_jobs (id, run_id, job_key, status, meta_json, created_at) VALUES ('j1', 'r1', 'a', 'done', '{}', ${NOW});
    INSERT INTO run_job_candidates (id, job_id, candidate_index, status, output_path, final_output_path, created_at)
      VALUES ('c1', 'j1', 1, 'done', 'out/1.png', NULL, ${NOW}), ('c2', 'j2', 1, 'done', 'out/2.png', 'out/2_final.png', ${NOW});`);
  db.close();
  const report = await upgradeHere(file, {}, { toPhase: 4 });
  expect(report.error).toBeUndefined();
  const all = (sql: string) => {
    const reading = new Database(file, { readonly: true });
    const rows = reading.prepare<[], Record<string, unknown>>(sql).all();
    reading.close();
    return rows;
  };
  const change = (sql: string) => new Database(file).exec(sql).close();
  const retry = () => retryIssues({ path: file, ...foldersOf(file), appVersion: '0', runId: 'again' }, [kroma]);
  const unmet = () =>
    verifyResult({ path: file, toPhase: 4, backupPath: null }, [kroma])
      .checks.filter(({ state }) => state !== 'met')
      .map(({ id, summary }) => `${id}: ${summary}`);
  const reasons = () => [
    ...new Set(all('SELECT reason FROM _phasewise_quarantine ORDER BY 1').map(({ reason }) => reason)),
  ];
  return { file, all, change, retry, unmet, reasons };
}

describe('issue rows of a Kroma database, tried again', () => {
  it('gives an orphan candidate its place once its job is there: files, quality report, link and all', async () => {
    const { change, retry, all, unmet, reasons } = await setUp();
    expect(reasons()).toContain('orphan-candidate');
    change(`INSERT INTO run_jobs (id, run_id, job_key, status, created_at) VALUES ('j2', 'r1', 'b', 'done', ${NOW})`);

    const report = await retry();

    expect(report.cleared).toBeGreaterThan(0);
    expect(report.backup?.verified).toBe(true);
    expect(reasons()).not.toContain('orphan-candidate');
    const [candidate] = all(`SELECT * FROM run_candidates WHERE id = 'c2'`);
    const uris = (id: unknown) => all(`SELECT storage_uri AS uri FROM assets WHERE id = '${String(id)}'`)[0]?.['uri'];
    expect([uris(candidate?.['output_asset_id']), uris(candidate?.['final_asset_id'])]).toEqual([
      'out/2.png',
      'out/2_final.png',
    ]);
    expect(all(`SELECT candidate_id FROM quality_reports ORDER BY 1`)).toEqual([
      { candidate_id: 'c1' },
      { candidate_id: 'c2' },
    ]);
    expect(all(`SELECT parent_asset_id, child_asset_id FROM asset_links`)).toEqual([
      { parent_asset_id: candidate?.['output_asset_id'], child_asset_id: candidate?.['final_asset_id'] },
    ]);
    expect(all(`SELECT name FROM sqlite_schema WHERE name LIKE '_phasewise_claims%'`)).toEqual([]);
    expect(unmet()).toEqual([]);
  });

  it('reads settings again that somebody has put right', async () => {
    const { change, retry, all, unmet, reasons } = await setUp();
    expect(reasons()).toContain('settings-unreadable');
    change(`UPDATE projects SET settings_json = '{"storage": {"local": {"base_dir": "elsewhere"}}}'`);

    await retry();

    expect(reasons()).not.toContain('settings-unreadable');
    expect(all('SELECT local_base_dir FROM project_storage')).toEqual([{ local_base_dir: 'elsewhere' }]);
    expect(unmet()).toEqual([]);
  });

  it('leaves everything as it is while nothing was put right', async () => {
    const { retry, all, unmet } = await setUp();
    const before = all('SELECT * FROM _phasewise_quarantine');

    const report = await retry();

    expect(report).toMatchObject({ cleared: 0, backup: null, tried: before.length });
    expect(all('SELECT * FROM _phasewise_quarantine')).toEqual(before);
    expect(unmet()).toEqual([]);
  });
});
