import { z } from 'zod';
import {
  Anchor,
  BackupComparison,
  BrowseCost,
  BrowsePage,
  BrowseQuery,
  BrowseRecord,
  BrowseRows,
  BrowseTable,
  CellRange,
  ColumnLayout,
  ExportFormat,
  MOST_ROWS,
  RowKey,
} from './browse.ts';
import { About, WindowGoal } from './about.ts';
import { AppError } from './error-schema.ts';
import { Recovery, RecoveryNotice, WorkKind } from './recovery.ts';
import { BackupRecord, IngestReport, Plan, RetryReport, RunReport, RunSnapshot, SourceCoverage } from './run.ts';
import { CheckResult, DatabaseStatus } from './status.ts';

/**
 * The one list of what may cross between renderer and host. Types, router, preload and test clients derive from it.
 * Every call answers `Result<output>`. Databases are named by handles that the host gave out, never by paths.
 */
const call = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output });

export const Handle = z.string().min(1).max(64);
const none = z.strictObject({});
const byHandle = z.strictObject({ handle: Handle });
const done = z.object({});
/** Of a table or a column; SQLite takes "" for one, too. */
const tableName = z.string().max(10_000);

export const OpenDatabase = z.object({
  handle: Handle,
  name: z.string(),
  folder: z.string(),
});
export type OpenDatabase = z.infer<typeof OpenDatabase>;

export const RecentDatabase = z.object({
  recentId: z.string(),
  name: z.string(),
  folder: z.string(),
  exists: z.boolean(),
  /** Its drive does not answer just now: nobody knows whether it exists. Absent = it does. */
  isSilent: z.boolean().optional(),
  packTitle: z.string().nullable(),
  variantTitle: z.string().nullable(),
  phaseReached: z.number().int().nullable(),
  phaseCount: z.number().int(),
  sizeBytes: z.number().int().nullable(),
  lastVerifiedBackupAt: z.string().nullable(),
  /** That one is no longer where it was; absent = it is, or nobody can say. */
  isLastBackupGone: z.boolean().optional(),
  /** Known to be broken since they were read again; absent = none. */
  brokenBackups: z.number().int().optional(),
  lastOpenedAt: z.string(),
});
export type RecentDatabase = z.infer<typeof RecentDatabase>;

/** One entry of the browser host's own file picker. Tokens stand for paths the host allows. */
export const FileEntry = z.object({
  token: z.string(),
  name: z.string(),
  kind: z.enum(['folder', 'file']),
  sizeBytes: z.number().int().nullable(),
  modifiedAt: z.string().nullable(),
  /** The first bytes say SQLite. */
  looksLikeDatabase: z.boolean(),
});
export type FileEntry = z.infer<typeof FileEntry>;

export const Settings = z.object({
  colorScheme: z.enum(['auto', 'light', 'dark']),
});
export type Settings = z.infer<typeof Settings>;

const KeptFolder = z.object({ folder: z.string(), at: z.string() });
/** `isOfUndo`: set aside when files came back that a restore had set aside; what it holds may well be a good database. */
/** A backup, restore, ingestion or retry on its way; backups: some are deleted, or looked through to see which could be. */
const Work = z.object({
  kind: z.enum([...WorkKind.options, 'backups']),
  now: z.string(),
  /** 0 to 1; null where nobody can tell. */
  fraction: z.number().nullable(),
  /** False: past its point of no return. */
  canCancel: z.boolean(),
});
const ReplacedFolder = KeptFolder.extend({ isOfUndo: z.boolean() });

/** A report as a host tells it: of an upgrade that went on from others, with what the journals know of those. */
export const WholeReport = RunReport.extend({
  /** What `keptIn` is of the last part: the folders of those before, oldest first, as far as they are there. Absent = none. */
  earlierKeptIn: z.array(z.string()).optional(),
});
export type WholeReport = z.infer<typeof WholeReport>;
const Run = RunSnapshot.extend({ report: WholeReport.nullable() });

export const channels = {
  /** Which door this is and what it can do. */
  'app:info': call(
    none,
    z.object({
      version: z.string(),
      door: z.enum(['electron', 'browser']),
      /** native: the system's dialog; picker: use files:list and database:openFile. */
      fileChoosing: z.enum(['native', 'picker']),
      canRevealFiles: z.boolean(),
      /** One sentence when the browser host stands in for Electron. */
      notice: z.string().nullable(),
      dataFolder: z.string(),
      /** What the window should say about itself: it was opened again after it had stopped working. */
      trouble: z.string().nullable(),
    }),
  ),
  /** Which version this is, what it can upgrade, where there may be a newer one. */
  'app:about': call(none, About),
  /** Opens the publisher's page of releases in the system's browser: that address and no other. */
  'app:openReleases': call(none, done),
  /** Shows the folder of the log in the system's file manager. */
  'app:showLog': call(none, done),
  'settings:get': call(none, Settings),
  'settings:set': call(z.strictObject(Settings.shape), Settings),

  'recents:list': call(none, z.array(RecentDatabase)),
  /** Forgets the entry; the file stays. */
  'recents:remove': call(z.strictObject({ recentId: z.string() }), done),

  /** Native dialog (Electron). null = the person closed it. */
  'database:choose': call(none, OpenDatabase.nullable()),
  /** Folder contents for the picker. token null = the places the host allows. */
  'files:list': call(
    z.strictObject({ token: z.string().nullable() }),
    z.object({
      title: z.string(),
      parentToken: z.string().nullable(),
      isTop: z.boolean(),
      entries: z.array(FileEntry),
      /** More lies in it than is listed; what may be a database and folders come first. */
      isCut: z.boolean(),
      /** Names of what is not listed, because its drive does not answer just now. */
      silent: z.array(z.string()),
    }),
  ),
  'database:openFile': call(z.strictObject({ token: z.string() }), OpenDatabase),
  'database:openRecent': call(z.strictObject({ recentId: z.string() }), OpenDatabase),
  /** Builds the sample in a folder the person can find (never overwrites one) and opens it. */
  'database:openSample': call(none, OpenDatabase.extend({ path: z.string() })),
  'database:list': call(none, z.array(OpenDatabase)),
  /** E_RUN_ACTIVE while something goes on; `endsExport`: not because of rows on their way to a file, which is not finished. */
  'database:close': call(z.strictObject({ handle: Handle, endsExport: z.boolean().optional() }), done),
  /** Looks, changes nothing. Cost grows with the schema, not the data. */
  'database:status': call(byHandle, DatabaseStatus),
  /** As status, with integrity and foreign-key checks over all data and every exit criterion evaluated. */
  'database:check': call(byHandle, DatabaseStatus),
  /** Shows the file in the system's file manager. */
  'database:reveal': call(byHandle, done),

  'plan:make': call(z.strictObject({ handle: Handle, toPhase: z.number().int().min(0).max(99) }), Plan),
  'run:start': call(
    z.strictObject({
      handle: Handle,
      toPhase: z.number().int().min(0).max(99),
      fingerprint: z.string(),
      /** Needed when the plan removes something: the database's file name, typed by a person. */
      confirmation: z.string().max(4096).nullable(),
    }),
    Run,
  ),

  /** The folder of files that a phase reads (run logs): chosen natively; null = the person closed the dialog. */
  'source:choose': call(byHandle, SourceCoverage.nullable()),
  /** The same through the picker of the browser host: the token of a folder. */
  'source:use': call(z.strictObject({ handle: Handle, token: z.string() }), SourceCoverage),
  /** Do without; asked no more for this database. `isDeclined` false takes it back. */
  'source:decline': call(z.strictObject({ handle: Handle, isDeclined: z.boolean() }), SourceCoverage.nullable()),

  /** Files or a folder, chosen natively or by picker tokens: what taking them in would do. Changes nothing. */
  'ingest:choose': call(
    z.strictObject({ handle: Handle, what: z.enum(['files', 'folder']) }),
    z.object({ ingestId: z.string(), report: IngestReport }).nullable(),
  ),
  'ingest:use': call(
    z.strictObject({ handle: Handle, tokens: z.array(z.string()).min(1).max(1000) }),
    z.object({ ingestId: z.string(), report: IngestReport }),
  ),
  /** Takes in what was looked at, behind a verified backup. */
  'ingest:start': call(z.strictObject({ handle: Handle, ingestId: z.string() }), IngestReport),
  /** The active or last run of this database in this session. */
  'run:get': call(byHandle, Run.nullable()),
  /** Stops after the chunk in flight; the cursor stays. */
  'run:pause': call(byHandle, Run),
  'run:resume': call(byHandle, Run),
  /** Stops at the next safe boundary; finished work is kept. */
  'run:cancel': call(byHandle, Run),
  /** Past runs of this database, newest first, from the run journal. */
  'run:history': call(byHandle, z.array(WholeReport)),

  /** Writes a report of the window to a new file: the system's dialog asks where (null = closed). A browser downloads it. */
  'report:save': call(
    z.strictObject({
      handle: Handle,
      /** What the dialog suggests, beside the database. */
      name: z.string().regex(/^[\w.-]{1,200}\.(txt|json)$/),
      text: z.string().max(32_000_000),
    }),
    z.object({ path: z.string() }).nullable(),
  ),

  'backup:list': call(
    byHandle,
    z.object({
      folder: z.string(),
      backups: z.array(BackupRecord),
      /**
       * Files in `folder` that look like backups and are none of this database; `why` is found out for the first few. Before
       * them, any folder of its backups that could not be looked into, and why.
       */
      unusable: z.array(z.object({ path: z.string(), why: AppError.nullable() })),
      /** What the last restore replaced and could only keep as files: `backup:putBack` undoes it. */
      replaced: ReplacedFolder.nullable(),
      /** File and journal as they were before SQLite played the journal back, of runs without a verdict. */
      beforeRecovery: z.array(KeptFolder),
      /** When restores of this database came to their end, newest first: those that were made, as far as they were noted. */
      restores: z.array(z.string()),
      /** Id of the backup that undoes the last of them; null = none does, or something has been done in the file since. */
      undoneBy: z.string().nullable(),
    }),
  ),
  'backup:create': call(byHandle, BackupRecord),
  /** `isNoted` false: what was found could not be written beside it, so only this host knows, until it ends. */
  'backup:verify': call(
    z.strictObject({ handle: Handle, backupId: z.string() }),
    BackupRecord.extend({ isNoted: z.boolean() }),
  ),
  /**
   * `confirmation` must be the database's file name. What is replaced is kept first. `isUndo`: nobody typed the name, so
   * only while that backup is `undoneBy`; else E_STATE_CHANGED.
   */
  'backup:restore': call(
    z.strictObject({ handle: Handle, backupId: z.string(), confirmation: z.string(), isUndo: z.boolean().optional() }),
    z.object({
      restored: BackupRecord,
      before: BackupRecord.nullable(),
      /** Where what it replaced lies byte for byte, if SQLite could not read it. */
      replacedFolder: z.string().nullable(),
    }),
  ),
  /** Only the host decides whether one may go: never the last good one, nor one that something unfinished needs. */
  'backup:remove': call(
    z.strictObject({ handle: Handle, backupId: z.string(), confirmation: z.string() }),
    BackupRecord,
  ),
  /**
   * Keeps the newest `keep` good backups and what must stay. A trial says what would go, and why the rest stays. Otherwise
   * only those go that are `shown`, by their paths: one that was made since then has been agreed to by nobody.
   */
  'backup:tidy': call(
    z.strictObject({
      handle: Handle,
      keep: z.number().int().min(1).max(1000),
      isTrial: z.boolean(),
      shown: z.array(z.string().max(10_000)).max(1000).optional(),
    }),
    z.object({
      removed: z.array(BackupRecord),
      kept: z.array(z.object({ backup: BackupRecord, why: z.string() })),
      freedBytes: z.number().int(),
    }),
  ),
  /**
   * Puts back, byte for byte, what the last restore replaced and could only keep as files. `shown`: their folder; others
   * have been agreed to by nobody.
   */
  'backup:putBack': call(
    z.strictObject({ handle: Handle, confirmation: z.string(), shown: z.string().max(10_000) }),
    /** Where what they have replaced lies now; null = there was nothing. */
    z.object({ replacedFolder: z.string().nullable() }),
  ),
  /** `isPlace`: where the backup lies, not the backup. null: the one that backups go to unless another was chosen. */
  'backup:reveal': call(
    z.strictObject({ handle: Handle, backupId: z.string().nullable(), isPlace: z.boolean().optional() }),
    done,
  ),

  /** What was interrupted on this computer, without opening anything: for the first page. */
  'recovery:list': call(none, z.array(RecoveryNotice)),
  /** Looks at the file, the run journal and the backup; null = nothing is unfinished. */
  'recovery:get': call(byHandle, Recovery.nullable()),
  /** Leaves everything as it is; asked no more about this run. `runId`: the one that was shown; another one is not left. */
  'recovery:stay': call(z.strictObject({ handle: Handle, runId: z.string().optional() }), done),
  /** The verdict that is missing, in a fresh process. */
  'recovery:check': call(byHandle, z.object({ checks: z.array(CheckResult), error: AppError.nullable() })),
  /** Rolls an interrupted restore forward. */
  'recovery:finish': call(
    byHandle,
    z.object({ restored: BackupRecord, before: BackupRecord.nullable(), replacedFolder: z.string().nullable() }),
  ),

  /** How it looks now; null = nothing is going on. */
  'work:get': call(byHandle, Work.nullable()),
  /** Stops a backup, restore, ingestion or retry that is going on, where that is still possible. */
  'work:cancel': call(byHandle, done),
  /** Gives up what this window has asked by a call that only reads; that call answers E_CANCELLED. */
  'reading:stop': call(
    z.strictObject({
      handle: Handle,
      call: z.enum(['database:check', 'backup:verify', 'recovery:get', 'recovery:check']),
    }),
    done,
  ),

  /** Issue rows in pages; never the rows themselves, only where they are and why. */
  'issues:list': call(
    z.strictObject({ handle: Handle, afterId: z.number().int().nullable(), limit: z.number().int().min(1).max(500) }),
    z.array(
      z.object({
        id: z.number().int(),
        backfillId: z.string(),
        sourceTable: z.string(),
        sourceKey: z.string(),
        reason: z.string(),
        title: z.string(),
        detail: z.string(),
        isPlaced: z.boolean(),
      }),
    ),
  ),
  /** Writes all issue rows, with the whole rows they speak of, to a new file beside the database. */
  'issues:export': call(
    z.strictObject({ handle: Handle, format: z.enum(['csv', 'json']) }),
    z.object({ path: z.string(), rows: z.number().int() }),
  ),
  /** Tries to place the issue rows again, behind a verified backup. */
  'issues:retry': call(byHandle, RetryReport),

  /** The data browser. Nothing here can change a database; every call may answer E_RUN_ACTIVE while something works on it. */
  'browse:tables': call(
    byHandle,
    z.object({ tables: z.array(BrowseTable), isCopy: z.boolean(), version: z.number().int() }),
  ),
  'browse:cost': call(z.strictObject({ handle: Handle, query: BrowseQuery }), BrowseCost),
  'browse:page': call(
    z.strictObject({
      handle: Handle,
      query: BrowseQuery,
      anchor: Anchor,
      limit: z.number().int().min(1).max(MOST_ROWS),
      /** A person agreed to a sort that reads the whole table. */
      hasConsent: z.boolean(),
    }),
    BrowsePage,
  ),
  /** What is known of the number of rows by now; counting goes on in the background. */
  'browse:count': call(z.strictObject({ handle: Handle, query: BrowseQuery }), BrowseRows),
  'browse:record': call(z.strictObject({ handle: Handle, table: tableName, key: RowKey }), BrowseRecord),
  /** A part of one value. A sensitive one only with isRevealed: a person asked for this very value. */
  'browse:cell': call(
    z.strictObject({
      handle: Handle,
      table: tableName,
      key: RowKey,
      column: tableName,
      from: z.number().int().min(0),
      length: z.number().int().min(1).max(262_144),
      isRevealed: z.boolean(),
      /** Text, too, comes as its bytes in the encoding of the file, exactly from `from` on. */
      asBytes: z.boolean().optional(),
    }),
    CellRange,
  ),
  'browse:sizes': call(byHandle, z.record(z.string(), z.number().int())),
  /** The same row in a backup of this database, by the pack's column mapping. */
  'browse:compare': call(
    z.strictObject({ handle: Handle, table: tableName, key: RowKey, backupId: z.string() }),
    BackupComparison,
  ),
  /** How the columns of a table were arranged; null = as they come. */
  'browse:layout': call(z.strictObject({ handle: Handle, table: tableName }), ColumnLayout.nullable()),
  'browse:setLayout': call(z.strictObject({ handle: Handle, table: tableName, layout: ColumnLayout.nullable() }), done),
  /** Gives up what this window is looking for right now (a sort, a search). */
  'browse:stop': call(byHandle, done),
  /** Writes rows to a new file: the system's dialog asks where (null = closed), else beside the database. */
  'browse:export': call(
    z.strictObject({
      handle: Handle,
      query: BrowseQuery,
      columns: z.array(tableName).max(2_000).nullable(),
      format: ExportFormat,
      /** CSV only: begins with a byte order mark, by which Excel knows UTF-8. */
      hasMark: z.boolean(),
      /** Sensitive columns that a person wants in it. */
      revealed: z.array(tableName).max(2_000),
    }),
    z.object({ path: z.string(), rows: z.number().int(), bytes: z.number().int() }).nullable(),
  ),
  /** Ends the export that runs; what it wrote is removed. */
  'browse:stopExport': call(byHandle, done),
  /** Shows the file that was exported last in the system's file manager. */
  'browse:revealExport': call(byHandle, done),
} as const;

export const events = {
  /** How far an export is, a few times a second. */
  'browse:exported': z.object({ handle: Handle, rows: z.number().int(), bytes: z.number().int() }),
  'run:changed': Run,
  /** Something else may have changed the file or its state (run over, restored, engine restarted): ask again. */
  'database:changed': z.object({ handle: Handle }),
  'database:opened': OpenDatabase,
  'database:closed': z.object({ handle: Handle }),
  /** null = over. */
  'work:changed': z.object({
    handle: Handle,
    work: Work.nullable(),
  }),
  /** What is being read to find out what an interruption has left: a large file takes long. null: found. */
  'recovery:looking': z.object({ handle: Handle, now: z.string().nullable() }),
  /** The engine process of this database died; the app goes on. */
  'engine:died': z.object({ handle: Handle, error: AppError }),
  /** A menu or a notification asks the window to show something. */
  'window:goal': WindowGoal,
} as const;

export type Channels = typeof channels;
export type ChannelName = keyof Channels;
export type Input<K extends ChannelName> = z.input<Channels[K]['input']>;
export type Output<K extends ChannelName> = z.output<Channels[K]['output']>;
export type Events = { [K in keyof typeof events]: z.output<(typeof events)[K]> };
export type EventName = keyof Events;

/** What the preload script exposes as `window.phasewise`, and what the browser host's socket client looks like. */
export interface Bridge {
  call(name: string, input: unknown): Promise<unknown>;
  /** Returns a function that stops listening. */
  on(listener: (name: string, payload: unknown) => void): () => void;
  /** Electron only: opens a dropped file. Answers Result<OpenDatabase>. */
  openDropped?(file: unknown): Promise<unknown>;
}
