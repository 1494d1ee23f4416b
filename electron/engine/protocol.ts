import type { KnownPack } from '@shared/about.ts';
import type {
  Anchor,
  BackupComparison,
  BrowseCost,
  BrowsePage,
  BrowseQuery,
  BrowseRecord,
  BrowseRows,
  BrowseTable,
  CellRange,
  ExportFormat,
} from '@shared/browse.ts';
import type { AppError, Result } from '@shared/errors.ts';
import type {
  BackupRecord,
  IngestReport,
  Plan,
  PlainSecretsReport,
  RetryReport,
  RunReport,
  SourceCoverage,
} from '@shared/run.ts';
import type { CheckResult, DatabaseStatus } from '@shared/status.ts';
import type { EngineControl, EngineRunEvent, EngineWork } from './events.ts';

export type { EngineControl, EngineRunEvent, EngineWork };

/**
 * What a host and its engine process say to each other: requests down, one answer each up, events in between.
 * Both sides are ours and of one build, so these are types only; data from a renderer never gets here unparsed.
 */
/** The backup from before a part of an upgrade. */
export interface EarlierBackup {
  readonly runId: string;
  readonly backupPath: string;
}

export interface EngineRequests {
  /** Looks at a file without changing a byte of it or of its folder. check 'data' also scans all rows. */
  inspect: {
    /** lockFolder: where our instances keep their locks, so that it can say that one of them has the file. */
    input: { path: string; check: 'schema' | 'data'; lockFolder?: string };
    output: DatabaseStatus;
  };
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
      /** Ids of the runs that this one may go on from: the report counts over those that the file knows. */
      continues?: string[];
      /** Behind its backup, before anything is changed, it sends a work event that asks to proceed, as a restore does. */
      asksToProceed?: boolean;
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
      /** Behind the backup, before anything is changed, it sends a work event that asks to proceed, as a restore does. */
      asksToProceed?: boolean;
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
      asksToProceed?: boolean;
    };
    output: RetryReport;
  };
  /** Whose secrets stand in the file in plain text. */
  listPlainSecrets: { input: { path: string }; output: PlainSecretsReport };
  clearPlainSecrets: {
    input: {
      path: string;
      backupFolder: string;
      lockFolder: string;
      appVersion: string;
      runId: string;
      asksToProceed?: boolean;
    };
    output: PlainSecretsReport;
  };
  exportIssues: {
    /** partial: the name that the file has until it is whole, in the same folder. */
    input: { path: string; target: string; partial: string; format: 'csv' | 'json' };
    output: { path: string; rows: number };
  };
  /** Re-opens the file cold and repeats every check; compares every row with the backup outside the declared effects. */
  verify: {
    input: {
      path: string;
      toPhase: number;
      backupPath: string | null;
      /** Of the parts without a proven end that came before, oldest first: the first that the file knows is compared too. */
      earlier?: readonly EarlierBackup[];
    };
    output: { checks: CheckResult[] };
  };
  backup: {
    input: { path: string; folder: string; reason: string; runId: string | null; appVersion: string };
    output: BackupRecord;
  };
  /** Reads the whole backup again: hash, integrity. Records the result beside it, unless told not to leave a trace. */
  verifyBackup: { input: { backupPath: string; isNoted?: boolean }; output: BackupRecord };
  /** otherFolders: looked through for backups of this database from when it had another name or place. */
  listBackups: {
    input: { folders: string[]; databasePath: string | null; otherFolders?: string[] };
    output: BackupRecord[];
  };
  /** Deletes one, for good; reads those it is weighed against again first. E_BACKUP_NEEDED. */
  removeBackup: { input: { backupPath: string } & Weighed; output: BackupRecord };
  /**
   * Keeps the newest `keep` good ones, and what must stay. A trial only says so. `shown`: paths of those that a person
   * agreed to lose, and no other goes; absent = whatever the rules let go.
   */
  tidyBackups: { input: { keep: number; isTrial: boolean; shown?: readonly string[] } & Weighed; output: Tidied };
  /** Carries on where a restore of the same backup was interrupted. Emits 'work' events, as 'backup' does. */
  restore: {
    input: {
      backupPath: string;
      path: string;
      backupFolder: string;
      appVersion: string;
      allowForeign: boolean;
      lockFolder?: string;
      /** Before anything is replaced it sends a work event that asks to proceed, and waits for the message that lets it. */
      asksToProceed?: boolean;
    };
    output: Restored;
  };
  /** Rolls forward the restore whose intent lies beside the database, which may be missing. E_NOTHING_TO_DO without one. */
  finishRestore: {
    input: {
      path: string;
      backupFolder: string;
      appVersion: string;
      lockFolder?: string;
      asksToProceed?: boolean;
    };
    output: Restored;
  };
  /**
   * Which of these backups was put into the file, and what proves it: its own list of events, or its bytes. null = nobody
   * can say. since: when the restore began (ISO, UTC); null = one that cannot have noted its end yet. isByEvent: no bytes
   * are compared, since it is not known which of them was meant.
   */
  restoredFrom: {
    input: {
      path: string;
      since: string | null;
      backups: { path: string; createdAt: string }[];
      isByEvent?: boolean;
    };
    output: { backupPath: string; proof: 'event' | 'bytes' } | null;
  };
  /** Puts back byte for byte what a restore replaced. `replacedFolder`: where what was there until now lies. */
  putBack: {
    input: { path: string; folder: string; backupFolder: string; lockFolder?: string; asksToProceed?: boolean };
    output: { replacedFolder: string | null };
  };
  /**
   * Asked of a fresh process after another one was ended in its work: lets SQLite put the file back to its last commit,
   * closes it without sidecars, takes the stale lock and unfinished copies away, also those of a restore by file that had
   * begun nothing. Says what the file holds.
   * E_DB_IN_USE | E_DB_BUSY: another program has the file, whose next opening does the same.
   */
  settle: {
    input: {
      path: string;
      lockFolder: string;
      /** Noted as stopped where the file says that it is running. */
      runId?: string;
      /** Unfinished copies of the ended process, as it named them itself. */
      partials?: string[];
      /** Of a work that had not opened the file: only what lies beside it is put right. */
      isBesideOnly?: boolean;
      /** After an error of the disk: all of it is read, and the steps that were told of as applied must be recorded. */
      proves?: { applied: string[] };
    };
    output: Settled;
  };
  sample: { input: { path: string; packId: string; seed: number }; output: { path: string } };
  /** What this build knows; opens nothing. */
  packs: { input: Record<string, never>; output: KnownPack[] };
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
  /** The data browser: a process that answers these keeps the file open for reading, and is asked nothing else. */
  browseTables: {
    input: { path: string; keySecret?: string };
    output: { tables: BrowseTable[]; isCopy: boolean; version: number };
  };
  browseCost: { input: { path: string; keySecret?: string; query: BrowseQuery }; output: BrowseCost };
  browsePage: {
    input: {
      path: string;
      /** By which keys are sealed, 32 bytes as hex; the host's own. */
      keySecret?: string;
      query: BrowseQuery;
      anchor: Anchor;
      limit: number;
      hasConsent: boolean;
    };
    output: BrowsePage;
  };
  browseCount: { input: { path: string; keySecret?: string; query: BrowseQuery }; output: BrowseRows };
  browseRecord: { input: { path: string; keySecret?: string; table: string; key: string }; output: BrowseRecord };
  browseCell: {
    input: {
      path: string;
      table: string;
      key: string;
      column: string;
      from: number;
      length: number;
      isRevealed: boolean;
      asBytes?: boolean;
      mayLoad: boolean;
      keySecret?: string;
    };
    /** null = more than 4 MB, and mayLoad was false: a process that ends soon is to load it. */
    output: CellRange | null;
  };
  /** Bytes on disk by table, its indexes included; reads every page's header. */
  browseSizes: { input: { path: string; keySecret?: string }; output: Record<string, number> };
  browseCompare: {
    input: { path: string; table: string; key: string; backupPath: string; mayLoad: boolean; keySecret?: string };
    output: BackupComparison | null;
  };
  /** Writes rows to a new file. Sends 'export' events. */
  browseExport: {
    input: {
      path: string;
      /** By which keys are sealed, 32 bytes as hex; the host's own. */
      keySecret?: string;
      query: BrowseQuery;
      /** In this order; null = all. */
      columns: string[] | null;
      format: ExportFormat;
      hasMark: boolean;
      target: string;
      /** In the folder of the target: what is written to until it is whole. */
      partial: string;
      /** Masked columns that a person wants in it. */
      revealed: string[];
    };
    output: { path: string; rows: number; bytes: number };
  };
}

export interface Restored {
  readonly restored: BackupRecord;
  readonly before: BackupRecord | null;
  /** Where what it replaced lies byte for byte, if SQLite could not read it. */
  readonly replacedFolder: string | null;
  /** The restore is good, but could not be noted in the database's own list of events, and why. */
  readonly notNoted?: string;
}

/** The backups of a database, and those that something unfinished needs. */
interface Weighed {
  readonly databasePath: string;
  readonly folders: string[];
  readonly otherFolders?: string[];
  readonly needed: readonly Needed[];
}

/** A backup, or every backup that a run has made, and why it must stay. */
export type Needed = { readonly why: string } & ({ readonly backupPath: string } | { readonly runId: string });

export interface Tidied {
  readonly removed: BackupRecord[];
  readonly kept: { backup: BackupRecord; why: string }[];
  readonly freedBytes: number;
}

/** What a file holds whose work was ended; all null or empty where no pack knows it. */
export interface Settled {
  /** The last phase whose checkpoint is recorded. */
  readonly phase: number | null;
  /** Ids of the recorded migrations, in order. */
  readonly applied: string[];
  /** A migration that is begun but not recorded: its rows so far are kept, and the next run goes on behind them. */
  readonly begun: { readonly migrationId: string; readonly rowsDone: number; readonly rowsTotal: number } | null;
  /** Only where that was to be proven: why nobody may say that the file is at a whole step; null = it is. */
  readonly problem?: AppError | null;
}

/** Where the files that a phase reads lie. undefined or 'guess': look in the usual places. */
export type SourceChoice =
  { readonly kind: 'guess' } | { readonly kind: 'folder'; readonly folder: string } | { readonly kind: 'none' };
export type EngineRequestName = keyof EngineRequests;

export type ToEngine =
  | { type: 'request'; id: number; name: EngineRequestName; input: unknown }
  | { type: 'control'; control: EngineControl }
  | { type: 'proceed' };
export type FromEngine =
  | { type: 'ready' }
  /** Between two long parts of a work that has nothing else to say. */
  | { type: 'sign' }
  | { type: 'answer'; id: number; result: Result<unknown> }
  | { type: 'run'; event: EngineRunEvent }
  | { type: 'work'; work: EngineWork }
  | { type: 'export'; rows: number; bytes: number }
  | { type: 'fatal'; error: AppError };
