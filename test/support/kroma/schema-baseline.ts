/**
 * The later tables in their first, wrong shape and the additive columns, as an unpublished version of the program made them
 * beside the legacy tables, which stayed as they were.
 */
export const baselineTables = [
  `CREATE TABLE project_storage (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          total_bytes INTEGER NOT NULL DEFAULT 0,
          used_bytes INTEGER NOT NULL DEFAULT 0,
          created_at TEXT NOT NULL,
          updated_at TEXT NOT NULL,
          UNIQUE(project_id),
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE provider_accounts (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          provider_code TEXT NOT NULL,
          api_key TEXT NOT NULL,
          meta_json TEXT NOT NULL DEFAULT '{}',
          created_at TEXT NOT NULL,
          updated_at TEXT NOT NULL,
          UNIQUE(project_id, provider_code),
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE style_guides (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          name TEXT NOT NULL,
          description TEXT NOT NULL DEFAULT '',
          specs_json TEXT NOT NULL DEFAULT '{}',
          created_at TEXT NOT NULL,
          updated_at TEXT NOT NULL,
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE characters (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          code TEXT NOT NULL,
          name TEXT NOT NULL,
          bio TEXT NOT NULL DEFAULT '',
          created_at TEXT NOT NULL,
          updated_at TEXT NOT NULL,
          UNIQUE(project_id, code),
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE reference_sets (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          title TEXT NOT NULL,
          notes TEXT NOT NULL DEFAULT '',
          created_at TEXT NOT NULL,
          updated_at TEXT NOT NULL,
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE reference_items (
          id TEXT PRIMARY KEY,
          reference_set_id TEXT NOT NULL,
          asset_id TEXT NOT NULL,
          notes TEXT NOT NULL DEFAULT '',
          created_at TEXT NOT NULL,
          UNIQUE(reference_set_id, asset_id),
          FOREIGN KEY(reference_set_id) REFERENCES reference_sets(id) ON DELETE CASCADE,
          FOREIGN KEY(asset_id) REFERENCES assets(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE asset_links (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          parent_asset_id TEXT NOT NULL,
          child_asset_id TEXT NOT NULL,
          link_type TEXT NOT NULL,
          created_at TEXT NOT NULL,
          UNIQUE(parent_asset_id, child_asset_id, link_type),
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE,
          FOREIGN KEY(parent_asset_id) REFERENCES assets(id) ON DELETE CASCADE,
          FOREIGN KEY(child_asset_id) REFERENCES assets(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE quality_reports (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          run_id TEXT,
          run_job_id TEXT,
          run_job_candidate_id TEXT,
          rating INTEGER NOT NULL DEFAULT 0,
          notes TEXT NOT NULL DEFAULT '',
          created_at TEXT NOT NULL,
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE,
          FOREIGN KEY(run_id) REFERENCES runs(id) ON DELETE SET NULL,
          FOREIGN KEY(run_job_id) REFERENCES run_jobs(id) ON DELETE SET NULL,
          FOREIGN KEY(run_job_candidate_id) REFERENCES run_job_candidates(id) ON DELETE SET NULL
        )`,
  `CREATE TABLE prompt_templates (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          name TEXT NOT NULL,
          template_text TEXT NOT NULL,
          created_at TEXT NOT NULL,
          updated_at TEXT NOT NULL,
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE cost_events (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          run_id TEXT,
          amount_cents INTEGER NOT NULL,
          currency TEXT NOT NULL,
          event_type TEXT NOT NULL,
          notes TEXT NOT NULL DEFAULT '',
          created_at TEXT NOT NULL,
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE,
          FOREIGN KEY(run_id) REFERENCES runs(id) ON DELETE SET NULL
        )`,
  `CREATE TABLE audit_events (
          id TEXT PRIMARY KEY,
          project_id TEXT,
          user_id TEXT,
          action TEXT NOT NULL,
          target_type TEXT,
          target_id TEXT,
          details_json TEXT NOT NULL DEFAULT '{}',
          created_at TEXT NOT NULL,
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE SET NULL,
          FOREIGN KEY(user_id) REFERENCES users(id) ON DELETE SET NULL
        )`,
] as const;

export const baselineColumns = [
  "assets ADD COLUMN storage_backend TEXT NOT NULL DEFAULT 'local'",
  'assets ADD COLUMN mime_type TEXT',
  'assets ADD COLUMN width INTEGER',
  'assets ADD COLUMN height INTEGER',
  'runs ADD COLUMN provider_code TEXT',
  'runs ADD COLUMN started_at TEXT',
  'runs ADD COLUMN finished_at TEXT',
  "run_jobs ADD COLUMN prompt_text TEXT NOT NULL DEFAULT ''",
  "project_exports ADD COLUMN format TEXT NOT NULL DEFAULT 'tar.gz'",
] as const;

export const baselineIndexes = [
  'CREATE INDEX idx_project_storage_project ON project_storage(project_id)',
  'CREATE INDEX idx_provider_accounts_project ON provider_accounts(project_id)',
  'CREATE INDEX idx_style_guides_project ON style_guides(project_id)',
  'CREATE INDEX idx_characters_project ON characters(project_id)',
  'CREATE INDEX idx_reference_sets_project ON reference_sets(project_id)',
  'CREATE INDEX idx_reference_items_set ON reference_items(reference_set_id)',
  'CREATE INDEX idx_asset_links_parent ON asset_links(parent_asset_id)',
  'CREATE INDEX idx_asset_links_child ON asset_links(child_asset_id)',
  'CREATE INDEX idx_quality_reports_project ON quality_reports(project_id, created_at)',
  'CREATE INDEX idx_quality_reports_run ON quality_reports(run_id)',
  'CREATE INDEX idx_prompt_templates_project ON prompt_templates(project_id)',
  'CREATE INDEX idx_cost_events_project ON cost_events(project_id, created_at)',
  'CREATE INDEX idx_cost_events_run ON cost_events(run_id)',
  'CREATE INDEX idx_audit_events_project ON audit_events(project_id, created_at)',
  'CREATE INDEX idx_assets_sha256 ON assets(project_id, sha256)',
] as const;

/** Version and note, in the order of the file. */
export const baselineMarkers = [
  ['20260221_0004_provider_accounts', 'provider_accounts table'],
  ['20260221_0006_creative_knowledge', 'style_guides, characters, reference_sets, reference_items tables'],
  ['20260221_0007_assets_additive_cols', 'assets: storage_backend, mime_type, width, height columns'],
  ['20260221_0008_asset_links', 'asset_links table'],
  ['20260221_0009_runs_additive_cols', 'runs: provider_code, started_at, finished_at columns'],
  ['20260221_0010_run_jobs_prompt_text', 'run_jobs: prompt_text column'],
  ['20260221_0012_quality_reports', 'quality_reports table'],
  ['20260221_0013_prompt_templates', 'prompt_templates table'],
  ['20260221_0014_cost_events', 'cost_events table'],
  ['20260221_0015_project_exports_format', 'project_exports: format column'],
  ['20260221_0016_audit_events', 'audit_events table'],
  ['20260221_0003_project_storage_table', 'project_storage table (schema only, data migration deferred)'],
] as const;
