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
  /** The old table, and the columns of it without which nothing can be said. */
  readonly from: string;
  readonly needs: readonly string[];
  /** SQL: rows `t` of the new table and what the old names say, `s`. */
  readonly rows: string;
  /** Conditions under which they differ, by the columns of `t` that they ask about. */
  readonly differs: (has: Has, hadBefore: Has) => readonly string[];
}

type Has = (column: string) => boolean;

/** What is empty is filled, which is no loss. */
const equalNames = (columns: readonly string[]) => (has: Has, hadBefore: Has) =>
  columns
    .filter((column) => has(column) && hadBefore(column))
    .map((column) => `(t.${column} <> '' AND t.${column} IS NOT s.${column})`);

/** A user whose name somebody else has is set aside, and overwrites nothing. */
const users: Doubled = {
  step: '20260221_0001_rename_users',
  into: 'app_users',
  from: 'users',
  needs: ['id', 'username'],
  rows: `app_users AS t JOIN users AS s ON s.id = t.id
    AND NOT EXISTS (SELECT 1 FROM app_users AS o WHERE o.username = s.username AND o.id IS NOT s.id)`,
  differs: equalNames(['username', 'display_name', 'email', 'is_active', 'updated_at']),
};

/** Columns that the step itself adds are not there yet and hold nothing. */
const storage: Doubled = {
  step: '20260221_0003_project_storage_table',
  into: 'project_storage',
  from: 'projects',
  needs: ['id', 'settings_json'],
  rows: `project_storage AS t JOIN (${policyOf(`SELECT p.id AS project_id, CAST(p.settings_json AS TEXT) AS settings FROM projects AS p`)}) AS s
    ON s.project_id = t.project_id`,
  differs: (has) => equalNames(policyNames)(has, () => true),
};

/** Files are told by their path: another file under the same path is the same one. */
const candidates: Doubled = {
  step: '20260221_0011_rename_candidates',
  into: 'run_candidates',
  from: 'run_job_candidates',
  needs: ['id'],
  rows: `run_candidates AS t JOIN run_job_candidates AS s ON s.id = t.id`,
  differs: (has, hadBefore) => [
    ...equalNames([
      ...['job_id', 'candidate_index', 'status', 'rank_hard_failures', 'rank_soft_warnings'],
      ...['rank_avg_chroma_exceed', 'meta_json'],
    ])(has, hadBefore),
    ...[
      ['output_asset_id', 'output_path'],
      ['final_asset_id', 'final_output_path'],
    ].flatMap(([file = '', path = '']) =>
      has(file) && hadBefore(path)
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

function countDiffering(db: Db, { into, from, needs, rows, differs }: Doubled): number {
  const [now, before] = [into, from].map((table) => new Set(columnNames(db, table))) as [Set<string>, Set<string>];
  if (!needs.every((column) => before.has(column))) return 0; // the step itself says what is missing
  const conditions = differs(
    (column) => now.has(column),
    (column) => before.has(column),
  );
  if (conditions.length === 0) return 0;
  return (
    db
      .prepare<[], number>(`SELECT count(*) FROM ${rows} WHERE ${conditions.join(' OR ')}`)
      .pluck()
      .get() ?? 0
  );
}
