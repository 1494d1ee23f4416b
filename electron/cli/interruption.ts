import { type AppError, appError } from '@shared/errors.ts';
import { printable } from '@host/printable.ts';
import type { Command } from './arguments.ts';
import { commandLine } from './suggested.ts';

/** What is true of a command that a signal ended at once, wherever it was: most change nothing at all. */
export function interruptionOf(command: Command): AppError {
  switch (command.name) {
    case 'backups':
      return command.keep !== null && command.yes ? tidying(command.file) : changedNothing();
    case 'sample':
      return sampling(command.target);
    case 'verify':
      return verifying(command.isAll);
    default:
      return changedNothing();
  }
}

export const changedNothing = (): AppError =>
  appError('E_CANCELLED', 'It was stopped before it changed anything.', undefined, { safety: 'untouched' });

/** Of the final check, without which nobody knows whether an upgrade came out well. */
export const checkStopped = (): AppError =>
  appError(
    'E_CANCELLED',
    'The check was stopped before its end. It changes nothing: the file is as it was, and no more proven than before.',
    undefined,
    { safety: 'unknown', nextStep: 'Ask for the check again whenever you like; no step has to be repeated.' },
  );

const verifying = (isAll: boolean): AppError =>
  appError(
    'E_CANCELLED',
    isAll
      ? 'It was stopped. What was found of backups that had been read to their end is noted; the others were found neither good nor broken.'
      : 'It was stopped before its end, so the backup was found neither good nor broken.',
    undefined,
    { safety: 'untouched', nextStep: 'Check again whenever you like.' },
  );

const tidying = (file: string): AppError =>
  appError(
    'E_CANCELLED',
    'It was stopped. Backups that it had deleted by then are gone, the others are there.',
    undefined,
    { safety: 'database-untouched', nextStep: `See which are left: ${commandLine('backups', file)}` },
  );

const sampling = (target: string): AppError =>
  appError(
    'E_CANCELLED',
    `It was stopped. The sample that it had begun at ${printable(target)} may not be whole.`,
    undefined,
    { safety: 'database-untouched', nextStep: 'Make a new one under another name.' },
  );
