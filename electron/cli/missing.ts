import { realpathSync } from 'node:fs';
import path from 'node:path';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import { statsOf } from '@host/stats.ts';

/** The database, or where one is missing: for its backups. Its folder must exist. */
export function openOrMissing(host: Host, file: string): Result<OpenEntry> {
  const opened = host.databases.open(file);
  if (opened.ok || opened.error.code !== 'E_NOT_FOUND') return opened;
  const folder = path.dirname(file);
  if (!(statsOf(folder)?.isDirectory() ?? false)) {
    return err(appError('E_NOT_FOUND', `There is no folder ${printable(folder)}.`));
  }
  const real = realpathSync.native(folder);
  const name = path.basename(file);
  return ok({ handle: 'missing', path: path.join(real, name), name, folder: real });
}
