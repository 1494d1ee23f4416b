import { isFinal } from '@shared/run-state.ts';
import type { WindowGoal } from '@shared/about.ts';
import { onEvent, takeFirstArrival } from '../api.ts';
import { forgetSaid, loadBackups, useBackups } from './backups.ts';
import { refreshRows } from './browse.ts';
import {
  adopt,
  forget,
  isFileGone,
  loadDatabases,
  loadRecents,
  look,
  lookOnceMore,
  reportDeath,
  showArrival,
  useDatabases,
} from './databases.ts';
import { isDialogOpen, showDialog } from './dialogs.ts';
import { receiveExport } from './exports.ts';
import { findInTable } from './find-field.ts';
import { forgetLogs } from './ingest.ts';
import { forgetDisconnected } from './lost-connection.ts';
import { awaitRecovery, dropRecovery, forgetRecovery, loadNotices, loadRecovery, receiveLooking } from './recovery.ts';
import { goHome, goTo, navigate, useRoute } from './route.ts';
import { isActive, loadHistory, loadRun, receiveRun, useRuns } from './runs.ts';
import { isAway, loadSession, useSession, watchConnection } from './session.ts';
import { changesRows, isWorkedOn, loadWorks, receiveWork, useWorks } from './works.ts';

/** Connects the host's events to the stores. Call once. */
export function listen(): void {
  watchConnection(() => void refreshEverything());
  onEvent('run:changed', (run) => {
    receiveRun(run); // a run's end also sends database:changed
    if (isFinal(run.state)) return;
    forgetSaid(run.handle);
    dropRecovery(run.handle);
    forgetLogs(run.handle);
  });
  onEvent('work:changed', (change) => {
    receiveWork(change);
    if (change.work && changesRows(change.work)) forgetLogs(change.handle);
  });
  onEvent('recovery:looking', receiveLooking);
  window.addEventListener('focus', lookAgain);
  window.addEventListener('visibilitychange', lookAgain);
  onEvent('database:changed', ({ handle }) => void refresh(handle));
  onEvent('database:opened', (database) => {
    adopt(database);
    // In Electron this is a double click on a file; in the browser it may be another tab, which must not move this one.
    if (useSession.getState().info?.door === 'electron') showArrival(database.handle);
  });
  onEvent('database:closed', ({ handle }) => {
    forget(handle);
    forgetRecovery(handle);
  });
  onEvent('browse:exported', receiveExport);
  onEvent('window:goal', pursue);
  onEvent('engine:died', ({ handle, error }) => {
    reportDeath(handle, error);
    // The run's end follows, and with it the look at what is left.
    if (isActive(useRuns.getState().byHandle[handle])) awaitRecovery(handle);
    void loadRun(handle);
  });
}

/** The menu, or a notification that was clicked. */
function pursue(goal: WindowGoal): void {
  if (isHeldByDialog(goal) && isDialogOpen()) return; // it asks about the page that would be left
  switch (goal.show) {
    case 'database':
      return goTo(goal.handle, goal.page);
    case 'home':
      return goHome();
    case 'palette':
      return showDialog({ isPaletteOpen: true });
    case 'shortcuts':
      return showDialog({ isHelpOpen: true });
    case 'version':
      return showDialog({ isVersionOpen: true });
    case 'find':
      return void findInTable();
    case 'previous':
      return history.back();
  }
}

/**
 * Whether a dialog in front keeps the window where it is. The menu names no database but the one that
 * is shown, so another one is that of a notification: whoever clicks that has seen what it says, and is led there.
 */
function isHeldByDialog(goal: WindowGoal): boolean {
  const { route } = useRoute.getState();
  if (goal.show === 'database') return route.page === 'database' && route.handle === goal.handle;
  return goal.show === 'previous' || goal.show === 'home';
}

/** Asks again for everything that is on screen about one database. */
export async function refresh(handle: string): Promise<void> {
  // Not before the look: what it found need not be looked for again.
  const lookThenRecovery = async (): Promise<void> => {
    await look(handle);
    await Promise.all([loadDatabases(), loadRecovery(handle)]); // the look may have changed what is remembered of it
  };
  const wanted = [lookThenRecovery(), loadRun(handle)];
  if (useBackups.getState().byHandle[handle]) wanted.push(loadBackups(handle));
  if (useRuns.getState().history[handle]) wanted.push(loadHistory(handle));
  await Promise.all([...wanted, refreshRows(handle)]);
  await loadNotices();
}

/**
 * After every connection: a reload or a lost connection may have missed any event. What is shown comes first; of the
 * others, one that was never looked at is looked at by its page, but the list says what is going on with it.
 */
async function refreshEverything(): Promise<void> {
  forgetDisconnected();
  await Promise.all([loadSession(), loadDatabases(), loadNotices()]);
  // Before all else: while a file is worked on, nobody says whether something in it is unfinished.
  await loadWorks(useDatabases.getState().open.map(({ handle }) => handle));
  showTheOnlyOne();
  const { route } = useRoute.getState();
  const shown = route.page === 'database' ? route.handle : null;
  if (shown !== null) await refresh(shown);
  for (const { handle } of useDatabases.getState().open) {
    if (handle === shown) continue;
    await (useDatabases.getState().views[handle] ? refresh(handle) : loadRun(handle));
  }
}

/** Started with one database, the person wants to see it, not a list of one. */
function showTheOnlyOne(): void {
  if (!takeFirstArrival()) return;
  const [only, ...others] = useDatabases.getState().open;
  const isHome = useRoute.getState().route.page === 'home';
  if (!isHome || !only || others.length > 0) return;
  navigate({ page: 'database', handle: only.handle, tab: 'overview', detail: null }, 'replace');
}

/** Another program, such as the command line, may have worked on the file while this window was not looked at. */
const LOOK_AGAIN_AFTER_MS = 2_000;
let lookedAt = 0;
/** At what is remembered: each question about it goes to every drive that something of it is on. */
let lookedHomeAt = 0;

function lookAgain(): void {
  const { route } = useRoute.getState();
  if (route.page === 'home') return lookAgainAtHome();
  if (route.page !== 'database' || Date.now() - lookedAt < LOOK_AGAIN_AFTER_MS) return;
  if (isAway(useSession.getState())) return; // asked about once the connection is there again
  if (document.visibilityState === 'hidden' || isActive(useRuns.getState().byHandle[route.handle])) return;
  const backups = useBackups.getState().byHandle[route.handle];
  const isGone = isFileGone(useDatabases.getState(), route.handle);
  const isUnderWay = Boolean(backups?.busy) || isWorkedOn(useWorks.getState(), route.handle);
  if (isGone && isUnderWay) return; // it is being put back; until then the host tells of the file that was there
  lookedAt = Date.now();
  if (isGone) return void refresh(route.handle);
  void lookOnceMore(route.handle);
  if (backups) void loadBackups(route.handle);
  if (useRuns.getState().history[route.handle]) void loadHistory(route.handle);
}

/** A window that is come back to tells of it twice: it is seen, and it has the focus. */
function lookAgainAtHome(): void {
  if (document.visibilityState === 'hidden' || Date.now() - lookedHomeAt < LOOK_AGAIN_AFTER_MS) return;
  lookedHomeAt = Date.now();
  void Promise.all([loadNotices(), loadRecents()]);
}
