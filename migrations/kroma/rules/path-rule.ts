import { mayBreakRule } from './own-rule.ts';

/**
 * The path rule of C.3 as SQL, with D10, D11 and D19 corrected. The migrations of candidates and of exports share it:
 * the same path must name the same file whoever names it. It is part of both and as immutable as they are.
 */

/** What Python's str.strip() removes. */
const blanks = `char(9,10,11,12,13,28,29,30,31,32,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288)`;

/** What paths are compared by: slashes for backslashes, no outer blanks, nothing else. NULL becomes ''. */
export const cleaned = (path: string): string => `trim(replace(ifnull(${path}, ''), char(92), '/'), ${blanks})`;
/** The same for paths that are there. Exactly as in the indexes of the assets' migration: another expression would not find them. */
export const strictlyCleaned = (path: string): string => `trim(replace(${path}, char(92), '/'), ${blanks})`;

/** The youngest first; times that can't be read come last, as text. */
const youngest = 'julianday(created_at) DESC, CASE WHEN julianday(created_at) IS NULL THEN created_at END DESC, id';

/**
 * The id of the asset that a path of a project names, or NULL: the one with this address, else with this path, else
 * the youngest that becomes equal by cleaning. Four look-ups by index at most, nearly always one. The plus keeps SQLite
 * from reading all assets of the project instead, which it believes to be few.
 * @param path a cleaned path, as an expression without affinity.
 */
export const assetOf = (project: string, path: string): string => `CASE WHEN ${path} <> '' THEN coalesce(
    (SELECT id FROM assets WHERE project_id = ${project} AND storage_uri = ${path} AND id IS NOT NULL ORDER BY ${youngest} LIMIT 1),
    (SELECT id FROM assets WHERE project_id = ${project} AND rel_path = ${path} AND id IS NOT NULL ORDER BY ${youngest} LIMIT 1),
    (SELECT id FROM (
      SELECT id, created_at FROM assets WHERE +project_id = ${project}
        AND rel_path <> ${strictlyCleaned('rel_path')} AND ${strictlyCleaned('rel_path')} = ${path} AND id IS NOT NULL
      UNION ALL SELECT id, created_at FROM assets WHERE +project_id = ${project}
        AND storage_uri <> ${strictlyCleaned('storage_uri')} AND ${strictlyCleaned('storage_uri')} = ${path} AND id IS NOT NULL)
      ORDER BY ${youngest} LIMIT 1)) END`;

/** True where a path, cleaned, is one of the two that the asset goes by. */
export const isNamedBy = (
  asset: string,
  path: string,
): string => `(${path} <> '' AND EXISTS (SELECT 1 FROM assets AS named
    WHERE named.id = ${asset} AND ${path} IN (${cleaned('named.storage_uri')}, ${cleaned('named.rel_path')})))`;

/** What old columns call an asset: its address, else its old path. NULL for one that has neither or is not there. */
export const addressOf = (asset: string): string =>
  `(SELECT coalesce(nullif(a.storage_uri, ''), nullif(a.rel_path, '')) FROM assets AS a WHERE a.id = ${asset})`;

/**
 * The old path of a row whose asset a program has changed under the new name. A path that names this asset stays as it
 * is written. Without an asset it goes only if it names one: the original's own upgrade empties references whenever it
 * fails to find the file, and then the path is all that is left (D10).
 * @param path the old column, as it is.
 */
export const pathAfter = (asset: string, project: string, path: string): string => `CASE
          WHEN ifnull(${asset}, '') <> '' THEN CASE WHEN ${isNamedBy(asset, cleaned(path))} THEN ${path} ELSE coalesce(${addressOf(asset)}, ${path}) END
          WHEN EXISTS (SELECT 1 FROM assets WHERE project_id = ${project} AND rel_path = ${cleaned(path)})
            OR EXISTS (SELECT 1 FROM assets WHERE project_id = ${project} AND storage_uri = ${cleaned(path)}) THEN NULL
          ELSE ${path} END`;

/** What the original's own upgrade leaves on files that it registered; its readers know it. */
const mark = `'{"source":"phase3_backfill"}'`;

/** A file that some row names and nobody registered: SQL expressions for its values. */
export interface NewFile {
  readonly id: string;
  /** Makes the id unique where it is taken. */
  readonly otherwise: string;
  readonly project: string;
  readonly run: string;
  readonly job: string;
  readonly candidate: string;
  readonly kind: string;
  readonly path: string;
  readonly now: string;
}

/**
 * Registers files that are not registered yet. Old and new columns are filled alike. A rule of the owner's that a file
 * breaks ends the step, which is right while we write ourselves.
 * @param from FROM clause and the first conditions of WHERE.
 */
export const registerAll = (file: NewFile, from: string): string => `
    INSERT INTO assets (id, project_id, run_id, job_id, candidate_id, asset_kind, rel_path, meta_json, created_at,
        kind, storage_uri, metadata_json, storage_backend)
      SELECT CASE WHEN EXISTS (SELECT 1 FROM assets WHERE id = ${file.id}) THEN ${file.id} || ':' || ${file.otherwise} ELSE ${file.id} END,
        ${file.project}, ${file.run}, ${file.job}, ${file.candidate}, ${file.kind}, ${file.path}, ${mark}, ${file.now},
        ${file.kind}, ${file.path}, ${mark}, CASE WHEN substr(${file.path}, 1, 5) = 's3://' THEN 's3' ELSE 'local' END
      ${from} AND ${file.path} <> ''
        AND EXISTS (SELECT 1 FROM projects WHERE id = ${file.project})
        AND NOT EXISTS (SELECT 1 FROM assets WHERE project_id = ${file.project} AND rel_path = ${file.path})
        AND NOT EXISTS (SELECT 1 FROM assets WHERE project_id = ${file.project} AND storage_uri = ${file.path})
        AND ${assetOf(file.project, file.path)} IS NULL`;
/** The same in a trigger, inside another program's write: under such a rule nothing is registered. */
export const registerFiles = (file: NewFile, from: string): string =>
  `${registerAll(file, from)}
        AND NOT ${mayBreakRule}`;
