import { allRight, columnExists, expectNone, inRange, rangeValues } from '@engine/migration.ts';
import type { Backfill, BackfillContext, Db, Finding, KeyRange } from '@engine/migration.ts';
import {
  instantOf,
  isAstray,
  lacksFile,
  noteClaims,
  setAstrayAside,
  setNamelessAside,
  settleClaims,
  unreadableTime,
} from './claims.ts';
import { namesMissing } from './details.ts';
import { writeQuietly } from '../triggers/mirror.ts';
import { assetOf, cleaned } from './path-rule.ts';
import { preparedOnce } from './prepared.ts';

/**
 * The final file of every job (C.5.2), once the candidates have theirs: the part of the candidates' migration that is
 * about jobs, and as immutable as it is. What a job says already stays, unless it leads nowhere; else its chosen candidate decides, else its path.
 */
export const claimsOfJobs = '_phasewise_claims_of_jobs';

/** A candidate whose own reference leads nowhere has no file to give. */
const given = (reference: string) => `CASE WHEN NOT ${isAstray(reference)} THEN nullif(${reference}, '') END`;
const chosen = `(SELECT coalesce(${given('c.final_asset_id')}, ${given('c.output_asset_id')}) FROM run_candidates AS c
  WHERE c.job_id = s.id AND c.candidate_index = s.selected_candidate_index)`;
const ownPath = cleaned('s.final_output');
const open = lacksFile('s.final_asset_id');
/** Nobody says which file it is, but somebody means one. */
const isNameless = `${open} AND (${ownPath} <> '' OR ${isAstray('s.final_asset_id')})`;

/** First pass: which files the jobs of a range name, where no chosen candidate does. */
function noteJobFiles(db: Db, range: KeyRange) {
  if (!columnExists(db, 'run_jobs', 'final_output')) return allRight(db, range, 'run_jobs', 'id');
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const claiming = `FROM run_jobs AS s JOIN runs AS r ON r.id = s.run_id WHERE ${inChunk} AND ${open} AND ${ownPath} <> '' AND ${chosen} IS NULL`;
  db.prepare(
    noteClaims(
      claimsOfJobs,
      `
      SELECT r.project_id, ${ownPath} AS path, ${instantOf('s.created_at')}, ${unreadableTime('s.created_at')}, s.id, 0, r.id, s.id, NULL ${claiming}`,
    ),
  ).run(values);
  const rows =
    db.prepare<unknown[], number>(`SELECT count(*) FROM run_jobs AS s WHERE ${inChunk}`).pluck().get(values) ?? 0;
  const moved = db.prepare<unknown[], number>(`SELECT count(*) ${claiming}`).pluck().get(values) ?? 0;
  return { moved, alreadyRight: rows - moved, issueRows: 0 };
}

/** Last pass: the final file of every job. A choice wins over the job's own path. */
function fillFinalFiles(db: Db, range: KeyRange, context: BackfillContext) {
  if (!columnExists(db, 'run_jobs', 'final_output')) return allRight(db, range, 'run_jobs', 'id');
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const rows =
    db.prepare<unknown[], number>(`SELECT count(*) FROM run_jobs AS s WHERE ${inChunk}`).pluck().get(values) ?? 0;
  // A file that is called '' cannot be referred to.
  const value = `nullif(coalesce(${chosen}, (SELECT ${assetOf('r.project_id', ownPath)} FROM runs AS r WHERE r.id = s.run_id)), '')`;
  const moved = preparedOnce(
    db,
    `UPDATE run_jobs AS s SET final_asset_id = ${value} WHERE ${inChunk} AND ${open} AND ${value} IS NOT NULL`,
  ).run(values).changes;
  const nameless = `${inChunk} AND ${isNameless}`;
  const issueRows =
    db.prepare<unknown[], number>(`SELECT count(*) FROM run_jobs AS s WHERE ${nameless}`).pluck().get(values) ?? 0;
  if (issueRows > 0) {
    const runless = `${nameless} AND NOT EXISTS (SELECT 1 FROM runs AS r WHERE r.id = s.run_id)`;
    context.setAside({
      reason: 'run-missing',
      detailSql: namesMissing('run', 's.run_id'),
      where: runless,
      params: values,
      isPlaced: true,
    });
    setAstrayAside(context, nameless, values, 's.final_asset_id');
    const project = '(SELECT r.project_id FROM runs AS r WHERE r.id = s.run_id)';
    setNamelessAside(context, nameless, values, { project, path: ownPath });
  }
  return { moved, alreadyRight: rows - moved - issueRows, issueRows };
}

export const finalFileBackfills: readonly Backfill[] = [
  { name: 'job-paths', title: 'noting which files the jobs name', source: 'run_jobs', key: 'id', chunk: noteJobFiles },
  {
    name: 'job-files',
    title: 'registering files that only jobs name',
    source: claimsOfJobs,
    key: 'claim',
    chunk: (db, range, { now }) =>
      settleClaims(db, claimsOfJobs, { kind: `'job_final_output'`, suffix: `':final-output'` }, range, now),
  },
  {
    name: 'jobs',
    title: 'naming the final file of every job',
    source: 'run_jobs',
    key: 'id',
    chunk: (db, range, context) => writeQuietly(db, ['run_jobs'], () => fillFinalFiles(db, range, context)),
  },
];

/** @param migration the id under which issue rows were recorded. */
export const namelessJobs = (db: Db, migration: string): Finding[] =>
  expectNone(
    db,
    'jobs that name a final file but refer to none',
    `SELECT s.id FROM run_jobs AS s WHERE s.id IS NOT NULL AND ${isNameless}
       AND s.id NOT IN (SELECT source_key FROM _phasewise_quarantine WHERE backfill_id = '${migration}/jobs' AND source_key IS NOT NULL)`,
  );
