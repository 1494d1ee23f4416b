import { errorCode, errorWords } from '@shared/error-code.ts';
import { type AppError, appError, CodedError, type ErrorCode } from '@shared/errors.ts';
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
  const code = codes[errorCode(thrown)] ?? 'E_IO';
  const name = printable(file);
  const words: Partial<Record<ErrorCode, string>> = {
    E_NOT_FOUND: `There is no ${name}.`,
    E_NO_PERMISSION: `The system does not let you read ${name}.`,
    E_PATH_UNSUPPORTED: `The name ${name} is too long.`,
  };
  const message = words[code] ?? `${name}: ${printableFsError(thrown)}.`;
  return appError(code, message, undefined, { safety: 'untouched' });
}

interface Meaning {
  readonly code: ErrorCode;
  readonly nextStep?: string;
}

const FULL: Meaning = { code: 'E_NO_SPACE', nextStep: 'Free some space there, then try again.' };
const BROKEN: Meaning = { code: 'E_IO', nextStep: 'Check that disk, or set PHASEWISE_HOME to another folder.' };
/** What a code means for Phasewise's own folder and everything in it. */
const inOwnFolder: Readonly<Record<string, Meaning>> = { ENOSPC: FULL, EDQUOT: FULL, EIO: BROKEN };
const UNUSABLE: Meaning = { code: 'E_DATA_FOLDER' };

/**
 * Does something with `own`, which is in the data folder or is that folder. It is about no database: nothing was changed.
 * @throws CodedError E_DATA_FOLDER, E_NO_SPACE or E_IO for what the file system says.
 */
export function doingOwn<T>(own: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (!isFsError(cause)) throw cause;
    const { code, nextStep } = inOwnFolder[errorCode(cause)] ?? UNUSABLE;
    const message = `${printable(own)} cannot be used (${printableFsError(cause)}).`;
    const override = { safety: 'untouched', ...(nextStep === undefined ? {} : { nextStep }) } as const;
    throw new CodedError(appError(code, message, undefined, override), { cause });
  }
}

export const printableFsError = (thrown: NodeJS.ErrnoException): string => printable(errorWords(thrown), 200);
