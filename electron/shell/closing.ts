import { app, type BrowserWindow, type MessageBoxOptions, powerMonitor } from 'electron';
import type { Host } from '@host/host.ts';
import { endWork, isAtWork, type Leaving, pausedDatabases } from '@host/leaving.ts';
import type { Log } from '@host/log-file.ts';
import { printable } from '@host/printable.ts';
import { tell } from './asking.ts';

interface Wish {
  readonly how: Leaving;
  readonly goOn: () => void;
}

const STOP_RUN = 0;
const FINISH_ALL = 1;
const STAY = 2;
/** Where the run is being stopped already, in the place of FINISH_ALL. */
const STOP = 1;
/** Where nothing but an export goes on. */
const [FINISH_EXPORT, END_EXPORT] = [0, 1];

/**
 * Closing and quitting during a run ask first. The usual answer ends the run at its last whole step; the file can be
 * continued later. Electron's own events cannot wait, so they are held back and repeated when the work has ended. Who
 * closes once more meanwhile is asked once more, and the last answer counts: what is waited for may hang on a drive that
 * does not answer. A paused run does not end by itself.
 * When the system shuts down nobody is asked: it waits for seconds only, so the run is stopped and that is all.
 */
export function guardClosing(
  host: Host,
  getWindow: () => BrowserWindow | null,
  log: Log,
): { watch(window: BrowserWindow): void } {
  let isAsking = false;
  /** How a person wants to leave, as said last; null = not. */
  let wish: Wish | null = null;
  let sessionEnds: Promise<void> | null = null;

  const askAndEnd = async (goOn: () => void): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    const how = await ask(host, getWindow(), wish).finally(() => (isAsking = false));
    const mine: Wish | null = how && { how, goOn };
    wish = mine;
    if (mine === null) return;
    if (isNeverOver(host, mine)) return askAndEnd(goOn); // it was paused while the question was read
    await endWork(host, mine.how);
    if (wish !== mine) return;
    wish = null;
    goOn(); // nothing is running any more, so it is not held back again
  };
  const askFor = (goOn: () => void): void =>
    void askAndEnd(goOn).catch((cause: unknown) => log.failed('closing-failed', cause));
  const hold = (event: { preventDefault(): void }, goOn: () => void): void => {
    if (!isAtWork(host)) return;
    event.preventDefault();
    if (sessionEnds) return void sessionEnds.then(goOn);
    askFor(goOn);
  };
  /** Windows waits a few seconds for a program that says it is not ready, macOS and Linux likewise; then they go on. */
  const endSession = (event: { preventDefault?(): void } | undefined): void => {
    log.write('session-ends', { busy: host.busy.any() });
    if (!isAtWork(host)) return;
    event?.preventDefault?.();
    sessionEnds ??= endWork(host, 'session-ends').then(() => app.quit());
  };

  // What is waited for may be paused meanwhile, by a person or for want of space: then it would be waited for in vain.
  host.events.on((name) => {
    if (name === 'run:changed' && wish && !sessionEnds && isNeverOver(host, wish)) askFor(wish.goOn);
  });
  app.on('before-quit', (event) => hold(event, () => app.quit()));
  app.on('will-quit', () => {
    log.write('quit');
    host.close();
  });
  // Typed without an event; Electron hands one over, as its documentation says.
  powerMonitor.on('shutdown', ((event?: { preventDefault?(): void }) => endSession(event)) as () => void);
  return {
    watch(window) {
      window.on('close', (event) => hold(event, () => window.close()));
      window.on('query-session-end', (event) => endSession(event));
      window.on('session-end', () => endSession(undefined));
    },
  };
}

/** Waiting for everything would be waiting for a person. */
const isNeverOver = (host: Host, { how }: Wish): boolean => how === 'finish-all' && pausedDatabases(host).length > 0;

/** Whether the program may be left when the work has ended, and how that ends. null = it is not left. */
async function ask(host: Host, window: BrowserWindow | null, before: Wish | null): Promise<Leaving | null> {
  if (!host.busy.any()) return askAboutExport(window);
  const paused = pausedDatabases(host);
  const isPaused = paused.length > 0;
  const isEnding = !isPaused && before !== null && before.how !== 'finish-all';
  const question = isPaused ? aboutPaused(paused) : isEnding ? ABOUT_ENDING : ABOUT_RUNNING;
  const response = await tell(window, host.exports.isWriting() ? withExport(question) : question);
  if (isEnding && response === STOP) return 'session-ends'; // what would be stopped then may be stopped here
  if (response === STOP_RUN) return 'finish-step';
  return response === FINISH_ALL && !isPaused ? 'finish-all' : null;
}

/** Only rows on their way to a file are left to be ended. Unlike an upgrade they cannot be gone on with. */
async function askAboutExport(window: BrowserWindow | null): Promise<Leaving | null> {
  const response = await tell(window, ABOUT_EXPORT);
  if (response === FINISH_EXPORT) return 'finish-all';
  return response === END_EXPORT ? 'finish-step' : null;
}

const ABOUT_EXPORT: MessageBoxOptions = {
  type: 'question',
  message: 'Rows are still being written to a file.',
  detail: 'If that is ended now, the file is not finished and is removed. The database is only read, and not touched.',
  buttons: ['Finish the file, then close', 'End the export, then close', 'Keep it open'],
  defaultId: FINISH_EXPORT,
  cancelId: STAY,
};

const withExport = (question: MessageBoxOptions): MessageBoxOptions => ({
  ...question,
  detail: `${question.detail} Rows are being written to a file as well: stopping ends that, and removes the file, which is not finished.`,
});

const DETAIL =
  'Stopping leaves the file at its last whole step. A step that is not finished within a moment is begun again when the upgrade is continued, which can be at any time. What is not part of an upgrade is finished first, such as a backup, a restore or the deletion of backups.';

const ABOUT_RUNNING: MessageBoxOptions = {
  type: 'question',
  message: 'Something is still running on a database.',
  detail: DETAIL,
  buttons: ['Stop at the last whole step, then close', 'Finish everything, then close', 'Keep running'],
  defaultId: STOP_RUN,
  cancelId: STAY,
};

/** The run was told to stop, which is not taken back; backups and whatever else can be stopped were not. */
const ABOUT_ENDING: MessageBoxOptions = {
  type: 'question',
  message: 'An upgrade is still being stopped, or a backup, a restore or a deletion of backups finished.',
  detail:
    'Where it takes long, its drive may not answer. A backup can be stopped, as can a restore that has replaced nothing yet: the database stays as it is. So can the deletion of backups: those that are gone by then stay gone. What cannot be stopped any more is finished first.',
  buttons: ['Wait for it, then close', 'Stop what can be stopped, then close', 'Keep it open'],
  defaultId: STOP_RUN,
  cancelId: STAY,
};

const aboutPaused = (names: readonly string[]): MessageBoxOptions => ({
  type: 'question',
  message:
    names.length === 1
      ? `The upgrade of ${printable(names[0] ?? '', 80)} is paused.`
      : `${names.length} upgrades are paused.`,
  detail: `A paused upgrade does not finish by itself. ${DETAIL}`,
  buttons: ['Stop here, then close', 'Keep it open'],
  defaultId: STOP_RUN,
  cancelId: 1,
});
