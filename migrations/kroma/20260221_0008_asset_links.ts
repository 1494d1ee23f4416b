import {
  defineMigration,
  ensureTriggers,
  expectNone,
  inRange,
  missingColumns,
  rangeValues,
  tableExists,
  wrongTriggers,
} from '@engine/migration.ts';
import type { Backfill, BackfillContext, Db, KeyRange } from '@engine/migration.ts';
import { linkTriggers } from './triggers/link-triggers.ts';

/**
 * Fills asset_links, which says how files derive from each other: from what a candidate first made to its last file, and
 * from the chosen candidate's file to the final file of its job (C.5).
 * Why: the chain was to be read off equal candidates only; the interface lists it by file.
 * Links that are there stay, and odd ones are reported: a file that derives from itself, an unknown type, files of another
 * project. Only derived_from is made, and only between two files of the project that the run belongs to.
 */
const createAssetLinks = `
  CREATE TABLE asset_links (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    parent_asset_id TEXT NOT NULL REFERENCES assets(id) ON DELETE CASCADE,
    child_asset_id TEXT NOT NULL REFERENCES assets(id) ON DELETE CASCADE,
    link_type TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (parent_asset_id, child_asset_id, link_type)
  )`;
const columns = ['id', 'project_id', 'parent_asset_id', 'child_asset_id', 'link_type', 'created_at'] as const;

/** Deleting a file looks for its links from both ends; the unique rule leads from the parent only. */
const childIndex = 'idx_asset_links_child';
function ensureChildIndex(db: Db): void {
  const isLed = db
    .prepare(
      `SELECT 1 FROM pragma_index_list('asset_links') AS i JOIN pragma_index_info(i.name) AS c ON c.seqno = 0
       WHERE i.partial = 0 AND c.name = 'child_asset_id' COLLATE NOCASE`,
    )
    .get();
  const isTaken = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE`).get(childIndex);
  if (isLed === undefined && isTaken === undefined)
    db.exec(`CREATE INDEX ${childIndex} ON asset_links (child_asset_id)`);
}

const projectOf = (asset: string) => `(SELECT a.project_id FROM assets AS a WHERE a.id = ${asset})`;
const isElsewhere = (asset: string) => `${projectOf(asset)} <> s.project_id`;

/** What can be odd about a link that is there, most telling first, each with what a person would look for. */
const oddities = {
  'link-to-itself': { where: `s.parent_asset_id = s.child_asset_id`, detail: `'both ends are ' || s.parent_asset_id` },
  'link-type-unknown': {
    where: `s.link_type NOT IN ('derived_from', 'variant_of', 'mask_for', 'reference_of')`,
    detail: `'the type is ' || quote(s.link_type)`,
  },
  'link-across-projects': {
    where: `(${isElsewhere('s.parent_asset_id')} OR ${isElsewhere('s.child_asset_id')})`,
    detail: `'the link is of project ' || s.project_id || ', ' || ${['parent', 'child']
      .map((end) => `'its ${end} file of ' || ifnull(${projectOf(`s.${end}_asset_id`)}, 'none')`)
      .join(` || ', ' || `)}`,
  },
  'project-missing': {
    where: `NOT EXISTS (SELECT 1 FROM projects AS p WHERE p.id = s.project_id)`,
    detail: `'project_id names ' || s.project_id || ', which is not in projects'`,
  },
  'file-missing': {
    where: `(${projectOf('s.parent_asset_id')} IS NULL OR ${projectOf('s.child_asset_id')} IS NULL)`,
    detail: `CASE WHEN ${projectOf('s.parent_asset_id')} IS NULL THEN 'its parent file ' || s.parent_asset_id
      ELSE 'its child file ' || s.child_asset_id END || ' is not in assets'`,
  },
} as const;

/** Looks through the links that are there; nothing about them is changed. */
function checkLinks(db: Db, range: KeyRange, context: BackfillContext) {
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const isOdd = Object.values(oddities)
    .map(({ where }) => where)
    .join(' OR ');
  const { rows, issueRows } = db
    .prepare<unknown[], { rows: number; issueRows: number }>(
      `SELECT count(*) AS rows, count(*) FILTER (WHERE ${isOdd}) AS issueRows FROM asset_links AS s WHERE ${inChunk}`,
    )
    .get(values) ?? { rows: 0, issueRows: 0 };
  for (const [reason, { where, detail }] of issueRows > 0 ? Object.entries(oddities) : []) {
    context.setAside({
      reason,
      detailSql: detail,
      where: `${inChunk} AND ${where}`,
      params: values,
      isPlaced: true,
    });
  }
  return { moved: 0, alreadyRight: rows - issueRows, issueRows };
}

/** Two different files that belong together and are not linked yet, in order of the row that says so. */
const isOpen = (parent: string, child: string) => `${parent} <> '' AND ${child} <> '' AND ${parent} <> ${child}
    AND NOT EXISTS (SELECT 1 FROM asset_links AS l
      WHERE l.parent_asset_id = ${parent} AND l.child_asset_id = ${child} AND l.link_type = 'derived_from')`;
const chosenFile = `coalesce(nullif(c.final_asset_id, ''), nullif(c.output_asset_id, ''))`;

interface Derivation {
  readonly source: 'run_candidates' | 'run_jobs';
  /** A query of id, project, parent and child, ordered by id. */
  open(inChunk: string): string;
}
const ofCandidates: Derivation = {
  source: 'run_candidates',
  open: (inChunk) => `
    SELECT s.id, r.project_id AS project, s.output_asset_id AS parent, s.final_asset_id AS child
    FROM run_candidates AS s LEFT JOIN run_jobs AS j ON j.id = s.job_id LEFT JOIN runs AS r ON r.id = j.run_id
    WHERE ${inChunk} AND ${isOpen('s.output_asset_id', 's.final_asset_id')} ORDER BY s.id`,
};
const ofJobs: Derivation = {
  source: 'run_jobs',
  open: (inChunk) => `
    SELECT s.id, r.project_id AS project, ${chosenFile} AS parent, s.final_asset_id AS child
    FROM run_jobs AS s JOIN run_candidates AS c ON c.job_id = s.id AND c.candidate_index = s.selected_candidate_index
      LEFT JOIN runs AS r ON r.id = s.run_id
    WHERE ${inChunk} AND ${isOpen(chosenFile, 's.final_asset_id')} ORDER BY s.id`,
};

/** Of several rows with the same two files the first by id gives the link its own. */
const insertLinks = `
  INSERT INTO asset_links (id, project_id, parent_asset_id, child_asset_id, link_type, created_at)
  SELECT CASE WHEN EXISTS (SELECT 1 FROM asset_links AS l WHERE l.id = o.id || ':link')
      THEN o.id || ':link:' || o.parent || ':' || o.child ELSE o.id || ':link' END,
    o.project, o.parent, o.child, 'derived_from', :now
  FROM (SELECT min(id) AS id, project, parent, child FROM temp._phasewise_pairs GROUP BY parent, child, project) AS o
    JOIN assets AS p ON p.id = o.parent AND p.project_id = o.project
    JOIN assets AS c ON c.id = o.child AND c.project_id = o.project
  WHERE EXISTS (SELECT 1 FROM projects AS h WHERE h.id = o.project)`;

/** Pairs that got no link, because one of their files is not a file of the run's project. */
const unlinked = `SELECT o.id FROM temp._phasewise_pairs AS o WHERE NOT EXISTS (SELECT 1 FROM asset_links AS l
    WHERE l.parent_asset_id = o.parent AND l.child_asset_id = o.child AND l.link_type = 'derived_from')`;
const whyUnlinked = `(SELECT CASE
    WHEN o.project IS NULL THEN 'its job or its run does not exist'
    WHEN NOT EXISTS (SELECT 1 FROM projects AS h WHERE h.id = o.project) THEN 'its project ' || o.project || ' does not exist'
    ELSE 'its project is ' || o.project || ', file ' || o.parent || ' is of ' || ifnull(${projectOf('o.parent')}, 'none')
      || ', file ' || o.child || ' is of ' || ifnull(${projectOf('o.child')}, 'none') END
  FROM temp._phasewise_pairs AS o WHERE o.id = s.id)`;

/** Links the files of a range of candidates or jobs. Most of them name files that an earlier one has linked. */
function deriveLinks(db: Db, range: KeyRange, context: BackfillContext, { source, open }: Derivation) {
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const rows =
    db.prepare<unknown[], number>(`SELECT count(*) FROM ${source} AS s WHERE ${inChunk}`).pluck().get(values) ?? 0;
  db.exec(
    'DROP TABLE IF EXISTS temp._phasewise_pairs; CREATE TEMP TABLE _phasewise_pairs (id, project, parent, child)',
  );
  const found = db.prepare(`INSERT INTO temp._phasewise_pairs ${open(inChunk)}`).run(values).changes;
  if (found === 0) return { moved: 0, alreadyRight: rows, issueRows: 0 };
  const moved = db.prepare(insertLinks).run({ now: context.now }).changes;
  const issueRows = context.setAside({
    reason: 'link-not-made',
    detailSql: whyUnlinked,
    where: `s.id IN (${unlinked})`,
    isPlaced: true,
  });
  return { moved, alreadyRight: rows - moved - issueRows, issueRows };
}

const backfills: readonly Backfill[] = [
  { name: 'existing', title: 'looking through the links that are there', source: 'asset_links', key: 'id', chunk: checkLinks },
  {
    name: 'candidates',
    title: 'linking what candidates first made to their final files',
    source: 'run_candidates',
    key: 'id',
    chunk: (db, range, context) => deriveLinks(db, range, context, ofCandidates),
  },
  {
    name: 'jobs',
    title: 'linking chosen candidates to the final files of their jobs',
    source: 'run_jobs',
    key: 'id',
    chunk: (db, range, context) => deriveLinks(db, range, context, ofJobs),
  },
]; // prettier-ignore

export default defineMigration({
  phase: 4,
  kind: 'expand',
  title: 'Link every final file to the file it was made from',
  what: [
    'The table asset_links is added where it is missing, and filled from candidates and jobs.',
    'Links that are there stay as they are; odd ones are reported.',
    'Files of new candidates are linked at once.',
  ],
  effect: { grows: ['asset_links'], changes: {} },

  up(db) {
    if (!tableExists(db, 'asset_links')) db.exec(createAssetLinks);
    ensureChildIndex(db);
    ensureTriggers(db, linkTriggers);
  },

  backfills,

  shape: (db) => [
    ...missingColumns(db, 'asset_links', columns).map((column) => `asset_links has no column ${column}`),
    ...wrongTriggers(db, linkTriggers),
  ],

  verify: (db) => [
    ...expectNone(db, 'pairs of files of a candidate that are not linked', unlinkedPairs(
      `SELECT t.output_asset_id, t.final_asset_id, r.project_id FROM run_candidates AS t
         CROSS JOIN run_jobs AS j ON j.id = t.job_id CROSS JOIN runs AS r ON r.id = j.run_id`,
    )),
    ...expectNone(db, 'chosen files and final files of a job that are not linked', unlinkedPairs(
      `SELECT CASE WHEN length(t.final_asset_id) > 0 THEN t.final_asset_id ELSE t.output_asset_id END, j.final_asset_id, r.project_id
       FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id
         JOIN run_candidates AS t ON t.candidate_index = j.selected_candidate_index AND t.job_id = j.id`,
    )),
  ], // prettier-ignore
});

/**
 * Proof over the pairs: each that is not linked once, as long as both files are of the project. The plus keeps SQLite
 * from reading all assets of the project instead, which it believes to be few.
 */
const unlinkedPairs = (pairs: string): string => `
  WITH w (parent, child, project) AS (${pairs})
  SELECT DISTINCT parent || ' and ' || child FROM w
  WHERE parent <> child AND length(parent) > 0 AND length(child) > 0 AND NOT EXISTS (SELECT 1 FROM asset_links AS k
      WHERE k.parent_asset_id = w.parent AND k.child_asset_id = w.child AND k.link_type = 'derived_from')
    AND (SELECT count(*) FROM assets AS a WHERE a.id IN (w.parent, w.child) AND +a.project_id = w.project) = 2
    AND w.project IN (SELECT id FROM projects)`;
