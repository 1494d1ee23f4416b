import { coded } from '@shared/errors.ts';
import type { CheckResult, FileRun } from '@shared/status.ts';
import { isPresent, type BookkeepingTable } from './bookkeeping-tables.ts';
import type { Db, SqlValue } from './migration.ts';

/**
 * Readers and writers of our own tables. Readers answer "nothing" where a table is missing; writers run inside the
 * caller's transaction.
 */
export { checkBookkeeping, ensureBookkeeping, isOwnName, OWN_PREFIX } from './bookkeeping-tables.ts';

export interface RunRow {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly fromPhase: number | null;
  readonly toPhase: number;
  /** migrated ('completed' in files of earlier versions): every step is applied; the file cannot say that it is proven. */
  readonly state: 'running' | 'migrated' | 'failed' | 'cancelled';
  readonly appVersion: string;
  readonly backupSha256: string | null;
}

export interface AppliedMigration {
  readonly id: string;
  readonly phase: number;
  readonly checksum: string;
  readonly runId: string;
  /** 1, 2, 3 … in the order of applying. */
  readonly seq: number;
  readonly appliedAt: string;
  readonly durationMs: number;
  readonly schemaSha256: string;
}

/**
 * What a migration's `up` added. A backup taken in the middle of it has these already, half filled: their values are
 * then no original data.
 */
export interface AddedShape {
  readonly tables: readonly string[];
  readonly columns: Readonly<Record<string, readonly string[]>>;
}

export interface BackfillRow {
  /** `<migration id>/<name>` */
  readonly id: string;
  readonly migrationId: string;
  /** Of the migration that started it; another checksum must not continue from its cursor. */
  readonly checksum: string;
  readonly source: string;
  readonly state: 'running' | 'done';
  /** The last key that was committed; null before the first chunk. Integers are bigint, so that they are exact. */
  readonly cursor: SqlValue;
  /** The greatest key at the start; null when there was no row. */
  readonly upperKey: SqlValue;
  readonly expected: number;
  readonly moved: number;
  readonly alreadyRight: number;
  readonly issueRows: number;
  /** Read when it is asked for: a look needs neither, and may not fail over them. @throws CodedError E_LEDGER_TAMPERED */
  readonly facts: Record<string, string | number | null>;
  /** The same. @throws CodedError E_LEDGER_TAMPERED */
  readonly added: AddedShape;
  readonly runId: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly elapsedMs: number;
}

export interface IssueRow {
  readonly id: number;
  readonly backfillId: string;
  readonly sourceTable: string;
  readonly sourceKey: SqlValue;
  readonly reason: string;
  readonly detail: string;
  /** True: the row has its place, but something about it needs attention. */
  readonly isPlaced: boolean;
}

export interface CheckpointRow {
  readonly phase: number;
  readonly reachedAt: string;
  readonly runId: string;
  /** Only shown; empty where it cannot be read. */
  readonly evidence: CheckResult[];
}

export const readRuns = (db: Db): RunRow[] =>
  rowsOf<RunRow>(
    db,
    '_phasewise_runs',
    `SELECT id, started_at AS startedAt, finished_at AS finishedAt, from_phase AS fromPhase, to_phase AS toPhase,
       CASE state WHEN 'completed' THEN 'migrated' ELSE state END AS state,
       app_version AS appVersion, backup_sha256 AS backupSha256 FROM _phasewise_runs ORDER BY rowid`,
  );

/** Each of them costs the host a look into its journals; no file goes through that many. */
const MOST_RUNS = 500;

/** What a host has to know of the last ones, oldest first. */
export const readFileRuns = (db: Db): FileRun[] =>
  readRuns(db)
    .slice(-MOST_RUNS)
    .map(({ id, startedAt, toPhase, state, backupSha256 }) => ({
      ...{ runId: id, startedAt, toPhase, isMigrated: state === 'migrated', backupSha256 },
    }));

export const readApplied = (db: Db): AppliedMigration[] =>
  rowsOf<AppliedMigration>(
    db,
    '_phasewise_migrations',
    `SELECT id, phase, checksum, run_id AS runId, seq, applied_at AS appliedAt, duration_ms AS durationMs,
       schema_sha256 AS schemaSha256 FROM _phasewise_migrations ORDER BY seq, id`,
  );

export function readBackfills(db: Db): BackfillRow[] {
  if (!isPresent(db, '_phasewise_backfills')) return [];
  return db
    .prepare(`SELECT * FROM _phasewise_backfills ORDER BY rowid`)
    .safeIntegers()
    .all()
    .map((row) => backfillFrom(row as RawBackfill));
}

/**
 * What steps go on from. Asked before anything is changed.
 * @throws CodedError E_LEDGER_TAMPERED
 */
export function requireReadableBackfills(db: Db): void {
  for (const row of readBackfills(db)) void [row.facts, row.added];
}

/** Issue rows after `afterId`, in the order of recording, without the rows' content. */
export function readIssues(db: Db, afterId: number | null, limit: number): IssueRow[] {
  if (!isPresent(db, '_phasewise_quarantine')) return [];
  const rows = db
    .prepare<[number, number], Omit<IssueRow, 'isPlaced'> & { isPlaced: number }>(
      `SELECT id, backfill_id AS backfillId, source_table AS sourceTable,
         CASE typeof(source_key) WHEN 'integer' THEN CAST(source_key AS TEXT) ELSE source_key END AS sourceKey,
         reason, detail, is_placed AS isPlaced
       FROM _phasewise_quarantine WHERE id > ? ORDER BY id LIMIT ?`,
    )
    .all(afterId ?? -1, limit);
  return rows.map((row) => ({ ...row, isPlaced: row.isPlaced === 1 }));
}

/** How many rows have an issue, per reason and source table. A row that several backfills speak of counts once. */
export const countIssues = (db: Db): { reason: string; sourceTable: string; count: number }[] =>
  rowsOf(
    db,
    '_phasewise_quarantine',
    // Rows without a key cannot be told apart, but each backfill records each of them: the most of one is their number.
    `SELECT reason, sourceTable, sum(count) AS count FROM (
       SELECT reason, source_table AS sourceTable, count(DISTINCT source_key) AS count FROM _phasewise_quarantine
         WHERE source_key IS NOT NULL GROUP BY 1, 2
       UNION ALL SELECT reason, sourceTable, max(n) FROM (
         SELECT reason, source_table AS sourceTable, count(*) AS n FROM _phasewise_quarantine
           WHERE source_key IS NULL GROUP BY 1, 2, backfill_id) GROUP BY 1, 2)
     GROUP BY reason, sourceTable ORDER BY sourceTable, reason`,
  );

export const readCheckpoints = (db: Db): CheckpointRow[] =>
  rowsOf<{ phase: number; reachedAt: string; runId: string; evidenceJson: string }>(
    db,
    '_phasewise_checkpoints',
    `SELECT phase, reached_at AS reachedAt, run_id AS runId, evidence_json AS evidenceJson
     FROM _phasewise_checkpoints ORDER BY phase`,
  ).map(({ evidenceJson, ...row }) => ({ ...row, evidence: evidenceIn(evidenceJson) }));

export function insertRun(db: Db, run: Omit<RunRow, 'finishedAt' | 'state'>): void {
  db.prepare(
    `INSERT INTO _phasewise_runs (id, started_at, from_phase, to_phase, state, app_version, backup_sha256)
     VALUES (:id, :startedAt, :fromPhase, :toPhase, 'running', :appVersion, :backupSha256)`,
  ).run(run);
}

export function finishRun(db: Db, id: string, state: RunRow['state'], finishedAt: string): void {
  db.prepare(`UPDATE _phasewise_runs SET state = ?, finished_at = ? WHERE id = ?`).run(state, finishedAt, id);
}

/** Replaces the row of a migration that is applied again because it was no longer true. */
export function insertApplied(db: Db, applied: Omit<AppliedMigration, 'seq'>): void {
  db.prepare(
    `INSERT INTO _phasewise_migrations (id, phase, checksum, run_id, seq, applied_at, duration_ms, schema_sha256)
     VALUES (:id, :phase, :checksum, :runId, (SELECT coalesce(max(seq), 0) + 1 FROM _phasewise_migrations),
       :appliedAt, :durationMs, :schemaSha256)
     ON CONFLICT (id) DO UPDATE SET checksum = excluded.checksum, run_id = excluded.run_id, seq = excluded.seq,
       applied_at = excluded.applied_at, duration_ms = excluded.duration_ms, schema_sha256 = excluded.schema_sha256`,
  ).run(applied);
}

export function putCheckpoint(db: Db, checkpoint: CheckpointRow): void {
  db.prepare(
    `INSERT INTO _phasewise_checkpoints (phase, reached_at, run_id, evidence_json) VALUES (?, ?, ?, ?)
     ON CONFLICT (phase) DO UPDATE SET reached_at = excluded.reached_at, run_id = excluded.run_id,
       evidence_json = excluded.evidence_json`,
  ).run(checkpoint.phase, checkpoint.reachedAt, checkpoint.runId, JSON.stringify(checkpoint.evidence));
}

function rowsOf<T>(db: Db, table: BookkeepingTable, sql: string): T[] {
  return isPresent(db, table) ? db.prepare<[], T>(sql).all() : [];
}

interface RawBackfill {
  id: string;
  migration_id: string;
  checksum: string;
  source: string;
  state: 'running' | 'done';
  cursor: SqlValue;
  upper_key: SqlValue;
  expected: bigint;
  moved: bigint;
  already_right: bigint;
  issue_rows: bigint;
  facts_json: string;
  added_json: string;
  run_id: string;
  started_at: string;
  finished_at: string | null;
  elapsed_ms: bigint;
}

const backfillFrom = (row: RawBackfill): BackfillRow => ({
  id: row.id,
  migrationId: row.migration_id,
  checksum: row.checksum,
  source: row.source,
  state: row.state,
  cursor: row.cursor,
  upperKey: row.upper_key,
  expected: Number(row.expected),
  moved: Number(row.moved),
  alreadyRight: Number(row.already_right),
  issueRows: Number(row.issue_rows),
  get facts() {
    const value = parsed(row.facts_json);
    return isRecord(value) ? (value as BackfillRow['facts']) : unreadable(row.id);
  },
  get added() {
    const value = parsed(row.added_json);
    return isAddedShape(value) ? value : unreadable(row.id);
  },
  runId: row.run_id,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  elapsedMs: Number(row.elapsed_ms),
});

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isAddedShape = (value: unknown): value is AddedShape =>
  isRecord(value) &&
  Array.isArray(value['tables']) &&
  isRecord(value['columns']) &&
  Object.values(value['columns']).every((names) => Array.isArray(names));

function evidenceIn(json: string): CheckResult[] {
  const value = parsed(json);
  return Array.isArray(value) ? (value.filter(isRecord) as object[] as CheckResult[]) : [];
}

/** @returns undefined for what is no JSON: only a program that is not ours wrote it. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function unreadable(id: string): never {
  throw coded(
    'E_LEDGER_TAMPERED',
    `What Phasewise noted of the step ${id} cannot be read any more: another program has changed it.`,
    { backfill: id },
    { nextStep: 'Ask support to look at the table _phasewise_backfills, or restore a backup.' },
  );
}
