import { cleaned } from '../rules/path-rule.ts';
import { idOf, type Rows, type Values } from './ingest-rows.ts';

/** Files that a log names: registered where nobody has, and linked where one was made from the other. */

/** The youngest first, as when paths of old rows are looked up. */
const youngest = 'julianday(created_at) DESC, CASE WHEN julianday(created_at) IS NULL THEN created_at END DESC, id';

export interface Claim {
  readonly project: string;
  readonly run: string;
  readonly job: string;
  readonly candidate: string | null;
  /** In the original's words. */
  readonly kind: 'candidate_output' | 'candidate_final_output' | 'job_final_output';
  readonly now: string;
  /** Only for the final file of a job. */
  readonly selected?: number | null;
}

/** The file of this path in the project, compared cleaned on both sides (D10); null where none is registered. */
export function fileOf(rows: Rows, project: string, path: string | null): string | null {
  if (path === null) return null;
  for (const column of ['storage_uri', 'rel_path']) {
    if (!rows.has('assets', column)) continue;
    const sql = `SELECT id FROM assets WHERE project_id = :project AND ${column} = :path AND id IS NOT NULL ORDER BY ${youngest} LIMIT 1`;
    const found = rows.one<{ id: string }>(sql, { project, path });
    if (found) return found.id;
  }
  const unclean = (column: string) =>
    `SELECT id, created_at FROM assets WHERE +project_id = :project AND ${column} <> ${cleanedAsIndexed(column)}
       AND ${cleanedAsIndexed(column)} = :path AND id IS NOT NULL`;
  const columns = ['storage_uri', 'rel_path'].filter((column) => rows.has('assets', column));
  const sql = `SELECT id FROM (${columns.map(unclean).join(' UNION ALL ')}) ORDER BY ${youngest} LIMIT 1`;
  return rows.one<{ id: string }>(sql, { project, path })?.id ?? null;
}

/** Without the ifnull of `cleaned`: exactly as in the index over paths that are not clean, where that exists. */
const cleanedAsIndexed = (column: string): string => cleaned(column).replace(`ifnull(${column}, '')`, column);

/**
 * Registers a path that no file of the project has. A file that is registered stays as it is: what is known about it
 * (checksum, size, its first run) is worth more than that one more log names it.
 * @returns its id, and whether it was registered just now.
 */
export function ensureFile(rows: Rows, path: string | null, claim: Claim): { id: string | null; isNew: boolean } {
  const known = fileOf(rows, claim.project, path);
  if (path === null || known !== null) return { id: known, isNew: false };
  const id = idOf('file', claim.project, path);
  // Whether the file exists is not said: where the program was started, and so where the path begins, is not known.
  const metadata = JSON.stringify({
    source: 'run_log',
    ...(claim.selected === undefined || claim.selected === null ? {} : { selected_candidate: claim.selected }),
  });
  rows.insert('assets', {
    id,
    project_id: claim.project,
    run_id: claim.run,
    job_id: claim.job,
    candidate_id: claim.candidate,
    kind: claim.kind,
    asset_kind: claim.kind,
    storage_uri: path,
    rel_path: path,
    storage_backend: path.startsWith('s3://') ? 's3' : 'local',
    metadata_json: metadata,
    meta_json: metadata,
    created_at: claim.now,
  });
  return { id, isNew: true };
}

export interface Link {
  readonly id: string;
  readonly project: string;
  readonly parent: string | null;
  readonly child: string | null;
  readonly now: string;
}

/** True when both files are there, differ, and are not linked yet. */
export function isUnlinked(rows: Rows, { parent, child }: Pick<Link, 'parent' | 'child'>): boolean {
  if (parent === null || child === null || parent === child || !rows.has('asset_links')) return false;
  const values: Values = { parent, child };
  return (
    rows.one(
      `SELECT 1 FROM asset_links WHERE parent_asset_id = :parent AND child_asset_id = :child AND link_type = 'derived_from'`,
      values,
    ) === undefined
  );
}

/** A trigger may have linked them meanwhile. */
export function ensureLink(rows: Rows, link: Link): void {
  if (!isUnlinked(rows, link)) return;
  const isTaken = rows.one(`SELECT 1 FROM asset_links WHERE id = :id`, { id: link.id }) !== undefined;
  rows.insert('asset_links', {
    id: isTaken ? idOf('link', link.parent ?? '', link.child ?? '') : link.id,
    project_id: link.project,
    parent_asset_id: link.parent,
    child_asset_id: link.child,
    link_type: 'derived_from',
    created_at: link.now,
  });
}
