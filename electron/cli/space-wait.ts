import type { AppError } from '@shared/errors.ts';
import type { RunSnapshot } from '@shared/run.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import { endInPlace, tell } from './terminal.ts';

/** Nobody may be watching: then the run ends at its whole step, and says why. */
const GIVE_UP_MS = 10 * 60_000;

/** One want of space. It lasts until a backup, a row or a step was added: a try that finds the disk as full as before ends none. */
interface Want {
  readonly from: RunSnapshot;
  /** As it was told last. */
  lacking: AppError;
  /** Without the tries in between, which may take long. */
  waitedMs: number;
  /** Since when it stands still; null while it is tried. */
  since: number | null;
}

/**
 * Tells when an upgrade waits for free space, and stops it after ten minutes of waiting in which it got no further. The
 * engine measures again and goes on by itself.
 * @returns `end` takes the waiting away and tells why the run was given up, null when it was not.
 */
export function waitForSpace(
  host: Pick<Host, 'events' | 'runs'>,
  handle: string,
  { giveUpMs = GIVE_UP_MS } = {},
): { end(): AppError | null } {
  let want: Want | null = null;
  let timer: NodeJS.Timeout | undefined;
  let givenUp: AppError | null = null;
  const goOn = (): void => {
    clearTimeout(timer);
    if (want === null || want.since === null) return;
    want.waitedMs += Date.now() - want.since;
    want.since = null;
  };
  const standStill = (run: RunSnapshot, lacking: AppError): void => {
    if (want === null) announce(lacking, giveUpMs);
    want ??= { from: run, lacking, waitedMs: 0, since: null };
    want.lacking = lacking;
    if (want.since !== null) return; // fresh numbers of the same want
    want.since = Date.now();
    timer = setTimeout(() => {
      givenUp = want === null ? null : unmet(want.lacking, giveUpMs);
      host.runs.control(handle, 'cancel');
    }, giveUpMs - want.waitedMs);
  };
  const stopListening = host.events.on((name, payload) => {
    if (name !== 'run:changed') return;
    const run = payload as RunSnapshot;
    const lacking = run.state === 'paused' ? run.attention : null;
    const isFurther = want !== null && hasGrown(want.from, run);
    if (lacking === null || isFurther) goOn();
    if (isFurther) want = null;
    if (lacking !== null) standStill(run, lacking);
  });
  return {
    end() {
      clearTimeout(timer);
      stopListening();
      return givenUp;
    },
  };
}

function announce({ message, safety }: AppError, giveUpMs: number): void {
  endInPlace();
  tell(`Waiting for free space, up to ${minutes(giveUpMs)}. ${printable(message)}`);
  tell(safety);
}

/** It does not go on by itself any more. */
const unmet = (lacking: AppError, giveUpMs: number): AppError => ({
  ...lacking,
  message: `It was stopped after ${minutes(giveUpMs)} without enough room. ${lacking.message}`,
  nextStep: 'Free some space, then start again.',
});

const minutes = (ms: number): string => `${Math.round(ms / 60_000)} minutes`;

function hasGrown(before: RunSnapshot, now: RunSnapshot): boolean {
  const applied = ({ steps }: RunSnapshot) => steps.filter(({ state }) => state === 'applied').length;
  const rows = ({ steps }: RunSnapshot) => steps.reduce((sum, { rowsDone }) => sum + rowsDone, 0);
  return now.backup?.id !== before.backup?.id || applied(now) > applied(before) || rows(now) > rows(before);
}
