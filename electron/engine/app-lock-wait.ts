import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '@shared/errors.ts';

/** An engine whose host was killed is gone within 4 s; a killed process usually in milliseconds. */
const ENDING_MS = 6_000;
/** For a process of which it cannot be told that it is on its way out. */
const GRACE_MS = 1_000;
const PAUSE_MS = 50;

export interface Patience {
  /** Awaited between two tries; what it throws ends the waiting. */
  readonly stopPoint?: () => Promise<void>;
  /** Told once, when there is something to wait for. */
  readonly onWait?: () => void;
  /** ms for a holder that does not seem to be ending. */
  readonly graceMs?: number;
}

/**
 * Tries again while another Phasewise process, which was ended a moment ago, still holds the lock.
 * @param take takes it and changes nothing before it has it.
 * @throws what `take` throws; E_RUN_ACTIVE after the waiting.
 */
export async function patiently<T>(
  take: () => T | Promise<T>,
  { stopPoint, onWait, graceMs = GRACE_MS }: Patience = {},
): Promise<T> {
  const startedAt = performance.now();
  let isTold = false;
  for (;;) {
    try {
      return await take();
    } catch (error) {
      if (!(error instanceof CodedError) || error.appError.code !== 'E_RUN_ACTIVE') throw error;
      const isEnding = error.appError.details?.['isEnding'] === true;
      if (performance.now() - startedAt > (isEnding ? ENDING_MS : graceMs)) throw error;
    }
    if (!isTold) onWait?.();
    isTold = true;
    await sleep(PAUSE_MS);
    await stopPoint?.();
  }
}
