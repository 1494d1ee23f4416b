import { accessSync, closeSync, constants, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { appError, type AppError } from '@shared/errors.ts';
import { needAndFree } from '@shared/sizes.ts';

/**
 * Where SQLite keeps what it sorts and what a statement may have to take back: in files of the folder below, which it
 * chooses by itself (os_unix.c, unixTempFileDir). A step that cannot open one there fails in its middle.
 */

/** In SQLite's order. It looks at the environment when the process starts, and at the folders each time. */
const candidates = (): (string | undefined)[] =>
  process.platform === 'win32'
    ? [tmpdir()]
    : [process.env['SQLITE_TMPDIR'], process.env['TMPDIR'], '/var/tmp', '/usr/tmp', '/tmp', '.'];

/** @returns the folder that SQLite will use; null when there is none that it would accept. */
export function temporaryFolder(): string | null {
  return candidates().find((folder) => folder !== undefined && isAcceptable(folder)) ?? null;
}

function isAcceptable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

/** Asked before a run: E_TEMP_UNAVAILABLE when no file can be made there, or too little is free; null when all is well. */
export function temporaryProblem(needBytes: number, freeBytes: number): AppError | null {
  const folder = temporaryFolder();
  if (folder === null)
    return appError('E_TEMP_UNAVAILABLE', 'None of the folders for temporary files can be written to.');
  const code = whyNotWritable(folder);
  if (code !== null)
    return appError(
      'E_TEMP_UNAVAILABLE',
      `No file can be made in ${folder}, the folder for temporary files (${code}).`,
      {
        folder,
        code,
      },
    );
  if (freeBytes >= needBytes) return null;
  const { need, free } = needAndFree(needBytes, freeBytes);
  return appError(
    'E_TEMP_UNAVAILABLE',
    `Sorting needs ${need} in ${folder}, the folder for temporary files, which has ${free} free.`,
    { folder, needBytes, freeBytes },
  );
}

/** A full or read-only disk, a quota: permission bits alone do not tell. */
function whyNotWritable(folder: string): string | null {
  const file = path.join(folder, `phasewise-${process.pid}-${Math.trunc(performance.now() * 1000)}.tmp`);
  try {
    closeSync(openSync(file, 'wx', 0o600));
    rmSync(file, { force: true });
    return null;
  } catch (error) {
    return errorCode(error) || 'no reason given';
  }
}
