import type { CanonicalTable } from '@engine/migration.ts';
import { FINAL, flag, id, integer, json, link, owner, prose, real, required, text, word } from './canonical-columns.ts';

/** The canonical core of phase 1: identity, projects with their storage and secrets, assets, runs. */

const appUsers: CanonicalTable = {
  name: 'app_users',
  legacyName: 'users',
  group: 'Identity',
  priority: 'must-now',
  phase: 1,
  columns: [
    id(),
    required('username'),
    required('display_name'),
    text('email', { isSensitive: true }),
    flag('is_active', '1'),
    required('created_at'),
    required('updated_at'),
  ],
  uniques: [['username']],
  indexes: [],
};

const projects: CanonicalTable = {
  name: 'projects',
  group: 'Projects',
  priority: 'must-now',
  phase: 0,
  columns: [
    id(),
    owner('owner_user_id', 'app_users', { legacyName: 'user_id', phase: 1, constraintsPhase: FINAL }),
    required('slug'),
    required('name'),
    prose('description'),
    word('status', ['active', 'archived', 'deleted'], { defaultSql: `'active'` }),
    json('settings_json'),
    required('created_at'),
    required('updated_at'),
  ],
  uniques: [['owner_user_id', 'slug']],
  uniquesPhase: FINAL,
  indexes: [{ columns: ['owner_user_id', 'slug'], phase: 1 }],
  legacyColumns: { user_id: 'owner_user_id' },
};

const projectStorage: CanonicalTable = {
  name: 'project_storage',
  group: 'Projects',
  priority: 'must-now',
  phase: 1,
  columns: [
    id(),
    owner('project_id', 'projects'),
    // Dual files have the older default 'generated/projects'; only the rebuild can change a column's default.
    required('local_base_dir', { defaultSql: `'var/projects'`, phase: 1, constraintsPhase: FINAL }),
    text('local_project_root', { phase: 1 }),
    flag('s3_enabled', '0', { phase: 1 }),
    text('s3_bucket', { phase: 1 }),
    text('s3_prefix', { phase: 1 }),
    text('s3_region', { phase: 1 }),
    text('s3_profile', { phase: 1 }),
    text('s3_endpoint_url', { phase: 1 }),
    required('created_at'),
    required('updated_at'),
    integer('total_bytes', { notNull: true, defaultSql: '0', isExtension: true }),
    integer('used_bytes', { notNull: true, defaultSql: '0', isExtension: true }),
  ],
  uniques: [['project_id']],
  indexes: [],
};

const projectApiSecrets: CanonicalTable = {
  name: 'project_api_secrets',
  group: 'Providers and secrets',
  priority: 'must-now',
  phase: 0,
  columns: [
    id(),
    owner('project_id', 'projects'),
    required('provider_code'),
    required('secret_name'),
    required('secret_ciphertext', { isSensitive: true }),
    text('kms_key_ref', { legacyName: 'key_ref', isSensitive: true, phase: 1 }),
    required('created_at'),
    required('updated_at'),
  ],
  uniques: [['project_id', 'provider_code', 'secret_name']],
  indexes: [],
  legacyColumns: { key_ref: 'kms_key_ref' },
  sensitiveLegacyColumns: ['key_ref'],
};

/** The specification's words, then those of the original; '' where its caller gave none. */
const assetKinds = [
  ...['input', 'reference', 'generated', 'mask', 'upscaled', 'bg_removed', 'final', 'run_log', 'export', 'other'],
  ...['candidate_output', 'candidate_final_output', 'job_final_output', ''],
];

const assets: CanonicalTable = {
  name: 'assets',
  group: 'Assets',
  priority: 'must-now',
  phase: 0,
  columns: [
    id(),
    owner('project_id', 'projects'),
    word('kind', assetKinds, { legacyName: 'asset_kind', phase: 1, constraintsPhase: FINAL }),
    required('storage_uri', { legacyName: 'rel_path', phase: 1, constraintsPhase: FINAL }),
    word('storage_backend', ['local', 's3'], { defaultSql: `'local'`, phase: 1 }),
    text('mime_type', { phase: 1 }),
    integer('width', { phase: 1 }),
    integer('height', { phase: 1 }),
    text('sha256'),
    json('metadata_json', { legacyName: 'meta_json', phase: 1 }),
    required('created_at'),
    text('run_id', { isExtension: true }),
    text('job_id', { isExtension: true }),
    text('candidate_id', { isExtension: true }),
  ],
  uniques: [['project_id', 'storage_uri']],
  uniquesPhase: FINAL,
  indexes: [
    { columns: ['project_id', 'kind', 'created_at DESC'], phase: 1 },
    { columns: ['project_id', 'sha256'], phase: 1 },
  ],
  legacyColumns: { asset_kind: 'kind', rel_path: 'storage_uri', meta_json: 'metadata_json' },
};

const runs: CanonicalTable = {
  name: 'runs',
  group: 'Runs',
  priority: 'must-now',
  phase: 0,
  columns: [
    id(),
    owner('project_id', 'projects'),
    word('run_mode', ['dry', 'run', ''], { legacyName: 'mode', phase: 1, constraintsPhase: FINAL }),
    word('status', ['planned', 'running', 'done', 'failed', 'partial', 'ok', 'unknown']),
    text('stage'),
    text('time_of_day'),
    text('weather'),
    text('model_name', { legacyName: 'model', phase: 1 }),
    text('provider_code', { phase: 1 }),
    json('settings_snapshot_json', { legacyName: 'meta_json', phase: 1 }),
    text('started_at', { phase: 1 }),
    text('finished_at', { phase: 1 }),
    required('created_at'),
    required('run_log_path', { isExtension: true }),
    text('image_size', { isExtension: true }),
    text('image_quality', { isExtension: true }),
  ],
  uniques: [['project_id', 'run_log_path']],
  indexes: [{ columns: ['project_id', 'created_at DESC'], phase: 1 }],
  legacyColumns: { mode: 'run_mode', model: 'model_name', meta_json: 'settings_snapshot_json' },
};

const runJobs: CanonicalTable = {
  name: 'run_jobs',
  group: 'Runs',
  priority: 'must-now',
  phase: 0,
  columns: [
    id(),
    owner('run_id', 'runs'),
    required('job_key'),
    word('status', ['planned', 'running', 'done', 'failed_output_guard', 'failed', '']),
    prose('prompt_text', { phase: 1 }),
    integer('selected_candidate_index', { legacyName: 'selected_candidate', phase: 1 }),
    link('final_asset_id', 'assets', { legacyName: 'final_output', phase: 1, constraintsPhase: FINAL }),
    json('meta_json'),
    required('created_at'),
  ],
  uniques: [['run_id', 'job_key']],
  indexes: [{ columns: ['run_id', 'status'], phase: 1 }],
  legacyColumns: { selected_candidate: 'selected_candidate_index', final_output: 'final_asset_id' },
};

const runCandidates: CanonicalTable = {
  name: 'run_candidates',
  legacyName: 'run_job_candidates',
  group: 'Runs',
  priority: 'must-now',
  phase: 1,
  columns: [
    id(),
    owner('job_id', 'run_jobs'),
    integer('candidate_index', { notNull: true }),
    word('status', ['generated', 'done', 'failed_output_guard', 'failed', 'planned', '']),
    link('output_asset_id', 'assets', { legacyName: 'output_path', phase: 1 }),
    link('final_asset_id', 'assets', { legacyName: 'final_output_path', phase: 1 }),
    integer('rank_hard_failures', { notNull: true, defaultSql: '0' }),
    integer('rank_soft_warnings', { notNull: true, defaultSql: '0' }),
    real('rank_avg_chroma_exceed', { notNull: true, defaultSql: '0' }),
    json('meta_json'),
    required('created_at'),
  ],
  uniques: [['job_id', 'candidate_index']],
  indexes: [{ columns: ['job_id', 'candidate_index'], phase: 1 }],
  legacyColumns: { output_path: 'output_asset_id', final_output_path: 'final_asset_id' },
};

const projectExports: CanonicalTable = {
  name: 'project_exports',
  group: 'Projects',
  priority: 'must-now',
  phase: 0,
  columns: [
    id(),
    owner('project_id', 'projects'),
    link('export_asset_id', 'assets', { legacyName: 'export_path', phase: 1, constraintsPhase: FINAL }),
    // The original writes 'tgz' although its own list has no such word.
    word('format', ['tar.gz', 'zip', 'folder', 'tgz'], { defaultSql: `'tar.gz'`, phase: 1 }),
    text('sha256', { legacyName: 'export_sha256', phase: 1 }),
    required('created_at'),
  ],
  uniques: [],
  indexes: [],
  legacyColumns: { export_path: 'export_asset_id', export_sha256: 'sha256' },
};

const projectSnapshots: CanonicalTable = {
  name: 'project_snapshots',
  group: 'Projects',
  priority: 'none',
  isExtension: true,
  phase: 0,
  columns: [
    id(),
    owner('project_id', 'projects'),
    required('snapshot_tag'),
    prose('notes'),
    json('manifest_json'),
    required('created_at'),
  ],
  uniques: [['project_id', 'snapshot_tag']],
  indexes: [],
};

export const coreTables: readonly CanonicalTable[] = [
  appUsers,
  projects,
  projectStorage,
  projectApiSecrets,
  projectExports,
  projectSnapshots,
  runs,
  runJobs,
  runCandidates,
  assets,
];
