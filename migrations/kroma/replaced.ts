import { columnNames, isRecorded, tableExists, type Db } from '@engine/migration.ts';
import { isFilledByOriginal } from './ledger.ts';
import { cleaned } from './rules/path-rule.ts';
import { policyNames, policyOf } from './rules/storage-policy.ts';

/**
 * What stands in new tables already and is about to be overwritten: for the plan. Where the program did not note that
 * it filled them, the old names lead (rules U1, ST and RC); a value that somebody put there on purpose is told first.
 */
interface Doubled {
  /** The migration that overwrites. */
  readonly step: string;
  readonly into: string;
  /** SQL: rows `t` of the new table and what the old names say, `s`. */
  readonly rows: string;
  /** Conditions under which they differ, by the columns of `t` that they ask about. */
  readonly differs: (has: (column: string) => boolean) => readonly string[];
}

/** What is empty is filled, which is no loss. */
const equalNames = (columns: readonly string[]) => (has: (column: string) => boolean) =>
  columns.filter(has).map((column) => `(t.${column} <> '' AND t.${column} IS NOT s.${column})`);

/** A user whose name somebody else has is set aside, and overwrites nothing. */
const users: Doubled = {
  step: '20260221_0001_rename_users',
  into: 'app_users',
  rows: `app_users AS t JOIN users AS s ON s.id = t.id
    AND NOT EXISTS (SELECT 1 FROM app_users AS o WHERE o.username = s.username AND o.id IS NOT s.id)`,
  differs: equalNames(['username', 'display_name', 'email', 'is_active', 'updated_at']),
};

/** Columns that the step itself adds are not there yet and hold nothing. */
const storage: Doubled = {
  step: '20260221_0003_project_storage_table',
  into: 'project_storage',
  rows: `project_storage AS t JOIN (${policyOf(`SELECT p.id AS project_id, CAST(p.settings_json AS TEXT) AS settings FROM projects AS p`)}) AS s
    ON s.project_id = t.project_id`,
  differs: equalNames(policyNames),
};

/** Files are told by their path: another file under the same path is the same one. */
const candidates: Doubled = {
  step: '20260221_0011_rename_candidates',
  into: 'run_candidates',
  rows: `run_candidates AS t JOIN run_job_candidates AS s ON s.id = t.id`,
  differs: (has) => [
    ...equalNames([
      ...['job_id', 'candidate_index', 'status', 'rank_hard_failures', 'rank_soft_warnings'],
      ...['rank_avg_chroma_exceed', 'meta_json'],
    ])(has),
    ...[
      ['output_asset_id', 'output_path'],
      ['final_asset_id', 'final_output_path'],
    ].flatMap(([file = '', path = '']) =>
      has(file)
        ? `(t.${file} <> '' AND NOT EXISTS (SELECT 1 FROM assets AS f
            WHERE f.id = t.${file} AND ${cleaned('f.rel_path')} = ${cleaned(`s.${path}`)}))`
        : [],
    ),
  ],
};

/**
 * @param steps ids of the migrations that are about to run.
 * @returns in words, what they overwrite; null = nothing.
 */
export function replaces(db: Db, steps: readonly string[]): string | null {
  if (isFilledByOriginal(db) || !tableExists(db, 'users')) return null;
  const counts = [users, storage, candidates]
    .filter(({ step, into }) => steps.includes(step) && tableExists(db, into) && !isRecorded(db, step))
    .map((doubled) => ({ into: doubled.into, rows: countDiffering(db, doubled) }))
    .filter(({ rows }) => rows > 0);
  if (counts.length === 0) return null;
  const list = counts.map(({ into, rows }) => `${rows.toLocaleString('en-US')} in ${into}`).join(', ');
  return (
    `The program did not note that it filled the new tables, so the old names lead. ` +
    `Rows that say something else there are overwritten: ${list}. What they say is then only in the backup.`
  );
}

function countDiffering(db: Db, { into, rows, differs }: Doubled): number {
  const names = columnNames(db, into);
  const conditions = differs((column) => names.includes(column));
  if (conditions.length === 0) return 0;
  return (
    db
      .prepare<[], number>(`SELECT count(*) FROM ${rows} WHERE ${conditions.join(' OR ')}`)
      .pluck()
      .get() ?? 0
  );
}
