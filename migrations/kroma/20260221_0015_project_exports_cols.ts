import {
  addColumn,
  allRight,
  columnExists,
  defineMigration,
  ensureTriggers,
  expectNone,
  inRange,
  missingColumns,
  rangeValues,
  wrongTriggers,
} from '@engine/migration.ts';
import type { BackfillContext, Db, KeyRange } from '@engine/migration.ts';
import { createClaims, instantOf, noteClaims, settleClaims, unreadableTime } from './claims.ts';
import { assetOf, cleaned, registerFiles } from './path-rule.ts';

/**
 * Gives every export its canonical columns: export_asset_id from export_path, sha256 from export_sha256, and format
 * from the end of the path (rules E1 and C.5.3, D9).
 * Why: an export is a file like any other, and the original called every old one a tar.gz.
 * Old exports were never registered as files, so nearly each one adds an asset; the path rule is that of the candidates.
 * Removes the working tables of the candidates' migration.
 */
const id = '20260221_0015_project_exports_cols';

const columns = { export_asset_id: 'TEXT', sha256: 'TEXT', format: `TEXT NOT NULL DEFAULT 'tar.gz'` };

const isEmpty = (value: string) => `ifnull(${value}, '') = ''`;
const hasEnding = (path: string, ending: string) => `substr(lower(${path}), -${ending.length}) = '${ending}'`;
const formatOf = (path: string) => `CASE WHEN ${hasEnding(path, '.tar.gz')} OR ${hasEnding(path, '.tgz')} THEN 'tar.gz'
      WHEN ${hasEnding(path, '.zip')} THEN 'zip' ELSE 'folder' END`;

const registerExport = registerFiles(
  {
    id: `(NEW.id || ':export')`,
    otherwise: 'lower(hex(randomblob(8)))',
    project: 'NEW.project_id',
    run: 'NULL',
    job: 'NULL',
    candidate: 'NULL',
    kind: `'export'`,
    path: 'k.path',
    now: `strftime('%Y-%m-%dT%H:%M:%SZ', 'now')`,
  },
  `FROM (SELECT ${cleaned('NEW.export_path')} AS path) AS k WHERE NEW.id IS NOT NULL`,
);
const newFile = `(SELECT ${assetOf('NEW.project_id', 'k.path')} FROM (SELECT ${cleaned('NEW.export_path')} AS path) AS k)`;

const triggers = {
  _phasewise_0015_exports_insert: `CREATE TRIGGER _phasewise_0015_exports_insert AFTER INSERT ON project_exports
  BEGIN
    UPDATE project_exports SET
        sha256 = CASE WHEN ${isEmpty('NEW.sha256')} THEN NEW.export_sha256 ELSE NEW.sha256 END,
        format = CASE WHEN NEW.format IN ('', 'tar.gz') THEN ${formatOf(cleaned('NEW.export_path'))} ELSE NEW.format END
      WHERE rowid = NEW.rowid;
  END`,
  _phasewise_0015_exports_file: `CREATE TRIGGER _phasewise_0015_exports_file AFTER INSERT ON project_exports
  WHEN ${isEmpty('NEW.export_asset_id')}
  BEGIN${registerExport};
    UPDATE project_exports SET export_asset_id = ${newFile} WHERE rowid = NEW.rowid;
  END`,
  _phasewise_0015_exports_update: `CREATE TRIGGER _phasewise_0015_exports_update AFTER UPDATE OF export_path, export_sha256 ON project_exports
  BEGIN
    UPDATE project_exports SET
        sha256 = CASE WHEN NEW.export_sha256 IS NOT OLD.export_sha256 AND NEW.sha256 IS OLD.sha256 THEN NEW.export_sha256 ELSE NEW.sha256 END,
        format = CASE WHEN NEW.export_path IS NOT OLD.export_path AND NEW.format IS OLD.format
          THEN ${formatOf(cleaned('NEW.export_path'))} ELSE NEW.format END
      WHERE rowid = NEW.rowid;
  END`,
  _phasewise_0015_exports_moved: `CREATE TRIGGER _phasewise_0015_exports_moved AFTER UPDATE OF export_path ON project_exports
  WHEN NEW.export_path IS NOT OLD.export_path AND NEW.export_asset_id IS OLD.export_asset_id
  BEGIN${registerExport};
    UPDATE project_exports SET export_asset_id = ${newFile} WHERE rowid = NEW.rowid;
  END`,
};

const path = cleaned('s.export_path');
const homeless = `NOT EXISTS (SELECT 1 FROM projects AS p WHERE p.id = s.project_id)`;

/** First pass: which files the exports of a range are. */
function noteFiles(db: Db, range: KeyRange) {
  if (!columnExists(db, 'project_exports', 'export_path')) return allRight(db, range, 'project_exports', 'id');
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const claiming = `FROM project_exports AS s WHERE ${inChunk} AND ${isEmpty('s.export_asset_id')} AND ${path} <> ''`;
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
  export_asset_id: `CASE WHEN ${isEmpty('s.export_asset_id')} THEN ifnull(${assetOf('s.project_id', path)}, s.export_asset_id) ELSE s.export_asset_id END`,
  sha256: `CASE WHEN ${isEmpty('s.sha256')} AND s.export_sha256 IS NOT NULL THEN s.export_sha256 ELSE s.sha256 END`,
  format: `CASE WHEN ifnull(s.format, '') IN ('', 'tar.gz') THEN ${formatOf(path)} ELSE s.format END`,
};
const isOpen = Object.entries(target)
  .map(([column, value]) => `(${value}) IS NOT s.${column}`)
  .join(' OR ');
const nameless = `(${isEmpty('s.export_asset_id')} AND ${path} <> '' AND ${assetOf('s.project_id', path)} IS NULL)`;

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
  context.setAside({ reason: 'project-missing', where: `${inChunk} AND ${homeless}`, params: values, isPlaced: true });
  context.setAside({ reason: 'file-without-id', where: `${inChunk} AND ${nameless}`, params: values, isPlaced: true });
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
    ensureTriggers(db, triggers);
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
      chunk: fillExports,
    },
  ],

  shape: (db) => [
    ...missingColumns(db, 'project_exports', Object.keys(columns)).map(
      (column) => `project_exports has no column ${column}`,
    ),
    ...(columnExists(db, 'project_exports', 'export_path') ? wrongTriggers(db, triggers) : []),
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
            SELECT id FROM project_exports WHERE length(export_asset_id) > 0
              AND export_asset_id NOT IN (SELECT id FROM assets WHERE id IS NOT NULL)`,
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
