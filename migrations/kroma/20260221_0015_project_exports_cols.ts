import {
  addColumn,
  allRight,
  columnExists,
  defineMigration,
  expectNone,
  inRange,
  missingColumns,
  rangeValues,
} from '@engine/migration.ts';
import type { BackfillContext, Db, KeyRange } from '@engine/migration.ts';
import {
  createClaims,
  instantOf,
  isAstray,
  lacksFile,
  noteClaims,
  setAstrayAside,
  setNamelessAside,
  settleClaims,
  unreadableTime,
} from './rules/claims.ts';
import { namesMissing } from './rules/details.ts';
import { exportFollowTriggers, exportTriggers, formatOf, isEmpty } from './triggers/export-triggers.ts';
import { writeQuietly } from './triggers/mirror.ts';
import { ensureMirrors, wrongMirrors } from './triggers/mirror-triggers.ts';
import { assetOf, cleaned } from './rules/path-rule.ts';

/**
 * Gives every export its canonical columns: export_asset_id from export_path, sha256 from export_sha256, and format
 * from the end of the path (rules E1 and C.5.3, D9).
 * Why: an export is a file like any other, and the original called every old one a tar.gz.
 * Old exports were never registered as files, so nearly each one adds an asset; the path rule is that of the candidates.
 * Removes the working tables of the candidates' migration.
 */
const id = '20260221_0015_project_exports_cols';

const columns = { export_asset_id: 'TEXT', sha256: 'TEXT', format: `TEXT NOT NULL DEFAULT 'tar.gz'` };

const path = cleaned('s.export_path');
const homeless = `NOT EXISTS (SELECT 1 FROM projects AS p WHERE p.id = s.project_id)`;

/** First pass: which files the exports of a range are. */
function noteFiles(db: Db, range: KeyRange) {
  if (!columnExists(db, 'project_exports', 'export_path')) return allRight(db, range, 'project_exports', 'id');
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const claiming = `FROM project_exports AS s WHERE ${inChunk} AND ${lacksFile('s.export_asset_id')} AND ${path} <> ''`;
  db.prepare(
    noteClaims(
      '_phasewise_claims_of_exports',
      `
      SELECT s.project_id, ${path} AS path, ${instantOf('s.created_at')}, ${unreadableTime('s.created_at')}, s.id, 0, NULL, NULL, NULL ${claiming}`,
    ),
  ).run(values);
  const rows =
    db.prepare<unknown[], number>(`SELECT count(*) FROM project_exports AS s WHERE ${inChunk}`).pluck().get(values) ??
    0;
  const moved = db.prepare<unknown[], number>(`SELECT count(*) ${claiming}`).pluck().get(values) ?? 0;
  return { moved, alreadyRight: rows - moved, issueRows: 0 };
}

/** The columns of row `s` as they are to be. */
const target = {
  export_asset_id: `CASE WHEN ${lacksFile('s.export_asset_id')} THEN ifnull(${assetOf('s.project_id', path)}, s.export_asset_id) ELSE s.export_asset_id END`,
  sha256: `CASE WHEN ${isEmpty('s.sha256')} AND s.export_sha256 IS NOT NULL THEN s.export_sha256 ELSE s.sha256 END`,
  format: `CASE WHEN ifnull(s.format, '') IN ('', 'tar.gz') THEN ${formatOf(path)} ELSE s.format END`,
};
const isOpen = Object.entries(target)
  .map(([column, value]) => `(${value}) IS NOT s.${column}`)
  .join(' OR ');
const nameless = `(${lacksFile('s.export_asset_id')} AND (${path} <> '' OR ${isAstray('s.export_asset_id')}) AND ${assetOf('s.project_id', path)} IS NULL)`;

/** Last pass: the columns themselves. */
function fillExports(db: Db, range: KeyRange, context: BackfillContext) {
  if (!columnExists(db, 'project_exports', 'export_path')) return allRight(db, range, 'project_exports', 'id');
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const count = db
    .prepare<unknown[], { issueRows: number; moved: number; alreadyRight: number }>(
      `SELECT count(*) FILTER (WHERE issue) AS issueRows, count(*) FILTER (WHERE NOT issue AND open) AS moved,
         count(*) FILTER (WHERE NOT issue AND NOT open) AS alreadyRight
       FROM (SELECT ${homeless} OR ${nameless} AS issue, ${isOpen} AS open FROM project_exports AS s WHERE ${inChunk})`,
    )
    .get(values) ?? { issueRows: 0, moved: 0, alreadyRight: 0 };
  if (count.issueRows > 0) {
    context.setAside({
      reason: 'project-missing',
      detailSql: namesMissing('project', 's.project_id'),
      where: `${inChunk} AND ${homeless}`,
      params: values,
      isPlaced: true,
    });
    setAstrayAside(context, `${inChunk} AND ${nameless}`, values, 's.export_asset_id');
    setNamelessAside(context, `${inChunk} AND ${nameless}`, values, { project: 's.project_id', path });
  }
  db.prepare(
    `UPDATE project_exports AS s SET ${Object.entries(target)
      .map(([column, value]) => `${column} = ${value}`)
      .join(', ')}
     WHERE ${inChunk} AND (${isOpen})`,
  ).run(values);
  return count;
}

export default defineMigration({
  phase: 1,
  kind: 'expand',
  title: 'Give every export its file, its format and its checksum',
  what: [
    'The table project_exports gets export_asset_id, format and sha256, filled from export_path and export_sha256.',
    'Exports that are not among the files yet are added to assets.',
    'The old columns stay as they are; when an older program changes them, the new ones follow.',
  ],
  effect: { grows: ['assets'], changes: { project_exports: Object.keys(columns) } },

  up(db) {
    for (const [column, definition] of Object.entries(columns)) addColumn(db, 'project_exports', column, definition);
    db.exec('DROP TABLE IF EXISTS _phasewise_claims; DROP TABLE IF EXISTS _phasewise_claims_of_jobs');
    if (!columnExists(db, 'project_exports', 'export_path')) return;
    db.exec(`DROP TABLE IF EXISTS _phasewise_claims_of_exports; ${createClaims('_phasewise_claims_of_exports')}`);
    ensureMirrors(db, exportTriggers, exportFollowTriggers);
  },

  backfills: [
    {
      name: 'paths',
      title: 'noting which files the exports are',
      source: 'project_exports',
      key: 'id',
      chunk: noteFiles,
    },
    {
      name: 'files',
      title: 'registering the files of exports',
      source: '_phasewise_claims_of_exports',
      key: 'claim',
      chunk: (db, range, { now }) =>
        settleClaims(db, '_phasewise_claims_of_exports', { kind: `'export'`, suffix: `':export'` }, range, now),
    },
    {
      name: 'exports',
      title: 'filling the canonical columns of exports',
      source: 'project_exports',
      key: 'id',
      chunk: (db, range, context) => writeQuietly(db, ['project_exports'], () => fillExports(db, range, context)),
    },
  ],

  shape: (db) => [
    ...missingColumns(db, 'project_exports', Object.keys(columns)).map(
      (column) => `project_exports has no column ${column}`,
    ),
    ...(columnExists(db, 'project_exports', 'export_path')
      ? wrongMirrors(db, exportTriggers, exportFollowTriggers)
      : []),
  ],

  verify: (db) =>
    columnExists(db, 'project_exports', 'export_path')
      ? [
          ...expectNone(
            db,
            'exports that name a file but refer to none',
            `
            SELECT id FROM project_exports AS s WHERE id IS NOT NULL AND ${isEmpty('export_asset_id')} AND ${path} <> ''
            EXCEPT SELECT source_key FROM _phasewise_quarantine WHERE backfill_id = '${id}/exports'`,
          ),
          ...expectNone(
            db,
            'exports that refer to a file that is not registered',
            `
            SELECT id FROM project_exports AS s WHERE id IS NOT NULL AND ${isAstray('s.export_asset_id')}
            EXCEPT SELECT source_key FROM _phasewise_quarantine WHERE backfill_id = '${id}/exports'`,
          ),
          ...expectNone(
            db,
            'exports whose checksum stands in the old column only',
            `
            SELECT id FROM project_exports WHERE id IS NOT NULL AND length(export_sha256) > 0 AND coalesce(length(sha256), 0) = 0`,
          ),
          ...expectNone(
            db,
            'exports called tar.gz that are none',
            `
            SELECT id FROM project_exports AS s WHERE id IS NOT NULL AND format = 'tar.gz'
              AND NOT (${path} LIKE '%.tar.gz' OR ${path} LIKE '%.tgz')`,
          ),
        ]
      : [],
});
