import { quoteName, type CanonicalTable, type Db } from '@engine/migration.ts';
import { canonical } from '../schema/canonical.ts';

/**
 * Indexes of the final tables. Those of the original that go are listed by name: each is on an old column, or is covered
 * by a final rule or index that begins with the same columns. Everything else stays. Part of the rebuilding migrations.
 */
const replaced = [
  ...['idx_projects_user', 'idx_projects_owner_slug', 'uq_projects_owner_slug', 'idx_candidates_job'],
  ...['idx_runs_project', 'idx_jobs_run', 'idx_assets_project', 'uq_assets_project_storage_uri'],
  ...['idx_run_candidates_job_idx', 'idx_project_api_secrets_proj', 'idx_project_storage_project'],
  ...['idx_provider_accounts_project', 'idx_characters_project', 'idx_reference_items_set', 'idx_asset_links_parent'],
  ...['idx_quality_reports_project', 'idx_cost_events_project', 'idx_chat_sessions_project'],
  ...['idx_agent_instructions_project', 'idx_voice_requests_project'],
];

/** All of them by name, for the declared effect. Ours on old columns are named after those. */
export const removedIndexes: readonly string[] = [
  ...replaced,
  ...canonical.flatMap(({ name, legacyColumns = {} }) =>
    Object.keys(legacyColumns).map((column) => `idx_${name}_${column}`),
  ),
];

/** Of our own only the one that finds addresses which are not clean is of use later. */
const keptOwn = '_phasewise_assets_unclean_uri';

/** An index of the original or of ours that is not made again. */
export function isReplacedIndex(name: string): boolean {
  const key = name.toLowerCase();
  return removedIndexes.includes(key) || (key.startsWith('_phasewise_') && key !== keptOwn);
}

/** Makes the indexes that the canonical schema asks for, where neither an index nor a unique rule is the same. */
export function ensureIndexes(db: Db, table: CanonicalTable): void {
  for (const { columns } of table.indexes) {
    if (fullIndexes(db, table.name).includes(columns.join().toLowerCase())) continue;
    const base = `idx_${table.name}_${columns.join('_').replaceAll(' DESC', '_desc')}`;
    db.exec(`CREATE INDEX ${quoteName(freeName(db, base))} ON ${table.name} (${columns.join(', ')})`);
  }
}

/** Columns and directions of every index that holds all rows; expressions appear as ''. */
function fullIndexes(db: Db, table: string): string[] {
  return db
    .prepare<[string], string>(
      `SELECT (SELECT group_concat(term) FROM (
         SELECT lower(ifnull(name, '')) || CASE WHEN "desc" THEN ' desc' ELSE '' END AS term
         FROM pragma_index_xinfo(l.name) WHERE key ORDER BY seqno))
       FROM pragma_index_list(?) AS l WHERE l.partial = 0`,
    )
    .pluck()
    .all(table);
}

function freeName(db: Db, base: string): string {
  const isTaken = db.prepare<[string], number>(`SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE`).pluck();
  let name = base;
  for (let number = 2; isTaken.get(name) !== undefined; number++) name = `${base}_${number}`;
  return name;
}
