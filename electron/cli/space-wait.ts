import type { AppError } from '@shared/errors.ts';
import type { RunSnapshot } from '@shared/run.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import { endInPlace, tell } from './terminal.ts';

const TRY_EVERY_MS = 5_000;
/** Nobody may be watching: then the run ends at its whole step, and says why. */
const GIVE_UP_MS = 10 * 60_000;

/**
 * Tries again while an upgrade waits for free space, and stops it after ten minutes. The engine goes on by itself where it
 * sees that there is room; where it cannot see that, trying tells.
 * @returns `end` takes the waiting away and tells why the run was given up, null when it was not.
 */
export function waitForSpace(
  host: Pick<Host, 'events' | 'runs'>,
  handle: string,
  { tryEveryMs = TRY_EVERY_MS, giveUpMs = GIVE_UP_MS } = {},
): { end(): AppError | null } {
  let since: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  let lacking: AppError | null = null;
  let givenUp: AppError | null = null;
  const again = (): void => {
    timer = undefined;
    if (Date.now() - (since ?? 0) < giveUpMs) return void host.runs.control(handle, 'resume');
    givenUp = lacking;
    host.runs.control(handle, 'cancel');
  };
  const stopListening = host.events.on((name, payload) => {
    if (name !== 'run:changed') return;
    const { state, attention, progress } = payload as RunSnapshot;
    if (state !== 'paused' || attention === null) {
      clearTimeout(timer);
      timer = undefined;
      if (progress !== null && state === 'migrating') since = null; // rows move again
      return;
    }
    if (since === null) {
      since = Date.now();
      endInPlace();
      tell(`Waiting for free space, up to ${Math.round(giveUpMs / 60_000)} minutes. ${printable(attention.message)}`);
      tell(attention.safety);
    }
    lacking = attention;
    timer ??= setTimeout(again, tryEveryMs); // fresh numbers of the same want do not put it off
  });
  return {
    end() {
      clearTimeout(timer);
      stopListening();
      return givenUp;
    },
  };
}
