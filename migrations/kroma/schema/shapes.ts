import type { Schema, TableInfo } from '@engine/migration.ts';
import { canonical } from './canonical.ts';

/**
 * Columns that the migrations read, in every version: each entry lists the names under which one of them may stand.
 * A file without one of them is a stranger's, whatever its tables are called.
 */
export const legacyColumns: Readonly<Record<string, readonly (readonly string[])[]>> = {
  projects: [['id'], ['user_id', 'owner_user_id'], ['slug'], ['settings_json']],
  runs: [
    ['id'],
    ['project_id'],
    ['mode', 'run_mode'],
    ['model', 'model_name'],
    ['meta_json', 'settings_snapshot_json'],
    ['created_at'],
  ],
  run_jobs: [
    ['id'],
    ['run_id'],
    ['selected_candidate', 'selected_candidate_index'],
    ['meta_json'],
    ['status'],
    ['created_at'],
  ],
  assets: [
    ['id'],
    ['project_id'],
    ['asset_kind', 'kind'],
    ['rel_path', 'storage_uri'],
    ['meta_json', 'metadata_json'],
    ['created_at'],
    ['run_id'],
    ['job_id'],
    ['candidate_id'],
  ],
  project_exports: [['id'], ['project_id'], ['export_path', 'export_asset_id']],
  project_api_secrets: [['id'], ['project_id'], ['key_ref', 'kms_key_ref']],
};

/** What every version of the program declares as unique, and the steps therefore rely on. */
export const programUniques: Readonly<Record<string, readonly (readonly string[])[]>> = {
  users: [['id'], ['username']],
  projects: [['id'], ['user_id', 'slug']],
  runs: [['id'], ['project_id', 'run_log_path']],
  run_jobs: [['id'], ['run_id', 'job_key']],
  run_job_candidates: [['id'], ['job_id', 'candidate_index']],
  assets: [['id'], ['project_id', 'rel_path']],
  project_snapshots: [['id'], ['project_id', 'snapshot_tag']],
  project_exports: [['id']],
  project_api_secrets: [['id'], ['project_id', 'provider_code', 'secret_name']],
  ...Object.fromEntries(
    ['chat_sessions', 'chat_messages', 'agent_instructions', 'agent_instruction_events', 'voice_requests'].map(
      (name) => [name, [['id']]],
    ),
  ),
};

/** Columns that every version of a later table has: a table without them is somebody else's. */
const laterTables: Readonly<Record<string, readonly string[]>> = {
  app_users: ['id', 'username', 'display_name', 'email', 'is_active', 'created_at', 'updated_at'],
  run_candidates: [
    'id',
    'job_id',
    'candidate_index',
    'status',
    'rank_hard_failures',
    'rank_soft_warnings',
    'rank_avg_chroma_exceed',
    'meta_json',
    'created_at',
  ],
  project_storage: ['id', 'project_id', 'created_at', 'updated_at'],
  provider_accounts: ['id', 'project_id', 'provider_code', 'created_at', 'updated_at'],
  style_guides: ['id', 'project_id', 'name', 'description', 'created_at', 'updated_at'],
  characters: ['id', 'project_id', 'code', 'name', 'bio', 'created_at', 'updated_at'],
  reference_sets: ['id', 'project_id', 'created_at', 'updated_at'],
  reference_items: ['id', 'reference_set_id', 'asset_id', 'created_at'],
  asset_links: ['id', 'project_id', 'parent_asset_id', 'child_asset_id', 'link_type', 'created_at'],
  quality_reports: ['id', 'project_id', 'run_id', 'created_at'],
  prompt_templates: ['id', 'project_id', 'name', 'template_text', 'created_at'],
  cost_events: ['id', 'project_id', 'run_id', 'currency', 'created_at'],
  audit_events: ['id', 'project_id', 'created_at'],
};

/** Tables that our migrations and triggers insert rows into. */
const filledTables = [
  'app_users',
  'run_candidates',
  'project_storage',
  'assets',
  'quality_reports',
  'cost_events',
  'audit_events',
  'asset_links',
];

/** Indexes whose names are fixed, because the original makes them too. */
const indexNames = ['idx_projects_owner_slug', 'uq_projects_owner_slug', 'uq_assets_project_storage_uri'];

/** Says which object is in the way, or null. A canonical name may be taken by a view or by a table of another shape. */
export function findNameCollision(schema: Schema): string | null {
  const asIndex = indexNames.find((name) => schema.table(name));
  if (asIndex) return `The name ${asIndex} is needed for an index and taken by a table or a view.`;
  for (const { name } of canonical) {
    const table = schema.table(name);
    if (!table) continue;
    if (table.kind !== 'table')
      return `The name ${name} is taken by a ${table.kind === 'view' ? 'view' : 'virtual table'}.`;
    const missing = (laterTables[name] ?? []).filter((column) => !schema.column(name, column));
    if (missing.length > 0) {
      return `The name ${name} is taken by a table of another shape (it has no ${missing.join(', ')}).`;
    }
    const stranger = filledTables.includes(name) ? demandingColumn(table) : null;
    if (stranger) return `The table ${name} has the column ${stranger}, which must be filled and is not known.`;
  }
  return null;
}

/** A column that no version has and that refuses rows which don't fill it. */
function demandingColumn(table: TableInfo): string | null {
  const known = canonical.find(({ name }) => name === table.name.toLowerCase());
  if (!known) return null;
  const names = new Set([...known.columns.map(({ name }) => name), ...Object.keys(known.legacyColumns ?? {})]);
  const stranger = table.columns.find(
    (column) =>
      column.notNull && column.defaultSql === null && column.hidden === 0 && !names.has(column.name.toLowerCase()),
  );
  return stranger?.name ?? null;
}
