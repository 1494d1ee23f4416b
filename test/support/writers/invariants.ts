import { columnExists, type Db } from '@engine/migration.ts';
import { preparedOnce } from '../../../migrations/kroma/rules/prepared.ts';
import { textOf } from '../oracle/rows.ts';
import type { Statement } from './statement.ts';

/**
 * What must hold in quality_reports and asset_links after every statement, whoever wrote it: asked of the file itself,
 * because which of several reports of a candidate stays is the business of its own specs.
 * @returns what does not hold, in words.
 */
export function brokenInvariants(db: Db, after: Statement): string[] {
  const questions: Record<string, string> = {
    'a report of a candidate that is not there': `SELECT id FROM quality_reports WHERE candidate_id IS NOT NULL AND candidate_id NOT IN (SELECT id FROM run_candidates)`,
    'a report of a job that is not there': `SELECT id FROM quality_reports WHERE job_id IS NOT NULL AND job_id NOT IN (SELECT id FROM run_jobs)`,
    'two reports made of one candidate': `SELECT candidate_id FROM quality_reports WHERE id = candidate_id || ':quality' GROUP BY 1 HAVING count(*) > 1`,
    'a key of a row that was out of the way': `SELECT id FROM quality_reports WHERE id LIKE '!_phasewise%' ESCAPE '!'
      OR candidate_id LIKE '!_phasewise%' ESCAPE '!'`,
    'a link whose file is not there': `SELECT id FROM asset_links WHERE parent_asset_id NOT IN (SELECT id FROM assets WHERE id IS NOT NULL)
      OR child_asset_id NOT IN (SELECT id FROM assets WHERE id IS NOT NULL)`,
    'a link with the key of a row that was out of the way': `SELECT id FROM asset_links WHERE id LIKE '!_phasewise%' ESCAPE '!'`,
    'a candidate whose two files are not linked': `SELECT t.id FROM run_candidates AS t JOIN run_jobs AS j ON j.id = t.job_id
      JOIN runs AS r ON r.id = j.run_id JOIN projects AS q ON q.id = r.project_id JOIN assets AS p ON p.id = t.output_asset_id
      JOIN assets AS c ON c.id = t.final_asset_id WHERE p.id <> c.id AND p.project_id = r.project_id AND c.project_id = r.project_id
        AND NOT EXISTS (SELECT 1 FROM asset_links AS l WHERE l.parent_asset_id = p.id AND l.child_asset_id = c.id AND l.link_type = 'derived_from')`,
  };
  if (after.kind === 'insert' && after.table === 'run_candidates' && !after.or && !after.upsert) {
    questions['a new candidate without a report'] =
      `SELECT t.id FROM run_candidates AS t JOIN run_jobs AS j ON j.id = t.job_id
      JOIN runs AS r ON r.id = j.run_id JOIN projects AS p ON p.id = r.project_id WHERE t.id = '${textOf(after.row['id'])}'
        AND NOT EXISTS (SELECT 1 FROM quality_reports AS q WHERE q.candidate_id = t.id)`;
  }
  if (columnExists(db, 'quality_reports', 'run_job_id')) {
    questions['a report whose two names for its job differ'] =
      `SELECT id FROM quality_reports WHERE job_id IS NOT run_job_id AND job_id IN (SELECT id FROM run_jobs)`;
    questions['a report whose two names for its candidate differ'] =
      `SELECT id FROM quality_reports WHERE candidate_id IS NOT run_job_candidate_id AND run_job_candidate_id IN (SELECT id FROM run_job_candidates)
         AND run_job_candidate_id IN (SELECT id FROM run_candidates)`;
  }
  return Object.entries(questions).flatMap(([what, sql]) => {
    const found = preparedOnce(db, sql).pluck().get() as string | null | undefined;
    return found === undefined ? [] : [`${what}: ${found}`];
  });
}
