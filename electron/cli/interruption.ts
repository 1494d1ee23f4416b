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
    default:
      return changedNothing();
  }
}

export const changedNothing = (): AppError =>
  appError('E_CANCELLED', 'It was stopped before it changed anything.', undefined, { safety: 'untouched' });

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
