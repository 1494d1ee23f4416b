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
import { assetFollowTriggers, assetTriggers, backendOf, isEmpty, jsonOf, uriTaken } from './triggers/asset-triggers.ts';
import { namesMissing } from './rules/details.ts';
import { ensureMirrors, wrongMirrors } from './triggers/mirror-triggers.ts';
import { strictlyCleaned as cleaned } from './rules/path-rule.ts';

/**
 * Gives every asset its canonical columns: kind, storage_uri and metadata_json from the old ones, storage_backend from
 * the address, and room for mime_type, width and height (rules A1 to A5).
 * Why: everything that names a file by its path is to name it by its asset; the asset must say where it lies.
 * metadata_json is filled where it still is '{}', which the original forgot (D1); s3:// addresses are not local (D8).
 * The address is copied as it is. Two assets of a project that differ only in slashes or outer blanks both stay (D10).
 */
const id = '20260221_0007_assets_columns';

const columns = {
  kind: 'TEXT',
  storage_uri: 'TEXT',
  metadata_json: `TEXT NOT NULL DEFAULT '{}'`,
  storage_backend: `TEXT NOT NULL DEFAULT 'local'`,
  mime_type: 'TEXT',
  width: 'INTEGER',
  height: 'INTEGER',
};

/**
 * Cleaned paths can't be looked up through the paths themselves. Nearly all paths are clean already, so only the others
 * are indexed: a handful of entries, and no look-up by path ever reads all assets of a project.
 */
const uncleanIndexes = {
  _phasewise_assets_unclean_path: `CREATE INDEX _phasewise_assets_unclean_path ON assets (${cleaned('rel_path')})
    WHERE rel_path <> ${cleaned('rel_path')}`,
  _phasewise_assets_unclean_uri: `CREATE INDEX _phasewise_assets_unclean_uri ON assets (${cleaned('storage_uri')})
    WHERE storage_uri <> ${cleaned('storage_uri')}`,
};

/** The columns of row `s` as they are to be. */
const target = {
  kind: `CASE WHEN ${isEmpty('s.kind')} AND s.asset_kind IS NOT NULL THEN s.asset_kind ELSE s.kind END`,
  storage_uri: `CASE WHEN ${isEmpty('s.storage_uri')} AND s.rel_path IS NOT NULL AND NOT ${uriTaken('s.project_id', 's.rel_path', 's.rowid')}
    THEN s.rel_path ELSE s.storage_uri END`,
  metadata_json: `CASE WHEN ifnull(s.metadata_json, '') IN ('', '{}') THEN ${jsonOf('s.meta_json')} ELSE s.metadata_json END`,
  storage_backend: backendOf(`coalesce(nullif(s.storage_uri, ''), s.rel_path)`, 's.storage_backend'),
};
const isOpen = Object.entries(target)
  .map(([column, value]) => `(${value}) IS NOT s.${column}`)
  .join(' OR ');

/**
 * Another asset of the project with the same address once both are cleaned; one look-up per index. The plus keeps
 * SQLite from reading all assets of the project instead, which it believes to be few.
 */
const address = (row: string) => `coalesce(nullif(${row}.storage_uri, ''), ${row}.rel_path)`;
const twin = (match: string) => `SELECT o.id FROM assets AS o WHERE ${match}
    AND o.rowid <> s.rowid AND ${cleaned(address('o'))} = ${cleaned(address('s'))}`;
const unclean = (path: string) =>
  `+o.project_id = s.project_id AND ${path} <> ${cleaned(path)} AND ${cleaned(path)} = ${cleaned(address('s'))}`;
const twins = [
  `o.project_id = s.project_id AND o.rel_path = ${cleaned(address('s'))}`,
  `o.project_id = s.project_id AND o.storage_uri = ${cleaned(address('s'))}`,
  unclean('o.rel_path'),
  unclean('o.storage_uri'),
].map(twin);

const issues = [
  {
    reason: 'project-missing',
    condition: `NOT EXISTS (SELECT 1 FROM projects AS p WHERE p.id = s.project_id)`,
    detailSql: namesMissing('project', 's.project_id'),
  },
  {
    reason: 'address-taken',
    condition: `(${isEmpty('s.storage_uri')} AND ${uriTaken('s.project_id', 's.rel_path', 's.rowid')})`,
    detailSql: `(SELECT 'the file ' || other.id || ' has the address ' || s.rel_path FROM assets AS other
      WHERE other.project_id = s.project_id AND other.storage_uri = s.rel_path AND other.rowid <> s.rowid)`,
  },
  {
    reason: 'same-path-after-cleaning',
    condition: `(${twins.map((query) => `EXISTS (${query})`).join(' OR ')})`,
    detailSql: `'the file ' || coalesce(${twins.map((query) => `(${query})`).join(', ')}) || ' becomes ' || ${cleaned(address('s'))} || ', too'`,
  },
];

/** Paths are unique in a project. While all are clean, and no address is another than its path, none has a twin. */
function mayHaveTwins(db: Db, { facts }: BackfillContext): boolean {
  if (facts['addresses'] !== 'new') return true;
  return Object.keys(uncleanIndexes).some((index) => {
    const path = index.endsWith('uri') ? 'storage_uri' : 'rel_path';
    const first = `SELECT 1 FROM assets INDEXED BY ${index} WHERE ${path} <> ${cleaned(path)} LIMIT 1`;
    return db.prepare(first).get() !== undefined;
  });
}

/** Fills the assets of a range; those with something odd about them are filled as far as possible and reported. */
function fillAssets(db: Db, range: KeyRange, context: BackfillContext) {
  if (!columnExists(db, 'assets', 'rel_path')) return allRight(db, range, 'assets', 'id');
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const asked = issues.filter(({ reason }) => reason !== 'same-path-after-cleaning' || mayHaveTwins(db, context));
  const isOdd = asked.map(({ condition }) => condition).join(' OR ');
  const count = db
    .prepare<unknown[], { issueRows: number; moved: number; alreadyRight: number }>(
      `SELECT count(*) FILTER (WHERE issue) AS issueRows, count(*) FILTER (WHERE NOT issue AND open) AS moved,
         count(*) FILTER (WHERE NOT issue AND NOT open) AS alreadyRight
       FROM (SELECT ${isOdd} AS issue, ${isOpen} AS open FROM assets AS s WHERE ${inChunk})`,
    )
    .get(values) ?? { issueRows: 0, moved: 0, alreadyRight: 0 };
  if (count.issueRows > 0) {
    for (const { reason, condition, detailSql } of asked) {
      context.setAside({ reason, detailSql, where: `${inChunk} AND ${condition}`, params: values, isPlaced: true });
    }
  }
  db.prepare(
    `UPDATE assets AS s SET ${Object.entries(target)
      .map(([column, value]) => `${column} = ${value}`)
      .join(', ')}
     WHERE ${inChunk} AND (${isOpen})`,
  ).run(values);
  return count;
}

/** One address per project, where no two assets share one already; look-ups by address need the index either way. */
function ensureAddressIndex(db: Db): void {
  const isThere = db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?`);
  if (isThere.get('uq_assets_project_storage_uri') ?? isThere.get('_phasewise_assets_uri')) return;
  const shared = db.prepare(
    `SELECT 1 FROM assets WHERE storage_uri IS NOT NULL GROUP BY project_id, storage_uri HAVING count(*) > 1`,
  );
  db.exec(
    shared.get() === undefined
      ? `CREATE UNIQUE INDEX uq_assets_project_storage_uri ON assets (project_id, storage_uri) WHERE storage_uri IS NOT NULL`
      : `CREATE INDEX _phasewise_assets_uri ON assets (project_id, storage_uri)`,
  );
}

export default defineMigration({
  phase: 1,
  kind: 'expand',
  title: 'Give every file its canonical columns',
  what: [
    'The table assets gets kind, storage_uri and metadata_json, filled from asset_kind, rel_path and meta_json.',
    'storage_backend says for each file whether it lies here or in S3; mime_type, width and height are added empty.',
    'The old columns stay as they are; when an older program changes them, the new ones follow.',
  ],
  effect: { grows: [], changes: { assets: Object.keys(target) } },

  up(db) {
    const addresses = columnExists(db, 'assets', 'storage_uri') ? 'old' : 'new';
    for (const [column, definition] of Object.entries(columns)) addColumn(db, 'assets', column, definition);
    ensureAddressIndex(db);
    if (!columnExists(db, 'assets', 'rel_path')) return { addresses };
    for (const [name, sql] of Object.entries(uncleanIndexes)) {
      if (!db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?`).get(name)) db.exec(sql);
    }
    ensureMirrors(db, assetTriggers, assetFollowTriggers);
    return { addresses };
  },

  backfills: [
    { name: 'assets', title: 'filling the canonical columns of files', source: 'assets', key: 'id', chunk: fillAssets },
  ],

  shape: (db) => [
    ...missingColumns(db, 'assets', Object.keys(columns)).map((column) => `assets has no column ${column}`),
    ...(columnExists(db, 'assets', 'rel_path') ? wrongMirrors(db, assetTriggers, assetFollowTriggers) : []),
  ],

  verify: (db) =>
    columnExists(db, 'assets', 'rel_path')
      ? [
          ...expectNone(
            db,
            'assets whose kind stands in the old column only',
            `
            SELECT id FROM assets WHERE id IS NOT NULL AND length(asset_kind) > 0 AND coalesce(length(kind), 0) = 0`,
          ),
          ...expectNone(
            db,
            'assets whose address stands in the old column only',
            `
            SELECT id FROM assets WHERE id IS NOT NULL AND length(rel_path) > 0 AND coalesce(length(storage_uri), 0) = 0
            EXCEPT SELECT source_key FROM _phasewise_quarantine WHERE backfill_id = '${id}/assets'`,
          ),
          ...expectNone(
            db,
            'assets whose details stand in the old column only',
            `
            SELECT id FROM assets WHERE id IS NOT NULL AND length(meta_json) > 0 AND meta_json <> '{}' 
              AND ifnull(metadata_json, '') IN ('', '{}')`,
          ),
          ...expectNone(
            db,
            'assets in S3 that are said to lie here',
            `
            SELECT id FROM assets WHERE id IS NOT NULL AND storage_uri LIKE 's3://%' AND storage_uri GLOB 's3:*' AND storage_backend = 'local'`,
          ),
        ]
      : [],
});
