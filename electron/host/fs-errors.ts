import { type AppError, appError, type ErrorCode } from '@shared/errors.ts';
import { printable } from './printable.ts';

export const isFsError = (thrown: unknown): thrown is NodeJS.ErrnoException =>
  thrown instanceof Error && typeof (thrown as NodeJS.ErrnoException).code === 'string';

const codes: Record<string, ErrorCode> = {
  ENOENT: 'E_NOT_FOUND',
  ENOTDIR: 'E_NOT_FOUND',
  ELOOP: 'E_NOT_FOUND',
  EACCES: 'E_NO_PERMISSION',
  EPERM: 'E_NO_PERMISSION',
  ENAMETOOLONG: 'E_PATH_UNSUPPORTED',
  EISDIR: 'E_NOT_A_FILE',
  ENOSPC: 'E_NO_SPACE',
  EDQUOT: 'E_NO_SPACE',
  EROFS: 'E_READONLY_DIR',
};

/** What the file system said about `file`, as an error value. Unknown codes are E_IO. For looking: nothing was changed. */
export function fsErrorValue(thrown: NodeJS.ErrnoException, file: string): AppError {
  const code = codes[thrown.code ?? ''] ?? 'E_IO';
  const name = printable(file);
  const words: Partial<Record<ErrorCode, string>> = {
    E_NOT_FOUND: `There is no ${name}.`,
    E_NO_PERMISSION: `The system does not let you read ${name}.`,
    E_PATH_UNSUPPORTED: `The name ${name} is too long.`,
  };
  const message = words[code] ?? `${name}: ${printableFsError(thrown)}.`;
  return appError(code, message, undefined, { safety: 'untouched' });
}

/** "EACCES: permission denied", without the path that Node appends. */
export const printableFsError = (thrown: NodeJS.ErrnoException): string =>
  printable((thrown.message.split(',')[0] ?? '').trim(), 200);
