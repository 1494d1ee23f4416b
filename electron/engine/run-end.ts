import { isOfTheDisk } from '@shared/disk-error.ts';
import { type AppError, CodedError, coded, safetyText } from '@shared/errors.ts';
import { finishRun, type RunRow } from './bookkeeping.ts';
import { assertForeignKeysNotWorse, fkCensus } from './census.ts';
import { behindDamage, wrongAnswer } from './damage.ts';
import { checkIntegrity } from './integrity.ts';
import type { Db } from './migration.ts';
import { assertNoneLeftBehind } from './references.ts';
import { inTransaction, type RunSession } from './session.ts';

/** The last looks and the last word of a run, while it still holds the lock. */

/**
 * The file as a whole, once the last step is applied.
 * @throws CodedError E_VERIFY_FAILED | E_INVARIANT
 */
export function checkWhole(session: RunSession, foreignKeys: Parameters<typeof assertForeignKeysNotWorse>[0]): void {
  const integrity = checkIntegrity(session.db);
  if (!integrity.isSound)
    throw coded('E_VERIFY_FAILED', `The integrity check says: ${integrity.lines[0] ?? 'nothing'}.`, undefined, {
      safety: 'unknown', // a damaged file is at no whole step
    });
  // First, because its words say more. A file that an earlier version left half upgraded may have come with them.
  assertNoneLeftBehind(session.db, session.pack);
  assertForeignKeysNotWorse(foreignKeys, fkCensus(session.db));
}

/**
 * Notes how the run ended; after a disk error nothing more is written.
 * @returns the error that it ends with: one that went well and could not be noted has not, and of what a disk has left
 * that failed under the note nobody may say more than before.
 */
export function endRun(session: RunSession, error: AppError | undefined, finishedAt: string): AppError | undefined {
  if (error !== undefined && isOfTheDisk(error)) return error;
  const state: RunRow['state'] =
    error === undefined ? 'migrated' : error.code === 'E_CANCELLED' ? 'cancelled' : 'failed';
  try {
    inTransaction(session, 'the record of this run', () => finishRun(session.db, session.runId, state, finishedAt));
    session.probe('finished', state);
    return error;
  } catch (thrown) {
    return thrown instanceof CodedError ? notClosed(error, thrown.appError) : error;
  }
}

/** The step was taken back. A file that is whole was called damaged by its disk, of which a fresh process must say more. */
export function withCause(error: AppError, db: Db): AppError {
  if (error.code !== 'E_CORRUPT') return error;
  const found = behindDamage(db);
  if (found === 'damaged') return error;
  const { details } = error;
  const told = found === 'sound' ? wrongAnswer().appError : found.appError;
  return { ...told, safety: safetyText.unknown, details: { ...details, ...told.details } };
}

/**
 * What went wrong first says more, but not that the file is safe. A stop has not gone wrong: it is told unless the end
 * says less of the file. After an error of the disk both are told, and marked, so that a fresh process reads the file.
 */
export function notClosed(first: AppError | undefined, closing: AppError): AppError {
  if (first === undefined) return closing;
  const isUnread = isOfTheDisk(closing);
  if (first.code === 'E_CANCELLED') {
    if (closing.safety === safetyText['whole-step']) return first;
    if (!isUnread) return closing;
    const message = `It was stopped between two steps. ${closing.message}`;
    return { ...closing, message, details: { ...closing.details, isStopped: true } };
  }
  // In the folder of a file that was moved away nothing goes well any more, and nobody has called it safe.
  if (closing.safety !== safetyText.unknown || first.safety === safetyText['moved-away']) return first;
  // What was no whole step before is none now, whatever the disk holds.
  if (!isUnread || first.safety !== safetyText['whole-step']) return { ...first, safety: closing.safety };
  const details = { ...first.details, diskError: closing.code };
  return { ...first, message: `${first.message} And at its end: ${closing.message}`, safety: closing.safety, details };
}
