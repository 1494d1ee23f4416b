import type Database from 'better-sqlite3';
import { upgradeAsOriginal, type OriginalOptions } from '../oracle/original.ts';
import { readTables, rowsOf, textOf, type Row, type Tables } from '../oracle/rows.ts';
import { insertRows, replaceRows, withoutForeignKeys } from './insert.ts';
import { buildLegacyOdd } from './legacy.ts';
import { baselineIndexes, baselineMarkers, baselineTables } from './schema-baseline.ts';
import {
  assetReferencesMarker,
  dualColumns,
  dualEventTables,
  dualIndexes,
  dualMarkers,
  dualTables,
} from './schema-dual.ts';

const T = '2026-01-21T00:12:57Z';

/** The tables that the next version adds to a legacy file, in the order in which it commits them one by one. */
export function createDualTables(db: Database.Database): void {
  for (const statement of baselineTables)
    if (!/TABLE (quality_reports|cost_events|audit_events) /.test(statement)) db.exec(statement);
  for (const statement of [...dualEventTables, ...dualTables]) db.exec(statement);
}

/** Canonical columns, as far as they are missing. @param limit stops after that many, as a killed program would. */
export function addDualColumns(db: Database.Database, limit: number = dualColumns.length): void {
  for (const column of dualColumns.slice(0, limit)) {
    const [table = '', , , name = ''] = column.split(' ');
    const isThere = db.prepare(`SELECT 1 FROM pragma_table_info(?) WHERE name = ?`).get(table, name);
    if (!isThere) db.exec(`ALTER TABLE ${column}`);
  }
}

export function createDualIndexes(db: Database.Database): void {
  for (const index of [...baselineIndexes, ...dualIndexes]) db.exec(index.replace('INDEX ', 'INDEX IF NOT EXISTS '));
}

/** A legacy file as `6125739` upgrades it, its defects included; both halves of the dual columns agree. */
export function buildDualAgreeing(
  db: Database.Database,
  { version = '6125739' as OriginalOptions['version'] } = {},
): void {
  buildLegacyOdd(db, { isHopeless: false });
  // The original gives up on these: seeding its reports turns ranks into numbers, and orphans break its foreign keys.
  db.exec(`UPDATE run_job_candidates SET rank_hard_failures = 0, rank_avg_chroma_exceed = 0 WHERE id = 'c-rank-text'`);
  createDualTables(db);
  addDualColumns(db);
  createDualIndexes(db);
  withoutForeignKeys(db, () => {
    let ids = 0;
    const result = upgradeAsOriginal(readTables(db), { version, now: T, newId: () => `original-${(ids += 1)}` });
    const names = [
      'projects',
      'assets',
      'runs',
      'run_jobs',
      'project_exports',
      'project_api_secrets',
      'app_users',
      'project_storage',
      'run_candidates',
    ];
    replaceRows(db, result, names);
    insertRows(db, 'quality_reports', seededReports(result));
    const markers = [...baselineMarkers, ...dualMarkers, ...(version === '2a0432d' ? [assetReferencesMarker] : [])];
    insertRows(
      db,
      'schema_migrations',
      markers.map(([version, note]) => ({ version, note, applied_at: T })),
    );
  });
}

/** One report per candidate that has a place (QS). */
function seededReports(tables: Tables): Row[] {
  const runOfJob = new Map(rowsOf(tables, 'run_jobs').map((row) => [textOf(row['id']), row['run_id'] ?? null]));
  const projectOfRun = new Map(rowsOf(tables, 'runs').map((row) => [textOf(row['id']), row['project_id'] ?? null]));
  return rowsOf(tables, 'run_candidates').map((row) => {
    const run = runOfJob.get(textOf(row['job_id'])) ?? null;
    const rank = {
      hard_failures: Number(row['rank_hard_failures']),
      soft_warnings: Number(row['rank_soft_warnings']),
      avg_chroma_exceed: Number(row['rank_avg_chroma_exceed']),
    };
    const place = {
      project_id: projectOfRun.get(textOf(run)) ?? null,
      run_id: run,
      job_id: row['job_id'] ?? null,
      candidate_id: row['id'] ?? null,
    };
    const summary = JSON.stringify({ status: row['status'], rank, source: 'phase2_backfill' });
    return {
      id: `report-${textOf(row['id'])}`,
      ...place,
      summary_json: summary,
      rating: 0,
      notes: '',
      created_at: row['created_at'] || T,
    };
  });
}

/** As above, then used and edited until both halves disagree in every way that has been seen. */
export function buildDual(db: Database.Database): void {
  buildDualAgreeing(db);
  withoutForeignKeys(db, () => {
    writeNativeRun(db);
    db.exec(disagreements);
  });
}

/** What the dual program itself writes for a new run: both sides complete. */
function writeNativeRun(db: Database.Database): void {
  const owner = { run_id: 'r-native', job_id: 'j-native' };
  const both = (path: string, kind: string): Row => ({
    asset_kind: kind,
    kind,
    rel_path: path,
    storage_uri: path,
    meta_json: '{"n":1}',
    metadata_json: '{"n":1}',
    created_at: T,
  });
  insertRows(db, 'runs', [
    {
      id: 'r-native',
      project_id: 'p-odd',
      run_log_path: 'native.json',
      mode: 'run',
      run_mode: 'run',
      model: 'flux-local',
      model_name: 'flux-local',
      status: 'ok',
      meta_json: '{"a":1}',
      settings_snapshot_json: '{"a":1}',
      created_at: T,
    },
  ]);
  insertRows(db, 'run_jobs', [
    {
      id: 'j-native',
      run_id: 'r-native',
      job_key: 'k',
      status: 'done',
      selected_candidate: 1,
      selected_candidate_index: 1,
      final_output: 'native/other-final.png',
      final_asset_id: 'a-native-job',
      prompt_text: 'Native.',
      meta_json: '{"prompt":"Native."}',
      created_at: T,
    },
  ]);
  insertRows(db, 'assets', [
    {
      id: 'a-native',
      project_id: 'p-odd',
      ...owner,
      candidate_id: 'c-native',
      ...both('native/1.png', 'candidate_output'),
    },
    { id: 'a-native-job', project_id: 'p-odd', ...owner, ...both('native/other-final.png', 'job_final_output') },
  ]);
  const rank = {
    rank_hard_failures: 0,
    rank_soft_warnings: 0,
    rank_avg_chroma_exceed: 0,
    meta_json: '{}',
    created_at: T,
  };
  insertRows(db, 'run_job_candidates', [
    {
      id: 'c-native',
      job_id: 'j-native',
      candidate_index: 1,
      status: 'done',
      output_path: 'native/1.png',
      final_output_path: 'native/1.png',
      ...rank,
    },
  ]);
  insertRows(db, 'run_candidates', [
    {
      id: 'c-native',
      job_id: 'j-native',
      candidate_index: 1,
      status: 'done',
      output_asset_id: 'a-native',
      final_asset_id: 'a-native',
      ...rank,
    },
  ]);
  insertRows(db, 'project_exports', [
    {
      id: 'e-native',
      project_id: 'p-odd',
      export_path: 'exports/native.tgz',
      export_sha256: 'f'.repeat(64),
      sha256: 'f'.repeat(64),
      format: 'tgz',
      export_asset_id: 'a-native',
      created_at: T,
    },
  ]);
}

const disagreements = `
  UPDATE assets SET storage_uri = 'moved/plain.png' WHERE id = 'a-plain';
  UPDATE assets SET storage_uri = 's3://studio-archive/moved.png' WHERE id = 'a-case';
  -- One asset's new address is another's old path: the address is taken.
  UPDATE assets SET storage_uri = NULL WHERE id = 'a-kind-empty';
  UPDATE assets SET storage_uri = 'art/kindless.png' WHERE id = 'a-winner';
  UPDATE assets SET kind = 'final' WHERE id = 'a-meta-list';
  UPDATE assets SET kind = NULL, storage_uri = NULL WHERE id IN ('a-run-gone', 'a-export');
  UPDATE assets SET kind = '', metadata_json = '' WHERE id = 'a-time-0';
  UPDATE assets SET metadata_json = '{"edited":true}' WHERE id = 'a-time-1';
  UPDATE runs SET run_mode = '' WHERE id = 'r-absolute';
  UPDATE runs SET model_name = 'edited' WHERE id = 'r-unicode';
  UPDATE runs SET settings_snapshot_json = '{"edited":true}' WHERE id = 'r-time-0';
  UPDATE run_jobs SET selected_candidate_index = 3 WHERE id = 'j-odd';
  UPDATE run_jobs SET selected_candidate_index = NULL WHERE id = 'j-chosen';
  UPDATE run_jobs SET prompt_text = 'Edited.' WHERE id = 'j-prompt-text';
  UPDATE run_jobs SET final_asset_id = '' WHERE id = 'j-path-only';
  DELETE FROM run_candidates WHERE id IN ('c-plain', 'c-twin', 'c-unregistered', 'c-kindless');
  UPDATE run_candidates SET status = 'failed' WHERE id IN ('c-dotted', 'c-null');
  UPDATE run_candidates SET output_asset_id = 'a-case' WHERE id = 'c-s3';
  UPDATE run_candidates SET output_asset_id = NULL WHERE id = 'c-winner';
  -- Another row sits where a legacy candidate belongs.
  DELETE FROM run_candidates WHERE id = 'c-quote';
  INSERT INTO run_candidates(id, job_id, candidate_index, status, created_at)
    SELECT 'c-squatter', job_id, candidate_index, 'done', created_at FROM run_job_candidates WHERE id = 'c-quote';
  INSERT INTO run_candidates(id, job_id, candidate_index, status, created_at) VALUES ('c-only-canonical', 'j-native', 7, 'done', '${T}');
  UPDATE projects SET settings_json = '{"storage":{"s3":{"enabled":true,"bucket":"new-bucket"}}}' WHERE id = 'p-other';
  UPDATE projects SET owner_user_id = 'u-four' WHERE id = 'p-odd';
  UPDATE projects SET owner_user_id = '' WHERE id = 'p-third';
  UPDATE app_users SET username = 'renamed', display_name = 'Renamed' WHERE id = 'u-one';
  UPDATE app_users SET email = 'two@studio.example' WHERE id = 'u-two';
  -- One setting is a JSON null, its column was cleared by hand: neither the word None nor a value.
  UPDATE project_storage SET s3_bucket = NULL WHERE s3_region = 'None';
  DELETE FROM project_storage WHERE project_id = 'p-long-slug';
  INSERT INTO app_users VALUES ('u-canonical', 'canonical', 'Only canonical', NULL, 1, '${T}', '${T}');
  INSERT INTO users VALUES ('u-legacy', 'legacy', 'Only legacy', NULL, 1, '${T}', '${T}');
  INSERT INTO users VALUES ('u-name-taken', 'canonical', 'Same name, another person', NULL, 1, '${T}', '${T}');
  UPDATE project_exports SET format = 'tar.gz', sha256 = '' WHERE id = 'e-2';
  UPDATE project_api_secrets SET kms_key_ref = 'kms/1' WHERE id = 'k-plain';
  UPDATE project_api_secrets SET kms_key_ref = '' WHERE id = 'k-own-reference';
`;
