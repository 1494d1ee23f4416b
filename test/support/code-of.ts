import { CodedError } from '@shared/errors.ts';

/** The stable code (ours, else SQLite's) with which `act` fails; null when it does not fail. */
export function codeOf(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof CodedError) return error.appError.code;
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
    throw error;
  }
}

/** As `codeOf`, for something that answers later. */
export async function codeOfPromise(promise: Promise<unknown>): Promise<string | null> {
  try {
    await promise;
    return null;
  } catch (error) {
    return codeOf(() => {
      throw error;
    });
  }
}
