import { z } from 'zod';
import { AppError } from './error-schema.ts';
import { FileStamp } from './file-stamp.ts';
import { runStates } from './run-state.ts';
import { CheckResult, FileRun, IssueSummary } from './status.ts';

/** Plans, runs, backups: what will be done, what is being done, what was done and kept. */

export const PlanStep = z.object({
  migrationId: z.string(),
  phase: z.number().int(),
  title: z.string(),
  kind: z.enum(['expand', 'backfill', 'contract']),
  /** pending: never applied; continue: started before; repair: recorded but no longer true. */
  reason: z.enum(['pending', 'continue', 'repair']),
  /** Plain sentences: what will be added, moved, removed. */
  what: z.array(z.string()),
  /** Source rows its backfills will look at (estimate). */
  rows: z.number().int(),
});
export type PlanStep = z.infer<typeof PlanStep>;

export const PreflightFinding = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(['ok', 'warning', 'blocking']),
  detail: z.string(),
  error: AppError.nullable(),
});
export type PreflightFinding = z.infer<typeof PreflightFinding>;

/** Files beside the database that a phase of the plan can read, and how they match its rows. */
export const SourceCoverage = z.object({
  title: z.string(),
  question: z.string(),
  explanation: z.string(),
  /** null = none: nothing was found, or the person does without. */
  folder: z.string().nullable(),
  /** guessed: found by looking; chosen and declined: by the person. */
  choice: z.enum(['guessed', 'chosen', 'declined', 'none']),
  /** Rows that name a file. */
  rows: z.number().int(),
  /** Of the rows looked into, each counts once. found: there, and what the row says. */
  found: z.number().int(),
  missing: z.number().int(),
  unreadable: z.number().int(),
  /** There, but other than the rows say. */
  differing: z.number().int(),
  /** False: there were too many to look into each; the counts speak of the first ones only. */
  isComplete: z.boolean(),
  samples: z.array(
    z.object({
      path: z.string(),
      state: z.enum(['found', 'missing', 'unreadable', 'differs']),
      file: z.string().nullable(),
    }),
  ),
});
export type SourceCoverage = z.infer<typeof SourceCoverage>;

export const Plan = z.object({
  packId: z.string(),
  variantId: z.string(),
  fromPhase: z.number().int().nullable(),
  toPhase: z.number().int(),
  steps: z.array(PlanStep),
  removesAnything: z.boolean(),
  /** Issue rows that stand in the way of a phase that removes something, by reason. */
  gating: z.array(z.object({ reason: z.string(), title: z.string(), count: z.number().int() })),
  /** null: no open step of this plan reads files. */
  source: SourceCoverage.nullable(),
  /** What stays possible for older programs, in plain words. */
  olderPrograms: z.string(),
  preflight: z.array(PreflightFinding),
  space: z.object({
    databaseBytes: z.number().int(),
    /** Expected: what the backup will take, and what the file will grow by. */
    backupBytes: z.number().int(),
    growthBytes: z.number().int(),
    /** Must be free on the disk of the database: more than expected, for trial copies, journals and surprises. */
    needBytes: z.number().int(),
    freeBytes: z.number().int(),
    backupFreeBytes: z.number().int(),
    /** What needBytes and the need of the backup's disk are made of; every number is shown. */
    parts: z.array(
      z.object({
        /** "The backup", "A trial copy of it", "Growth of the file", "Rebuilding tables", "Write-ahead log", "Sorting for indexes", … */
        label: z.string(),
        bytes: z.number().int(),
        disk: z.enum(['database', 'backup', 'temporary']),
        /** Gone again when the run is over. */
        isTemporary: z.boolean(),
      }),
    ),
    /** Of the folder where SQLite sorts. */
    temporaryFreeBytes: z.number().int(),
  }),
  /** Rough range; null when nothing sensible can be said. */
  timeSeconds: z.object({ min: z.number(), max: z.number() }).nullable(),
  backupFolder: z.string(),
  /** Identifies the state the plan was made for; a run refuses (E_STATE_CHANGED) when it no longer matches. */
  fingerprint: z.string(),
});
export type Plan = z.infer<typeof Plan>;

export const BackupRecord = z.object({
  /** File stem, unique in its folder. */
  id: z.string(),
  path: z.string(),
  folder: z.string(),
  databaseName: z.string(),
  databasePath: z.string(),
  /** In a list for another path: `databasePath` is gone. It was this database under its former name, or a copy of it. */
  madeOfGone: z.literal(true).optional(),
  createdAt: z.string(),
  /** Counts up in its folder: clocks go back, this does not. Absent in backups of the first versions. */
  sequence: z.number().int().optional(),
  /** "before phase 1", "by hand", "before restore" */
  reason: z.string(),
  /** Phase of the content; null = none reached. */
  phase: z.number().int().nullable(),
  variantTitle: z.string(),
  sizeBytes: z.number().int(),
  sha256: z.string(),
  pages: z.number().int(),
  runId: z.string().nullable(),
  /** True only after every check at creation passed, the scratch restore included. */
  verified: z.boolean(),
  checks: z.array(CheckResult),
  lastCheck: z.object({ at: z.string(), ok: z.boolean(), error: AppError.nullable() }).nullable(),
  state: z.enum(['verified', 'broken', 'missing']),
});
export type BackupRecord = z.infer<typeof BackupRecord>;

export const BackfillReport = z.object({
  /** `<migration id>/<name>` */
  id: z.string(),
  title: z.string(),
  /** Source table. */
  source: z.string(),
  expected: z.number().int(),
  moved: z.number().int(),
  alreadyRight: z.number().int(),
  issueRows: z.number().int(),
  rowsPerSecond: z.number().nullable(),
});
export type BackfillReport = z.infer<typeof BackfillReport>;

export const RunReport = z.object({
  runId: z.string(),
  ok: z.boolean(),
  fileName: z.string(),
  packId: z.string(),
  fromPhase: z.number().int().nullable(),
  toPhase: z.number().int(),
  startedAt: z.string(),
  finishedAt: z.string(),
  migrations: z.array(z.object({ id: z.string(), title: z.string(), ms: z.number() })),
  backfills: z.array(BackfillReport),
  /** Of the state before the run: what the result is compared with. */
  backup: BackupRecord.nullable(),
  /** Only where there is more than one: all of them, in order, those of the parts that it went on from included. */
  backups: z.array(BackupRecord).optional(),
  /**
   * Only where it went on from upgrades that had stopped: then counts, migrations, tables and backups are those of the
   * whole way. `original`: the backup from before the first of them; null = there is none, and `whyNone` says why.
   */
  continues: z
    .object({
      runIds: z.array(z.string()),
      startedAt: z.string(),
      original: BackupRecord.nullable(),
      /** unread: nobody could say just now whether it is good. Reports of older versions do not say. */
      whyNone: z.enum(['gone', 'broken', 'unread']).optional(),
    })
    .optional(),
  /** Of the runs that it was to go on from, those that the file itself knew. */
  continuedRuns: z.array(z.string()).optional(),
  /** The runs that the file named when this one began, oldest first. Reports of older versions do not say. */
  earlierRuns: z.array(FileRun).optional().catch(undefined),
  /** The database file when the run let go of it: one that differs was written to by another program since. */
  leftAs: FileStamp.optional(),
  /** True only when a fresh process reopened the file and every check passed. */
  verified: z.boolean(),
  checks: z.array(CheckResult),
  issues: z.array(IssueSummary),
  tables: z.array(
    z.object({ name: z.string(), rowsBefore: z.number().int().nullable(), rowsAfter: z.number().int().nullable() }),
  ),
  /** Only where SQLite could not read all that lay beside the file: the folder with file, journal and log as found. */
  keptIn: z.string().optional(),
  error: AppError.optional(),
});
export type RunReport = z.infer<typeof RunReport>;

/** What was taken in from files, one entry per file. */
export const IngestReport = z.object({
  title: z.string(),
  files: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['new', 'known', 'changed', 'refused']),
      /** Only where refused: why, in words. */
      reason: z.string().nullable(),
      /** Only where refused: somebody named this very file; else it was found in a folder. */
      isNamed: z.boolean().optional(),
      project: z.string().nullable(),
      counts: z.record(z.string(), z.number().int()),
    }),
  ),
  /** null for a trial, and when nothing had to be written. */
  backup: BackupRecord.nullable(),
  isTrial: z.boolean(),
  /** What was asked of the file when it was opened again after writing; empty when nothing was written. */
  checks: z.array(CheckResult),
  /** Only where SQLite could not read all that lay beside the file: the folder with file, journal and log as found. */
  keptIn: z.string().optional(),
});
export type IngestReport = z.infer<typeof IngestReport>;

/** Issue rows tried again after their cause was fixed. */
export const RetryReport = z.object({
  tried: z.number().int(),
  cleared: z.number().int(),
  left: z.number().int(),
  /** Issue rows whose old table is gone: they are kept, and can be exported. */
  kept: z.number().int(),
  backup: BackupRecord.nullable(),
  /** Only where SQLite could not read all that lay beside the file: the folder with file, journal and log as found. */
  keptIn: z.string().optional(),
});
export type RetryReport = z.infer<typeof RetryReport>;

/** Secrets in plain text: whose they are, never what they are. */
export const PlainSecretsReport = z.object({
  owners: z.array(z.object({ id: z.string(), owner: z.string() })),
  cleared: z.number().int(),
  backup: BackupRecord.nullable(),
  /** Only where SQLite could not read all that lay beside the file: the folder with file, journal and log as found. */
  keptIn: z.string().optional(),
});
export type PlainSecretsReport = z.infer<typeof PlainSecretsReport>;

const REFUSALS: readonly string[] = ['E_NOTHING_TO_DO', 'E_STATE_CHANGED', 'E_RUN_ACTIVE', 'E_DB_IN_USE', 'E_DB_BUSY'];

/** True when the run never began: the state of the file was not as thought. That is no failure and no history. */
export const wasRefused = ({ backup, error }: { backup: unknown; error?: AppError | null | undefined }): boolean =>
  backup === null && error !== null && error !== undefined && REFUSALS.includes(error.code);

/*
 * state        | who moves it on
 * starting     | engine: gate, lock                      -> backing-up | failed
 * backing-up   | engine: copy, verify, scratch restore   -> migrating | failed | cancelling
 * migrating    | engine                                  -> pausing | cancelling | verifying | failed
 * pausing      | engine confirms after the chunk         -> paused
 * paused       | person, or the engine when space runs low (attention); resume | cancel -> migrating | cancelling
 * cancelling   | engine confirms, or its process is ended after a grace of 1.5 s       -> cancelled
 * verifying    | fresh process reopens the file          -> completed | failed
 * completed, failed, cancelled are final.
 */
export const RunState = z.enum(runStates);
export type RunState = z.infer<typeof RunState>;
export { isFinal } from './run-state.ts';

export const RunStep = z.object({
  migrationId: z.string(),
  title: z.string(),
  phase: z.number().int(),
  state: z.enum(['waiting', 'running', 'applied', 'failed']),
  ms: z.number().nullable(),
  rowsDone: z.number().int(),
  rowsTotal: z.number().int(),
  issueRows: z.number().int(),
});
export type RunStep = z.infer<typeof RunStep>;

export const RunSnapshot = z.object({
  runId: z.string(),
  handle: z.string(),
  kind: z.enum(['upgrade', 'backup', 'restore', 'ingest', 'retry']),
  state: RunState,
  /** What is happening now, in words: "copying candidates into their canonical table". */
  now: z.string(),
  fromPhase: z.number().int().nullable(),
  toPhase: z.number().int().nullable(),
  startedAt: z.string(),
  steps: z.array(RunStep),
  progress: z
    .object({
      rowsDone: z.number().int(),
      rowsTotal: z.number().int(),
      rowsPerSecond: z.number().nullable(),
      /** Appears only once it means something. */
      etaSeconds: z.object({ min: z.number(), max: z.number() }).nullable(),
    })
    .nullable(),
  backup: BackupRecord.nullable(),
  /** Why the run paused by itself (E_NO_SPACE): nothing failed, resume goes on from here. null = nobody has to act. */
  attention: AppError.nullable(),
  /** When the engine was last heard of. A long statement says nothing while it works. */
  lastSignAt: z.string().optional(),
  error: AppError.nullable(),
  report: RunReport.nullable(),
});
export type RunSnapshot = z.infer<typeof RunSnapshot>;
