import { type AppError, appError, type Safety } from '@shared/errors.ts';
import { safetyOfUnended } from '@shared/request-safety.ts';
import type { EngineRequestName } from '@engine/protocol.ts';

/** How a process ended. lastWords: the end of what it wrote to stderr, where the door collects that. */
export interface EngineExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lastWords: string;
}

/** What is said of a request whose process is gone before it answered. */
export interface EndedRequest {
  readonly name: EngineRequestName;
  /** The run has told of its verified backup. */
  hasBackup: boolean;
  /** It was let through to its first change, or does not ask before it. */
  isLetThrough: boolean;
  /** Of backups that could be deleted: none were to be. */
  readonly isTrial?: boolean;
}

/** What is true of the data when the process is gone. A run changes nothing before it has told of its backup. */
export function safetyOf({ name, hasBackup, isTrial }: EndedRequest): Safety {
  if (name === 'run') return hasBackup ? 'whole-step' : 'untouched';
  if (DELETES.includes(name) && isTrial === true) return 'untouched';
  return safetyOfUnended(name);
}

/** What is kept of a request whose process was ended because somebody asked for it. */
export function cancelledError(request: EndedRequest, wasEnded: boolean): AppError {
  const { name } = request;
  return appError('E_CANCELLED', keptOf(request), { request: name, wasEnded }, { safety: cancelledSafety(request) });
}

function keptOf({ name, hasBackup, isLetThrough, isTrial }: EndedRequest): string {
  if (name === 'run' && hasBackup) return 'It was stopped. Every row and every step that was finished is kept.';
  if (name === 'run' || (SMALL_CHANGES.includes(name) && !isLetThrough))
    return 'It was stopped before anything was changed.';
  if (DELETES.includes(name) && isTrial !== true) return DELETED;
  return KEPT[name] ?? 'Only looking was stopped.';
}
const DELETES: readonly EngineRequestName[] = ['removeBackup', 'tidyBackups'];
/** It does not say how far it is. */
const DELETED = 'It was stopped. What had been deleted by then is gone: the list of backups says which are left.';
const NOT_REPLACED = 'It was stopped before anything was replaced.';
const KEPT: Partial<Record<EngineRequestName, string>> = {
  backup: 'The backup was not finished, and what there was of it is removed.',
  restore: NOT_REPLACED,
  finishRestore: NOT_REPLACED,
  putBack: NOT_REPLACED,
  ingest: 'It was stopped. Files that were taken in completely are kept, the others are not in the database.',
  retryIssues: 'It was stopped. Rows that were put right are kept.',
  clearPlainSecrets: 'It was stopped. Either all of the keys are cleared or none.',
};
const cancelledSafety = (request: EndedRequest): Safety => {
  if (request.name === 'run') return safetyOf(request);
  if (DELETES.includes(request.name) && request.isTrial !== true) return 'database-untouched';
  return SMALL_CHANGES.includes(request.name) && request.isLetThrough ? 'unknown' : 'untouched';
};
const SMALL_CHANGES: readonly EngineRequestName[] = ['ingest', 'retryIssues', 'clearPlainSecrets'];

/**
 * Whether nothing is changed yet, so that a clock may end it: a run asks to be let through behind its backup, a restore
 * before it replaces anything. For those alone that are asked to do so, and for a backup, which changes nothing at all.
 */
export const isBeforeChange = ({ name, hasBackup, isLetThrough }: EndedRequest): boolean =>
  name === 'backup' || (!isLetThrough && !hasBackup);

/** Of a request that has not changed anything, and whose process gave no sign of life any more. */
export function silentError({ name }: EndedRequest, silenceMs: number): AppError {
  const message = `Reading the database went on for ${inWords(silenceMs)} without getting any further, so it was stopped before anything was changed.`;
  return appError(
    'E_TIMEOUT',
    message,
    { request: name, silenceMs, wasEnded: true },
    { safety: 'untouched', nextStep: SILENT },
  );
}

const SILENT =
  'Copy the file to another disk and try again there. If it happens again, ask support to look at the file: something in it may take very long to compute.';

const inWords = (ms: number): string =>
  ms < 120_000 ? `${Math.round(ms / 1000)} seconds` : `${Math.round(ms / 60_000)} minutes`;

/** @param exit null = it was ended on purpose. */
export function diedError(request: EndedRequest, exit: EngineExit | null): AppError {
  const { name } = request;
  const override = { safety: safetyOf(request), ...nextStepOf(request) };
  if (exit === null)
    return appError('E_WORKER_DIED', 'It was stopped before it could answer.', { request: name }, override);
  const details = { request: name, exitCode: exit.code, signal: exit.signal };
  if (exit.lastWords.includes('heap out of memory')) {
    return appError('E_NO_MEMORY', 'The engine process ran out of memory and was ended.', details, override);
  }
  return appError(
    'E_WORKER_DIED',
    `The engine process ended (${exit.signal ?? `code ${exit.code ?? 'unknown'}`}).`,
    details,
    override,
  );
}

/** Where the file may be another by now, opening it again comes first; the catalogue says so. */
function nextStepOf(request: EndedRequest): { nextStep?: string } {
  const { name, hasBackup } = request;
  const safety = safetyOf(request);
  if (name === 'run' && !hasBackup) return { nextStep: 'Nothing had begun. Start the upgrade again.' };
  if (name === 'run' || safety === 'unknown') return {};
  if (safety === 'backup-only')
    return { nextStep: 'Look at the list of backups: it says which are left. Then try again.' };
  return { nextStep: 'Try again; if it happens again, send the details to support.' };
}
