import { type AppError, CodedError, coded } from '@shared/errors.ts';
import { finishRun, type RunRow } from './bookkeeping.ts';
import { assertForeignKeysNotWorse, fkCensus } from './census.ts';
import { checkIntegrity } from './integrity.ts';
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
 * @returns an error when a run that went well could not be noted.
 */
export function endRun(session: RunSession, error: AppError | undefined, finishedAt: string): AppError | undefined {
  if (error?.code === 'E_IO') return undefined;
  const state: RunRow['state'] =
    error === undefined ? 'migrated' : error.code === 'E_CANCELLED' ? 'cancelled' : 'failed';
  try {
    inTransaction(session, 'the record of this run', () => finishRun(session.db, session.runId, state, finishedAt));
    session.probe('finished', state);
    return undefined;
  } catch (thrown) {
    return error === undefined && thrown instanceof CodedError ? thrown.appError : undefined;
  }
}
