import { type AppError, errorCatalogue } from '@shared/errors.ts';
import { defaultBackupFolder } from '@host/databases.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import { statsOf } from '@host/stats.ts';
import type { Command } from './arguments.ts';
import { stopped, whileRunning } from './signals.ts';
import { commandLine } from './suggested.ts';
import type { Outcome } from './terminal.ts';
import { localTime } from './words.ts';

/** What of a command's document matters here. */
interface Told {
  readonly error?: AppError;
  readonly recovery?: object | null;
  readonly backup?: { readonly path: string; readonly verified: boolean } | null;
}

/** Commands that need the database itself to be there and well. */
const ABOUT_THE_FILE: readonly Command['name'][] = ['status', 'plan', 'migrate', 'ingest', 'issues', 'export', 'keys'];

/**
 * Of a database that is damaged, empty, gone or none any more: which verified backup there is of it, and the command that
 * puts it back. Only looks: for the backup that the command itself has made, else into the folder beside the file.
 */
export async function withKeptBackup(host: Host, command: Command, outcome: Outcome): Promise<Outcome> {
  const told = outcome.json as Told;
  // What was interrupted is told with its own choices, the way back among them.
  if (!('file' in command) || !isLost(command, told) || (told.recovery ?? null) !== null) return outcome;
  const database = host.databases.openOrMissing(command.file);
  if (!database.ok) return outcome;
  const { path } = database.value;
  // The command has ended: a signal cuts only this look short, and how it ended is told all the same.
  const looking = told.backup?.verified ? Promise.resolve(told.backup) : newestVerified(host, path);
  const close = () => host.close();
  const { value, signalCode } = await whileRunning<Found | undefined>(looking, { gently: close, atOnce: close });
  return withBackup(stopped(outcome, signalCode), path, value);
}

function withBackup(outcome: Outcome, path: string, backup: Found | undefined): Outcome {
  if (backup === undefined) return outcome;
  const suggested = commandLine('restore', backup.path, '--to', path, '--yes');
  const age = backup.createdAt === undefined ? '' : `, made ${localTime(backup.createdAt)}`;
  const kept = statsOf(path) === undefined ? '' : ' What is there now is kept.';
  const words = `There is a verified backup of ${printable(path)}${age}.${kept} To put it back:`;
  return {
    ...outcome,
    json: { ...outcome.json, lastBackup: backup.path, suggested },
    text: `${outcome.text}\n${words}\n  ${suggested}`,
  };
}

/** Not where another file has taken its place, or where only something beside it was not found. */
function isLost({ name, file }: Extract<Command, { file: string }>, { error }: Told): boolean {
  if (error === undefined || !ABOUT_THE_FILE.includes(name)) return false;
  if (error.code === 'E_NOT_FOUND' || error.code === 'E_PATH_CHANGED') return statsOf(file) === undefined;
  return errorCatalogue[error.code].safety === 'not-ours';
}

interface Found {
  readonly path: string;
  readonly createdAt?: string;
}

async function newestVerified(host: Host, databasePath: string): Promise<Found | undefined> {
  const places = { databasePath, folders: [defaultBackupFolder(databasePath)], otherFolders: [] };
  const listed = await host.engines.askAlone(databasePath, 'listBackups', places).answer;
  return listed.ok ? listed.value.find(({ state, verified }) => verified && state === 'verified') : undefined;
}
