import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { isUnread } from '@shared/disk-error.ts';
import { type AppError, appError, err, ok, type Result, toAppError } from '@shared/errors.ts';
import { type BackupRecord, isFinal, type Plan, type RunReport, type RunSnapshot } from '@shared/run.ts';
import type { EngineControl, EngineRunEvent, SourceChoice } from '@engine/protocol.ts';
import type { Busy } from './busy.ts';
import { asWhole, earlierParts } from './continued.ts';
import { ensureFolder } from './data-folder.ts';
import type { OpenEntry } from './databases.ts';
import type { EngineChild } from './engine-process.ts';
import type { Engines } from './engines.ts';
import type { EventBus } from './events.ts';
import { askPlacesOf, backupsBefore, openRunsIn } from './file-runs.ts';
import { recoveryCopyOf, removeRecoveryCopy } from './kept-files.ts';
import { readAgain } from './read-again.ts';
import { readHistory, reportsOf } from './run-history.ts';
import { openRunJournal, type RunJournal, startedLine } from './run-journal.ts';
import { notStarted, record, type RecordedRun, unrecorded, writeDown } from './run-record.ts';
import { afterEvent, finished, firstSnapshot, reportOfError } from './run-snapshot.ts';
import {
  isUnsettled,
  settleFile,
  type SettledFile,
  STOP_GRACE_MS,
  stepsOf,
  stoppedError,
  tellingAsFound,
  tellingKept,
  unlessUnseen,
  unprovenReport,
  wasEnded,
} from './run-stop.ts';
import { withVerdict } from './verdict.ts';
import { answeredAt, requireReadableJournals, type Work } from './works.ts';

export interface RunRequest {
  readonly toPhase: number;
  /** The state the person agreed to; null = whatever it is now. */
  readonly fingerprint: string | null;
  readonly plan: Plan | null;
  readonly backupFolder: string;
  readonly source: SourceChoice;
  /** A person typed the confirmation that a plan which removes something needs. */
  readonly isRemovalConfirmed: boolean;
}

export interface StartedRun {
  readonly snapshot: RunSnapshot;
  /** The final snapshot. Never rejects. */
  readonly done: Promise<RunSnapshot>;
}

export interface Runs {
  /** Starts and returns at once. Errors: E_RUN_ACTIVE, or the data folder cannot be written. */
  start(database: OpenEntry, request: RunRequest): Result<StartedRun>;
  /** The active or last run of this database since the host started. */
  get(handle: string): RunSnapshot | null;
  /** Asks the engine; the answer is how the run looks now. Error: E_UNKNOWN_HANDLE when there is no run. */
  control(handle: string, control: EngineControl): Result<RunSnapshot>;
  /** Of all its runs, newest first. Each is read from its journal when it is asked for. */
  reports(database: OpenEntry): Iterable<RunReport>;
  history(database: OpenEntry): RunReport[];
  /** Asks every active run to stop at its next safe boundary, and waits for all of them. */
  cancelAll(): Promise<void>;
  /** Waits for every active run to end by itself. */
  settled(): Promise<void>;
}

export interface RunsContext {
  readonly engines: Engines;
  readonly events: EventBus;
  readonly busy: Busy;
  readonly dataFolder: string;
  readonly appVersion: string;
  /** Told of every backup that a run has made. */
  readonly onBackup: (databasePath: string, backup: BackupRecord) => void;
  /** Told when a run has let go of its file and every window knows; `done` waits for it. Never rejects. */
  readonly onEnded: (database: OpenEntry) => Promise<void>;
}

/** Snapshots go out at most this often, ms; a change of state goes out at once. */
const PUBLISH_EVERY_MS = 100;

interface ActiveRun extends RecordedRun {
  readonly database: OpenEntry;
  readonly request: RunRequest;
  snapshot: RunSnapshot;
  child: EngineChild | null;
  /** The unfinished copy that the engine named last: one before is finished, or its name was another's. None once it is a backup. */
  partials: string[];
  /** File and journal as they were found; gone with a verdict that says yes. */
  recoveryCopy: string | null;
  /** The same where not all of that was taken in: it stays. The engine tells of it in its report only. */
  keptIn: string | null;
  /** Finds that out, from the first backup on. */
  noting: Promise<void>;
  /** What it goes on from. */
  readonly parts: readonly Work[];
  /** What had its answer when it began. Whatever is answered meanwhile, by another program, it compares with all the same. */
  readonly answered: ReadonlySet<string>;
  /** Aborted when the person asks to stop. */
  readonly stop: AbortController;
  done: Promise<RunSnapshot>;
  journalError: AppError | null;
  publishedAt: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Runs of this host, one per database at a time: start -> engine -> cold verdict in a fresh process -> report.
 * The journal in the data folder says what happened even when nobody is left to ask.
 */
export function createRuns(context: RunsContext): Runs {
  const runs = new Map<string, ActiveRun>();
  const active = () => [...runs.values()].filter((run) => !isFinal(run.snapshot.state));
  const isActive = (runId: string): boolean => active().some((run) => run.snapshot.runId === runId);
  return {
    start(database, request) {
      const refused = context.busy.refusal(database.path);
      if (refused) return refused;
      // Whoever reads the file is ended for what takes it: only for a run that does begin.
      const begun = begin(context, database, request);
      if (!begun.ok) return begun;
      const free = context.busy.take(database.path, 'upgrade');
      if (!free.ok) return free;
      const { run, journal } = begun.value;
      runs.set(database.handle, run);
      run.done = drive(context, run, journal).then(async (snapshot) => {
        free.value();
        publish(context, run, snapshot);
        context.events.emit('database:changed', { handle: database.handle });
        await context.onEnded(database);
        return snapshot;
      });
      publish(context, run, run.snapshot);
      return ok({ snapshot: run.snapshot, done: run.done });
    },
    get: (handle) => runs.get(handle)?.snapshot ?? null,
    control(handle, control) {
      const run = runs.get(handle);
      if (!run) return err(appError('E_UNKNOWN_HANDLE', 'There is no run of this database.'));
      controlRun(context, run, control);
      return ok(run.snapshot);
    },
    reports: (database) => reportsOf(context.dataFolder, database.path, isActive),
    history: (database) => readHistory(context.dataFolder, database.path, isActive),
    async cancelAll() {
      for (const run of active()) controlRun(context, run, 'cancel');
      await Promise.all(active().map((run) => run.done));
    },
    async settled() {
      await Promise.all(active().map((run) => run.done));
    },
  };
}

function begin(
  context: RunsContext,
  database: OpenEntry,
  request: RunRequest,
): Result<{ run: ActiveRun; journal: RunJournal }> {
  const runId = randomUUID();
  const startedAt = new Date().toISOString();
  const { toPhase, plan } = request;
  let journal: RunJournal | undefined;
  try {
    requireReadableJournals(context.dataFolder, database.path);
    journal = openRunJournal(context.dataFolder, database.path, runId);
    const [file, { appVersion }] = [database.path, context];
    journal.write(startedLine({ kind: 'upgrade', at: startedAt, runId, path: file, toPhase, appVersion, plan }));
    const fromPhase = plan?.fromPhase ?? null;
    const snapshot = firstSnapshot({ runId, handle: database.handle, fromPhase, toPhase, startedAt });
    const done = Promise.resolve(snapshot);
    const parts = earlierParts(context.dataFolder, file);
    const answered = answeredAt(context.dataFolder, file);
    return ok({
      run: {
        ...{ database, request, snapshot, child: null, done, journalError: null, publishedAt: 0, timer: undefined },
        ...{ parts, answered, partials: [], recoveryCopy: null, keptIn: null, noting: Promise.resolve() },
        stop: new AbortController(),
      },
      journal,
    });
  } catch (cause) {
    journal?.close();
    return err(notStarted(cause));
  }
}

/** From the engine's first word to the report. Whatever happens, it ends in a final snapshot. */
async function drive(context: RunsContext, run: ActiveRun, journal: RunJournal): Promise<RunSnapshot> {
  const { path: databasePath } = run.database;
  let report: RunReport;
  try {
    report = await runInEngine(context, run, journal);
    const isMigrated = report.ok && !report.error;
    if (isMigrated) record(run, journal, { type: 'migrated', at: new Date().toISOString(), report });
    const isStopped = run.stop.signal.aborted;
    await askPlacesOf(context.dataFolder, databasePath, report.earlierRuns ?? []);
    const open = openRunsIn(context.dataFolder, databasePath, report.earlierRuns ?? [], run.answered);
    // Of a part that was done elsewhere nobody here can tell the whole.
    if (open.every(({ work }) => work !== null)) report = await asWhole(context.engines, run, report, isStopped);
    if (isMigrated) {
      const now = 'Opening the file again in a fresh process to check it';
      const verifying = { state: 'verifying', now, progress: null } as const;
      if (!run.stop.signal.aborted) publish(context, run, { ...run.snapshot, ...verifying });
      const search = {
        folders: [run.request.backupFolder],
        onChild: (child: EngineChild | null) => (run.child = child),
        signal: run.stop.signal,
      };
      const earlier = await backupsBefore(context.engines, open, { databasePath, ...search });
      const verdict = await withVerdict(context.engines, databasePath, report, {
        earlier,
        signal: run.stop.signal,
        onChild: (child) => (run.child = child),
      });
      // What was found out before the wish to stop was heard is kept: a verdict is worth more than an open question.
      report = verdict ?? (await unproven(context, run, report));
    }
  } catch (cause) {
    report = errorReport(run, toAppError(cause));
  }
  // Where the journal's failure is why the run was stopped; any other end says more about the data.
  if (run.journalError && report.error?.code === 'E_CANCELLED')
    report = { ...report, ok: false, error: unrecorded(run.journalError, report.error) };
  if (report.verified && run.recoveryCopy !== null) await removeRecoveryCopy(run.recoveryCopy);
  record(run, journal, { type: 'ended', at: new Date().toISOString(), report });
  journal.close();
  return finished(run.snapshot, report);
}

async function runInEngine(context: RunsContext, run: ActiveRun, journal: RunJournal): Promise<RunReport> {
  const { toPhase, fingerprint, backupFolder, source, isRemovalConfirmed } = run.request;
  const { runId } = run.snapshot;
  const lockFolder = ensureFolder(context.dataFolder, 'locks');
  const input = {
    path: run.database.path,
    toPhase,
    fingerprint,
    backupFolder,
    runId,
    lockFolder,
    appVersion: context.appVersion,
    source,
    isRemovalConfirmed,
    continues: run.parts.map((part) => part.runId),
    asksToProceed: true,
  };
  const onRunEvent = (event: EngineRunEvent): void => {
    // Not waited for by the engine either: it has told of this, and goes on.
    if (event.type === 'backup' && run.snapshot.backup === null) run.noting = noteKept(run, journal, event.backup);
    writeDown(run, journal, event);
    if (event.type === 'backup') {
      run.partials = []; // it is a backup now, and nothing may take it for what was left unfinished
      context.onBackup(run.database.path, event.backup);
    }
    if (event.type === 'partial') run.partials = [event.file];
    if (event.type === 'recovery-copy') run.recoveryCopy = event.folder;
    publish(context, run, { ...afterEvent(run.snapshot, event), lastSignAt: new Date().toISOString() });
  };
  const onSign = (): void => publish(context, run, { ...run.snapshot, lastSignAt: new Date().toISOString() });
  const asked = context.engines.askAlone(run.database.path, 'run', input, { onRunEvent, onSign });
  run.child = asked.child;
  const result = await asked.answer;
  run.child = null;
  await run.noting;
  const error = result.ok ? result.value.error : result.error;
  if (error?.code === 'E_CANCELLED') return stoppedReport(context, run, error, result.ok ? result.value : null);
  if (result.ok)
    return error !== undefined && isUnread(error) ? readIt(context, run, result.value, error) : result.value;
  if (!isUnsettled(result.error)) return errorReport(run, result.error);
  const { settled, telling } = await putRight(context, run);
  return errorReport(run, telling(unlessUnseen(result.error, settled)));
}

/** The disk reported an error behind the backup: whether the file is at a whole step, a fresh process has to find. */
async function readIt(context: RunsContext, run: ActiveRun, report: RunReport, told: AppError): Promise<RunReport> {
  const now = 'The disk reported an error: opening the file again in a fresh process to see what it holds';
  publish(context, run, { ...run.snapshot, now, progress: null });
  const { error, settled } = await readAgain(context.engines, told, {
    path: run.database.path,
    dataFolder: context.dataFolder,
    applied: run.snapshot.steps.filter(({ state }) => state === 'applied').map(({ migrationId }) => migrationId),
    backupPath: report.backup?.path ?? null,
    whole: 'whole-step',
    signal: run.stop.signal,
    onChild: (child) => (run.child = child),
  });
  if (settled) publish(context, run, { ...run.snapshot, steps: stepsOf(run.snapshot.steps, settled) });
  return { ...report, error };
}

/** With the first backup of a run: whoever ends the process from here on has to know it without a report. Never rejects. */
async function noteKept(run: ActiveRun, journal: RunJournal, { folder: backups }: BackupRecord): Promise<void> {
  const { recoveryCopy: played, snapshot } = run;
  run.keptIn = await recoveryCopyOf(run.database.path, backups, { since: snapshot.startedAt, played });
  if (run.keptIn !== null) record(run, journal, { type: 'kept', at: new Date().toISOString(), folder: run.keptIn });
}

interface PutRight {
  readonly settled: SettledFile | AppError;
  /** The error, with what is kept and named nowhere else. */
  readonly telling: (error: AppError) => AppError;
}

/**
 * Nobody else knows what a process that is gone had begun beside the file. Whatever comes of it, its end is told.
 * @param asStopped what the file is told of it.
 */
async function putRight(context: RunsContext, run: ActiveRun, asStopped: { runId?: string } = {}): Promise<PutRight> {
  const { dataFolder } = context;
  const { partials, database, recoveryCopy } = run;
  const request = { path: database.path, dataFolder, partials, ...asStopped };
  // At the same time: the drive of the backups may take long to answer, or may not.
  const [settled, copy] = await Promise.all([settleFile(context.engines, request), untoldCopy(run)]);
  if (!('code' in settled)) publish(context, run, { ...run.snapshot, steps: stepsOf(run.snapshot.steps, settled) });
  const telling = (error: AppError): AppError => {
    const told = tellingKept(error, settled);
    if (copy === null) return told;
    return copy === recoveryCopy ? tellingAsFound(told, copy) : tellingKept(told, { keptIn: copy });
  };
  return { settled, telling };
}

/** What a run had kept of the file as it was found: until its backup only its last words would have told of it. */
async function untoldCopy({ database, request, recoveryCopy, snapshot }: ActiveRun): Promise<string | null> {
  if (snapshot.backup !== null) return null;
  const since = snapshot.startedAt;
  return recoveryCopy ?? recoveryCopyOf(database.path, request.backupFolder, { since, played: null });
}

/** The process that checked was ended: it has written nothing, but may leave its log beside the file. */
async function unproven(context: RunsContext, run: ActiveRun, report: RunReport): Promise<RunReport> {
  const { dataFolder } = context;
  await settleFile(context.engines, { path: run.database.path, dataFolder, runId: report.runId, partials: [] });
  return unprovenReport(report);
}

/** Says what is kept; puts the file right first where the engine could not do that itself any more. */
async function stoppedReport(
  context: RunsContext,
  run: ActiveRun,
  error: AppError,
  told: RunReport | null,
): Promise<RunReport> {
  const right = wasEnded(error) ? await putRight(context, run, { runId: run.snapshot.runId }) : null;
  // What SQLite threw away before the backup is told by the engine, where that could still answer: nothing else was
  // changed by then.
  const isTold = run.snapshot.backup === null && error.details?.['keptIn'] !== undefined;
  const ended = isTold ? error : stoppedError(run.snapshot, error, right?.settled ?? null);
  const stopped = right === null ? ended : right.telling(ended);
  return told ? { ...told, error: stopped } : errorReport(run, stopped);
}

const errorReport = (run: ActiveRun, error: AppError): RunReport => ({
  ...reportOfError(run.snapshot, path.basename(run.database.path), run.request.plan?.packId ?? '', error),
  ...(run.keptIn === null ? {} : { keptIn: run.keptIn }),
});

function controlRun(context: RunsContext, run: ActiveRun, control: EngineControl): void {
  const { state } = run.snapshot;
  const asked = {
    pause: state === 'migrating' ? 'pausing' : null,
    resume: state === 'paused' || state === 'pausing' ? 'migrating' : null,
    cancel: isFinal(state) || state === 'cancelling' ? null : 'cancelling',
  } as const;
  const next = asked[control];
  if (next === null) return;
  if (control === 'cancel') stopRun(run);
  else run.child?.control(control);
  publish(context, run, { ...run.snapshot, state: next, attention: null });
}

/** Takes effect within 2 s in every state; a final check has nothing to finish first. */
function stopRun(run: ActiveRun): void {
  run.stop.abort();
  run.child?.cancel(run.snapshot.state === 'verifying' ? 0 : STOP_GRACE_MS);
}

function publish(context: RunsContext, run: ActiveRun, snapshot: RunSnapshot): void {
  const stateChanged = snapshot.state !== run.snapshot.state;
  run.snapshot = snapshot;
  const waitMs = run.publishedAt + PUBLISH_EVERY_MS - Date.now();
  if (stateChanged || waitMs <= 0) emit(context, run);
  else run.timer ??= setTimeout(() => emit(context, run), waitMs);
}

function emit(context: RunsContext, run: ActiveRun): void {
  clearTimeout(run.timer);
  run.timer = undefined;
  run.publishedAt = Date.now();
  context.events.emit('run:changed', run.snapshot);
}
