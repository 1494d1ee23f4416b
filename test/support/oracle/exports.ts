import type { Claim, Files } from './claims.ts';
import { pathKey } from './paths.ts';
import { addColumns, type Work } from './phase1.ts';
import { byId, fillEmpty, isEmpty, rowsOf, textOf, type Row } from './rows.ts';

/** E1, E2 (D9) and the exported file (C.5.3). */
export function expectExports(work: Work, files: Files): void {
  const projects = byId(rowsOf(work.tables, 'projects'));
  const exports = rowsOf(work.tables, 'project_exports');
  addColumns(exports, { export_asset_id: null, sha256: null, format: 'tar.gz' });
  const open = exports.filter((row) => isEmpty(row['export_asset_id']));
  files.settle(open.map(claimOf));
  for (const row of open) fillEmpty(row, 'export_asset_id', files.find(textOf(row['project_id']), row['export_path']));
  for (const row of exports) {
    fillEmpty(row, 'sha256', row['export_sha256']);
    if (isEmpty(row['format']) || row['format'] === 'tar.gz') row['format'] = exportFormat(pathKey(row['export_path']));
    if (!projects.has(textOf(row['project_id']))) work.issue('project_exports', row, 'project-missing');
  }
}

export function exportFormat(path: string): string {
  if (/\.(tar\.gz|tgz)$/i.test(path)) return 'tar.gz';
  return /\.zip$/i.test(path) ? 'zip' : 'folder';
}

const claimOf = (row: Row): Claim => ({
  rank: 2,
  projectId: textOf(row['project_id']),
  path: pathKey(row['export_path']),
  claimant: row,
  order: 0,
  kind: 'export',
  credit: { run_id: null, job_id: null, candidate_id: null },
});
