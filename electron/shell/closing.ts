import { app, type BrowserWindow, type MessageBoxOptions, powerMonitor } from 'electron';
import type { Host } from '@host/host.ts';
import { endWork, isAtWork, type Leaving, pausedDatabases } from '@host/leaving.ts';
import type { Log } from '@host/log-file.ts';
import { printable } from '@host/printable.ts';
import { isFinal } from '@shared/run-state.ts';
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
  const question = isPaused ? aboutPaused(paused) : isEnding ? ABOUT_ENDING : aboutRunning(host);
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
  'Your data is safe: nothing is left half written. Stopping ends an upgrade at its last whole step. It can be continued at any time; a step that was not finished is begun again then. Anything else, such as a backup or a restore, is finished first.';

const aboutRunning = (host: Host): MessageBoxOptions => ({
  type: 'question',
  message: whatRuns(host),
  detail: DETAIL,
  buttons: ['Stop at the last whole step, then close', 'Finish everything, then close', 'Keep running'],
  defaultId: STOP_RUN,
  cancelId: STAY,
});

type Kind = NonNullable<ReturnType<Host['ongoing']['get']>>['kind'];
const stillAt: Record<Kind, (name: string) => string> = {
  upgrade: (name) => `The upgrade of ${name} is still running.`,
  backup: (name) => `A backup of ${name} is still being made.`,
  restore: (name) => `${name} is still being restored.`,
  ingest: (name) => `Files are still being taken into ${name}.`,
  retry: (name) => `The issue rows of ${name} are still being tried again.`,
  clear: (name) => `Keys of ${name} are still being cleared.`,
  backups: (name) => `The backups of ${name} are still being worked on.`,
};

/** By the name of the file where one alone is worked on, and its work is told. */
function whatRuns({ databases, runs, ongoing }: Host): string {
  const works = databases.list().flatMap((database) => {
    const run = runs.get(database.handle);
    const kind = run && !isFinal(run.state) ? run.kind : ongoing.get(database)?.kind;
    return kind === undefined ? [] : [{ name: printable(database.name, 80), kind }];
  });
  const [only] = works;
  if (only === undefined) return 'Something is still running on a database.';
  return works.length === 1 ? stillAt[only.kind](only.name) : `${works.length} databases are still being worked on.`;
}

/** The run was told to stop, which is not taken back; backups and whatever else can be stopped were not. */
const ABOUT_ENDING: MessageBoxOptions = {
  type: 'question',
  message: 'An upgrade is still being stopped, or a backup, a restore or a deletion of backups is being finished.',
  detail:
    'Nothing is left half written. If this takes long, a drive may not answer. A backup can be stopped, and so can a restore that has replaced nothing yet: the database stays as it is. A deletion of backups can be stopped, too: those that are gone by then stay gone. What can no longer be stopped is finished first.',
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
