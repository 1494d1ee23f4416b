import { type AppError, err, errorCatalogue, ok, type Safety, safetyText } from '@shared/errors.ts';
import { afterAwake } from './awake-timer.ts';
import type { EngineChild } from './engine-process.ts';
import type { Engines } from './engines.ts';
import { printable } from './printable.ts';
import { settleFile, type SettledFile, tellingKept } from './run-stop.ts';
import { patiently } from './verdict.ts';

/** What an error of the disk has left, said by a fresh process that opened the file anew. */

export interface ReadAgain {
  readonly path: string;
  readonly dataFolder: string;
  /** Ids of the migrations that were told of as applied. */
  readonly applied: readonly string[];
  /** Of the state before; null = not known here. */
  readonly backupPath: string | null;
  /** What may be said of a file that was found whole. */
  readonly whole: Extract<Safety, 'whole-step' | 'step-only'>;
  readonly signal?: AbortSignal;
  /** The process that reads, whenever there is one. */
  readonly onChild?: (child: EngineChild | null) => void;
}

/**
 * Puts the file right and reads all of it, in a fresh process: only then anybody may say that it is at a whole step.
 * Whoever is stopped in it leaves that unsaid. What a run has left that had stopped before is read for a while all the
 * same; where it is whole, the run was just stopped.
 * @param error of the disk; it comes back with what was found.
 */
export async function readAgain(
  engines: Engines,
  error: AppError,
  { signal = new AbortController().signal, onChild, ...asked }: ReadAgain,
): Promise<{ error: AppError; settled: SettledFile | null }> {
  const { path, dataFolder, applied } = asked;
  const request = { path, dataFolder, partials: [] };
  const reading = signal.aborted && wasStopped(error) ? forAWhile(onChild) : { signal, onChild, end() {} };
  const answer = await patiently(reading.signal, async () => {
    const found = await settleFile(engines, { ...request, proves: { applied: [...applied] } }, reading.onChild);
    return 'code' in found ? err(found) : ok(found);
  }).finally(reading.end);
  // Stopped before it was opened, or in the middle: what is open beside it is put right all the same.
  if (answer === null || (!answer.ok && answer.error.code === 'E_CANCELLED')) {
    const settled = await settleFile(engines, request);
    return { error: tellingKept(unsaid(error, STOPPED, asked), settled), settled: 'code' in settled ? null : settled };
  }
  if (!answer.ok)
    return { error: tellingKept(unsaid(error, answer.error.message, asked), answer.error), settled: null };
  const settled = answer.value;
  const problem = settled.problem === undefined ? NOT_READ : settled.problem?.message;
  const told = problem === undefined ? proven(error, asked) : unsaid(error, problem, asked);
  return { error: tellingKept(told, settled), settled };
}

/** As the engine marks an error of the disk at the end of a run that a person had stopped. */
const wasStopped = ({ details }: AppError): boolean => details?.['isStopped'] === true;

/** Whoever has stopped the run waits, and cannot stop this; ms. */
const STOPPED_MS = 20_000;

function forAWhile(onChild: ReadAgain['onChild']) {
  const wish = new AbortController();
  let reader: EngineChild | null = null;
  const timer = afterAwake(STOPPED_MS, () => {
    wish.abort();
    reader?.cancel(0);
  });
  return {
    signal: wish.signal,
    onChild(child: EngineChild | null) {
      reader = child;
      onChild?.(child);
    },
    end: timer.stop,
  };
}

const proven = (error: AppError, { whole }: ReadAgain): AppError => ({
  ...error,
  ...(wasStopped(error) ? { code: 'E_CANCELLED', title: errorCatalogue.E_CANCELLED.title } : {}),
  message: `${error.message} The file was then opened again in a fresh process, which read all of it: SQLite found no damage, and every step that was finished is recorded.`,
  safety: safetyText[whole],
  details: { ...error.details, isReadAgain: true },
});

const STOPPED = 'that was stopped.';
const NOT_READ = 'the process that did so did not say what it found.';

function unsaid(error: AppError, why: string, { backupPath }: ReadAgain): AppError {
  const backup = backupPath === null ? 'the newest backup of it' : `the backup ${printable(backupPath)}`;
  return {
    ...error,
    message: `${error.message} The file was to be opened again to see what it holds: ${why}`,
    safety: safetyText.unknown,
    nextStep: `Check the disk. Then open the database again, and let all of its data be checked: where that finds nothing, go on; where it does, or cannot be done, restore ${backup}.`,
  };
}
