import { randomBytes, randomUUID } from 'node:crypto';
import { isUnread } from '@shared/disk-error.ts';
import { type AppError, appError, err, ok, type Result, safetyText, untouchedText } from '@shared/errors.ts';
import type { BackupRecord, IngestReport, PlainSecretsReport, RetryReport } from '@shared/run.ts';
import type { SourceChoice } from '@engine/protocol.ts';
import { rememberFolder } from './backups.ts';
import type { Busy } from './busy.ts';
import { ensureFolder } from './data-folder.ts';
import { defaultBackupFolder, type OpenEntry } from './databases.ts';
import type { EngineChild } from './engine-process.ts';
import type { Asked, Engines } from './engines.ts';
import type { EventBus } from './events.ts';
import type { Ongoing, Tracked } from './ongoing.ts';
import { readAgain } from './read-again.ts';
import { isUnsettled, settleFile, tellingKept, tellingWhatIsLeft, wasEnded } from './run-stop.ts';

/** Small changes to an upgraded database: taking files in, trying issue rows again. Each is one step behind a backup. */
export interface Ingests {
  /** What taking the files in would do. Changes nothing. @returns an id under which the same can be started. */
  look(database: OpenEntry, files: readonly string[]): Promise<Result<{ ingestId: string; report: IngestReport }>>;
  /** Error: E_STATE_CHANGED when nothing, or something else, was looked at last. */
  start(database: OpenEntry, ingestId: string): Promise<Result<IngestReport>>;
  take(database: OpenEntry, request: IngestRequest): Promise<Result<IngestReport>>;
  /** Empties secrets that stand in the file in plain text. */
  clearSecrets(database: OpenEntry, backupFolder?: string): Promise<Result<PlainSecretsReport>>;
  retry(database: OpenEntry, request: { source: SourceChoice; backupFolder?: string }): Promise<Result<RetryReport>>;
}

export interface IngestRequest {
  readonly files: readonly string[];
  /** null = what the files say. */
  readonly project: string | null;
  readonly isTrial: boolean;
  readonly backupFolder?: string;
}

export interface IngestsContext {
  readonly engines: Engines;
  readonly events: EventBus;
  readonly busy: Busy;
  readonly ongoing: Ongoing;
  readonly dataFolder: string;
  readonly appVersion: string;
  readonly onBackup: (databasePath: string, backup: BackupRecord) => void;
}

export function createIngests(context: IngestsContext): Ingests {
  const { engines, appVersion, dataFolder } = context;
  const looked = new Map<string, { ingestId: string; files: readonly string[] }>();
  const common = (database: OpenEntry, runId: string, backupFolder = defaultBackupFolder(database.path)) => ({
    path: database.path,
    backupFolder,
    lockFolder: ensureFolder(dataFolder, 'locks'),
    appVersion,
    runId,
    asksToProceed: true,
  });
  const take: Ingests['take'] = (database, { files, project, isTrial, backupFolder }) =>
    occupied(context, database, { work: 'ingest', isTrial, backupFolder }, (runId, tracked) => {
      const input = { ...common(database, runId, backupFolder), files: [...files], project, isTrial };
      return asked(engines.askAlone(database.path, 'ingest', input, tracked), tracked);
    });
  return {
    take,
    async look(database, files) {
      const report = await take(database, { files, project: null, isTrial: true });
      if (!report.ok) return report;
      const ingestId = randomBytes(12).toString('base64url');
      looked.set(database.handle, { ingestId, files });
      return ok({ ingestId, report: report.value });
    },
    async start(database, ingestId) {
      const meant = looked.get(database.handle);
      if (meant?.ingestId !== ingestId)
        return err(appError('E_STATE_CHANGED', 'These files are not the ones that were looked at last.'));
      const taken = await take(database, { files: meant.files, project: null, isTrial: false });
      if (taken.ok) looked.delete(database.handle);
      return taken;
    },
    clearSecrets: (database, backupFolder) =>
      occupied(context, database, { work: 'clear', backupFolder }, (runId, tracked) => {
        const input = common(database, runId, backupFolder);
        return asked(engines.askAlone(database.path, 'clearPlainSecrets', input, tracked), tracked);
      }),
    retry: (database, { source, backupFolder }) =>
      occupied(context, database, { work: 'retry', backupFolder }, (runId, tracked) => {
        const input = { ...common(database, runId, backupFolder), source };
        return asked(engines.askAlone(database.path, 'retryIssues', input, tracked), tracked);
      }),
  };
}

function asked<K extends 'ingest' | 'retryIssues' | 'clearPlainSecrets'>(
  { answer, child }: Asked<K>,
  tracked: Tracked,
): Asked<K>['answer'] {
  tracked.follow(child);
  return answer;
}

interface Occupation {
  readonly work: 'ingest' | 'retry' | 'clear';
  readonly isTrial?: boolean;
  readonly backupFolder?: string | undefined;
}

async function occupied<T extends { readonly backup: BackupRecord | null }>(
  context: IngestsContext,
  database: OpenEntry,
  { work, isTrial = false, backupFolder }: Occupation,
  act: (runId: string, tracked: Tracked) => Promise<Result<T>>,
): Promise<Result<T>> {
  const runId = randomUUID();
  const free = context.busy.take(database.path, work, { runId, isTrial });
  if (!free.ok) return free;
  // A trial too: files on a drive that hangs would hold the database for ever.
  const tracked = context.ongoing.begin(database, isTrial ? 'look-at-files' : work);
  let isDone = false;
  try {
    // Before anything is asked: what is ended after its backup cannot say any more where that is.
    if (!isTrial && backupFolder !== undefined) rememberFolder(context.dataFolder, database.path, backupFolder);
    const done = await act(runId, tracked);
    isDone = done.ok;
    if (!done.ok && isUnread(done.error))
      return err(await (isTrial ? takenBack : readIt)(context, database, tracked, done.error));
    if (!done.ok && isUnsettled(done.error)) return err(await settledError(context, database, tracked, done.error));
    if (done.ok && done.value.backup !== null) context.onBackup(database.path, done.value.backup);
    return done;
  } finally {
    tracked.end();
    free.value(isDone);
    context.events.emit('database:changed', { handle: database.handle });
  }
}

/** The disk reported an error: whether the file is at a whole step, a fresh process has to find. */
async function readIt(
  { engines, dataFolder }: IngestsContext,
  { path }: OpenEntry,
  tracked: Tracked,
  told: AppError,
): Promise<AppError> {
  const onChild = (child: EngineChild | null): void => void (child && tracked.follow(child));
  // It may have come before the backup was made.
  const request = { path, dataFolder, applied: [], backupPath: null, whole: 'step-only', onChild } as const;
  return (await readAgain(engines, told, request)).error;
}

/**
 * The same of a trial, which commits nothing: no reading of the whole file, which may take minutes. What SQLite could not
 * take back in the process that failed, it takes back when a fresh one opens the file.
 */
async function takenBack(
  { engines, dataFolder }: IngestsContext,
  { path }: OpenEntry,
  { partials }: Tracked,
  told: AppError,
): Promise<AppError> {
  const settled = await settleFile(engines, { path, dataFolder, partials });
  if ('code' in settled) return tellingKept(told, settled);
  // The engine names what it has kept of a damaged log or journal itself.
  const safety = told.details?.['keptIn'] === undefined ? untouchedText(told.code) : safetyText.kept;
  return tellingKept({ ...told, safety }, settled);
}

/** Where it had begun to change the file, that is said to be whole once a fresh process has put it right. */
async function settledError(
  { engines, dataFolder }: IngestsContext,
  { path }: OpenEntry,
  { partials }: Tracked,
  error: AppError,
): Promise<AppError> {
  const settled = await settleFile(engines, { path, dataFolder, partials });
  const told = await tellingWhatIsLeft(error, partials, settled);
  // One that died by itself need not have had its backup yet.
  if (error.safety !== safetyText.unknown || 'code' in settled || !wasEnded(error)) return told;
  return { ...told, safety: safetyText['whole-step'] };
}
