/**
 * For a dual file with every odd case: files that the final tables cannot hold, and candidates that refer to them. No
 * project, one that is gone, and two that lie where an earlier file does; moved before or not.
 */
export const astrayFiles = `DROP INDEX IF EXISTS uq_assets_project_storage_uri;
  UPDATE assets SET project_id = 'p-gone' WHERE id IN ('a-plain', 'a-backslashes');
  UPDATE assets SET project_id = '' WHERE id = 'a-s3';
  UPDATE assets SET storage_uri = 'moved/backslashes.png' WHERE id = 'a-backslashes';
  UPDATE assets SET storage_uri = 'art/kindless.png' WHERE id = 'a-winner';
  UPDATE assets SET storage_uri = 'art/ids-empty.png', created_at = '2025' WHERE id = 'a-time-0';
  UPDATE run_candidates SET output_asset_id = 'a-backslashes' WHERE id = 'c-of-backslash-asset';
  UPDATE run_candidates SET output_asset_id = 'a-ids-empty' WHERE id = 'c-ids-empty';
  UPDATE run_job_candidates SET final_output_path = 's3://studio-archive/panels/one.png' WHERE id = 'c-null';
  UPDATE run_candidates SET output_asset_id = 'a-plain', final_asset_id = 'a-s3' WHERE id = 'c-null';
  UPDATE run_candidates SET output_asset_id = 'a-plain' WHERE id = 'c-empty';`;

/** Those that say by a path what they refer to: the address, another spelling of it, the old path, a final file alone. */
export const namingAstray = [
  ...['c-plain', 'c-backslashes', 'c-s3', 'c-of-backslash-asset', 'c-winner', 'c-ids-empty', 'c-outer-blanks'],
  'c-null',
];
/** Refers to such a file and names none, so that its old row says nothing that the new one does not. */
export const namingNone = 'c-empty';

/** Links may not lead to them when the last phase begins. */
export const linksOfAstray = `DELETE FROM asset_links WHERE EXISTS (SELECT 1 FROM assets AS a
    WHERE a.id IN (parent_asset_id, child_asset_id) AND a.project_id IS NOT asset_links.project_id);`;
