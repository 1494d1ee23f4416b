import { CodedError } from '@shared/errors.ts';
import { sizeText } from '@shared/sizes.ts';
import { freeBytes } from './file-system.ts';

const FULL: readonly string[] = ['E_NO_SPACE', 'E_BACKUP_NO_SPACE'];

/**
 * What the system said of a full disk, with the two numbers that a person needs: how much has to be free, and how much
 * is. Any other error, and one that says them already, is returned as it is.
 * @param needBytes about what the work takes on the disk of `folder`.
 */
export function withSpaceFigures(error: unknown, folder: string, needBytes: number): unknown {
  if (!(error instanceof CodedError) || !FULL.includes(error.appError.code)) return error;
  const { message, details } = error.appError;
  if (typeof details?.['needBytes'] === 'number') return error;
  const free = freeOrNull(folder);
  const has = free === null ? '' : `; ${folder} has ${sizeText(free)} free`;
  const told = `${message} About ${sizeText(needBytes)} must be free${has}.`;
  const numbers = { needBytes, ...(free === null ? {} : { freeBytes: free }) };
  return new CodedError(
    { ...error.appError, message: told, details: { ...details, folder, ...numbers } },
    { cause: error.cause ?? error },
  );
}

function freeOrNull(folder: string): number | null {
  try {
    return freeBytes(folder);
  } catch {
    return null; // the disk is gone
  }
}
