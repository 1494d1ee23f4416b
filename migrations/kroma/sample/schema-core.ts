/**
 * The legacy schema, word for word as the program's statements leave it in `sqlite_schema`, layout included: a person who
 * compares the sample with a real file must find no difference. Order of the statements = order in the file.
 */
/** Identity, projects, runs, files, secrets. */
export const coreTables = [
  `CREATE TABLE users (
          id TEXT PRIMARY KEY,
          username TEXT NOT NULL UNIQUE,
          display_name TEXT NOT NULL,
          email TEXT,
          is_active INTEGER NOT NULL DEFAULT 1,
          created_at TEXT NOT NULL,
          updated_at TEXT NOT NULL
        )`,
  `CREATE TABLE schema_migrations (
          version TEXT PRIMARY KEY,
          note TEXT NOT NULL DEFAULT '',
          applied_at TEXT NOT NULL
        )`,
  `CREATE TABLE projects (
          id TEXT PRIMARY KEY,
          user_id TEXT NOT NULL,
          slug TEXT NOT NULL,
          name TEXT NOT NULL,
          description TEXT NOT NULL DEFAULT '',
          status TEXT NOT NULL DEFAULT 'active',
          settings_json TEXT NOT NULL DEFAULT '{}',
          created_at TEXT NOT NULL,
          updated_at TEXT NOT NULL,
          UNIQUE(user_id, slug),
          FOREIGN KEY(user_id) REFERENCES users(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE runs (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          run_log_path TEXT NOT NULL,
          mode TEXT NOT NULL,
          stage TEXT,
          time_of_day TEXT,
          weather TEXT,
          model TEXT,
          image_size TEXT,
          image_quality TEXT,
          status TEXT NOT NULL,
          meta_json TEXT NOT NULL DEFAULT '{}',
          created_at TEXT NOT NULL,
          UNIQUE(project_id, run_log_path),
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE run_jobs (
          id TEXT PRIMARY KEY,
          run_id TEXT NOT NULL,
          job_key TEXT NOT NULL,
          status TEXT NOT NULL,
          selected_candidate INTEGER,
          final_output TEXT,
          meta_json TEXT NOT NULL DEFAULT '{}',
          created_at TEXT NOT NULL,
          UNIQUE(run_id, job_key),
          FOREIGN KEY(run_id) REFERENCES runs(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE run_job_candidates (
          id TEXT PRIMARY KEY,
          job_id TEXT NOT NULL,
          candidate_index INTEGER NOT NULL,
          status TEXT NOT NULL,
          output_path TEXT,
          final_output_path TEXT,
          rank_hard_failures INTEGER NOT NULL DEFAULT 0,
          rank_soft_warnings INTEGER NOT NULL DEFAULT 0,
          rank_avg_chroma_exceed REAL NOT NULL DEFAULT 0,
          meta_json TEXT NOT NULL DEFAULT '{}',
          created_at TEXT NOT NULL,
          UNIQUE(job_id, candidate_index),
          FOREIGN KEY(job_id) REFERENCES run_jobs(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE assets (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          run_id TEXT,
          job_id TEXT,
          candidate_id TEXT,
          asset_kind TEXT NOT NULL,
          rel_path TEXT NOT NULL,
          sha256 TEXT,
          meta_json TEXT NOT NULL DEFAULT '{}',
          created_at TEXT NOT NULL,
          UNIQUE(project_id, rel_path),
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE project_snapshots (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          snapshot_tag TEXT NOT NULL,
          notes TEXT NOT NULL DEFAULT '',
          manifest_json TEXT NOT NULL DEFAULT '{}',
          created_at TEXT NOT NULL,
          UNIQUE(project_id, snapshot_tag),
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE project_exports (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          export_path TEXT NOT NULL,
          export_sha256 TEXT,
          created_at TEXT NOT NULL,
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE
        )`,
  `CREATE TABLE project_api_secrets (
          id TEXT PRIMARY KEY,
          project_id TEXT NOT NULL,
          provider_code TEXT NOT NULL,
          secret_name TEXT NOT NULL,
          secret_ciphertext TEXT NOT NULL,
          key_ref TEXT NOT NULL DEFAULT 'local-master',
          created_at TEXT NOT NULL,
          updated_at TEXT NOT NULL,
          UNIQUE(project_id, provider_code, secret_name),
          FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE CASCADE
        )`,
] as const;
