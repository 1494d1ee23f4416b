import { app, type BrowserWindow } from 'electron';
import { createCrashPolicy } from '@host/crash-policy.ts';
import type { Log } from '@host/log-file.ts';
import { tell } from './asking.ts';

export interface CrashActions {
  /** The window is about to be loaded again; what it should say then. */
  onRecover(): void;
  showLog(): void;
}

const AGAIN = 0;
const SHOW_LOG = 1;

/** Processes other than pages: the log says so; engines are told of by the host, graphics start again by themselves. */
export function logLostProcesses(log: Log): void {
  app.on('child-process-gone', (_event, { type, reason, exitCode, serviceName, name }) => {
    // An engine that is not needed any more is killed; one that owed an answer is told of by the host.
    const isUsual = reason === 'clean-exit' || (type === 'Utility' && reason === 'killed');
    if (!isUsual) log.write('process-gone', { type, reason, exitCode, name: name ?? serviceName });
  });
}

/**
 * A page that crashes is loaded again, once by itself; after that a dialog asks. Runs are not in the page, so they go on.
 * @returns watches a window.
 */
export function guardCrashes(log: Log, actions: CrashActions): (window: BrowserWindow) => void {
  const decide = createCrashPolicy();
  return (window) => {
    const { webContents: contents } = window;
    let isRestartWanted = false;
    const load = (): void => {
      if (window.isDestroyed()) return;
      actions.onRecover();
      contents.reload();
    };
    contents.on('render-process-gone', (_event, { reason, exitCode }) => {
      log.write('window-gone', { reason, exitCode });
      const next = isRestartWanted ? 'reload' : decide(reason);
      isRestartWanted = false;
      // Not from within the event: the page that it is about is still being taken down.
      if (next === 'reload') setImmediate(load);
      if (next === 'ask') void ask(window, actions, load, `The window stopped working (${reason}).`);
    });
    contents.on('preload-error', (_event, _path, error) => {
      log.failed('preload-failed', error);
      void ask(window, actions, load, 'The window could not be prepared.');
    });
    contents.on('did-fail-load', (_event, code, words, _url, isMainFrame) => {
      if (!isMainFrame || code === ABORTED) return;
      log.write('window-not-loaded', { code, words });
      void ask(window, actions, load, 'The window could not be loaded.');
    });
    watchHanging(window, log, () => {
      isRestartWanted = true;
      contents.forcefullyCrashRenderer(); // what follows is a crash like any other
    });
  };
}

/** Chromium's code for a load that another one replaced. */
const ABORTED = -3;

async function ask(window: BrowserWindow, actions: CrashActions, load: () => void, message: string): Promise<void> {
  if (window.isDestroyed()) return;
  const response = await tell(window, {
    type: 'error',
    message,
    detail:
      'What is running on your databases goes on: it does not depend on this window. If this happens again, send the log to support.',
    buttons: ['Open the window again', 'Show the log', 'Close Phasewise'],
    defaultId: AGAIN,
    cancelId: AGAIN,
  });
  if (response === AGAIN) return load();
  if (response !== SHOW_LOG) return app.quit(); // asks, if something is running
  actions.showLog();
  return ask(window, actions, load, message);
}

/** A window that does not answer may be waited for; the question goes away when it answers again. */
function watchHanging(window: BrowserWindow, log: Log, restart: () => void): void {
  let question: AbortController | null = null;
  window.on('unresponsive', () => {
    log.write('window-hangs');
    if (question) return;
    const asked = (question = new AbortController());
    void tell(window, {
      type: 'warning',
      message: 'The window does not answer.',
      detail: 'What is running on your databases goes on. You can wait, or open the window again.',
      buttons: ['Wait', 'Open the window again'],
      defaultId: 0,
      cancelId: 0,
      signal: asked.signal,
    }).then((response) => {
      if (question === asked) question = null;
      if (response === 1 && !window.isDestroyed()) restart();
    });
  });
  window.on('responsive', () => {
    question?.abort();
    question = null;
  });
}
