import { setTimeout as sleep } from 'node:timers/promises';
import type { Input } from '@shared/channels.ts';
import { type AppError, appError, err, type Result } from '@shared/errors.ts';
import type { Asker } from './router.ts';

/** Calls that only read, and take long where a file is large: whoever asked may give them up at any moment. */
export interface Readings {
  /**
   * Answers what `read` does or, once it is given up, E_CANCELLED, which says what is still known; within two seconds,
   * whatever it is waiting for.
   * @param read ends its engine once the signal has come. Where it says yes all the same, that was found out before.
   */
  read<T>(what: ReadingOf, read: (signal: AbortSignal) => Promise<Result<T>>): Promise<Result<T>>;
  /** Gives up what `asker` has asked; what others wait for goes on. */
  stop(what: ReadingOf): void;
}

export type Reading = Input<'reading:stop'>['call'];

export interface ReadingOf {
  readonly handle: string;
  readonly call: Reading;
  readonly asker: Asker | undefined;
}

/** An engine that is killed is gone within a second, or not waited for; what else is waited for may never answer, ms. */
const END_LIMIT_MS = 1_300;

export function createReadings(): Readings {
  const active = new Map<AbortController, ReadingOf>();
  return {
    async read(what, read) {
      const stopper = new AbortController();
      active.set(stopper, what);
      try {
        const answer = await Promise.race([read(stopper.signal), givenUp(stopper.signal)]);
        return stopper.signal.aborted && !answer.ok ? err(stoppedError(what.call)) : answer;
      } finally {
        active.delete(stopper);
      }
    },
    stop({ handle, call, asker }) {
      for (const [stopper, of] of active)
        if (of.handle === handle && of.call === call && of.asker === asker) stopper.abort();
    },
  };
}

/** What a reading answers of itself once it is given up; never said as it is. */
export const cutShort = (): Result<never> => err(appError('E_CANCELLED', 'It was stopped.'));

async function givenUp(signal: AbortSignal): Promise<Result<never>> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await sleep(END_LIMIT_MS, undefined, { ref: false });
  return cutShort();
}

function stoppedError(call: Reading): AppError {
  const { message, nextStep, safety = 'untouched' } = told[call];
  return appError('E_CANCELLED', message, undefined, { safety, nextStep });
}

/** A stopped check has found nothing out, neither good nor bad: what was known is as true as it was. */
const told: Record<Reading, { message: string; nextStep: string; safety?: 'unknown' }> = {
  'database:check': {
    message:
      'Checking all data was stopped before its end, so it has found nothing out: what was known of the file stays as it was.',
    nextStep: 'Check all data again whenever you like.',
  },
  'backup:verify': {
    message:
      'Reading the backup again was stopped before its end, so it was found neither good nor broken: what was known of it stays as it was.',
    nextStep: 'Check it again whenever you like.',
  },
  'recovery:get': {
    message: 'Looking for what an interruption has left was stopped before its end. Nothing was changed by looking.',
    nextStep: 'Look again whenever you like.',
  },
  'recovery:check': {
    message:
      'The final check was stopped before its end. It changes nothing: every step stays applied, and the result is no more proven than before.',
    nextStep: 'Ask for the check whenever you like; no step has to be repeated.',
    safety: 'unknown',
  },
};
