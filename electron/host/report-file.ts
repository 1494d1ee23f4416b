import { link, lstat, open, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, errorWords } from '@shared/error-code.ts';
import { type AppError, appError, type ErrorCode, err, ok, type Result } from '@shared/errors.ts';
import type { OpenEntry } from './databases.ts';
import { partialFor } from './export-partials.ts';
import { isFsError } from './fs-errors.ts';
import { printable } from './printable.ts';

/** Names that would make SQLite take the file for a part of the database. */
const SIDECARS = ['', '-wal', '-shm', '-journal'];
/** File systems without hard links (FAT, some network shares). */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL', 'EACCES'];

/**
 * Writes a report where a person wants it. The file appears under its name when it is whole and on the disk; nothing is
 * overwritten, and nothing half-written stays: what the end of this process itself leaves is removed like that of an export.
 * @param target as the system's dialog answered.
 * Error: E_FILE_EXISTS, E_NO_SPACE, E_READONLY_DIR, E_PATH_UNSUPPORTED, E_NOT_FOUND, E_IO. The database is not touched.
 */
export async function saveReport(database: OpenEntry, target: string, text: string): Promise<Result<{ path: string }>> {
  const name = path.basename(target);
  const partial = partialFor(target);
  try {
    const real = path.join(await realpath(path.dirname(target)), name);
    if (SIDECARS.some((suffix) => real === database.path + suffix))
      return err(refused('E_PATH_UNSUPPORTED', `${printable(name)} is a name that belongs to the database itself.`));
    await write(partial, text);
    await giveName(partial, target);
    return ok({ path: target });
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {}); // why it could not be saved says more
    if (!isFsError(cause)) throw cause;
    return err(saveError(cause, target));
  }
}

async function write(partial: string, text: string): Promise<void> {
  const file = await open(partial, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A link fails where the name is taken; a rename would replace what is there. */
async function giveName(partial: string, target: string): Promise<void> {
  try {
    await link(partial, target);
  } catch (cause) {
    if (!NO_LINKS.includes(errorCode(cause))) throw cause;
    if (await isThere(target)) throw Object.assign(new Error(`EEXIST: ${target}`), { code: 'EEXIST' });
    return rename(partial, target);
  }
  await rm(partial).catch(() => {}); // the report is there under its own name
}

const isThere = (file: string): Promise<boolean> =>
  lstat(file).then(
    () => true,
    (cause: unknown) => {
      if (errorCode(cause) === 'ENOENT') return false;
      throw cause;
    },
  );

const codes: Readonly<Record<string, ErrorCode>> = {
  EEXIST: 'E_FILE_EXISTS',
  ENOSPC: 'E_NO_SPACE',
  EDQUOT: 'E_NO_SPACE',
  EACCES: 'E_READONLY_DIR',
  EPERM: 'E_READONLY_DIR',
  EROFS: 'E_READONLY_DIR',
  ENAMETOOLONG: 'E_PATH_UNSUPPORTED',
  EINVAL: 'E_PATH_UNSUPPORTED',
  ENOENT: 'E_NOT_FOUND',
  ENOTDIR: 'E_NOT_FOUND',
};

function saveError(cause: NodeJS.ErrnoException, target: string): AppError {
  const [name, folder] = [printable(path.basename(target)), printable(path.dirname(target))];
  const code = codes[errorCode(cause)] ?? 'E_IO';
  const words: Partial<Record<ErrorCode, string>> = {
    E_FILE_EXISTS: `${name} exists already.`,
    E_NO_SPACE: `There is no room for ${name} in ${folder}. What was written was removed.`,
    E_READONLY_DIR: `${folder} may not be written to.`,
    E_PATH_UNSUPPORTED: `${name} is no name for a file in ${folder}.`,
    E_NOT_FOUND: `There is no folder ${folder}.`,
  };
  return refused(code, words[code] ?? `${name} could not be written (${printable(errorWords(cause), 200)}).`);
}

/** Only the report was to be written, which may be that of an upgrade that failed: nothing is said of the database. */
const refused = (code: ErrorCode, what: string): AppError =>
  appError(code, `The report was not saved: ${what}`, undefined, {
    safety: 'not-ours',
    nextStep: 'Save it under another name or in another folder.',
  });
