import { create } from 'zustand';
import type { Events } from '@shared/channels.ts';
import type { AppError } from '@shared/errors.ts';
import type { Recovery, RecoveryChoiceId, RecoveryNotice } from '@shared/recovery.ts';
import type { RunSnapshot } from '@shared/run.ts';
import { isFinal } from '@shared/run-state.ts';
import type { CheckResult } from '@shared/status.ts';
import { call } from '../api.ts';
import { INGEST_DETAIL, issuesDetail, upgradeDetail } from '../route.ts';
import { createBackup, forgetError, restoreBackup, tellRestored, undoRestore } from './backups.ts';
import { goOnTo } from './route.ts';
import { startRun } from './runs.ts';
import { isWorkedOn, useWorks } from './works.ts';

/** What is unfinished in one database, and what is being done about it. */
export interface RecoveryView {
  readonly recovery: Recovery | null;
  /** False until the host has answered; then nothing may be shown before it. */
  readonly isLoaded: boolean;
  /** Something was interrupted just now, and the host has not yet said what: not even rows that are being read stay. */
  readonly isStruck: boolean;
  /** What is being read to find it out; null = nothing that takes long. */
  readonly looking: string | null;
  /** The choice that is being carried out. */
  readonly busy: RecoveryChoiceId | null;
  readonly error: AppError | null;
  /** Why it is not known whether anything is unfinished; what was known before stays. */
  readonly unknown: AppError | null;
  /** Run id that the person has put off in this window, to look at the database first. */
  readonly putOff: string | null;
  /** A restore of this window may have brought an interrupted upgrade back: whoever asked for it sees how it went first. */
  readonly hasRestored: boolean;
}

interface Recoveries {
  readonly byHandle: Readonly<Record<string, RecoveryView>>;
  /** For the first page; null = not asked yet. */
  readonly notices: readonly RecoveryNotice[] | null;
  /** The last run of a database whose missing check was made in this window and holds, and what was checked. */
  readonly checked: Readonly<Record<string, Checked>>;
}

export interface Checked {
  readonly runId: string;
  readonly at: string;
  readonly checks: readonly CheckResult[];
}

const emptyView: RecoveryView = {
  recovery: null,
  isLoaded: false,
  isStruck: false,
  looking: null,
  busy: null,
  error: null,
  unknown: null,
  putOff: null,
  hasRestored: false,
};
export const useRecovery = create<Recoveries>(() => ({ byHandle: {}, notices: null, checked: {} }));

/** A large file is read for minutes: what was asked first may be answered last, and after a person has chosen. */
let asked = 0;
const latest = new Map<string, number>();

export async function loadRecovery(handle: string): Promise<void> {
  const question = (asked += 1);
  const found = await call('recovery:get', { handle });
  if (question < (latest.get(handle) ?? 0)) return;
  latest.set(handle, question);
  if (found.ok) {
    // Of a file that is worked on the host tells of none, whatever is unfinished: it is asked again at the end of the work.
    const known = isWorkedOn(useWorks.getState(), handle) ? viewOf(handle).recovery : null;
    return setView(handle, { recovery: found.value ?? known, isLoaded: true, isStruck: false, unknown: null });
  }
  const message = `${found.error.message} So whether anything was interrupted here is not known.`;
  setView(handle, { isLoaded: true, isStruck: false, looking: null, unknown: { ...found.error, message } });
}

export const receiveLooking = ({ handle, now }: Events['recovery:looking']): void => setView(handle, { looking: now });

export async function loadNotices(): Promise<void> {
  const notices = await call('recovery:list', {});
  if (notices.ok) useRecovery.setState({ notices: notices.value });
}

/** Something was interrupted just now: nothing else is shown until it is known what. */
export const awaitRecovery = (handle: string): void =>
  setView(handle, { isLoaded: false, isStruck: true, putOff: null, hasRestored: false });

/** A run has begun: what was unfinished is out of date; its end brings the next answer. */
export function dropRecovery(handle: string): void {
  const { recovery, hasRestored } = viewOf(handle);
  if (recovery !== null || hasRestored) setView(handle, { recovery: null, hasRestored: false });
}

/** The database first; a line on its overview leads back. */
export const putOff = (handle: string): void => setView(handle, { putOff: viewOf(handle).recovery?.runId ?? null });
export const showRecovery = (handle: string): void => setView(handle, { putOff: null, hasRestored: false });

/** Its page says how it went and offers to undo it; the overview has a line about what it has brought back. */
export const noteRestored = (handle: string): void => setView(handle, { hasRestored: true });

/** Leads to the page that says how it went, unless somebody has gone elsewhere. @returns as `restoreBackup`. */
export const restoreAndShow = (handle: string, backupId: string, confirmation: string): Promise<AppError | null> =>
  showRestored(handle, restoreBackup(handle, backupId, confirmation));

/** The same for the old files that the restore on screen set aside; where none is told any more, the host refuses. */
export const putBackAndShow = (handle: string, fileName: string): Promise<AppError | null> =>
  showRestored(handle, undoRestore(handle, { by: 'files', folder: viewOf(handle).recovery?.setAside ?? '' }, fileName));

async function showRestored(handle: string, restoring: Promise<AppError | null>): Promise<AppError | null> {
  const error = await restoring;
  if (error) return error;
  noteRestored(handle);
  goOnTo(handle, 'backups');
  return null;
}

export function forgetRecovery(handle: string): void {
  useRecovery.setState(({ byHandle }) => ({
    byHandle: Object.fromEntries(Object.entries(byHandle).filter(([key]) => key !== handle)),
  }));
}

/**
 * Nothing may be shown of the database yet, because something unfinished may have to come before it.
 * @param isReading rows are shown: they stay, with the value that somebody is reading, until there is something to show.
 */
export const isAwaited = (view: RecoveryView | undefined, isReading: boolean): boolean =>
  isReading ? view?.isStruck === true : view?.isLoaded !== true;

/** What must be shown before anything else of the database. */
export function shownRecovery(view: RecoveryView | undefined, run: RunSnapshot | null | undefined): Recovery | null {
  const recovery = view?.recovery ?? null;
  if (run && !isFinal(run.state)) return null; // it is being gone on with
  if (recovery === null || view?.putOff === recovery.runId || isToldByRun(recovery, run)) return null;
  if (view?.hasRestored && recovery.kind !== 'restore') return null;
  return recovery;
}

/** How a run of this window ended is told by its own page, unless the ground gave way under it. */
const isToldByRun = (recovery: Recovery, run: RunSnapshot | null | undefined): boolean =>
  run?.runId === recovery.runId &&
  isFinal(run.state) &&
  run.error?.code !== 'E_WORKER_DIED' &&
  run.error?.code !== 'E_NO_MEMORY';

/** Choices that ask for the file's name first. */
export type Asking = Extract<RecoveryChoiceId, 'restore' | 'put-back'>;

/** Carries any other choice out, but for the one below. */
export const choose = (handle: string, id: Exclude<RecoveryChoiceId, Asking | 'look'>): Promise<void> =>
  carryOut(handle, id, actions[id]);

/** Looks again at what could not be looked at. @param look asks for all that is on screen, what is unfinished among it. */
export const lookAnew = (handle: string, look: () => Promise<void>): Promise<void> =>
  carryOut(handle, 'look', async () => {
    await look();
    return viewOf(handle).unknown;
  });

async function carryOut(handle: string, id: RecoveryChoiceId, act: Action): Promise<void> {
  const { recovery, busy } = viewOf(handle);
  if (recovery === null || busy !== null) return;
  setView(handle, { busy: id, error: null });
  forgetError(handle);
  const error = await act(handle, recovery);
  setView(handle, { busy: null, error });
  await loadNotices();
}

type Action = (handle: string, recovery: Recovery) => Promise<AppError | null>;

const stay: Action = async (handle, { kind, runId }) => {
  const choice = (asked += 1);
  const stayed = await call('recovery:stay', { handle, runId });
  if (!stayed.ok) return stayed.error;
  passOver(handle, choice);
  if (kind === 'restore')
    await loadRecovery(handle); // behind it an upgrade may wait for its answer
  else setView(handle, { recovery: null });
  return null;
};

/** What the host was asked before a choice that it has taken up is out of date, whenever it answers. */
const passOver = (handle: string, choice: number): void =>
  void latest.set(handle, Math.max(choice, latest.get(handle) ?? 0));

const actions: Record<Exclude<RecoveryChoiceId, Asking | 'look'>, Action> = {
  stay,
  async continue(handle, recovery) {
    if (recovery.kind === 'upgrade') return continueUpgrade(handle, recovery);
    const error = await stay(handle, recovery); // it has been taken up: no need to ask again
    if (error) return error;
    if (recovery.kind === 'backup') {
      goOnTo(handle, 'backups');
      void createBackup(handle);
    } else goOnTo(handle, 'overview', recovery.kind === 'retry' ? issuesDetail() : INGEST_DETAIL);
    return null;
  },
  async check(handle, { runId }) {
    const choice = (asked += 1);
    const answer = await call('recovery:check', { handle });
    if (!answer.ok) return answer.error;
    passOver(handle, choice);
    const { checks, error } = answer.value;
    if (error) return error;
    setView(handle, { recovery: null });
    const at = new Date().toISOString();
    useRecovery.setState(({ checked }) => ({ checked: { ...checked, [handle]: { runId, at, checks } } }));
    goOnTo(handle, 'activity', runId);
    return null;
  },
  async finish(handle) {
    const choice = (asked += 1);
    const finished = await call('recovery:finish', { handle });
    if (!finished.ok) return finished.error;
    passOver(handle, choice);
    setView(handle, { recovery: null, hasRestored: true });
    tellRestored(handle, finished.value);
    goOnTo(handle, 'backups');
    return null;
  },
};

/** At once where nothing stands in the way; else by the plan, which says what does. */
async function continueUpgrade(handle: string, { runId, toPhase }: Recovery): Promise<AppError | null> {
  const target = toPhase ?? 0;
  const planned = await call('plan:make', { handle, toPhase: target });
  if (!planned.ok) return planned.error;
  const { preflight, removesAnything, gating, fingerprint } = planned.value;
  const isClear = !removesAnything && gating.length === 0 && preflight.every(({ state }) => state !== 'blocking');
  if (isClear) {
    const started = await startRun(handle, target, fingerprint, null);
    if (!started.ok) return started.error;
    setView(handle, { recovery: null });
    goOnTo(handle, 'activity');
  } else {
    setView(handle, { putOff: runId });
    goOnTo(handle, 'phases', upgradeDetail(target));
  }
  return null;
}

const viewOf = (handle: string): RecoveryView => useRecovery.getState().byHandle[handle] ?? emptyView;

function setView(handle: string, change: Partial<RecoveryView>): void {
  useRecovery.setState(({ byHandle }) => ({
    byHandle: { ...byHandle, [handle]: { ...emptyView, ...byHandle[handle], ...change } },
  }));
}
