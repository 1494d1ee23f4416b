import { type AppError, appError } from '@shared/errors.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import { hasIntent } from '@host/restore-note.ts';
import { unreadableJournals } from '@host/works.ts';
import { commandLine } from './suggested.ts';

/**
 * What a command that only reads says first where a restore of the database was interrupted: it may answer from before
 * the restore or from after it, and nobody knows which. null = none was. What writes is refused by the engine.
 */
export function unfinishedRestore(host: Host, file: string): AppError | null {
  const database = host.databases.openOrMissing(file);
  if (!database.ok || !hasIntent(database.value.path)) return null;
  const { path, name } = database.value;
  return appError(
    'E_RESTORE_UNFINISHED',
    `What is read from ${printable(name)} now may be from before that restore or from after it.`,
    undefined,
    { safety: 'unknown', nextStep: `See what can be done: ${commandLine('status', path)}` },
  );
}

/**
 * Where what was noted of the works on a database cannot be read: then "nothing is unfinished" is only not known. null =
 * all of it can be read.
 */
export function unknownWorks(host: Host, file: string): AppError | null {
  const database = host.databases.openOrMissing(file);
  if (!database.ok) return null;
  const unreadable = unreadableJournals(host.dataFolder, database.value.path);
  if (unreadable === null) return null;
  const message = `${unreadable.message} So whether anything is unfinished in ${printable(database.value.name)} is not known.`;
  return { ...unreadable, message };
}
