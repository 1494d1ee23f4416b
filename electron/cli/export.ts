import path from 'node:path';
import { unsupportedPath } from '@host/databases.ts';
import { exportName, freeTarget } from '@host/exports.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import type { Command } from './arguments.ts';
import { stopped, whileRunning } from './signals.ts';
import { failure, type Outcome } from './terminal.ts';
import { some } from './words.ts';

type ExportCommand = Extract<Command, { name: 'export' }>;

/** `export`: all rows of a table or view to a new file. Sensitive columns stay masked. */
export async function exportTable(host: Host, { file, table, format, to }: ExportCommand): Promise<Outcome> {
  const database = host.databases.open(file);
  if (!database.ok) return failure(database.error);
  const target = to ?? freeTarget(process.cwd(), exportName(database.value, table, format));
  const unsupported = unsupportedPath(target);
  if (unsupported) return failure(unsupported.error);
  const query = { table, sort: [], filters: [], find: null };
  const asked = { query, columns: null, format, hasMark: false, revealed: [] };
  const work = host.exports.start(database.value, asked, path.resolve(target));
  const stop = { gently: () => host.exports.stop(database.value), atOnce: () => host.close() };
  const { value: written, signalCode } = await whileRunning(work, stop);
  if (!written.ok) return stopped(failure(written.error), signalCode);
  return {
    exitCode: 0,
    json: { ok: true, ...written.value, format },
    text: `${some(written.value.rows, 'row')} written to ${printable(written.value.path)}.`,
  };
}
