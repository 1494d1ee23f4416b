import type { OwnObjects } from '@engine/migration.ts';
import { createRunLogs } from './run-logs/run-log-history.ts';
import { createClaims } from './rules/claims.ts';
import { claimsOfJobs } from './rules/final-files.ts';
import { createMirrored } from './triggers/mirror.ts';

const createSwitch = 'CREATE TABLE _phasewise_cut_over (id TEXT PRIMARY KEY NOT NULL, is_turned INTEGER NOT NULL)';

/** Triggers by the table that they are on; `endings` follow what all names of one migration begin with. */
const named = (prefix: string, endings: Readonly<Record<string, string>>): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(endings).map(([table, text]) => [table, text.split(' ').map((ending) => `${prefix}${ending}`)]),
  );

/**
 * What the migrations make under names of ours, by the migration that makes it first. As immutable as they are: whatever
 * bears such a name and is not listed here stops an upgrade.
 */
export const ownObjects: Readonly<Record<string, OwnObjects>> = {
  '20260221_0001_rename_users': {
    tables: { _phasewise_mirrored: createMirrored },
    triggers: named('_phasewise_0001_', {
      users:
        'users_replaces users_renames users_stays users_insert users_update users_delete users_yield_follows users_yielded_follows',
      app_users:
        'app_users_yield app_users_yielded app_users_replaces_follows app_users_renames_follows app_users_stays_follows app_users_insert_follows app_users_update_follows app_users_delete_follows',
      _phasewise_mirrored: 'recursive_follows',
    }),
  },
  '20260221_0002_projects_owner_col': {
    triggers: named('_phasewise_0002_', {
      projects: 'projects_insert projects_update projects_insert_follows projects_update_follows',
    }),
  },
  '20260221_0003_project_storage_table': {
    triggers: named('_phasewise_0003_', {
      projects: 'projects_insert projects_update projects_delete',
      project_storage: 'project_storage_yield project_storage_insert_follows project_storage_update_follows',
    }),
  },
  '20260221_0004_provider_accounts': {
    triggers: named('_phasewise_0004_', {
      provider_accounts:
        'provider_accounts_insert provider_accounts_update provider_accounts_insert_follows provider_accounts_update_follows',
    }),
  },
  '20260221_0005_secrets_key_ref': {
    triggers: named('_phasewise_0005_', {
      project_api_secrets: 'secrets_insert secrets_update secrets_insert_follows secrets_update_follows',
    }),
  },
  '20260221_0006_creative_knowledge': {
    triggers: named('_phasewise_0006_', {
      style_guides: 'style_guides_insert style_guides_update style_guides_insert_follows style_guides_update_follows',
      reference_sets:
        'reference_sets_title_insert reference_sets_title_update reference_sets_notes_insert reference_sets_notes_update reference_sets_title_insert_follows reference_sets_title_update_follows',
    }),
  },
  '20260221_0007_assets_columns': {
    indexes: { assets: ['_phasewise_assets_unclean_path', '_phasewise_assets_unclean_uri', '_phasewise_assets_uri'] },
    triggers: named('_phasewise_0007_', {
      assets: 'assets_insert assets_update assets_insert_follows assets_update_follows',
    }),
  },
  '20260221_0008_asset_links': {
    triggers: named('_phasewise_0008_', {
      run_candidates: 'run_candidates_insert run_candidates_update',
      run_jobs: 'run_jobs_update',
      assets: 'assets_delete',
    }),
  },
  '20260221_0009_runs_columns': {
    triggers: named('_phasewise_0009_', {
      runs: 'runs_insert runs_update runs_insert_follows runs_update_follows',
    }),
  },
  '20260221_0010_run_jobs_columns': {
    triggers: named('_phasewise_0010_', {
      run_jobs: 'run_jobs_insert run_jobs_update run_jobs_insert_follows run_jobs_update_follows',
    }),
  },
  '20260221_0011_rename_candidates': {
    tables: { _phasewise_claims: createClaims('_phasewise_claims'), [claimsOfJobs]: createClaims(claimsOfJobs) },
    triggers: named('_phasewise_0011_', {
      run_job_candidates:
        'candidates_replaces candidates_renumbers candidates_stays candidates_insert candidates_update candidates_delete candidates_yield_follows candidates_yielded_follows',
      runs: 'runs_insert',
      run_jobs:
        'run_jobs_delete run_jobs_insert run_jobs_update run_jobs_astray run_jobs_insert_follows run_jobs_update_follows',
      run_candidates:
        'run_candidates_astray run_candidates_arrives_follows run_candidates_yield_follows run_candidates_renumbers_follows run_candidates_stays_follows run_candidates_insert_follows run_candidates_update_follows run_candidates_delete_follows',
    }),
  },
  '20260221_0012_quality_reports': {
    triggers: named('_phasewise_0012_', {
      run_candidates: 'candidates_insert candidates_delete run_candidates_rekeyed',
      run_job_candidates: 'candidates_rekeyed',
      quality_reports: 'reports_replace reports_insert reports_update reports_insert_follows reports_update_follows',
      run_jobs: 'run_jobs_delete',
      runs: 'runs_delete',
      projects: 'projects_delete',
    }),
  },
  '20260221_0014_cost_events': {
    tables: { _phasewise_run_logs: createRunLogs },
    triggers: named('_phasewise_0014_', {
      runs: 'runs_delete',
      projects: 'projects_delete',
      cost_events: 'costs_insert costs_update costs_insert_follows costs_update_follows',
    }),
  },
  '20260221_0015_project_exports_cols': {
    tables: { _phasewise_claims_of_exports: createClaims('_phasewise_claims_of_exports') },
    triggers: named('_phasewise_0015_', {
      project_exports:
        'exports_insert exports_file exports_update exports_moved exports_astray exports_insert_follows exports_update_follows',
    }),
  },
  '20260221_0016_audit_events': {
    triggers: named('_phasewise_0016_', {
      project_api_secrets: 'secrets_insert secrets_update secrets_delete',
      project_storage: 'storage_local_update storage_s3_update',
      project_exports: 'exports_insert',
      agent_instructions: 'instructions_status',
      audit_events:
        'events_user_id_insert events_user_id_update events_action_insert events_action_update events_details_json_insert events_details_json_update events_user_id_insert_follows events_user_id_update_follows events_action_insert_follows events_action_update_follows events_details_json_insert_follows events_details_json_update_follows',
    }),
  },
  '20260221_0025_cut_over': {
    tables: { _phasewise_cut_over: createSwitch },
  },
};
