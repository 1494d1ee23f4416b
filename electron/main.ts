import path from 'node:path';
import { app, type BrowserWindow, dialog, shell } from 'electron';
import { toAppError } from '@shared/errors.ts';
import { dataFolderPath } from '@host/data-folder.ts';
import type { Door } from '@host/door.ts';
import { createHandlers } from '@host/handlers.ts';
import { createHost } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import { createRouter } from '@host/router.ts';
import { openWindowFiles } from '@host/window-files.ts';
import { guardClosing } from './shell/closing.ts';
import { spawnWithElectron } from './shell/engine-spawn.ts';
import { guardAll } from './shell/guards.ts';
import { connectWindow } from './shell/ipc.ts';
import { keepMenu } from './shell/menu.ts';
import {
  chooseDatabase,
  chooseFiles,
  chooseFolder,
  chooseSaveFile,
  filesOf,
  handedOver,
  openFiles,
  ownArguments,
} from './shell/opening.ts';
import { registerScheme, serveWindow } from './shell/protocol.ts';
import { focusWindow, openWindow } from './shell/window.ts';

// Starts the app and connects its parts. No migration logic here.

const argumentFiles = filesOf(ownArguments(process.argv), process.cwd());
/** Files that macOS names before there is anything to open them with. */
const earlyFiles: string[] = [];
let openLater = (files: readonly string[]): void => void earlyFiles.push(...files);

registerScheme();
app.enableSandbox();
if (app.requestSingleInstanceLock({ files: argumentFiles })) {
  app.on('open-file', (event, file) => {
    event.preventDefault();
    openLater([file]);
  });
  void app.whenReady().then(start).catch(giveUp);
} else {
  app.quit(); // the one that runs opens the files
}

function start(): void {
  let window: BrowserWindow | null = null;
  const getWindow = () => window;
  const spawn = spawnWithElectron(path.join(__dirname, 'engine.cjs'));
  const host = createHost({ dataFolder: dataFolderPath(), appVersion: app.getVersion(), spawn });
  const door: Door = {
    info: { version: app.getVersion(), door: 'electron', fileChoosing: 'native', canRevealFiles: true, notice: null },
    spawn,
    documentsFolder: app.getPath('documents'),
    chooseDatabase: () => chooseDatabase(window),
    chooseFolder: (title, button) => chooseFolder(window, title, button),
    chooseFiles: () => chooseFiles(window),
    chooseSaveFile: (suggested) => chooseSaveFile(window, suggested),
    revealFile: (file) => shell.showItemInFolder(file),
  };
  const log = (channel: string, cause: unknown) => console.error(printable(`${channel}: ${String(cause)}`));
  const router = createRouter(createHandlers(host, door), { log });

  host.scrub.start();
  guardAll();
  serveWindow(openWindowFiles(path.join(__dirname, '../renderer/main_window')));
  connectWindow(host, router, getWindow);
  const closing = guardClosing(host, getWindow);
  const show = (): void => {
    if (window) return focusWindow(window);
    window = openWindow(host.dataFolder, __dirname);
    closing.watch(window);
    window.on('closed', () => {
      window = null;
    });
  };
  const open = (files: readonly string[]): void => {
    show();
    openFiles(host, files);
  };
  const choose = async (): Promise<void> => {
    const file = await chooseDatabase(window);
    if (file !== null) open([file]);
  };

  keepMenu(host, { choose: () => void choose(), open: (file) => open([file]) });
  app.on('second-instance', (_event, _argv, _folder, data) => open(handedOver(data)));
  app.on('activate', show);
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  openLater = open;
  open([...argumentFiles, ...earlyFiles.splice(0)]);
}

function giveUp(cause: unknown): void {
  const { title, message, nextStep } = toAppError(cause);
  dialog.showErrorBox(`Phasewise cannot start: ${title}`, `${message}\n\n${nextStep}`);
  app.exit(1);
}
