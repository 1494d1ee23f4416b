import Database from 'better-sqlite3';
import { withDatabase } from './upgrade.ts';

/** Columns of the source that phases 1 to 4 may fill: canonical ones, and an asset's empty credits. All others are nobody's to change. */
const filled: Readonly<Record<string, readonly string[]>> = {
  app_users: ['username', 'display_name', 'email', 'is_active', 'updated_at'],
  projects: ['owner_user_id'],
  project_storage: [
    'local_base_dir',
    'local_project_root',
    's3_enabled',
    's3_bucket',
    's3_prefix',
    's3_region',
    's3_profile',
    's3_endpoint_url',
    'updated_at',
  ],
  project_api_secrets: ['kms_key_ref'],
  assets: ['kind', 'storage_uri', 'metadata_json', 'storage_backend', 'run_id', 'job_id', 'candidate_id'],
  runs: ['run_mode', 'model_name', 'settings_snapshot_json'],
  run_jobs: ['selected_candidate_index', 'final_asset_id', 'prompt_text'],
  run_candidates: ['output_asset_id', 'final_asset_id', 'status', 'meta_json'],
  project_exports: ['export_asset_id', 'sha256', 'format'],
  quality_reports: ['job_id', 'candidate_id', 'report_type', 'summary_json'],
  // An empty currency is a canonical value that says nothing.
  cost_events: ['provider_code', 'operation_code', 'units', 'cost_usd', 'currency', 'meta_json'],
  audit_events: ['actor_user_id', 'event_code', 'payload_json'],
  provider_accounts: ['is_enabled', 'config_json'],
  style_guides: ['rules_json', 'is_default'],
  reference_sets: ['name', 'kind', 'metadata_json'],
};

/** Old columns of old rows that are not what they were, compared inside SQLite, so that even broken text is seen. */
export const changedOldValues = (before: string, after: string): string[] =>
  missingRows(before, after, (table, column) => filled[table]?.includes(column) ?? false);

/** Everything in which two files' rows differ, in both directions; ours and SQLite's tables are left out. */
export const differingRows = (one: string, other: string): string[] => [
  ...missingRows(one, other, () => false),
  ...missingRows(other, one, () => false),
];

function missingRows(before: string, after: string, isLeftOut: (table: string, column: string) => boolean): string[] {
  const db = new Database(after, { readonly: true });
  try {
    db.prepare(`ATTACH ? AS old`).run(before);
    const names = `name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE '!_phasewise!_%' ESCAPE '!'`;
    const tables = db
      .prepare<[], string>(`SELECT name FROM old.sqlite_schema WHERE type = 'table' AND ${names}`)
      .pluck()
      .all();
    return tables.flatMap((table) => {
      const columns = db.prepare<[string], string>(`SELECT name FROM pragma_table_info(?, 'old')`).pluck().all(table);
      const kept = columns
        .filter((column) => !isLeftOut(table, column))
        .flatMap((column) => [`"${column}"`, `typeof("${column}")`]);
      const list = kept.join();
      const sql = `SELECT count(*) FROM (SELECT ${list} FROM old."${table}" EXCEPT SELECT ${list} FROM main."${table}")`;
      const count = db.prepare<[], number>(sql).pluck().get() ?? 0;
      const lost = rowCount(db, 'old', table) - rowCount(db, 'main', table);
      return [
        ...(count === 0 ? [] : [`${count} rows of ${table} differ`]),
        ...(lost > 0 ? [`${lost} rows of ${table} are gone`] : []),
      ];
    });
  } finally {
    db.close();
  }
}

const rowCount = (db: Database.Database, schema: string, table: string): number =>
  db.prepare<[], number>(`SELECT count(*) FROM ${schema}."${table}"`).pluck().get() ?? 0;

/** Views, triggers and indexes of the source that are gone or different. */
export function changedObjects(before: string, after: string): string[] {
  const objects = (file: string) =>
    withDatabase(file, (db) =>
      db
        .prepare<[], { name: string; sql: string }>(
          `SELECT name, sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL`,
        )
        .all(),
    );
  const found = new Map(objects(after).map(({ name, sql }) => [name, sql]));
  return objects(before)
    .filter(({ name, sql }) => found.get(name) !== sql)
    .map(({ name }) => name);
}
