import { errorCode, errorWords } from '@shared/error-code.ts';
import { CodedError, coded } from '@shared/errors.ts';
import type { Manifest } from '@shared/manifest.ts';
import { openVerifier } from './connection.ts';
import { sha256File } from './fsync.ts';
import { checkIntegrity } from './integrity.ts';
import { held, removeIntent } from './intent.ts';
import { PATIENCE_MS, setMode } from './journal-mode.ts';
import type { RestoreDependencies } from './restore-request.ts';

/** The last acts of a restore: proof that it took place, and what is said where it did not. */

/** The journal mode the original had, a last look with fresh eyes, and then the note may go. */
export async function conclude(
  target: string,
  journalMode: Manifest['journalMode'],
  { probe, patienceMs }: RestoreDependencies,
): Promise<void> {
  try {
    const mode = journalMode === 'wal' ? 'wal' : 'delete';
    if (!(await setMode(target, mode, patienceMs ?? PATIENCE_MS))) throw held(target, 'restored');
    const verifier = openVerifier(target);
    try {
      const { isSound, lines } = checkIntegrity(verifier);
      if (!isSound) throw coded('E_RESTORE_FAILED', `The integrity check says: ${lines[0] ?? 'nothing'}.`);
    } finally {
      verifier.close();
    }
    probe?.('finished', target);
    removeIntent(target);
    probe?.('unmarked', target);
  } catch (error) {
    // By now the file is another: whatever it is called, it is no refusal any more.
    const isTold = error instanceof CodedError && ['E_RESTORE_FAILED', 'E_RESTORE_HELD'].includes(error.appError.code);
    if (isTold) throw error;
    throw failed(error instanceof CodedError ? (error.cause ?? error.message) : error);
  }
}

export function guarded<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw failed(error);
  }
}

export async function guardedLater<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw failed(error);
  }
}

/** What a refusal says of untouched data is true; anything else that went wrong is a restore that did not end well. */
const failed = (error: unknown): CodedError =>
  error instanceof CodedError
    ? error
    : new CodedError(coded('E_RESTORE_FAILED', `${whatFailed(error)}: ${errorWords(error)}`).appError, {
        cause: error,
      });

/** Where the system or SQLite refused something, the file may not even be there yet. */
const whatFailed = (error: unknown): string =>
  errorCode(error) === '' ? 'The restored file did not pass its checks' : 'The restore could not be carried through';

export function assertPlaced(target: string, { sha256 }: Pick<Manifest, 'sha256'>): void {
  if (sha256File(target) !== sha256) throw coded('E_RESTORE_FAILED', 'The file holds other bytes.');
}
