import { createHash, randomBytes } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { intentFile } from '@shared/beside.ts';
import type { OpenDatabase } from '@shared/channels.ts';
import { type AppError, appError, err, ok, type Result } from '@shared/errors.ts';
import { fsErrorValue, isFsError } from './fs-errors.ts';
import { isPrintable, printable } from './printable.ts';
import { isLink, ownStatsOf, statsOf } from './stats.ts';

/** An open database: what callers see, and the path that only the host knows. */
export interface OpenEntry extends OpenDatabase {
  /** Absolute, symbolic links resolved. */
  readonly path: string;
}

/** Opening waits for the system, at once: what a window asks for asks first whether its drive answers (`openDatabase`). */
export interface Databases {
  /** Gives the file a handle; the same file keeps the one it has. Reads nothing of it. */
  open(file: string): Result<OpenEntry>;
  /** As open, also where the file is gone: for its backups. Errors: those of placeOfMissing. */
  openOrMissing(file: string): Result<OpenEntry>;
  /** Error: E_UNKNOWN_HANDLE. */
  get(handle: string): Result<OpenEntry>;
  find(file: string): OpenEntry | undefined;
  list(): OpenEntry[];
  close(handle: string): void;
}

/** Handles are random: knowing one database never lets a caller name another. */
export function createDatabases(): Databases {
  const entries = new Map<string, OpenEntry>();
  const find = (file: string): OpenEntry | undefined => [...entries.values()].find((entry) => entry.path === file);
  const enter = (resolved: Result<string>): Result<OpenEntry> => {
    if (!resolved.ok) return resolved;
    const present = find(resolved.value);
    if (present) return ok(present);
    const entry = {
      handle: randomBytes(12).toString('base64url'),
      path: resolved.value,
      name: path.basename(resolved.value),
      folder: path.dirname(resolved.value),
    };
    entries.set(entry.handle, entry);
    return ok(entry);
  };
  return {
    open: (file) => enter(withInterruptedRestore(file, resolveDatabasePath(file))),
    openOrMissing(file) {
      const resolved = resolveDatabasePath(file);
      return enter(isMissing(file, resolved) ? placeOfMissing(file) : resolved);
    },
    get(handle) {
      const entry = entries.get(handle);
      return entry ? ok(entry) : err(appError('E_UNKNOWN_HANDLE', 'It was closed, or Phasewise was started again.'));
    },
    find,
    list: () => [...entries.values()],
    close: (handle) => void entries.delete(handle),
  };
}

/** A file that is missing in the middle of a restore can be opened all the same: to finish that. */
const withInterruptedRestore = (file: string, resolved: Result<string>): Result<string> =>
  isMissing(file, resolved) && statsOf(intentFile(path.resolve(file))) !== undefined ? placeOfMissing(file) : resolved;

/** A link that leads nowhere is there: what it leads to may be back tomorrow, by a path of its own. */
const isMissing = (file: string, resolved: Result<string>): boolean =>
  !resolved.ok && resolved.error.code === 'E_NOT_FOUND' && ownStatsOf(file) === undefined;

/** The path of a file that is gone, links to its folder resolved. Errors: E_NOT_FOUND without that folder, E_PATH_UNSUPPORTED. */
export function placeOfMissing(file: string): Result<string> {
  const folder = path.dirname(file);
  if (!(statsOf(folder)?.isDirectory() ?? false))
    return err(appError('E_NOT_FOUND', `There is no folder ${printable(folder)}.`, undefined, { nextStep: NO_FOLDER }));
  const place = path.join(realpathSync.native(folder), path.basename(file));
  return unsupportedPath(place) ?? ok(place);
}

const NO_FOLDER =
  'If it is on a drive that is not connected, connect that and try again. Otherwise check the name of the folder.';

/** What callers may see of an open database. */
export const publicEntry = ({ handle, name, folder }: OpenEntry): OpenDatabase => ({ handle, name, folder });

/**
 * The one path of an existing regular file, links resolved, so that one file has one name here.
 * Errors: E_PATH_UNSUPPORTED, E_NOT_FOUND, E_NOT_A_FILE, E_NO_PERMISSION. The engine's gate looks closer.
 */
export function resolveDatabasePath(file: string): Result<string> {
  const unsupported = unsupportedPath(file);
  if (unsupported) return unsupported;
  try {
    const resolved = realpathSync.native(path.resolve(file));
    const stats = statSync(resolved);
    if (stats.isDirectory()) return err(appError('E_NOT_A_FILE', `${printable(file)} is a folder.`));
    if (!stats.isFile()) return err(appError('E_NOT_A_FILE', `${printable(file)} is a device or a pipe, not a file.`));
    return unsupportedPath(resolved) ?? ok(resolved);
  } catch (cause) {
    if (!isFsError(cause)) throw cause;
    const error = fsErrorValue(cause, file);
    return err(error.code === 'E_NOT_FOUND' && isLink(file) ? { ...error, message: deadLink(cause, file) } : error);
  }
}

/** Who sees the name in a folder would not believe that there is no such file. */
const deadLink = ({ code }: NodeJS.ErrnoException, file: string): string =>
  `${printable(file)} is a link ${code === 'ELOOP' ? 'that leads back to itself' : 'to a file that is not there'}.`;

/** better-sqlite3 trims paths and would open another file than the one that was checked. */
export function unsupportedPath(file: string): { ok: false; error: AppError } | null {
  const problem =
    file === ''
      ? 'is empty'
      : file.trim() !== file
        ? 'begins or ends with a space'
        : isPrintable(file)
          ? null
          : 'holds characters that cannot be seen';
  if (problem === null) return null;
  return { ok: false, error: appError('E_PATH_UNSUPPORTED', `The name "${printable(file)}" ${problem}.`) };
}

/** Names what the host keeps about one file: the same for the same path, tells nothing about it. */
export const databaseKey = (file: string): string => createHash('sha256').update(file).digest('hex').slice(0, 24);

export { backupFolderBeside as defaultBackupFolder } from '@shared/beside.ts';
