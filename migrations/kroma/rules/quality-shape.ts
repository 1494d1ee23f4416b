import { missingColumns, tableExists, type Db } from '@engine/migration.ts';

/** What the migrations of quality reports and of costs know about the table of reports. Part of both. */

export const hasOldReportColumns = (db: Db): boolean =>
  missingColumns(db, 'quality_reports', ['run_job_id', 'run_job_candidate_id', 'rating', 'notes']).length === 0 &&
  tableExists(db, 'run_job_candidates');

/** Filling needs this one; it is filled in order of candidates, so it costs little meanwhile. */
export const firstReportIndexes: readonly string[] = ['candidate_id'];

/**
 * The others are made when the reports are there: sorted once they are smaller, and made in half the time. Whoever
 * deletes a run or a job makes SQLite look for its reports: without them, in the whole table. Those of the old
 * references go with their columns.
 */
export const laterReportIndexes = (db: Db): string[] => [
  ...['project_id,created_at DESC', 'run_id', 'job_id'],
  ...(hasOldReportColumns(db) ? ['run_job_id', 'run_job_candidate_id'] : []),
];
