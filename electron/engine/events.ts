import type { AppError } from '@shared/errors.ts';
import type { BackupRecord, RunStep } from '@shared/run.ts';

/** What an engine process tells while it is at work, and what it is told meanwhile. Types only, as `protocol.ts`. */

/** Sent while a `run` is active. The host turns them into RunSnapshots and run-journal lines. */
export type EngineRunEvent =
  | {
      type: 'state';
      state: 'starting' | 'backing-up' | 'migrating' | 'pausing' | 'paused' | 'cancelling';
      now: string;
      /** Why it paused by itself; E_NO_SPACE, E_BACKUP_NO_SPACE, E_TEMP_UNAVAILABLE. */
      attention?: AppError | null;
    }
  | { type: 'steps'; steps: RunStep[] }
  /** An unfinished copy is about to come into being; whoever ends the process must have it removed. */
  | { type: 'partial'; file: string }
  /** File and journal as they were found, before SQLite played the journal back: to be removed with a verdict that says yes. */
  | { type: 'recovery-copy'; folder: string }
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

/** Sent while anything but a run is at work. canCancel false: the point of no return is passed. */
export interface EngineWork {
  readonly stage: 'waiting' | 'writing' | 'saving' | 'replacing' | 'checking' | 'copying' | 'proving';
  /** 0 to 1; null where nobody can tell. */
  readonly fraction: number | null;
  readonly canCancel: boolean;
  /** It goes no further before the host has said `proceed`: so that nobody can stop it and believe that it did nothing. */
  readonly asksToProceed?: boolean;
  /** An unfinished copy that is about to come into being, as in the run event. */
  readonly partial?: string;
  /** Of a restore, before it replaces anything: the finished backup of what is there. */
  readonly backup?: BackupRecord;
}

export type EngineControl = 'pause' | 'resume' | 'cancel';
