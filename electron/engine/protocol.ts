import type { AppError, Result } from '@shared/errors.ts';
import type {
  BackupRecord,
  IngestReport,
  Plan,
  PlainSecretsReport,
  RetryReport,
  RunReport,
  RunStep,
  SourceCoverage,
} from '@shared/run.ts';
import type { CheckResult, DatabaseStatus } from '@shared/status.ts';

/**
 * What a host and its engine process say to each other: requests down, one answer each up, events in between.
 * Both sides are ours and of one build, so these are types only; data from a renderer never gets here unparsed.
 */
export interface EngineRequests {
  /** Looks at a file without changing a byte of it or of its folder. check 'data' also scans all rows. */
  inspect: { input: { path: string; check: 'schema' | 'data' }; output: DatabaseStatus };
  plan: { input: { path: string; toPhase: number | null; backupFolder: string; source?: SourceChoice }; output: Plan };
  /** How the files below a folder match the rows; null = no phase of this kind of database reads any. */
  source: { input: { path: string; source: SourceChoice }; output: SourceCoverage | null };
  /**
   * Gate, lock, backup, migrate. Ends with the lock released and nothing verified cold yet: the host then asks a
   * fresh process for `verify`. Emits 'run' events. A stop asked for by `control` ends with E_CANCELLED.
   */
  run: {
    input: {
      path: string;
      toPhase: number | null;
      fingerprint: string | null;
      backupFolder: string;
      runId: string;
      lockFolder: string;
      appVersion: string;
      source?: SourceChoice;
      /** A person typed the confirmation (or the CLI got --contract). Without it a phase that removes something refuses. */
      isRemovalConfirmed?: boolean;
    };
    output: RunReport;
  };
  /** Reads files (folders: all matching ones below) and takes them in, one transaction each; a trial takes all back. */
  ingest: {
    input: {
      path: string;
      files: string[];
      project: string | null;
      isTrial: boolean;
      backupFolder: string;
      lockFolder: string;
      appVersion: string;
      runId: string;
    };
    output: IngestReport;
  };
  retryIssues: {
    input: {
      path: string;
      backupFolder: string;
      lockFolder: string;
      appVersion: string;
      runId: string;
      /** For issue rows that files can clear. */
      source?: SourceChoice;
    };
    output: RetryReport;
  };
  /** Whose secrets stand in the file in plain text. */
  listPlainSecrets: { input: { path: string }; output: PlainSecretsReport };
  clearPlainSecrets: {
    input: { path: string; backupFolder: string; lockFolder: string; appVersion: string; runId: string };
    output: PlainSecretsReport;
  };
  exportIssues: {
    input: { path: string; target: string; format: 'csv' | 'json' };
    output: { path: string; rows: number };
  };
  /** Re-opens the file cold and repeats every check; compares every row with the backup outside the declared effects. */
  verify: { input: { path: string; toPhase: number; backupPath: string | null }; output: { checks: CheckResult[] } };
  backup: {
    input: { path: string; folder: string; reason: string; runId: string | null; appVersion: string };
    output: BackupRecord;
  };
  /** Reads the whole backup again: hash, integrity. Records the result beside it. */
  verifyBackup: { input: { backupPath: string }; output: BackupRecord };
  listBackups: { input: { folders: string[]; databasePath: string | null }; output: BackupRecord[] };
  restore: {
    input: { backupPath: string; path: string; backupFolder: string; appVersion: string; allowForeign: boolean };
    /** notNoted: the restore is good, but could not be noted in the database's own list of events, and why. */
    output: { restored: BackupRecord; before: BackupRecord | null; notNoted?: string };
  };
  sample: { input: { path: string; packId: string; seed: number }; output: { path: string } };
  listIssues: {
    input: { path: string; afterId: number | null; limit: number };
    output: {
      id: number;
      backfillId: string;
      sourceTable: string;
      sourceKey: string;
      reason: string;
      title: string;
      detail: string;
      isPlaced: boolean;
    }[];
  };
}

/** Where the files that a phase reads lie. undefined or 'guess': look in the usual places. */
export type SourceChoice =
  { readonly kind: 'guess' } | { readonly kind: 'folder'; readonly folder: string } | { readonly kind: 'none' };
export type EngineRequestName = keyof EngineRequests;

/** Sent while a `run` is active. The host turns them into RunSnapshots and run-journal lines. */
export type EngineRunEvent =
  | {
      type: 'state';
      state: 'starting' | 'backing-up' | 'migrating' | 'pausing' | 'paused' | 'cancelling';
      now: string;
      safeToStop: boolean;
    }
  | { type: 'steps'; steps: RunStep[] }
  | { type: 'backup'; backup: BackupRecord }
  | {
      type: 'progress';
      migrationId: string;
      now: string;
      rowsDone: number;
      rowsTotal: number;
      issueRows: number;
      rowsPerSecond: number | null;
      etaSeconds: { min: number; max: number } | null;
    }
  /** Committed and read back. The host writes it to the run journal. */
  | { type: 'applied'; migrationId: string; ms: number }
  | { type: 'checkpoint'; phase: number };

export type EngineControl = 'pause' | 'resume' | 'cancel';

export type ToEngine =
  | { type: 'request'; id: number; name: EngineRequestName; input: unknown }
  | { type: 'control'; control: EngineControl };
export type FromEngine =
  | { type: 'ready' }
  | { type: 'answer'; id: number; result: Result<unknown> }
  | { type: 'run'; event: EngineRunEvent }
  | { type: 'fatal'; error: AppError };
