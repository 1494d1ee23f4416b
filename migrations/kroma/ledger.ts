import { tableExists, type Db } from '@engine/migration.ts';

/**
 * The ids that the original program writes into `schema_migrations`. Several are written without the work being done,
 * and some carry the name of one of our migrations: they are evidence, never proof.
 */
const legacyMarkers = [
  '20260220_0001_base_schema',
  '20260220_0002_instruction_queue',
  '20260220_0003_project_api_secrets',
] as const;

const baselineMarkers = [
  '20260221_0003_project_storage_table',
  '20260221_0004_provider_accounts',
  '20260221_0006_creative_knowledge',
  '20260221_0007_assets_additive_cols',
  '20260221_0008_asset_links',
  '20260221_0009_runs_additive_cols',
  '20260221_0010_run_jobs_prompt_text',
  '20260221_0012_quality_reports',
  '20260221_0013_prompt_templates',
  '20260221_0014_cost_events',
  '20260221_0015_project_exports_format',
  '20260221_0016_audit_events',
] as const;

const dualMarkers = [
  '20260221_0018_phase1_canonical_schema',
  '20260221_0019_phase1_backfill',
  '20260221_0020_phase2_event_columns',
  '20260221_0021_phase2_backfill',
  '20260221_0022_creative_schema_columns',
  '20260221_0023_provider_account_columns',
  '20260221_0024_phase3_asset_fk_backfill',
] as const;

export const knownMarkers: readonly string[] = [...legacyMarkers, ...baselineMarkers, ...dualMarkers];

/** Written together with the original's own backfill of the canonical core: its absence means that nothing was filled. */
export const coreBackfillMarker = '20260221_0019_phase1_backfill';
/** Written together with the original's filling of asset references. */
export const assetBackfillMarker = '20260221_0024_phase3_asset_fk_backfill';

export const hasMarker = (db: Db, version: string): boolean =>
  tableExists(db, 'schema_migrations') &&
  db.prepare('SELECT 1 FROM schema_migrations WHERE version = ?').get(version) !== undefined;

/** True where the original's own backfill has run: what stands in the new columns was written on purpose. */
export const isFilledByOriginal = (db: Db): boolean => hasMarker(db, coreBackfillMarker);
