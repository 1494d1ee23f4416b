import { z } from 'zod';
import { AppError } from './error-schema.ts';

/** What a database is and how far it has come. Derived by looking; never stored, never believed from a marker alone. */

/** Rows in a table: exact where counting was cheap, otherwise an estimate ("about n"). */
export const RowCount = z.object({ value: z.number().int(), isExact: z.boolean() });
export type RowCount = z.infer<typeof RowCount>;

export const PhaseState = z.enum([
  'done', // checkpoint reached and still true
  'attention', // reached once, but something no longer holds (drift)
  'running', // an interrupted or active run stopped inside it
  'next', // can be started now
  'not-started',
  'unavailable', // not part of this version yet
]);
export type PhaseState = z.infer<typeof PhaseState>;

export const MigrationState = z.enum([
  'applied', // recorded by us, and its shape holds
  'pending',
  'started', // its schema part is committed, a backfill is not finished
  'claimed', // a marker of another program says so, the shape does not
  'untrue', // recorded by us, but the shape does not hold (drift)
]);
export type MigrationState = z.infer<typeof MigrationState>;

export const MigrationStatus = z.object({
  id: z.string(),
  title: z.string(),
  phase: z.number().int(),
  kind: z.enum(['expand', 'backfill', 'contract']),
  state: MigrationState,
  /** ISO time, when recorded. */
  appliedAt: z.string().nullable(),
  durationMs: z.number().nullable(),
  /** What is missing, in words; empty when the shape holds. */
  findings: z.array(z.string()),
});
export type MigrationStatus = z.infer<typeof MigrationStatus>;

/** An executable check with its evidence (query, counts, sample keys). */
export const CheckResult = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(['met', 'unmet', 'not-checked']),
  /** One sentence a person understands. */
  summary: z.string(),
  /** For support and QA: SQL, counts, sample keys. */
  evidence: z.array(z.object({ label: z.string(), text: z.string() })),
});
export type CheckResult = z.infer<typeof CheckResult>;
/** Ends the id of a check against the backup from before the first of several parts of an upgrade. */
export const SINCE_THE_FIRST = ':first';

export const PhaseStatus = z.object({
  number: z.number().int(),
  name: z.string(),
  scope: z.string(),
  state: PhaseState,
  removesAnything: z.boolean(),
  migrations: z.array(MigrationStatus),
  exitCriteria: z.array(CheckResult),
  reachedAt: z.string().nullable(),
});
export type PhaseStatus = z.infer<typeof PhaseStatus>;

export const TableState = z.enum([
  'aligned',
  'wrong-columns', // exists under its canonical name, columns differ
  'legacy-name', // exists only under its legacy name
  'missing',
  'approved-extension', // not in the canonical schema, kept on purpose
  'legacy', // will go in the last phase
  'bookkeeping', // ours or the ledger
  'unknown', // made by somebody else; kept
]);
export type TableState = z.infer<typeof TableState>;

export const Priority = z.enum(['must-now', 'must-v1', 'later', 'none']);
export type Priority = z.infer<typeof Priority>;

const ColumnShape = z.object({
  type: z.string(),
  isNullable: z.boolean(),
  defaultSql: z.string().nullable(),
  isPrimaryKey: z.boolean(),
});
export type ColumnShape = z.infer<typeof ColumnShape>;

export const Gap = z.enum(['none', 'missing', 'differs', 'legacy', 'approved-extension', 'unknown']);
export type Gap = z.infer<typeof Gap>;

export const ColumnDiff = z.object({
  name: z.string(),
  now: ColumnShape.nullable(),
  target: ColumnShape.nullable(),
  gap: Gap,
  /** "was key_ref", "type TEXT instead of INTEGER", … */
  note: z.string(),
});
export type ColumnDiff = z.infer<typeof ColumnDiff>;

export const ObjectDiff = z.object({
  /** "index on runs(project_id, created_at DESC)", "unique (project_id, slug)", "project_id -> projects(id) on delete CASCADE" */
  description: z.string(),
  kind: z.enum(['index', 'unique', 'foreign-key', 'trigger']),
  gap: Gap,
  note: z.string(),
});
export type ObjectDiff = z.infer<typeof ObjectDiff>;

export const TableStatus = z.object({
  name: z.string(),
  state: TableState,
  priority: Priority,
  group: z.string(),
  /** The name it has now, where that differs ("users" for app_users). */
  presentName: z.string().nullable(),
  rows: RowCount.nullable(),
  /** "kind, storage_uri, metadata_json are missing" */
  whatIsMissing: z.string(),
  columns: z.array(ColumnDiff),
  objects: z.array(ObjectDiff),
});
export type TableStatus = z.infer<typeof TableStatus>;

/** The counts of the score card; every number is a count of canonical tables, columns or indexes. */
export const ScoreCard = z.object({
  canonicalTables: z.number().int(),
  aligned: z.number().int(),
  legacyName: z.number().int(),
  missing: z.number().int(),
  wrongColumns: z.number().int(),
  columnsMissing: z.number().int(),
  indexesMissing: z.number().int(),
  approvedExtensions: z.number().int(),
});
export type ScoreCard = z.infer<typeof ScoreCard>;

export const Health = z.object({
  /** problems: rows that break a rule, as other programs left them; they are kept. Damage is E_CORRUPT, never a state. */
  state: z.enum(['healthy', 'problems', 'not-checked']),
  /** "Your file is healthy." */
  summary: z.string(),
  checks: z.array(CheckResult),
  foreignKeyViolations: z.number().int().nullable(),
});
export type Health = z.infer<typeof Health>;

export const LedgerEntry = z.object({
  version: z.string(),
  note: z.string(),
  appliedAt: z.string(),
  /** phasewise: we recorded it; program: the original did; unknown: an id nobody here knows. */
  source: z.enum(['phasewise', 'program', 'unknown']),
  state: z.enum(['true', 'untrue', 'evidence-only']),
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

export const Drift = z.object({ object: z.string(), phase: z.number().int(), finding: z.string() });
export type Drift = z.infer<typeof Drift>;

export const IssueSummary = z.object({
  reason: z.string(),
  /** Plain words for the reason. */
  title: z.string(),
  sourceTable: z.string(),
  count: z.number().int(),
});
export type IssueSummary = z.infer<typeof IssueSummary>;

export const FileFacts = z.object({
  name: z.string(),
  folder: z.string(),
  path: z.string(),
  sizeBytes: z.number().int(),
  walBytes: z.number().int(),
  journalMode: z.enum(['wal', 'rollback']),
  pageSizeBytes: z.number().int(),
  encoding: z.string(),
  /** A hot rollback journal lies beside it: SQLite will undo an unfinished write at the next opening for writing. */
  needsRecovery: z.boolean(),
  isWritable: z.boolean(),
  /** Why it cannot be written, when it cannot. */
  readOnlyReason: AppError.nullable(),
  /** in-place: opened read-only where it is; private-copy: looked at through a temporary copy, because opening it would have left files beside it. */
  inspectedVia: z.enum(['in-place', 'private-copy']),
});
export type FileFacts = z.infer<typeof FileFacts>;

/** A run as the file itself names it. That it came to a proven end only the journals of a computer can say. */
export const FileRun = z.object({
  runId: z.string(),
  startedAt: z.string(),
  toPhase: z.number().int(),
  /** Every step of it is applied. */
  isMigrated: z.boolean(),
  /** Of the backup from before it. */
  backupSha256: z.string().nullable(),
});
export type FileRun = z.infer<typeof FileRun>;

export const DatabaseStatus = z.object({
  file: FileFacts,
  pack: z.object({ id: z.string(), title: z.string() }),
  /** e.g. { id: 'legacy', title: 'Legacy version' }; evidence is what it was recognised by. */
  variant: z.object({ id: z.string(), title: z.string(), description: z.string(), evidence: z.array(z.string()) }),
  /** Highest phase whose checkpoint holds together with all before it; null = none yet. */
  phaseReached: z.number().int().nullable(),
  /** The default goal: the last available phase that removes nothing. */
  defaultTarget: z.number().int(),
  phases: z.array(PhaseStatus),
  tables: z.array(TableStatus),
  scoreCard: ScoreCard,
  /** "3 projects", "40 runs": what a person recognises their data by. */
  highlights: z.array(z.object({ label: z.string(), rows: RowCount })),
  /** Ids of the migrations that reaching the default target still needs, in order. */
  pending: z.array(z.string()),
  drift: z.array(Drift),
  ledger: z.array(LedgerEntry),
  health: Health,
  issues: z.array(IssueSummary),
  /** A run stopped inside the file (killed, cancelled, failed): what continuing will do. */
  unfinishedRun: z
    .object({ runId: z.string(), startedAt: z.string(), toPhase: z.number().int(), stoppedAt: z.string() })
    .nullable(),
  /** All runs that the file names, oldest first; none of a newer version, which alone knows what they mean. */
  runs: z.array(FileRun),
  /** A restore that was interrupted: its intent lies beside the file. Rolling it forward comes before everything else. */
  unfinishedRestore: z
    .object({ startedAt: z.string(), backupPath: z.string(), way: z.enum(['in-place', 'by-file']) })
    .nullable(),
  checkedAt: z.string(),
  elapsedMs: z.number(),
});
export type DatabaseStatus = z.infer<typeof DatabaseStatus>;
