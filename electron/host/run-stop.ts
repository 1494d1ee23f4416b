import { type AppError, appError, safetyText, saysUntouched, toAppError } from '@shared/errors.ts';
import type { RunReport, RunSnapshot, RunStep } from '@shared/run.ts';
import type { Settled } from '@engine/protocol.ts';
import { ensureFolder } from './data-folder.ts';
import { lookOnDrives } from './drives.ts';
import type { EngineChild } from './engine-process.ts';
import type { Engines } from './engines.ts';
import { printable } from './printable.ts';

/** What is kept of a run that was stopped, said from what the file holds. */

/**
 * A chunk takes 0.2 s, and writing a log back as long as the disk takes: an engine that has not let go by then is in a
 * single long statement, and is ended. Together with putting the file right it stays below 2 s.
 */
export const STOP_GRACE_MS = 500;

/** Whether the engine's process was ended, on request or for its silence, so that nobody has put the file right yet. */
export const wasEnded = (error: AppError): boolean =>
  ['E_CANCELLED', 'E_TIMEOUT'].includes(error.code) && error.details?.['wasEnded'] === true;

/** Whether the process ended by itself, and not because this host is being closed. */
export const hasDied = (error: AppError): boolean => error.details?.['exitCode'] !== undefined;

/** Either way nobody has put the file right yet, nor taken an unfinished copy away. */
export const isUnsettled = (error: AppError): boolean => wasEnded(error) || hasDied(error);

export interface SettleRequest {
  readonly path: string;
  readonly dataFolder: string;
  /** Of a run that was stopped on purpose, which the file is to say. */
  readonly runId?: string;
  readonly partials: readonly string[];
  /** Of a work that had not opened the file: it is not opened now either. */
  readonly isBesideOnly?: boolean;
  /** All of the file is read, to say whether it is at a whole step; these migrations must be recorded. */
  readonly proves?: { applied: string[] };
}

/** What the file holds. keptIn: file, journal and log as they were found, where not all of that was taken in. */
export interface SettledFile extends Settled {
  readonly keptIn?: string;
}

/**
 * Lets a fresh process put the file right. @returns what it holds, or why it could not be asked.
 * @param onChild told of that process, where somebody may want to stop it.
 */
export async function settleFile(
  engines: Engines,
  { dataFolder, partials, ...request }: SettleRequest,
  onChild: (child: EngineChild | null) => void = () => {},
): Promise<SettledFile | AppError> {
  let lockFolder: string;
  try {
    lockFolder = ensureFolder(dataFolder, 'locks');
  } catch (cause) {
    return toAppError(cause); // a disk that is gone in the middle of a work: what that came to must be told all the same
  }
  const asked = engines.askAlone(request.path, 'settle', { ...request, lockFolder, partials: [...partials] });
  onChild(asked.child);
  const settled = await asked.answer.finally(() => onChild(null));
  return settled.ok ? settled.value : settled.error;
}

/**
 * The error, with what may be left of a backup that was not finished: settling has removed what it could. A drive that
 * does not answer tells nothing, so it may be there. And with what settling has kept, which nothing else would tell of.
 * @param partials as `Tracked` knows them.
 */
export async function tellingWhatIsLeft(
  error: AppError,
  partials: readonly string[],
  settled: SettledFile | AppError,
): Promise<AppError> {
  return tellingKept(await tellingUnfinished(error, partials), settled);
}

/** The error, with the folder in which settling has kept what SQLite could not take in; it is named once. */
export function tellingKept(error: AppError, settled: Pick<SettledFile, 'keptIn'> | AppError | null): AppError {
  const keptIn = settled !== null && 'code' in settled ? settled.details?.['keptIn'] : settled?.keptIn;
  if (typeof keptIn !== 'string' || namesKept(error, keptIn)) return error;
  return {
    ...error,
    message: `${error.message} The last changes of another program may be missing: file, journal and log as they were found are kept in ${printable(keptIn)}.`,
    details: { ...error.details, keptIn },
    safety: saysUntouched(error.safety) ? safetyText.kept : error.safety,
  };
}

/** The error, with the folder of what was found, where SQLite has taken in all of that: nothing is missing. */
export function tellingAsFound(error: AppError, folder: string): AppError {
  const message = `${error.message} File, journal and log as they were found are kept in ${printable(folder)}.`;
  return { ...error, message, details: { ...error.details, keptIn: folder } };
}

/** Whether the message says of that folder that something is kept there. The name of one may begin with that of another. */
export const namesKept = ({ message }: AppError, keptIn: string): boolean => message.includes(`${keptIn}.`);

async function tellingUnfinished(error: AppError, [partial]: readonly string[]): Promise<AppError> {
  const left: string[] = [];
  for (const file of partial === undefined ? [] : [partial, `${partial}.scratch`])
    if ((await lookOnDrives(file, true)) !== 'nothing') left.push(printable(file));
  if (left.length === 0) return error;
  const what = `The backup was not finished, and ${left.join(' and ')} may be left of it.`;
  // Of a backup that was stopped it says that nothing is left.
  const isStopped = error.code === 'E_CANCELLED' && wasEnded(error) && error.details?.['request'] === 'backup';
  return {
    ...error,
    message: isStopped ? what : `${error.message} ${what}`,
    safety: saysUntouched(error.safety) ? safetyText['database-untouched'] : error.safety,
    nextStep: `${isStopped ? 'Back up again whenever you like.' : error.nextStep} What may be left is no backup: you can delete it.`,
  };
}

/** The steps as the file says: what was committed in the last moment was not told any more. */
export const stepsOf = (steps: readonly RunStep[], settled: Settled): RunStep[] =>
  steps.map((step) =>
    settled.applied.includes(step.migrationId) && step.state !== 'applied'
      ? { ...step, state: 'applied', ms: step.ms ?? 0 }
      : step.migrationId === settled.begun?.migrationId
        ? { ...step, rowsDone: settled.begun.rowsDone, rowsTotal: settled.begun.rowsTotal }
        : step,
  );

/** E_CANCELLED of a run, saying exactly what is kept. @param settled what the file holds, where somebody had to look. */
export function stoppedError(run: RunSnapshot, error: AppError, settled: Settled | AppError | null): AppError {
  const problem = settled !== null && 'code' in settled ? settled : null;
  const message = `${keptWords(run)}${problem ? ` ${afterwards(problem)}` : ''}`;
  const details = { ...error.details, ...(problem ? { settling: problem.code } : {}) };
  if (run.backup === null) return appError('E_CANCELLED', message, details, { safety: 'untouched', nextStep: AGAIN });
  return appError('E_CANCELLED', message, details, {
    safety: problem && !HELD_BY_OTHERS.includes(problem.code) ? 'unknown' : 'whole-step',
  });
}

const AGAIN = 'Start it again whenever you like.';

/**
 * The error of a process that died behind its backup. Where the file could not be looked at afterwards, nobody may say
 * what it holds; whoever has it open by now had SQLite take back what was unfinished.
 */
export function unlessUnseen(error: AppError, settled: SettledFile | AppError | null): AppError {
  if (error.safety !== safetyText['whole-step'] || settled === null || !('code' in settled)) return error;
  if (HELD_BY_OTHERS.includes(settled.code)) return error;
  return { ...error, message: `${error.message} ${afterwards(settled)}`, safety: safetyText.unknown };
}

const HELD_BY_OTHERS: readonly string[] = ['E_DB_IN_USE', 'E_DB_BUSY', 'E_RUN_ACTIVE'];
const afterwards = (problem: AppError): string =>
  HELD_BY_OTHERS.includes(problem.code)
    ? 'Another program opened the file at once; SQLite takes the unfinished step back there.'
    : `The file could not be looked at afterwards: ${problem.message}`;

function keptWords({ backup, steps }: RunSnapshot): string {
  if (backup === null) return 'It was stopped before anything was changed.';
  const applied = steps.filter(({ state }) => state === 'applied').length;
  const begun = steps.find(({ state, rowsDone }) => state !== 'applied' && rowsDone > 0);
  if (steps.length > 0 && applied === steps.length)
    return 'It was stopped after its last step: every step is applied and kept; the checks at the end were not finished.';
  const kept =
    applied === 0
      ? 'It was stopped before a step was finished; the backup is kept.'
      : `It was stopped with ${applied} of ${steps.length} steps applied; they are kept.`;
  if (!begun) return kept;
  const rows = `${number(begun.rowsDone)} of ${number(begun.rowsTotal)} rows`;
  return `${kept} "${begun.title}" is begun: ${rows} are kept, and it goes on behind them.`;
}

/** Stopped while a fresh process was checking: the work is done, and nobody may call it proven. */
export const unprovenReport = (report: RunReport): RunReport => ({
  ...report,
  ok: false,
  verified: false,
  finishedAt: new Date().toISOString(),
  error: appError(
    'E_CANCELLED',
    'Every step is applied and kept; only the final check was stopped, so the result is not proven.',
    undefined,
    { nextStep: 'Ask for the check whenever you like; no step has to be repeated.' },
  ),
});

const number = (value: number): string => value.toLocaleString('en-US');
