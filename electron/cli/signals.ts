import type { AppError } from '@shared/errors.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { Host } from '@host/host.ts';
import { changedNothing } from './interruption.ts';
import { failure, type Outcome, report, tell } from './terminal.ts';

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 143 } as const;
type Signal = keyof typeof codes;

/** One Ctrl-C may arrive several times: from the terminal, and passed on by npm and other parents. */
const ECHO_MS = 700;

export interface Stop {
  /** Ask the work to end at a safe place. */
  gently(): void;
  /** End it now; what is done stays whole. */
  atOnce(): void;
}

/** Of a small change: during its backup it ends with nothing changed, in the middle at its last whole part. */
export const stopOf = (host: Host, database: OpenEntry): Stop => ({
  gently: () => void host.ongoing.cancel(database),
  atOnce: () => host.close(),
});

/** An outcome that is not what was asked for, with the exit code of the signal that came before it; null = none came. */
export const stopped = (outcome: Outcome, signalCode: 130 | 143 | null): Outcome =>
  signalCode === null ? outcome : { ...outcome, exitCode: signalCode };

/**
 * Waits for work that a signal should end at a safe place. The second signal does not wait.
 * @returns the result and, when a signal came before it, the exit code for that signal.
 */
export async function whileRunning<T>(
  work: Promise<T>,
  stop: Stop,
): Promise<{ value: T; signalCode: 130 | 143 | null }> {
  let signalCode: 130 | 143 | null = null;
  let firstAt = 0;
  const onSignal = (signal: Signal): void => {
    if (signalCode === null) {
      signalCode = codes[signal];
      firstAt = Date.now();
      tell('Stopping at the next safe place. Once more stops at once.');
      stop.gently();
    } else if (Date.now() - firstAt > ECHO_MS) stop.atOnce();
  };
  const signals = Object.keys(codes) as Signal[];
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return { value: await work, signalCode };
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** Nobody may be reading what is told. */
const TELL_MS = 1_000;

/**
 * For commands that have no safe place to wait for: a signal ends them at once, or when its end is told; the second does
 * not wait.
 * @param more fields that the command's document always has.
 * @param errorOf what is true when it was ended.
 * @returns takes that away, unless it is ending.
 */
export function endAtOnce(close: () => void, more: object = {}, errorOf: () => AppError = changedNothing): () => void {
  let firstAt: number | null = null;
  const onSignal = (signal: Signal): void => {
    const exit = (): never => process.exit(codes[signal]);
    if (firstAt !== null) return void (Date.now() - firstAt > ECHO_MS && exit());
    firstAt = Date.now();
    setTimeout(exit, TELL_MS);
    close();
    report({ ...failure(errorOf(), more), exitCode: codes[signal] }, process.argv.includes('--json'), exit);
  };
  const signals = Object.keys(codes) as Signal[];
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    if (firstAt === null) for (const signal of signals) process.off(signal, onSignal);
  };
}
