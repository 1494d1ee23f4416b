import path from 'node:path';
import { unsupportedPath } from '@host/databases.ts';
import { exportName, freeTarget } from '@host/exports.ts';
import type { AppError } from '@shared/errors.ts';
import { appError } from '@shared/errors.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import type { Command } from './arguments.ts';
import { endAtOnce, stopped, whileRunning } from './signals.ts';
import { failure, type Outcome } from './terminal.ts';
import { some } from './words.ts';

type ExportCommand = Extract<Command, { name: 'export' }>;

/** `export`: all rows of a table or view to a new file. Sensitive columns stay masked. */
export async function exportTable(host: Host, { file, table, format, to }: ExportCommand): Promise<Outcome> {
  const database = host.databases.open(file);
  if (!database.ok) return failure(database.error);
  const target = to ?? (await freeTarget(process.cwd(), exportName(database.value, table, format)));
  const unsupported = unsupportedPath(target);
  if (unsupported) return failure(unsupported.error);
  const query = { table, sort: [], filters: [], find: null };
  const asked = { query, columns: null, format, hasMark: false, revealed: [] };
  const work = host.exports.start(database.value, asked, path.resolve(target));
  const stop = { gently: () => host.exports.stop(database.value), atOnce: () => host.close() };
  const { value: written, signalCode } = await whileRunning(work, stop);
  if (!written.ok) {
    const error = signalCode === null ? await named(host, database.value, table, written.error) : written.error;
    return stopped(failure(error), signalCode);
  }
  return {
    exitCode: 0,
    json: { ok: true, ...written.value, format },
    text: `${some(written.value.rows, 'row')} written to ${printable(written.value.path)}.`,
  };
}

/** As many names as fit a screen. */
const MOST_NAMES = 60;

/** Of a table that is not there the engine says no more than that: which there are is asked only then. */
async function named(host: Host, database: OpenEntry, table: string, error: AppError): Promise<AppError> {
  if (error.code !== 'E_BAD_REQUEST') return error;
  const asking = host.browsing.askAlone(database, 'browseTables', {});
  const answer = await asking.finally(endAtOnce(() => host.close()));
  if (!answer.ok) return error;
  const names = answer.value.tables.filter(({ kind }) => kind !== 'shadow').map(({ name }) => name);
  // Something else was wrong with what was asked; there is no window that could be reloaded.
  if (names.includes(table)) return { ...error, nextStep: 'Try another table, or look at the rows in the window.' };
  const more = names.length > MOST_NAMES ? `, and ${some(names.length - MOST_NAMES, 'more', 'more')}` : '';
  const listed = names.length === 0 ? 'none' : `${names.slice(0, MOST_NAMES).join(', ')}${more}`;
  return appError('E_USAGE', `There is no table ${table}. Tables: ${listed}.`, undefined, {
    nextStep: 'Name one of the tables that there are.',
  });
}
