import { app, type BrowserWindow, dialog } from 'electron';
import type { Host } from '@host/host.ts';

const FINISH_STEP = 0;
const FINISH_ALL = 1;
const STAY = 2;

/**
 * Closing and quitting during a run ask first. The usual answer ends the run at its next whole step; the file can be
 * continued later. Electron's own events cannot wait, so they are held back and repeated when the work has ended.
 */
export function guardClosing(
  host: Host,
  getWindow: () => BrowserWindow | null,
): { watch(window: BrowserWindow): void } {
  let isAsking = false;

  const hold = (event: { preventDefault(): void }, goOn: () => void): void => {
    if (!host.busy.any()) return;
    event.preventDefault();
    if (isAsking) return;
    isAsking = true;
    void askAndEnd(host, getWindow())
      .then((ended) => {
        if (ended) goOn(); // nothing is running any more, so it is not held back again
      })
      .finally(() => {
        isAsking = false;
      });
  };

  app.on('before-quit', (event) => hold(event, () => app.quit()));
  app.on('will-quit', () => host.close());
  return { watch: (window) => void window.on('close', (event) => hold(event, () => window.close())) };
}

/** @returns true when the work has ended and the window may close. */
async function askAndEnd(host: Host, window: BrowserWindow | null): Promise<boolean> {
  const question = {
    type: 'question' as const,
    title: 'Phasewise',
    message: 'Something is still running on a database.',
    detail:
      'Finishing the current step leaves the file whole; the upgrade can be continued at any time from there. A backup or a restore is finished first.',
    buttons: ['Finish this step, then close', 'Finish everything, then close', 'Keep running'],
    defaultId: FINISH_STEP,
    cancelId: STAY,
    noLink: true,
  };
  const { response } = await (window ? dialog.showMessageBox(window, question) : dialog.showMessageBox(question));
  if (response === STAY) return false;
  if (response === FINISH_ALL) await host.runs.settled();
  else await host.runs.cancelAll();
  await host.busy.free();
  return true;
}
