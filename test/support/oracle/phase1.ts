import { expectAssets } from './assets.ts';
import { expectEvents } from './events.ts';
import { expectExports } from './exports.ts';
import { expectOwners, expectSecrets, expectStorage, expectUsers } from './identity.ts';
import { expectCandidates } from './candidates.ts';
import { expectKnowledge } from './knowledge.ts';
import { expectJobs, expectRuns } from './runs.ts';
import { copyTables, rowsOf, textOf, type Row, type Tables, type Value } from './rows.ts';

/** Stands for the time of the run in expected rows. */
export const NOW = '<time of the run>';

/** keep: the original's own backfill is recorded, so what its canonical side holds is not overwritten any more (D5). */
export type Mode = 'keep' | 'fill';

export interface ExpectedIssue {
  readonly table: string;
  readonly key: Value;
  readonly reason: string;
  readonly isPlaced: boolean;
}

/** The database as phase 1 must leave it: every table of the source and the canonical ones, and the issue rows. */
export interface Expected {
  readonly mode: Mode;
  readonly tables: Tables;
  readonly issues: ExpectedIssue[];
}

/** What the rules share while they work. */
export interface Work extends Expected {
  issue(table: string, row: Row, reason: string, isPlaced?: boolean): void;
}

/**
 * What phase 1 must make of the rows of a source database, by the original's rules in its last version with each defect
 * corrected. An independent second opinion: plain loops over rows in memory, nothing shared with the migrations.
 */
export function expectPhase1(source: Tables): Expected {
  const work = begin(source);
  settlePhase1(work);
  return { mode: work.mode, tables: work.tables, issues: work.issues };
}

/** The same through phase 4, for a database whose run logs are not there. */
export function expectPhase4(source: Tables): Expected {
  const work = begin(source);
  settlePhase1(work);
  expectEvents(work);
  expectKnowledge(work);
  return { mode: work.mode, tables: work.tables, issues: work.issues };
}

function begin(source: Tables): Work {
  const tables = copyTables(source);
  const issues: ExpectedIssue[] = [];
  const isBackfilled = rowsOf(source, 'schema_migrations').some(
    (row) => row['version'] === '20260221_0019_phase1_backfill',
  );
  const seen = new Set<string>();
  return {
    mode: isBackfilled ? 'keep' : 'fill',
    tables,
    issues,
    issue(table, row, reason, isPlaced = true) {
      const key = row['id'] ?? null;
      const once = `${table}\0${textOf(key)}\0${reason}`;
      if (!seen.has(once)) issues.push({ table, key, reason, isPlaced });
      seen.add(once);
    },
  };
}

function settlePhase1(work: Work): void {
  expectUsers(work);
  expectOwners(work);
  expectStorage(work);
  expectSecrets(work);
  expectAssets(work);
  expectRuns(work);
  const files = expectCandidates(work);
  expectJobs(work, files);
  expectExports(work, files);
}

/** The rows of a table that the upgrade makes where it is missing. */
export function canonicalRows(work: Work, table: string): Row[] {
  const rows = work.tables.get(table) ?? [];
  work.tables.set(table, rows);
  return rows;
}

/** Gives every row the column where it was missing, as ALTER TABLE does. */
export function addColumns(rows: readonly Row[], columns: Record<string, Value>): void {
  for (const row of rows)
    for (const [column, value] of Object.entries(columns)) if (!(column in row)) row[column] = value;
}
