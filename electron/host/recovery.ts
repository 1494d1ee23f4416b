import { type AppError, appError, err, ok, type Result } from '@shared/errors.ts';
import { restoreLockFile } from '@shared/beside.ts';
import type { Recovery, RecoveryNotice } from '@shared/recovery.ts';
import type { BackupRecord } from '@shared/run.ts';
import type { CheckResult, DatabaseStatus } from '@shared/status.ts';
import { askFolders } from './backup-place.ts';
import type { Backups } from './backups.ts';
import type { Busy } from './busy.ts';
import { earlierBackups } from './continued.ts';
import type { OpenEntry } from './databases.ts';
import { doesNotAnswer, lookOnDrives } from './drives.ts';
import type { Engines } from './engines.ts';
import type { EventBus } from './events.ts';
import { backupsBefore, notedIn, type OpenRun, openRunsIn } from './file-runs.ts';
import { ownStatsOn } from './on-drives.ts';
import type { Ongoing } from './ongoing.ts';
import type { OpenWork } from './open-work.ts';
import { quietly } from './quietly.ts';
import { cutShort } from './readings.ts';
import type { Recents } from './recents.ts';
import { createBackupReader, NO_BACKUP } from './recovery-backup.ts';
import { anotherOne, askDrivesOf, type Found, nothingOpen, openAt, whyNoLonger } from './recovery-found.ts';
import { isBusy, isOver, lookFor, openRunInFile } from './recovery-look.ts';
import { findNotices } from './recovery-notices.ts';
import { createOvertaking } from './recovery-overtaken.ts';
import { recoveryOf } from './recovery-told.ts';
import { beginFinish } from './restore-begun.ts';
import { hasIntent, interruptedRestore } from './restore-note.ts';
import { askFinish } from './restores.ts';
import { settleFile } from './run-stop.ts';
import { appendToJournal, journalFolder, type JournalLine } from './run-journal.ts';
import { fileIdOf } from './stats.ts';
import { disagreement, patiently } from './verdict.ts';
import { nextStart, readWorks, unreadableJournals, type Work } from './works.ts';
import { isWrittenSince } from './written-since.ts';

/** What was interrupted: found in the run journals, told from a fresh look at the file and its backup. */
export interface Recoveries {
  /** For the first page. Opens no database. */
  list(): Promise<RecoveryNotice[]>;
  /** null = nothing is unfinished, or somebody is working on it right now. */
  get(database: OpenEntry, options?: GetOptions): Promise<Recovery | null>;
  /**
   * @param shown run id of what was to be left; absent: whatever is found. Error: E_STATE_CHANGED where that is another,
   * E_NOTHING_TO_DO, E_RESTORE_UNFINISHED, E_RUN_ACTIVE, E_TIMEOUT where its drive does not answer; those of unreadableJournals.
   * @throws CodedError of doingOwn where that cannot be noted.
   */
  stay(database: OpenEntry, shown?: string): Promise<Result<Record<string, never>>>;
  /**
   * Error: E_NOTHING_TO_DO when no verdict is missing.
   * @param signal gives it up (E_CANCELLED): nothing is noted then, and the verdict is as missing as before.
   */
  check(database: OpenEntry, signal?: AbortSignal): Promise<Result<{ checks: CheckResult[]; error: AppError | null }>>;
  finish(database: OpenEntry): Promise<Result<Finished>>;
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
  /** Gives the look up: null is no answer then. What the last one found stays known. */
  readonly signal?: AbortSignal | undefined;
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
  readonly ongoing: Ongoing;
  readonly backups: Pick<Backups, 'list' | 'show' | 'noteCheck'>;
  readonly recents: Pick<Recents, 'files'>;
  readonly dataFolder: string;
  readonly appVersion: string;
}

interface Seen {
  readonly recovery: Recovery;
  readonly found: Found;
}

export function createRecoveries(context: RecoveriesContext): Recoveries {
  const { engines, busy, ongoing, dataFolder, events } = context;
  /** By path, of the last look that was finished: an answer need not wait for another one. */
  const lastFound = new Map<string, Found>();
  const readBackup = createBackupReader(context);

  const overtaking = createOvertaking(busy, dataFolder);

  const openOf = (file: string): OpenWork | null => (busy.refusal(file) === null ? openAt(dataFolder, file) : null);

  const look = async (database: OpenEntry, { known, ...options }: GetOptions = {}): Promise<Seen | null> => {
    const { isReadOnly = false, isBrief = false, onLook = () => {}, signal } = options;
    const { path: file } = database;
    const isPast = overtaking.since(file);
    const isOvertaken = (): boolean => signal?.aborted === true || isPast();
    if (isOvertaken()) return null;
    const inJournal = openOf(file);
    const looked = await lookFor(engines, file, inJournal === null ? known : undefined, onLook, isOvertaken, signal);
    if (looked === null || isOvertaken()) return null;
    if (inJournal?.isWorkedOn === true && !looked.ok && isBusy(looked.error)) return null;
    const status = looked.ok ? looked.value : null;
    const restore = await interruptedRestore(file, status);
    await askDrivesOf(dataFolder, file, status?.runs); // the rest of the look waits for none of them
    if (isOvertaken()) return null;
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
    const [byJournal, runs] = [inJournal?.work ?? null, status?.runs ?? []];
    const found = { runId, folder, open, inJournal: byJournal, isInFile: inFile !== null, runs };
    const until = open === null ? null : nextStart(readWorks(dataFolder, file), open.work);
    const wanted = { open, until, runId, restore, isReadOnly, onLook, signal };
    const kept = isBrief ? NO_BACKUP : await readBackup(database, wanted);
    if (isOvertaken()) return null;
    const hasOpenUpgrade = unanswered !== null && status?.unfinishedRun !== null;
    const run = inFile?.run ?? status?.unfinishedRun ?? null;
    if (restore?.beforePath) await askFolders([restore.beforePath]); // compared with the backup by its place
    const recovery = await recoveryOf({ open, runId, run, look: looked, kept, restore, hasOpenUpgrade });
    return isOvertaken() ? null : { recovery, found };
  };

  const get: Recoveries['get'] = async (database, options) => {
    const isOvertaken = overtaking.since(database.path);
    const seen = await look(database, options);
    if (options?.signal?.aborted) return null;
    lastFound.delete(database.path);
    if (seen === null || isOvertaken()) return null;
    lastFound.set(database.path, seen.found);
    return seen.recovery;
  };

  /** What was shown, as far as that was the last look; else what a new one finds. */
  const foundNow = async (database: OpenEntry, shown: string | undefined): Promise<Found | null> => {
    const known = lastFound.get(database.path);
    if (known && known.runId === (shown ?? known.runId)) return known;
    return (await look(database, { isBrief: true }))?.found ?? null;
  };

  /** The journals of the path and the file itself may each name another run as the last: where the latter is noted. */
  const alsoNoted = (file: string, last: OpenRun | undefined, noted: string | undefined) =>
    last === undefined || last.run.runId === noted
      ? []
      : [{ folder: notedIn(dataFolder, file, last.work), runId: last.run.runId }];

  const changed = (database: OpenEntry): void => events.emit('database:changed', { handle: database.handle });

  /** What was found before is out of date, and so is what is still being looked for. */
  const noteAnswer = (file: string): void => {
    overtaking.noteAnswer(file);
    lastFound.delete(file);
  };

  /** The page that asked shows what is no longer so: its window looks again. */
  const outOfDate = (database: OpenEntry, error: AppError): Result<never> => {
    changed(database);
    return err(error);
  };

  /**
   * Noted of the path and the file, and of no other: what is accepted of one may be a loss in a copy of it. Which file that
   * is, is looked at as it is noted: a moment later another one may lie there.
   */
  const leave = (file: string, runId: string): void => {
    const id = fileIdOf(file);
    const line = { type: 'stayed', at: now(), ...(id === null ? {} : { file: id }) } as const;
    append(journalFolder(dataFolder, file), runId, line);
  };

  /** That of a restore which was killed: nothing else would take it away before the next restore. */
  const clearLock = async ({ path: file }: OpenEntry): Promise<void> => {
    const seen = await ownStatsOn(restoreLockFile(file));
    if (seen !== 'nothing') await settleFile(engines, { path: file, dataFolder, partials: [] });
  };

  return {
    get,
    list: async () => (await findNotices(context)).map(({ notice }) => notice),
    async stay(database, shown) {
      const { path: file } = database;
      const refused = overtaking.inTheWay(file);
      if (refused) return refused;
      const meant = await foundNow(database, shown);
      await askDrivesOf(dataFolder, file, meant?.runs); // from here on nothing is waited for until it is noted
      if (lookOnDrives.isSilent(file)) return err(doesNotAnswer(file));
      const begun = overtaking.inTheWay(file);
      if (begun) return begun;
      if (meant === null) return outOfDate(database, unreadableJournals(dataFolder, database.path) ?? nothingOpen());
      if (hasIntent(database.path)) return outOfDate(database, notLeft());
      if (meant.runId !== (shown ?? meant.runId)) return outOfDate(database, anotherOne());
      const late = whyNoLonger(dataFolder, file, meant);
      if (late !== null) return outOfDate(database, unreadableJournals(dataFolder, file) ?? late);
      leave(file, meant.runId);
      const last = openRunsIn(dataFolder, file, meant.runs).at(-1);
      if (meant.open?.work.kind === 'upgrade')
        for (const also of alsoNoted(file, last, meant.runId)) leave(file, also.runId);
      noteAnswer(file);
      if (meant.open?.work.kind === 'restore') await clearLock(database);
      changed(database);
      return ok({});
    },
    async check(database, signal = never) {
      const refused = overtaking.inTheWay(database.path);
      if (refused) return refused;
      const { recovery, found: meant } = (await look(database, { signal })) ?? {};
      if (signal.aborted) return cutShort();
      if (recovery?.state !== 'unproven' || recovery.toPhase === null || !meant)
        return err(appError('E_NOTHING_TO_DO', 'No final check is missing.'));
      const inFile = openRunsIn(dataFolder, database.path, meant.runs);
      const earlier =
        inFile.length > 0
          ? await backupsBefore(engines, inFile, { databasePath: database.path })
          : await earlierBackups(meant.open?.chain.toReversed() ?? []);
      const last = inFile.length > 0 ? earlier.at(-1)?.backupPath : lastBackupOf(meant.open);
      const backupPath = last ?? recovery.backup?.path ?? null;
      const input = { path: database.path, toPhase: recovery.toPhase, backupPath, earlier };
      const ask = () => engines.askAlone(database.path, 'verify', input, { signal }).answer;
      const verdict = await patiently(signal, ask);
      if (verdict === null) return cutShort();
      if (!verdict.ok) return verdict;
      const { checks } = verdict.value;
      const error = disagreement(checks, await isWrittenSince(database.path, meant.open?.work.migrated?.leftAs));
      if (signal.aborted) return cutShort(); // who is told that it was stopped must not find it answered
      noteIn(meant, checks, error);
      for (const also of alsoNoted(database.path, inFile.at(-1), meant.runId)) noteIn(also, checks, error);
      noteAnswer(database.path);
      changed(database);
      return ok({ checks, error });
    },
    async finish(database) {
      const begun = beginFinish(dataFolder, database.path);
      const free = busy.take(database.path, 'restore', begun);
      if (!free.ok) return free;
      const tracked = ongoing.begin(database, 'finish');
      let isDone = false;
      try {
        const asked = askFinish(context, begun, database.path, tracked);
        tracked.follow(asked.child);
        const finished = await asked.answer;
        isDone = finished.ok;
        if (!finished.ok) return finished;
        const { restored, before, replacedFolder } = finished.value;
        return ok({ restored, before, replacedFolder });
      } finally {
        tracked.end();
        free.value(isDone);
        lastFound.delete(database.path);
        changed(database);
      }
    },
    noteVerdict(database, { toPhase, checks, error }, inFile) {
      const work = openOf(database.path)?.work;
      const noted = work?.kind === 'upgrade' && (work.toPhase ?? 0) <= toPhase ? work : null;
      if (noted !== null) noteIn(noted, checks, error);
      noteAnswer(database.path);
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
const notLeft = (): AppError => appError('E_RESTORE_UNFINISHED', 'An interrupted restore cannot be left at that.');
const lastBackupOf = (open: OpenWork | null): string | null =>
  open?.chain.find(({ backupPath }) => backupPath !== null)?.backupPath ?? null;
