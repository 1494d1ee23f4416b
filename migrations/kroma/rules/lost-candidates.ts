import type { BackfillContext, Db, SqlValue } from '@engine/migration.ts';
import { namesMissing } from './details.ts';

/**
 * Candidates that get no place (D6, D7): their job or its run does not exist, or another candidate has their number. Part
 * of the candidates' migration and as immutable as it is.
 */
export const itsRun = `FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id WHERE j.id = s.job_id`;
const orphan = `NOT EXISTS (SELECT 1 ${itsRun})`;
export const isFound = `s.id NOT IN (SELECT id FROM temp._phasewise_lost)`;

const details = {
  'orphan-candidate': `coalesce((SELECT 'its job ' || j.id || ' ' || ${namesMissing('run', 'j.run_id')} FROM run_jobs AS j WHERE j.id = s.job_id),
    ${namesMissing('job', 's.job_id')})`,
  'slot-taken': `(SELECT 'candidate ' || o.id || ' is number ' || s.candidate_index || ' of job ' || s.job_id || ' in run_candidates'
    FROM run_candidates AS o WHERE o.job_id = s.job_id AND o.candidate_index = s.candidate_index AND o.id IS NOT s.id)`,
};

/** Reports candidates that get no place, and keeps their keys in temp._phasewise_lost. @returns how many they are. */
export function setLostAside(
  db: Db,
  context: BackfillContext,
  inChunk: string,
  values: Record<string, SqlValue>,
  isTaken: string,
): number {
  // Made once: a new one for every chunk would make SQLite prepare everything again.
  db.exec('CREATE TEMP TABLE IF NOT EXISTS _phasewise_lost (id, reason); DELETE FROM temp._phasewise_lost');
  const found = db
    .prepare(
      `INSERT INTO temp._phasewise_lost SELECT * FROM (
         SELECT s.id, CASE WHEN ${orphan} THEN 'orphan-candidate' WHEN ${isTaken} THEN 'slot-taken' END AS reason
         FROM run_job_candidates AS s WHERE ${inChunk}) WHERE reason IS NOT NULL`,
    )
    .run(values).changes;
  for (const reason of found > 0 ? (['orphan-candidate', 'slot-taken'] as const) : []) {
    context.setAside({
      reason,
      detailSql: details[reason],
      where: `s.id IN (SELECT id FROM temp._phasewise_lost WHERE reason = '${reason}')`,
      isPlaced: false,
    });
  }
  return found;
}
