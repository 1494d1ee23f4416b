import type Database from 'better-sqlite3';
import { createLegacySchema, recordLegacyMarkers } from '../../../migrations/kroma/sample/schema.ts';

const T = '2026-01-02T08:00:00Z';

export interface ScaledOptions {
  readonly candidates: number;
  /** Size of the JSON of each candidate. */
  readonly metaBytes?: number;
}

/**
 * A legacy database with about `candidates` candidates in the proportions of a real one: four per job, eight jobs per run,
 * a thousand runs per project, each file shared by the candidates of many runs, a few paths unregistered. Made by SQL alone.
 */
export function buildScaled(db: Database.Database, options: ScaledOptions): void {
  createLegacySchema(db);
  recordLegacyMarkers(db, T);
  addScaledRows(db, options);
}

/** The same rows beside those of another legacy database. */
export function addScaledRows(db: Database.Database, { candidates, metaBytes = 200 }: ScaledOptions): void {
  const jobs = Math.ceil(candidates / 4);
  const runs = Math.ceil(jobs / 8);
  const projects = Math.ceil(runs / 1000);
  const rows = (count: number): string =>
    `(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1}) SELECT i FROM n)`;
  // Ids that are not in time order, as random UUIDs are not: 7919 is coprime to every count in use.
  const id = (prefix: string, i: string): string =>
    `printf('${prefix}%08x-4a4a-%08x', (${i} * 2654435761) & 4294967295, ${i})`;
  const time = `strftime('%Y-%m-%dT%H:%M:%SZ', '2025-01-01', '+' || (i * 37) || ' seconds')`;
  const path = (i: string, part: string): string =>
    `printf('generated/projects/scaled/%s/job_%d__c%d.png', ${part}, (${i} / 4) % 800, ${i} % 4 + 1)`;
  db.pragma('cache_size = -200000');
  db.transaction(() => {
    db.exec(`
      INSERT INTO users VALUES ('u-scaled', 'scaled', 'Scaled', NULL, 1, '${T}', '${T}');
      INSERT INTO projects(id, user_id, slug, name, created_at, updated_at)
        SELECT ${id('p', 'i')}, 'u-scaled', 'scaled-' || i, 'Scaled', '${T}', '${T}' FROM ${rows(projects)};
      INSERT INTO runs(id, project_id, run_log_path, mode, status, meta_json, created_at)
        SELECT ${id('r', 'i')}, ${id('p', '(i / 1000)')}, 'runs/' || i || '.json', 'run', 'ok', '{"timestamp":"x"}', ${time} FROM ${rows(runs)};
      INSERT INTO run_jobs(id, run_id, job_key, status, selected_candidate, final_output, meta_json, created_at)
        SELECT ${id('j', 'i')}, ${id('r', '(i / 8)')}, 'job_' || i, 'done', i % 4 + 1, NULL, '{"prompt":"Scene ' || i || '"}', ${time} FROM ${rows(jobs)};
      INSERT INTO run_job_candidates(id, job_id, candidate_index, status, output_path, final_output_path, meta_json, created_at)
        SELECT ${id('c', 'i')}, ${id('j', '(i / 4)')}, i % 4 + 1, 'done', ${path('i', "'outputs'")},
          CASE WHEN i % 5 = 0 THEN NULL ELSE ${path('i', "'color_corrected'")} END,
          '{"status":"done","note":"' || substr('${'x'.repeat(metaBytes)}', 1, ${metaBytes}) || '"}', ${time}
        FROM ${rows(candidates)};
      INSERT OR IGNORE INTO assets(id, project_id, run_id, job_id, candidate_id, asset_kind, rel_path, meta_json, created_at)
        SELECT 'a-' || c.id, r.project_id, r.id, j.id, c.id, 'candidate_output', c.output_path, '{"path_exists":true}', c.created_at
        FROM run_job_candidates c JOIN run_jobs j ON j.id = c.job_id JOIN runs r ON r.id = j.run_id 
        WHERE r.run_log_path GLOB 'runs/[0-9]*' AND c.rowid % 97 <> 0;
      INSERT OR IGNORE INTO assets(id, project_id, run_id, job_id, candidate_id, asset_kind, rel_path, meta_json, created_at)
        SELECT 'b-' || c.id, r.project_id, r.id, j.id, c.id, 'candidate_final_output', c.final_output_path, '{"path_exists":true}', c.created_at
        FROM run_job_candidates c JOIN run_jobs j ON j.id = c.job_id JOIN runs r ON r.id = j.run_id
        WHERE r.run_log_path GLOB 'runs/[0-9]*' AND c.final_output_path IS NOT NULL AND c.rowid % 89 <> 0;
    `);
  })();
}
