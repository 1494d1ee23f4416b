import { inRange, rangeValues } from '@engine/migration.ts';
import type { Backfill, BackfillContext, ChunkCount, Db, KeyRange } from '@engine/migration.ts';
import { fileColumns, plainColumns, userColumns } from './cut-over-late.ts';
import { isLeaving, leadsNowhere, type Rule } from './cut-over-rules.ts';
import { isOther, pathDiffers } from './cut-over-values.ts';
import { applyRules } from './cut-over-walk.ts';
import { wasOldPath } from './old-paths.ts';
import { cleaned } from '../rules/path-rule.ts';

/**
 * The two old tables whose rows stand in a new table under the same id: who has no place there is set aside, and what
 * the old row says differently is kept with it. Part of the cut-over.
 */
export const userBackfill: Backfill = {
  name: 'users',
  title: 'looking at users before the old names go',
  source: 'users',
  key: 'id',
  chunk: (db, range, context) => walkUsers(db, range, context),
};
export const candidateBackfill: Backfill = {
  name: 'run_job_candidates',
  title: 'looking at run_job_candidates before the old names go',
  source: 'run_job_candidates',
  key: 'id',
  chunk: walkCandidates,
};

const walkUsers = (db: Db, range: KeyRange, context: BackfillContext): ChunkCount =>
  applyRules(db, 'users', userRules(), range, context);

export const userRules = (): Rule[] => [
  {
    reason: 'username-taken',
    isPlaced: false,
    when: `NOT EXISTS (SELECT 1 FROM app_users AS t WHERE t.id = s.id)`,
    detail: `'somebody else in app_users has the user name “' || s.username || '”'`,
    set: null,
  },
  twinRule('app_users', userColumns, ['email']),
];

function walkCandidates(db: Db, range: KeyRange, context: BackfillContext): ChunkCount {
  const rows = countIn(db, range, '');
  if (rows === countRight(db, range)) return { moved: 0, alreadyRight: rows, issueRows: 0 };
  return applyRules(db, 'run_job_candidates', candidateRules(db), range, context);
}

export function candidateRules(db: Db): Rule[] {
  const isLost = leadsNowhere(db, 's.job_id', 'run_jobs');
  const missing = `NOT EXISTS (SELECT 1 FROM run_candidates AS t WHERE t.id = s.id)`;
  const twinIsLost = `EXISTS (SELECT 1 FROM run_candidates AS t WHERE t.id = s.id AND ${leadsNowhere(db, 't.job_id', 'run_jobs')})`;
  const rule = (reason: string, when: string, detail: string): Rule => ({
    ...{ reason, isPlaced: false, when, detail, set: null },
  });
  const job = `'job_id names “' || ifnull(s.job_id, '') || '”`;
  return [
    rule('orphan-candidate', `(${missing} AND ${isLost})`, `${job}, which has no place'`),
    rule('orphan-candidate', twinIsLost, `'its row in run_candidates is below a job that has no place'`),
    rule(
      'slot-taken',
      `(${missing} AND NOT ${isLost})`,
      `'another candidate is number ' || s.candidate_index || ' of the job'`,
    ),
    twinRule('run_candidates', plainColumns, []),
    ...Object.entries(fileColumns).map(([path, asset]) => pathRule(db, path, asset)),
  ];
}

const countIn = (db: Db, range: KeyRange, more: string): number =>
  db
    .prepare<unknown[], number>(`SELECT count(*) FROM run_job_candidates AS s ${more} WHERE ${inRange(range, 's.id')}`)
    .pluck()
    .get(rangeValues(range)) ?? 0;

/** Nearly every range is right as it stands, which one join can tell; only the others are asked rule by rule. */
function countRight(db: Db, range: KeyRange): number {
  const isSame = plainColumns.map((name) => `NOT (${isOther(`s.${name}`, `t.${name}`)})`).join(' AND ');
  const hasPath = (path: string, asset: string) =>
    `((s.${path} = ${asset}.storage_uri COLLATE BINARY AND NOT ${isLeaving(db, `${asset}.id`, 'assets')}) OR (ifnull(s.${path}, '') = '' AND ${asset}.id IS NULL))`;
  return countIn(
    db,
    range,
    `CROSS JOIN run_candidates AS t ON t.id = s.id AND NOT ${leadsNowhere(db, 't.job_id', 'run_jobs')} AND ${isSame}
     LEFT JOIN assets AS o ON o.id = t.output_asset_id LEFT JOIN assets AS f ON f.id = t.final_asset_id
     CROSS JOIN (SELECT 1) AS found ON ${hasPath('output_path', 'o')} AND ${hasPath('final_output_path', 'f')}`,
  );
}

/** What the old row says and its twin does not. @param secret columns whose values are not shown. */
function twinRule(twin: string, columns: readonly string[], secret: readonly string[]): Rule {
  const says = (name: string) => `(ifnull(s.${name}, '') <> '' AND ${isOther(`s.${name}`, `t.${name}`)})`;
  const words = (name: string) =>
    secret.includes(name)
      ? `'${name} differs'`
      : `'${name} says “' || substr(s.${name}, 1, 80) || '”, in ${twin} “' || ifnull(substr(t.${name}, 1, 80), '') || '”'`;
  const detail = columns.map((name) => `CASE WHEN ${says(name)} THEN ${words(name)} || '; ' ELSE '' END`).join(' || ');
  return {
    reason: 'old-value-differs',
    isPlaced: true,
    when: `EXISTS (SELECT 1 FROM ${twin} AS t WHERE t.id = s.id AND (${columns.map(says).join(' OR ')}))`,
    detail: `(SELECT rtrim(${detail}, '; ') FROM ${twin} AS t WHERE t.id = s.id)`,
    set: null,
  };
}

/**
 * A file without a place is still there, but leaves when the direction turns, and the reference to it is emptied: then
 * only the old row has its path. Asked again behind the turn, it is the same answer.
 */
function pathRule(db: Db, path: string, asset: string): Rule {
  const differs = pathDiffers(`s.${path}`, `t.${asset}`, wasOldPath(db, `s.${path}`));
  const leaves = `(${cleaned(`s.${path}`)} <> '' AND ${isLeaving(db, `t.${asset}`, 'assets')})`;
  return {
    reason: 'old-value-differs',
    isPlaced: true,
    when: `EXISTS (SELECT 1 FROM run_candidates AS t WHERE t.id = s.id AND (${differs} OR ${leaves}))`,
    detail: `'${path} says “' || substr(s.${path}, 1, 200) || '”, its file in run_candidates ' || ifnull((SELECT CASE
        WHEN ${isLeaving(db, 'f.id', 'assets')} THEN '“' || substr(f.id, 1, 80) || '” has no place' ELSE 'is “' || f.storage_uri || '”' END
      FROM run_candidates AS t JOIN assets AS f ON f.id = t.${asset} WHERE t.id = s.id), 'is “”')`,
    set: null,
  };
}
