import {
  addColumn,
  defineMigration,
  expectNone,
  inRange,
  missingColumns,
  rangeValues,
  tableExists,
} from '@engine/migration.ts';
import type { BackfillContext, Db, KeyRange, SqlValue } from '@engine/migration.ts';
import { namesMissing } from './rules/details.ts';
import { ensureEventIndexes, missingIndexes } from './rules/event-indexes.ts';
import { ensureMirrors, wrongMirrors } from './triggers/mirror-triggers.ts';
import { firstReportIndexes, hasOldReportColumns } from './rules/quality-shape.ts';
import { badRanks, hasBadRank, isRating, ratingSummary, saysNothing, seedSummary } from './rules/quality-summary.ts';
import { rekeyTriggers, reportFollowTriggers, reportTriggers, seedTriggers } from './triggers/quality-triggers.ts';

/**
 * Gives every quality report its canonical columns (rules Q1 to Q3), and every candidate with a job and a run the report
 * of the output guard that its own row tells of (rule QS). The table is made where it is missing.
 * Why: the original added the type with a default, took it for filled, and so called what a person had said the result
 * of a machine (D2); and a candidate that somebody had rated got no report at all (C.4). Both are put right here.
 * A rank that is no number counts as 0 in the report and is reported (D7). What the run logs say is added by the costs'
 * migration, which reads each of them once.
 */
const createQualityReports = `
  CREATE TABLE quality_reports (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    run_id TEXT REFERENCES runs(id) ON DELETE SET NULL,
    job_id TEXT REFERENCES run_jobs(id) ON DELETE SET NULL,
    candidate_id TEXT REFERENCES run_candidates(id) ON DELETE SET NULL,
    report_type TEXT NOT NULL,
    summary_json TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL
  )`;

/** Without references and with a default where ALTER TABLE wants one; both are put right by the last phase. */
const columns = {
  job_id: 'TEXT',
  candidate_id: 'TEXT',
  report_type: `TEXT NOT NULL DEFAULT 'output_guard'`,
  summary_json: `TEXT NOT NULL DEFAULT '{}'`,
};
const names = Object.keys(columns) as (keyof typeof columns)[];

/** The triggers by direction. */
function mirrorsOf(db: Db) {
  const hasLegacy = hasOldReportColumns(db);
  return [
    { ...seedTriggers(hasLegacy), ...rekeyTriggers(hasLegacy), ...(hasLegacy ? reportTriggers : {}) },
    hasLegacy ? reportFollowTriggers : {},
  ] as const;
}

/** The table that a column refers to, or null: a row must not come to refer to nothing. */
const referenceOf = (db: Db, column: string): string | null =>
  db
    .prepare<[string], string>(
      `SELECT "table" FROM pragma_foreign_key_list('quality_reports') WHERE lower("from") = ? LIMIT 1`,
    )
    .pluck()
    .get(column) ?? null;

/** The columns of report `s` as they are to be. */
function targetOf(db: Db): Record<keyof typeof columns, string> {
  if (!hasOldReportColumns(db)) return Object.fromEntries(names.map((name) => [name, `s.${name}`])) as never;
  const isGiven = `(${saysNothing('s.summary_json')} OR ${isRating('s.summary_json')})`;
  const reference = (column: string, old: string) => {
    const table = referenceOf(db, column);
    return `ifnull(s.${column}, ${table === null ? `s.${old}` : `(SELECT t.id FROM ${table} AS t WHERE t.id = s.${old})`})`;
  };
  return {
    job_id: reference('job_id', 'run_job_id'),
    candidate_id: reference('candidate_id', 'run_job_candidate_id'),
    report_type: `CASE WHEN s.report_type IN ('', 'output_guard') AND ${isGiven} THEN 'human_review' ELSE s.report_type END`,
    summary_json: `CASE WHEN ${saysNothing('s.summary_json')} THEN ${ratingSummary('s')} ELSE s.summary_json END`,
  };
}

/** Fills the reports of a range; those of a missing project and those whose summary is no JSON are reported. */
function fillReports(db: Db, range: KeyRange, context: BackfillContext) {
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const target = targetOf(db);
  const isHomeless = `NOT EXISTS (SELECT 1 FROM projects AS p WHERE p.id = s.project_id)`;
  const isUnreadable = `(NOT ${saysNothing('s.summary_json')} AND NOT json_valid(s.summary_json))`;
  const isOpen = `(${names.map((name) => `(${target[name]}) IS NOT s.${name}`).join(' OR ')})`;
  const count = db
    .prepare<unknown[], { issueRows: number; moved: number; alreadyRight: number }>(
      `SELECT count(*) FILTER (WHERE issue) AS issueRows, count(*) FILTER (WHERE NOT issue AND open) AS moved,
         count(*) FILTER (WHERE NOT issue AND NOT open) AS alreadyRight
       FROM (SELECT ${isHomeless} OR ${isUnreadable} AS issue, ${isOpen} AS open FROM quality_reports AS s WHERE ${inChunk})`,
    )
    .get(values) ?? { issueRows: 0, moved: 0, alreadyRight: 0 };
  if (count.issueRows > 0) {
    context.setAside({
      reason: 'project-missing',
      detailSql: namesMissing('project', 's.project_id'),
      where: `${inChunk} AND ${isHomeless}`,
      params: values,
      isPlaced: true,
    });
    context.setAside({
      reason: 'json-unreadable',
      detailSql: `'summary_json is no JSON, it begins ' || substr(CAST(s.summary_json AS TEXT), 1, 40)`,
      where: `${inChunk} AND ${isUnreadable}`,
      params: values,
      isPlaced: true,
    });
  }
  const set = names.map((name) => `${name} = ${target[name]}`).join(', ');
  if (hasOldReportColumns(db))
    db.prepare(`UPDATE quality_reports AS s SET ${set} WHERE ${inChunk} AND ${isOpen}`).run(values);
  return count;
}

const itsRun = `FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id WHERE j.id = s.job_id`;
const hasPlace = `EXISTS (SELECT 1 FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id JOIN projects AS p ON p.id = r.project_id WHERE j.id = s.job_id)`;
const isJudged = `EXISTS (SELECT 1 FROM quality_reports AS q WHERE q.candidate_id = s.id AND q.report_type <> 'human_review')`;
const ownId = `s.id || ':quality'`;
const hasOwn = `EXISTS (SELECT 1 FROM quality_reports AS q WHERE q.id = ${ownId})`;

/** @param isNew what may keep a candidate from getting a report; `id` is the report's. */
const insertSeeds = (hasLegacy: boolean, id: string, inChunk: string, isNew: string) => `
  INSERT INTO quality_reports (id, project_id, run_id, job_id, candidate_id, report_type, summary_json, created_at${hasLegacy ? ', run_job_id, run_job_candidate_id' : ''})
  SELECT ${id}, r.project_id, r.id, j.id, s.id, 'output_guard', ${seedSummary('s')},
    CASE WHEN ifnull(s.created_at, '') = '' THEN :now ELSE s.created_at END${hasLegacy ? ', j.id, (SELECT c.id FROM run_job_candidates AS c WHERE c.id = s.id)' : ''}
  FROM run_candidates AS s JOIN run_jobs AS j ON j.id = s.job_id JOIN runs AS r ON r.id = j.run_id JOIN projects AS p ON p.id = r.project_id
  WHERE ${inChunk}${isNew} ON CONFLICT (id) DO NOTHING`;

/** Gives the candidates of a range their report; those that have no place for one and those with bad ranks are reported. */
function seedReports(db: Db, range: KeyRange, context: BackfillContext) {
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const one = (sql: string) => db.prepare<unknown[], number>(`SELECT ${sql}`).pluck().get(values) ?? 0;
  const counted = (where: string) => one(`count(*) FROM run_candidates AS s WHERE ${inChunk} AND ${where}`);
  const rows = counted('1');
  const hasBad = one(`EXISTS (SELECT 1 FROM run_candidates AS s WHERE ${inChunk} AND ${hasBadRank('s')})`) === 1;
  const badSeeds = hasBad ? counted(`${hasBadRank('s')} AND ${hasPlace} AND NOT ${isJudged}`) : 0;
  const seeds = insertAll(db, inChunk, { ...values, now: context.now }, rows);
  const unplaced = seeds === rows ? 0 : setUnplacedAside(context, inChunk, values);
  const bad = hasBad
    ? context.setAside({
        reason: 'rank-unreadable',
        detailSql: badRanks('s'),
        where: `${inChunk} AND ${hasBadRank('s')} AND ${hasPlace} AND ${hasOwn}`,
        params: values,
        isPlaced: true,
      })
    : 0;
  const moved = seeds - badSeeds;
  return { moved, alreadyRight: rows - moved - unplaced - bad, issueRows: unplaced + bad };
}

/** @returns how many reports were added. Where the id is taken by a report of something else, it gets another. */
function insertAll(db: Db, inChunk: string, values: Record<string, SqlValue>, rows: number): number {
  const hasLegacy = hasOldReportColumns(db);
  // Most ranges have no report at all: one look says so, instead of one per candidate.
  const hasReports = db
    .prepare(`SELECT 1 FROM quality_reports AS q WHERE ${inChunk.replaceAll('s.id', 'q.candidate_id')} LIMIT 1`)
    .get(withoutNow(values));
  const isNew = hasReports === undefined ? '' : ` AND NOT ${isJudged}`;
  const seeds = db.prepare(insertSeeds(hasLegacy, ownId, inChunk, isNew)).run(values).changes;
  if (seeds === rows) return seeds;
  const otherId = `${ownId} || ':' || lower(hex(randomblob(8)))`;
  return seeds + db.prepare(insertSeeds(hasLegacy, otherId, inChunk, ` AND NOT ${isJudged}`)).run(values).changes;
}
const withoutNow = ({ now: _now, ...values }: Record<string, SqlValue>) => values;

const setUnplacedAside = (context: BackfillContext, inChunk: string, values: ReturnType<typeof rangeValues>): number =>
  context.setAside({
    reason: 'report-not-made',
    detailSql: `CASE WHEN NOT EXISTS (SELECT 1 FROM run_jobs AS j WHERE j.id = s.job_id) THEN ${namesMissing('job', 's.job_id')}
      WHEN NOT EXISTS (SELECT 1 ${itsRun}) THEN 'its job ' || (SELECT ${namesMissing('run', 'j.run_id')} FROM run_jobs AS j WHERE j.id = s.job_id)
      ELSE 'its run ' || (SELECT ${namesMissing('project', 'r.project_id')} ${itsRun}) END`,
    where: `${inChunk} AND NOT ${hasPlace}`,
    params: values,
    isPlaced: true,
  });

export default defineMigration({
  phase: 2,
  kind: 'expand',
  title: 'Give every candidate its quality report',
  what: [
    'The table quality_reports gets job_id, candidate_id, report_type and summary_json, filled from its old columns; it is added where it is missing.',
    'What a person has rated is marked as human_review. Every candidate gets the report of the output guard, made from its status, its ranks and its details.',
    'The old columns stay as they are; whichever side a program writes, the other follows.',
  ],
  effect: { grows: ['quality_reports'], changes: { quality_reports: names } },

  up(db) {
    if (!tableExists(db, 'quality_reports')) db.exec(createQualityReports);
    for (const name of names) addColumn(db, 'quality_reports', name, columns[name]);
    ensureEventIndexes(db, 'quality_reports', firstReportIndexes);
    ensureMirrors(db, ...mirrorsOf(db));
  },

  backfills: [
    {
      name: 'reports',
      title: 'filling the canonical columns of quality reports',
      source: 'quality_reports',
      key: 'id',
      chunk: fillReports,
    },
    {
      name: 'candidates',
      title: 'giving candidates their quality report',
      source: 'run_candidates',
      key: 'id',
      chunk: seedReports,
    },
  ],

  shape: (db) => [
    ...missingColumns(db, 'quality_reports', ['id', 'project_id', 'run_id', ...names, 'created_at']).map(
      (column) => `quality_reports has no column ${column}`,
    ),
    ...missingIndexes(db, 'quality_reports', firstReportIndexes).map(
      (index) => `the index on quality_reports(${index}) is missing`,
    ),
    ...wrongMirrors(db, ...mirrorsOf(db)),
  ],

  verify: (db, proof) => [
    ...(hasOldReportColumns(db) ? leftBehind(db) : []),
    ...(proof?.mayBeEdited === true ? [] : withoutReport(db)),
  ],
});

/** Reports of which something stands in the old columns only. */
const leftBehind = (db: Db) => [
  ...expectNone(
    db,
    'quality reports whose rating or note stands in the old columns only',
    `
    SELECT id FROM quality_reports WHERE id IS NOT NULL AND (rating <> 0 OR length(notes) > 0) AND ifnull(summary_json, '') IN ('', '{}')`,
  ),
  ...expectNone(
    db,
    'quality reports whose job or candidate stands in the old column only',
    `
    SELECT q.id FROM quality_reports AS q WHERE q.id IS NOT NULL
      AND ((q.job_id IS NULL AND EXISTS (SELECT 1 FROM run_jobs AS j WHERE j.id = q.run_job_id))
        OR (q.candidate_id IS NULL AND EXISTS (SELECT 1 FROM run_candidates AS c WHERE c.id = q.run_job_candidate_id)))`,
  ),
];

/**
 * Proof from the other end: no candidate without a report, no report of something else than its candidate. CASE keeps
 * SQLite from walking every job and its candidates first; nearly no candidate is asked where it belongs.
 */
const withoutReport = (db: Db) => [
  ...expectNone(
    db,
    'candidates without a quality report',
    `
    SELECT c.id FROM run_candidates AS c WHERE c.id IS NOT NULL
      AND CASE WHEN NOT EXISTS (SELECT 1 FROM quality_reports AS q WHERE q.candidate_id = c.id)
        THEN c.job_id IN (SELECT j.id FROM projects AS p JOIN runs AS r ON r.project_id = p.id JOIN run_jobs AS j ON j.run_id = r.id) END`,
  ),
  ...expectNone(
    db,
    'quality reports that a person gave and that are marked as the result of a machine',
    `
    SELECT id FROM quality_reports WHERE id IS NOT NULL AND report_type = 'output_guard' AND summary_json LIKE '%"rating"%'
      AND CASE WHEN json_valid(summary_json) THEN (SELECT group_concat(key) FROM (SELECT key FROM json_each(summary_json) ORDER BY key)) = 'notes,rating' END`,
  ),
  ...expectNone(
    db,
    'candidates with a rating and no report of the guard, or with one that speaks of another job, run or project',
    `
    SELECT q.id FROM quality_reports AS q CROSS JOIN run_candidates AS c ON c.id = q.candidate_id
      CROSS JOIN run_jobs AS j ON j.id = c.job_id CROSS JOIN runs AS r ON r.id = j.run_id
    WHERE CASE WHEN q.id = c.id || ':quality' AND q.report_type = 'output_guard'
        THEN q.job_id IS NOT j.id OR q.run_id IS NOT r.id OR q.project_id IS NOT r.project_id OR NOT json_valid(q.summary_json)
      ELSE q.report_type = 'human_review' AND EXISTS (SELECT 1 FROM projects AS p WHERE p.id = r.project_id)
        AND NOT EXISTS (SELECT 1 FROM quality_reports AS o WHERE o.candidate_id = c.id AND o.report_type <> 'human_review') END`,
  ),
];
