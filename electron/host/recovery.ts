import { type AppError, appError, err, ok, type Result } from '@shared/errors.ts';
import { restoreLockFile } from '@shared/beside.ts';
import type { Recovery, RecoveryNotice } from '@shared/recovery.ts';
import type { BackupRecord } from '@shared/run.ts';
import type { CheckResult, DatabaseStatus, FileRun } from '@shared/status.ts';
import type { Backups } from './backups.ts';
import { begunWay } from './begun-way.ts';
import type { Busy } from './busy.ts';
import { earlierBackups } from './continued.ts';
import { ensureFolder } from './data-folder.ts';
import { defaultBackupFolder, type OpenEntry } from './databases.ts';
import type { AskListeners } from './engine-process.ts';
import type { Engines } from './engines.ts';
import type { EventBus } from './events.ts';
import { backupsBefore, notedIn, type OpenRun, openRunsIn } from './file-runs.ts';
import { causeOf, type OpenWork, openWork } from './open-work.ts';
import { quietly } from './quietly.ts';
import type { Recents } from './recents.ts';
import { createBackupReader, type FoundBackup, NO_BACKUP } from './recovery-backup.ts';
import { isBusy, isOver, lookFor, openRunInFile, progressIn } from './recovery-look.ts';
import { findNotices } from './recovery-notices.ts';
import { type Findings, tellRecovery } from './recovery-words.ts';
import { beginFinish, noteSetAside, notingBackup } from './restore-begun.ts';
import { hasIntent, interruptedRestore, type UnfinishedRestore } from './restore-note.ts';
import { settleFile } from './run-stop.ts';
import { appendToJournal, type JournalLine } from './run-journal.ts';
import { ownStatsOf } from './stats.ts';
import { disagreement, patiently } from './verdict.ts';
import { nextStart, readWorks, type Work } from './works.ts';
import { isWrittenSince } from './written-since.ts';

/** What was interrupted: found in the run journals, told from a fresh look at the file and its backup. */
export interface Recoveries {
  /** For the first page. Opens no database. */
  list(): Promise<RecoveryNotice[]>;
  /** null = nothing is unfinished, or somebody is working on it right now. */
  get(database: OpenEntry, options?: GetOptions): Promise<Recovery | null>;
  /** @throws CodedError of doingOwn where that cannot be noted. */
  stay(database: OpenEntry): Promise<Result<Record<string, never>>>;
  /** Error: E_NOTHING_TO_DO when no verdict is missing. */
  check(database: OpenEntry): Promise<Result<{ checks: CheckResult[]; error: AppError | null }>>;
  finish(database: OpenEntry, listeners?: AskListeners): Promise<Result<Finished>>;
  /** Notes that the verdict which the last upgrade lacked has been given. `inFile`: the last one that the file names so. */
  noteVerdict(database: OpenEntry, verdict: Verdict, inFile?: OpenRun): void;
  /** A database that was being worked on, under the id that the first page has for it. */
  pathOf(recentId: string): Promise<string | null>;
}

/** Of a phase: a run that was to go further has no answer in it. */
interface Verdict {
  readonly toPhase: number;
  readonly checks: CheckResult[];
  readonly error: AppError | null;
}

export interface GetOptions {
  /** A look that is as good as a new one. */
  readonly known?: Result<DatabaseStatus>;
  /** Leaves no trace, neither in the data folder nor beside a backup. */
  readonly isReadOnly?: boolean;
  /** Without reading the backup again: for a sentence on the way to something that makes a new one. */
  readonly isBrief?: boolean;
  /** Told what is being read, where that may take long. */
  readonly onLook?: (now: string) => void;
}

interface Finished {
  readonly restored: BackupRecord;
  readonly before: BackupRecord | null;
  readonly replacedFolder: string | null;
}

export interface RecoveriesContext {
  readonly engines: Engines;
  readonly events: EventBus;
  readonly busy: Busy;
  readonly backups: Pick<Backups, 'list'>;
  readonly recents: Pick<Recents, 'files'>;
  readonly dataFolder: string;
  readonly appVersion: string;
}

/** What is unfinished, and where that is noted. `open` null: only the file itself knows of the run. */
interface Found {
  readonly runId: string;
  readonly folder: string;
  readonly open: OpenWork | null;
  /** All that the file names; none where it could not be looked at. */
  readonly runs: readonly FileRun[];
}

export function createRecoveries(context: RecoveriesContext): Recoveries {
  const { engines, busy, dataFolder, events } = context;
  const found = new Map<string, Found>();
  const readBackup = createBackupReader(context);

  const openOf = (file: string): OpenWork | null =>
    busy.refusal(file) === null ? openWork(readWorks(dataFolder, file)) : null;

  const get: Recoveries['get'] = async (database, { known, ...options } = {}) => {
    const { isReadOnly = false, isBrief = false, onLook = () => {} } = options;
    const { path: file } = database;
    found.delete(file);
    if (busy.refusal(file) !== null) return null;
    const inJournal = openOf(file);
    const look = await lookFor(engines, file, inJournal === null ? known : undefined, onLook);
    if (inJournal?.isWorkedOn === true && !look.ok && isBusy(look.error)) return null;
    const status = look.ok ? look.value : null;
    const restore = interruptedRestore(file, status);
    const unanswered = status && openRunInFile(dataFolder, file, status);
    const inFile = inJournal === null ? unanswered : null;
    const open = inJournal ?? inFile?.open ?? null;
    if (restore === null) {
      if (open === null && inFile === null) return null;
      if (status && open && isOver(open.work, status)) {
        // Where that cannot be noted, this look is made again the next time.
        if (!isReadOnly) quietly(() => append(open.work.folder, open.work.runId, { type: 'settled', at: now() }));
        return null;
      }
    }
    const runId = open?.work.runId ?? inFile?.run.runId ?? 'restore';
    const folder = notedIn(dataFolder, file, open?.work ?? null);
    found.set(file, { runId, folder, open, runs: status?.runs ?? [] });
    const until = open === null ? null : nextStart(readWorks(dataFolder, file), open.work);
    const wanted = { open, until, runId, restore, isReadOnly, onLook };
    const kept = isBrief ? NO_BACKUP : await readBackup(database, wanted);
    const hasOpenUpgrade = unanswered !== null && status?.unfinishedRun !== null;
    const run = inFile?.run ?? status?.unfinishedRun ?? null;
    return recoveryOf({ open, runId, run, look, kept, restore, hasOpenUpgrade });
  };

  const foundNow = async (database: OpenEntry): Promise<Found | null> => {
    if (!found.has(database.path)) await get(database);
    return found.get(database.path) ?? null;
  };

  /** The journals of the path and the file itself may each name another run as the last: where the latter is noted. */
  const alsoNoted = (file: string, last: OpenRun | undefined, noted: string | undefined) =>
    last === undefined || last.run.runId === noted
      ? []
      : [{ folder: notedIn(dataFolder, file, last.work), runId: last.run.runId }];

  const changed = (database: OpenEntry): void => events.emit('database:changed', { handle: database.handle });

  /** That of a restore which was killed: nothing else would take it away before the next restore. */
  const clearLock = async ({ path: file }: OpenEntry): Promise<void> => {
    if (ownStatsOf(restoreLockFile(file))) await settleFile(engines, { path: file, dataFolder, partials: [] });
  };

  return {
    get,
    list: async () => (await findNotices(context)).map(({ notice }) => notice),
    async stay(database) {
      const meant = await foundNow(database);
      if (meant === null || hasIntent(database.path)) return ok({}); // an interrupted restore cannot be left at that
      append(meant.folder, meant.runId, { type: 'stayed', at: now() });
      const last = openRunsIn(dataFolder, database.path, meant.runs).at(-1);
      if (meant.open?.work.kind === 'upgrade')
        for (const also of alsoNoted(database.path, last, meant.runId))
          append(also.folder, also.runId, { type: 'stayed', at: now() });
      found.delete(database.path);
      if (meant.open?.work.kind === 'restore') await clearLock(database);
      changed(database);
      return ok({});
    },
    async check(database) {
      const refused = busy.refusal(database.path);
      if (refused) return refused;
      const recovery = await get(database);
      const meant = found.get(database.path);
      if (recovery?.state !== 'unproven' || recovery.toPhase === null || !meant)
        return err(appError('E_NOTHING_TO_DO', 'No final check is missing.'));
      const inFile = openRunsIn(dataFolder, database.path, meant.runs);
      const earlier =
        inFile.length > 0
          ? await backupsBefore(engines, inFile, { databasePath: database.path })
          : earlierBackups(meant.open?.chain.toReversed() ?? []);
      const last = inFile.length > 0 ? earlier.at(-1)?.backupPath : lastBackupOf(meant.open);
      const backupPath = last ?? recovery.backup?.path ?? null;
      const input = { path: database.path, toPhase: recovery.toPhase, backupPath, earlier };
      const verdict = await patiently(never, () => engines.askAlone(database.path, 'verify', input).answer);
      if (verdict === null) return err(appError('E_CANCELLED', 'The check was stopped.'));
      if (!verdict.ok) return verdict;
      const { checks } = verdict.value;
      const error = disagreement(checks, isWrittenSince(database.path, meant.open?.work.migrated?.leftAs));
      noteIn(meant, checks, error);
      for (const also of alsoNoted(database.path, inFile.at(-1), meant.runId)) noteIn(also, checks, error);
      found.delete(database.path);
      changed(database);
      return ok({ checks, error });
    },
    async finish(database, listeners = {}) {
      const begun = beginFinish(dataFolder, database.path);
      const free = busy.take(database.path, 'restore', begun);
      if (!free.ok) return free;
      let isDone = false;
      try {
        const input = {
          path: database.path,
          backupFolder: defaultBackupFolder(database.path),
          appVersion: context.appVersion,
          lockFolder: ensureFolder(dataFolder, 'locks'),
        };
        const noting = notingBackup(dataFolder, database.path, begun.runId, listeners);
        const finished = await engines.askAlone(database.path, 'finishRestore', input, noting).answer;
        isDone = finished.ok;
        if (!finished.ok) return finished;
        const { restored, before, replacedFolder } = finished.value;
        noteSetAside(dataFolder, database.path, begun.runId, replacedFolder);
        return ok({ restored, before, replacedFolder });
      } finally {
        free.value(isDone);
        found.delete(database.path);
        changed(database);
      }
    },
    noteVerdict(database, { toPhase, checks, error }, inFile) {
      const work = openOf(database.path)?.work;
      const noted = work?.kind === 'upgrade' && (work.toPhase ?? 0) <= toPhase ? work : null;
      if (noted !== null) noteIn(noted, checks, error);
      if ((inFile?.run.toPhase ?? 0) > toPhase) return;
      for (const also of alsoNoted(database.path, inFile, noted?.runId)) noteIn(also, checks, error);
    },
    async pathOf(recentId) {
      const notices = await findNotices(context);
      return notices.find(({ notice }) => notice.recentId === recentId)?.file ?? null;
    },
  };
}

const never = new AbortController().signal;
const now = (): string => new Date().toISOString();
const append = (folder: string, runId: string, line: JournalLine): void => appendToJournal(folder, runId, line);
/** Where it cannot be noted, the verdict is told all the same; the question comes again, which does no harm. */
const noteIn = ({ folder, runId }: Pick<Work, 'folder' | 'runId'>, checks: CheckResult[], error: AppError | null) =>
  quietly(() => append(folder, runId, { type: 'verdict', at: now(), verified: error === null, checks, error }));
const lastBackupOf = (open: OpenWork | null): string | null =>
  open?.chain.find(({ backupPath }) => backupPath !== null)?.backupPath ?? null;

interface Looked {
  readonly open: OpenWork | null;
  readonly runId: string;
  /** As the file names it. */
  readonly run: { readonly startedAt: string; readonly toPhase: number } | null;
  readonly look: Result<DatabaseStatus>;
  readonly kept: FoundBackup;
  readonly restore: UnfinishedRestore | null;
  readonly hasOpenUpgrade: boolean;
}

function recoveryOf({ open, runId, run: runInFile, look, kept, restore, hasOpenUpgrade }: Looked): Recovery {
  const backup = kept.record ?? kept.others[0] ?? null;
  const status = look.ok ? look.value : null;
  const isRestore = restore !== null;
  const work = isRestore && open?.work.kind !== 'restore' ? null : (open?.work ?? null);
  const run = isRestore ? null : runInFile;
  const kind = isRestore ? 'restore' : (work?.kind ?? 'upgrade');
  const toPhase = kind === 'upgrade' ? (work?.toPhase ?? run?.toPhase ?? null) : null;
  const progress = progressIn(status, work, toPhase, open?.chain ?? []);
  const verdict = work?.verdict ?? null;
  const { cause, error } = work ? causeOf(work) : { cause: 'without-a-word' as const, error: null };
  const findings: Findings = {
    kind,
    cause: verdict?.error && error?.code !== 'E_CANCELLED' ? 'failed' : cause,
    error: verdict?.error ?? error,
    toPhase,
    ...progress,
    look: look.ok ? { health: look.value.health, error: null } : { health: null, error: look.error },
    backup,
    partOf: kept.partOf,
    hasOpenUpgrade,
    lostBackup: kept.lost,
    otherBackups: kept.others,
    restoredFrom: kept.restoredFrom,
    setAside: kept.setAside,
    restoreWay: restore?.way ?? null,
    unreadableRestore: restore?.unreadable ?? null,
  };
  const { backupFolder, source } = begunWay(kind === 'upgrade' ? (open?.chain ?? []) : [], status);
  const startedAt = restore?.startedAt ?? work?.startedAt ?? run?.startedAt ?? now();
  return {
    kind,
    runId,
    startedAt,
    lastSignAt: work?.lastSignAt ?? startedAt,
    toPhase,
    stepsDone: progress.stepsDone,
    stepsTotal: progress.stepsTotal,
    backup,
    ...(kept.partOf === null ? {} : { partOf: kept.partOf }),
    ...(backupFolder === null ? {} : { backupFolder }),
    ...(source === null ? {} : { source }),
    ...(kept.setAside === null ? {} : { setAside: kept.setAside }),
    code: findings.error?.code ?? (isRestore ? 'E_RESTORE_UNFINISHED' : 'E_INTERRUPTED'),
    ...tellRecovery(findings),
  };
}
