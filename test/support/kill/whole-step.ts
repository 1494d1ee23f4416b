import Database from 'better-sqlite3';
import { quoteName } from '@engine/migration.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { changedObjects, changedOldValues } from '../kroma/kept.ts';

/** What a killed process left behind. */
export interface Remains {
  /** Recorded as applied. */
  readonly applied: string[];
  /** A backfill was stopped between two of its chunks. */
  readonly isInsideBackfill: boolean;
  /** Everything that contradicts "as before, or at a whole verified step"; empty = all is well. */
  readonly problems: string[];
}

interface Account {
  readonly id: string;
  readonly migration_id: string;
  readonly source: string;
  readonly state: string;
  readonly expected: number;
  readonly moved: number;
  readonly already_right: number;
  readonly issue_rows: number;
}

/**
 * Judges a copy of a killed file: sound; old values untouched; a migration that is recorded holds, one that is not has
 * either left nothing or committed chunks whose accounts match the rows; ledger and our record agree.
 * @param copy may be written: opening it recovers it.
 */
export function inspectRemains(copy: string): Remains {
  const db = new Database(copy);
  try {
    const integrity = db.pragma('integrity_check', { simple: true });
    if (integrity !== 'ok')
      return { applied: [], isInsideBackfill: false, problems: [`integrity: ${String(integrity)}`] };
    const hasOwn = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = '_phasewise_migrations'`).get() !== undefined;
    const applied = hasOwn
      ? db.prepare<[], string>(`SELECT id FROM _phasewise_migrations ORDER BY id`).pluck().all()
      : [];
    const problems = hasOwn ? [...stepProblems(db, applied), ...accountProblems(db)] : leftoverProblems(db);
    const isInsideBackfill =
      hasOwn &&
      db.prepare(`SELECT 1 FROM _phasewise_backfills WHERE state = 'running' AND cursor IS NOT NULL`).get() !==
        undefined;
    return { applied, isInsideBackfill, problems: [...problems, ...candidateProblems(db)] };
  } finally {
    db.close();
  }
}

export const keptProblems = (copy: string, before: string): string[] => [
  ...changedOldValues(before, copy),
  ...changedObjects(before, copy),
];

function stepProblems(db: Database.Database, applied: readonly string[]): string[] {
  const ledger = new Set(db.prepare<[], string>(`SELECT version FROM schema_migrations`).pluck().all());
  const begun = new Set(db.prepare<[], string>(`SELECT DISTINCT migration_id FROM _phasewise_backfills`).pluck().all());
  return kroma.migrations
    .filter(({ phase }) => phase <= 4)
    .flatMap((migration) => {
      const { id } = migration;
      const isRecorded = applied.includes(id);
      const problems = ledger.has(id) === isRecorded ? [] : [`${id}: the ledger and our record disagree`];
      if (isRecorded) {
        const findings = [
          ...migration.shape(db),
          ...migration.verify(db).map(({ what, count }) => `${what} (${count})`),
        ];
        return [...problems, ...findings.map((finding) => `${id} is recorded, but: ${finding}`)];
      }
      // What has not begun must not be visible in part.
      const triggers = db
        .prepare<[string], string>(`SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE ?`)
        .pluck()
        .all(`_phasewise_${id.slice(9, 13)}_%`);
      return begun.has(id) || triggers.length === 0
        ? problems
        : [...problems, `${id} has not begun, but ${triggers.join(', ')} exist`];
    });
}

/** Before our tables exist, nothing else of ours may. */
const leftoverProblems = (db: Database.Database): string[] =>
  db
    .prepare<[], string>(
      `SELECT name || ' exists before anything was recorded' FROM sqlite_schema WHERE name LIKE '!_phasewise!_%' ESCAPE '!'`,
    )
    .pluck()
    .all();

/** Rows up to the cursor are counted, rows behind it are not, and every counted issue row is there. */
function accountProblems(db: Database.Database): string[] {
  return db
    .prepare<[], Account>(`SELECT * FROM _phasewise_backfills`)
    .all()
    .flatMap((account) => {
      const counted = account.moved + account.already_right + account.issue_rows;
      const name = account.id.slice(account.migration_id.length + 1);
      const key = kroma.migrations
        .find(({ id }) => id === account.migration_id)
        ?.backfills?.find((backfill) => backfill.name === name)?.key;
      if (key === undefined) return [`${account.id} is no backfill of ours`];
      // A working table is gone once its migration is over.
      if (account.state === 'done' && !db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = ?`).get(account.source))
        return [];
      const cursor = `(SELECT cursor FROM _phasewise_backfills WHERE id = :id)`;
      const sql = `SELECT count(*) FROM ${quoteName(account.source)} WHERE ${quoteName(key)} IS NULL OR ${quoteName(key)} <= ${cursor}`;
      const passed = db.prepare<{ id: string }, number>(sql).pluck().get({ id: account.id }) ?? 0;
      const issues =
        db
          .prepare<[string], number>(`SELECT count(*) FROM _phasewise_quarantine WHERE backfill_id = ?`)
          .pluck()
          .get(account.id) ?? 0;
      const problems: string[] = [];
      // Assets may gain rows behind the cursor later, registered by other steps.
      if (account.source !== 'assets' && counted !== passed)
        problems.push(`${account.id}: ${counted} rows counted, ${passed} passed`);
      if (issues !== account.issue_rows)
        problems.push(`${account.id}: ${account.issue_rows} issue rows counted, ${issues} there`);
      if (account.state === 'done' && counted !== account.expected)
        problems.push(`${account.id}: done with ${counted} of ${account.expected}`);
      return problems;
    });
}

/** Copied candidates are copied whole, once, and lead to assets that exist. */
function candidateProblems(db: Database.Database): string[] {
  if (!db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'run_candidates'`).get()) return [];
  const count = (what: string, sql: string): string[] => {
    const rows = db.prepare<[], number>(`SELECT count(*) FROM (${sql})`).pluck().get() ?? 0;
    return rows === 0 ? [] : [`${rows} ${what}`];
  };
  return [
    ...count(
      'candidates differ from their twins',
      `SELECT 1 FROM run_candidates c JOIN run_job_candidates l ON l.id = c.id
      WHERE c.job_id IS NOT l.job_id OR c.candidate_index IS NOT l.candidate_index OR c.status IS NOT l.status OR c.meta_json IS NOT l.meta_json`,
    ),
    ...count(
      'references to assets that do not exist',
      `SELECT 1 FROM run_candidates c WHERE
      (c.output_asset_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM assets a WHERE a.id = c.output_asset_id))
      OR (c.final_asset_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM assets a WHERE a.id = c.final_asset_id))`,
    ),
    ...count(
      'paths registered twice',
      `SELECT 1 FROM assets WHERE storage_uri IS NOT NULL GROUP BY project_id, storage_uri HAVING count(*) > 1`,
    ),
  ];
}
