import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { app, dialog } from 'electron';
import { CodedError, toAppError } from '@shared/errors.ts';
import { dataFolderPath, folderError } from '@host/data-folder.ts';
import { type Log, openLog } from '@host/log-file.ts';
import { filesOf, ownArguments } from '@host/named-files.ts';
import { installerStart } from '@host/squirrel.ts';
import { beginStart, type Start } from '@host/start-marker.ts';
import { openWithSteps } from '@host/windows-open-with.ts';
import { tell } from './asking.ts';
import { systemFolder } from './external.ts';

export interface Launch {
  /** Named on the command line, or by the system before there was anything to open them with. */
  readonly files: readonly string[];
  readonly log: Log;
  readonly start: Start;
  /** From now on files that the system names go here. */
  takeFiles(open: (files: readonly string[]) => void): void;
}

export interface LaunchOptions {
  /** What Electron wants before it is ready. */
  beforeReady(): void;
  start(launch: Launch): void;
}

/** The longest that one entry of the registry may take, ms: an installer waits for us. */
const REGISTRY_MS = 2_000;

/** Brings the app up to its start. Whatever goes wrong before there is a window ends in a dialog that says so. */
export function launch({ beforeReady, start }: LaunchOptions): void {
  const early: string[] = [];
  let openLater = (files: readonly string[]): void => void early.push(...files);
  try {
    if (servesInstaller()) return;
    const dataFolder = dataFolderPath();
    const log = openLog({ folder: systemFolder('logs', () => path.join(dataFolder, 'logs')) });
    catchTheRest(log);
    const named = filesOf(ownArguments(process.argv, app.isPackaged), workingFolder());
    beforeReady();
    app.enableSandbox();
    if (!app.requestSingleInstanceLock({ files: named })) return leaveToTheFirst();
    const mark = beginStart(dataFolder, app.getVersion());
    if (mark.isSoftware) app.disableHardwareAcceleration();
    log.write('started', { ...versions(), drawing: mark.isSoftware ? 'software' : 'usual', files: named.length });
    app.on('open-file', (event, file) => {
      event.preventDefault();
      openLater([file]);
    });
    void app
      .whenReady()
      .then(() => {
        const takeFiles: Launch['takeFiles'] = (open) => (openLater = open);
        start({ files: [...named, ...early.splice(0)], log, start: mark, takeFiles });
      })
      .catch((cause: unknown) => giveUp(cause, log));
  } catch (cause) {
    giveUp(cause, null);
  }
}

/** @returns true when this start is the installer's; it ends by itself. */
function servesInstaller(): boolean {
  const asked = installerStart(process.argv, process.execPath);
  if (asked === null) return false;
  const registry = path.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'reg.exe');
  for (const args of openWithSteps(process.argv[1] ?? '', process.execPath))
    spawnSync(registry, args, { stdio: 'ignore', timeout: REGISTRY_MS, windowsHide: true });
  const { run } = asked;
  if (run === null) app.quit();
  else {
    const child = spawn(run.program, run.args, { stdio: 'ignore', shell: false });
    for (const event of ['exit', 'error']) child.once(event, () => app.quit());
  }
  return true;
}

const versions = () => ({
  version: app.getVersion(),
  platform: process.platform,
  arch: process.arch,
  system: process.getSystemVersion?.() ?? null,
  electron: process.versions['electron'] ?? null,
});

/** The one that runs opens the files. Without a folder of its own Electron cannot know whether one runs. */
function leaveToTheFirst(): void {
  const problem = folderError(app.getPath('userData'));
  if (problem) giveUp(new CodedError(problem), null);
  else app.quit();
}

/** Somebody may have removed the folder that a terminal stands in. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return app.getPath('home');
  }
}

function giveUp(cause: unknown, log: Log | null): void {
  log?.failed('not-started', cause);
  const { title, message, nextStep } = toAppError(cause);
  dialog.showErrorBox(`Phasewise cannot start: ${title}`, `${message}\n\n${nextStep}`);
  app.exit(1);
}

/**
 * A fault of ours in the main process: it is written down and told once. Runs are other processes, and the journal of
 * each is kept; to end everything would only interrupt them.
 */
function catchTheRest(log: Log): void {
  let isTold = false;
  const caught = (event: string, cause: unknown): void => {
    log.failed(event, cause);
    if (isTold || !app.isReady()) return;
    isTold = true;
    void tell(null, {
      type: 'error',
      message: 'Something unexpected happened inside Phasewise.',
      detail: `What is running goes on. If something does not answer any more, close Phasewise and start it again: it will say where it stopped. For support there is a log:\n${log.file}`,
      buttons: ['OK'],
    }).catch(() => {});
  };
  process.on('uncaughtException', (cause) => {
    caught('uncaught-exception', cause);
    if (!app.isReady()) giveUp(cause, null);
  });
  process.on('unhandledRejection', (cause) => caught('unhandled-rejection', cause));
}
