import { app, type BrowserWindow, powerMonitor } from 'electron';
import type { Host } from '@host/host.ts';
import { endWork } from '@host/leaving.ts';
import type { Log } from '@host/log-file.ts';
import { tell } from './asking.ts';

const FINISH_STEP = 0;
const FINISH_ALL = 1;
const STAY = 2;

/**
 * Closing and quitting during a run ask first. The usual answer ends the run at its next whole step; the file can be
 * continued later. Electron's own events cannot wait, so they are held back and repeated when the work has ended.
 * When the system shuts down nobody is asked: it waits for seconds only, so the step is finished and that is all.
 */
export function guardClosing(
  host: Host,
  getWindow: () => BrowserWindow | null,
  log: Log,
): { watch(window: BrowserWindow): void } {
  let isAsking = false;
  let sessionEnds: Promise<void> | null = null;

  const hold = (event: { preventDefault(): void }, goOn: () => void): void => {
    if (!host.busy.any()) return;
    event.preventDefault();
    if (sessionEnds) return void sessionEnds.then(goOn);
    if (isAsking) return;
    isAsking = true;
    void askAndEnd(host, getWindow())
      .then((isEnded) => {
        if (isEnded) goOn(); // nothing is running any more, so it is not held back again
      })
      .catch((cause: unknown) => log.failed('closing-failed', cause))
      .finally(() => {
        isAsking = false;
      });
  };
  /** Windows waits a few seconds for a program that says it is not ready, macOS and Linux likewise; then they go on. */
  const endSession = (event: { preventDefault?(): void } | undefined): void => {
    log.write('session-ends', { busy: host.busy.any() });
    if (!host.busy.any()) return;
    event?.preventDefault?.();
    sessionEnds ??= endWork(host, 'session-ends').then(() => app.quit());
  };

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

/** @returns true when the work has ended and the window may close. */
async function askAndEnd(host: Host, window: BrowserWindow | null): Promise<boolean> {
  const response = await tell(window, {
    type: 'question',
    message: 'Something is still running on a database.',
    detail:
      'Finishing the current step leaves the file whole; the upgrade can be continued at any time from there. A backup or a restore is finished first.',
    buttons: ['Finish this step, then close', 'Finish everything, then close', 'Keep running'],
    defaultId: FINISH_STEP,
    cancelId: STAY,
  });
  if (response === STAY) return false;
  await endWork(host, response === FINISH_ALL ? 'finish-all' : 'finish-step');
  return true;
}
