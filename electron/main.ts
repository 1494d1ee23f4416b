import path from 'node:path';
import { app, type BrowserWindow, nativeTheme, shell } from 'electron';
import { RECOVERED } from '@host/crash-policy.ts';
import { readPublisher } from '@host/app-version.ts';
import { requireBundles } from '@host/bundles.ts';
import { dataFolderPath, documentsFolder } from '@host/data-folder.ts';
import type { Door } from '@host/door.ts';
import { createHandlers } from '@host/handlers.ts';
import { createHost } from '@host/host.ts';
import { keepLog } from '@host/log-events.ts';
import { handedOver } from '@host/named-files.ts';
import { createRouter } from '@host/router.ts';
import { addressOf, shownHandle } from '@host/shown-database.ts';
import { openWindowFiles } from '@host/window-files.ts';
import type { WindowGoal } from '@shared/about.ts';
import { keepAttention } from './shell/attention.ts';
import { guardClosing } from './shell/closing.ts';
import { guardCrashes, logLostProcesses } from './shell/crashes.ts';
import { spawnWithElectron } from './shell/engine-spawn.ts';
import { createExternal, systemFolder } from './shell/external.ts';
import { guardAll } from './shell/guards.ts';
import { connectWindow } from './shell/ipc.ts';
import { keepMenu } from './shell/menu.ts';
import { chooseDatabase, chooseFiles, chooseFolder, chooseSaveFile, openFiles, tellRefused } from './shell/opening.ts';
import { registerScheme, serveWindow } from './shell/protocol.ts';
import { type Launch, launch } from './shell/starting.ts';
import { focusWindow, nameFile, openWindow } from './shell/window.ts';

// Starts the app and connects its parts. No migration logic here.

launch({ beforeReady: registerScheme, start });

function start({ files, log, start: mark, takeFiles }: Launch): void {
  let window: BrowserWindow | null = null;
  let trouble: string | null = null;
  const getWindow = () => window;
  requireBundles(__dirname);
  const spawn = spawnWithElectron(path.join(__dirname, 'engine.cjs'));
  const publisher = readPublisher(__dirname);
  const external = createExternal(publisher, __dirname, log);
  const showLog = () => shell.showItemInFolder(log.file);
  const host = createHost({ dataFolder: dataFolderPath(), appVersion: app.getVersion(), spawn });
  const door: Door = {
    info: {
      ...{ version: app.getVersion(), door: 'electron', fileChoosing: 'native', canRevealFiles: true, notice: null },
      get trouble() {
        return trouble;
      },
    },
    spawn,
    documentsFolder: systemFolder('documents', documentsFolder),
    chooseDatabase: () => chooseDatabase(window),
    chooseFolder: (title, button) => chooseFolder(window, title, button),
    chooseFiles: () => chooseFiles(window),
    chooseSaveFile: (suggested, title, button) => chooseSaveFile(window, suggested, title, button),
    revealFile: (file) => shell.showItemInFolder(file),
    ...{ publisher, log, openAddress: external.openAddress },
  };
  const router = createRouter(createHandlers(host, door), {
    log: (channel, cause) => log.failed('call-failed', cause, { channel }),
  });

  const { colorScheme } = host.settings.get();
  nativeTheme.themeSource = colorScheme === 'auto' ? 'system' : colorScheme; // the first picture has the chosen colours
  host.scrub.start();
  guardAll();
  serveWindow(openWindowFiles(path.join(__dirname, '../renderer/main_window')));
  connectWindow(host, router, getWindow);
  keepLog(host, log);
  logLostProcesses(log);
  const closing = guardClosing(host, getWindow, log);
  const watchCrashes = guardCrashes(log, { showLog, onRecover: () => (trouble = RECOVERED) });
  const show = (address = ''): void => {
    if (window) return focusWindow(window);
    trouble = null;
    const opened = openWindow(host.dataFolder, __dirname, { address, onShown: mark.done });
    window = opened;
    for (const watch of [closing.watch, watchCrashes, attend, watchMenu]) watch(opened);
    nameFile(opened, host.databases);
    opened.on('closed', () => {
      window = null;
    });
  };
  /** A window that is opened for it begins there. */
  const goTo = (goal: WindowGoal): void => {
    const isThere = window !== null;
    show(goal.show === 'database' ? addressOf(goal.handle, goal.page) : '');
    const say = (): void => host.events.emit('window:goal', goal);
    if (isThere) say();
    else if (goal.show !== 'database') getWindow()?.webContents.once('did-finish-load', say);
  };
  const attend = keepAttention(host, {
    getWindow,
    showResult: ({ handle, page }) => goTo({ show: 'database', handle, page }),
  });
  const open = async (named: readonly string[]): Promise<void> => {
    const { opened, refused } = await openFiles(host, named);
    const [only, ...others] = opened;
    // A window that is there hears of each and goes there; one that is opened for a single file begins there.
    show(only && others.length === 0 ? addressOf(only.handle, 'overview') : '');
    tellRefused(refused, window);
  };
  const choose = async (): Promise<void> => {
    const file = await chooseDatabase(window);
    if (file !== null) await open([file]);
  };

  const watchMenu = keepMenu(host, {
    hasDocumentation: external.showDocumentation !== null,
    actions: {
      choose: () => void choose(),
      open: (file) => void open([file]),
      show: (what) => goTo({ show: what }),
      showPage: (page) => {
        const handle = window && shownHandle(window.webContents.getURL());
        if (handle !== null) goTo({ show: 'database', handle, page });
      },
      showDocumentation: () => external.showDocumentation?.(),
      showLog,
    },
  });
  app.on('second-instance', (_event, _argv, _folder, data) => void open(handedOver(data)));
  app.on('activate', () => show());
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  takeFiles((named) => void open(named));
  if (files.length === 0) show('');
  else void open(files);
}
