import { create } from 'zustand';
import type { Output } from '@shared/channels.ts';
import type { AppError, Result } from '@shared/errors.ts';
import type { RunReport, RunSnapshot } from '@shared/run.ts';
import { isFinal } from '@shared/run-state.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { call } from '../api.ts';

interface Runs {
  /** The active or last run of each database. */
  readonly byHandle: Readonly<Record<string, RunSnapshot | null>>;
  readonly history: Readonly<Record<string, readonly RunReport[]>>;
  /** A control (pause, resume, stop) that was refused. */
  readonly refused: Readonly<Record<string, AppError | null>>;
}

export const useRuns = create<Runs>(() => ({ byHandle: {}, history: {}, refused: {} }));
const { getState, setState } = useRuns;

/** Progress events may come faster than anybody reads: the latest wins, ten times a second. */
const SHOW_EVERY_MS = 100;
const latest = new Map<string, RunSnapshot>();
let timer: ReturnType<typeof setTimeout> | null = null;

export function receiveRun(snapshot: RunSnapshot): void {
  const shown = getState().byHandle[snapshot.handle];
  latest.set(snapshot.handle, snapshot);
  if (shown?.runId !== snapshot.runId || shown.state !== snapshot.state) return flush();
  timer ??= setTimeout(flush, SHOW_EVERY_MS);
}

function flush(): void {
  if (timer !== null) clearTimeout(timer);
  timer = null;
  const changed = Object.fromEntries(latest);
  latest.clear();
  setState(({ byHandle }) => ({ byHandle: { ...byHandle, ...changed } }));
}

export async function loadRun(handle: string): Promise<void> {
  const run = await call('run:get', { handle });
  if (!run.ok) return;
  latest.delete(handle);
  setState(({ byHandle }) => ({ byHandle: { ...byHandle, [handle]: run.value } }));
}

export async function loadHistory(handle: string): Promise<void> {
  const history = await call('run:history', { handle });
  if (history.ok) setState((state) => ({ history: { ...state.history, [handle]: history.value } }));
}

/**
 * Starts what the plan with this fingerprint said; refuses when the database changed since.
 * @param confirmation the file's name as a person typed it, where the plan removes something.
 */
export async function startRun(
  handle: string,
  toPhase: number,
  fingerprint: string,
  confirmation: string | null,
): Promise<Result<Output<'run:start'>>> {
  const started = await call('run:start', { handle, toPhase, fingerprint, confirmation });
  if (started.ok) {
    remember(started.value.runId);
    receiveRun(started.value);
  }
  return started;
}

const STARTED_KEY = 'phasewise.started';

/** For as long as the tab lives: a page that is loaded again has started it all the same. */
function remember(runId: string): void {
  try {
    sessionStorage.setItem(STARTED_KEY, runId);
  } catch {
    // storage may be forbidden: then the window says that the run may be somebody else's
  }
}

/** Whether this window, and not another one that shows the same host, has started it. */
export function isStartedHere({ runId }: RunSnapshot): boolean {
  try {
    return sessionStorage.getItem(STARTED_KEY) === runId;
  } catch {
    return false;
  }
}

export const pauseRun = (handle: string): Promise<void> => control('run:pause', handle);
export const resumeRun = (handle: string): Promise<void> => control('run:resume', handle);
export const cancelRun = (handle: string): Promise<void> => control('run:cancel', handle);

/** The run itself while it is under way, else null. */
export const activeOf = (run: RunSnapshot | null | undefined): RunSnapshot | null =>
  run && !isFinal(run.state) ? run : null;
export const isActive = (run: RunSnapshot | null | undefined): boolean => activeOf(run) !== null;

/**
 * Looked at before the last run had ended, which has made the file another one since; a newer look is under way. Times
 * alone do not say so: where the clock was set back during the run, every look seems to be older than its end.
 */
export const isOutdatedBy = (
  run: RunSnapshot | null | undefined,
  { status, busy }: { readonly status: DatabaseStatus | null; readonly busy: string | null },
): boolean =>
  busy !== null && !!run?.report && isFinal(run.state) && !!status && status.checkedAt < run.report.finishedAt;

async function control(name: 'run:pause' | 'run:resume' | 'run:cancel', handle: string): Promise<void> {
  const answer = await call(name, { handle });
  if (answer.ok) receiveRun(answer.value);
  setState(({ refused }) => ({ refused: { ...refused, [handle]: answer.ok ? null : answer.error } }));
}
