import { existsSync } from 'node:fs';
import path from 'node:path';
import { BrowserWindow, nativeTheme, screen } from 'electron';
import type { Databases } from '@host/databases.ts';
import { shownHandle } from '@host/shown-database.ts';
import { firstSize, loadWindowState, saveWindowState } from '@host/window-state.ts';
import { ORIGIN } from './protocol.ts';

const FIRST_SIZE = { width: 1_280, height: 840 };
const SMALLEST = { minWidth: 820, minHeight: 560 };
/** --pw-page of renderer/global.css. */
const PAGE_LIGHT = '#f5f6f8';
const PAGE_DARK = '#13171c';

/** A page that has drawn nothing by then is shown as it is, ms: nobody should wait for a window that never comes. */
const LATEST = 5_000;

export interface WindowOptions {
  /** The page that it begins with, `#/…`. */
  readonly address: string;
  readonly onShown: () => void;
}

/**
 * Opens the window where it was last time. It shows itself when its first picture is ready: no white flash.
 * @param buildFolder where the preload bundle is.
 */
export function openWindow(
  dataFolder: string,
  buildFolder: string,
  { address, onShown }: WindowOptions,
): BrowserWindow {
  const screens = screen.getAllDisplays().map((display) => display.workArea);
  const state = loadWindowState(dataFolder, screens);
  const { isMaximized, isFullScreen, ...bounds } = state ?? {
    ...{ isMaximized: false, isFullScreen: false },
    ...firstSize(FIRST_SIZE, screen.getPrimaryDisplay().workArea),
  };
  const window = new BrowserWindow({
    ...bounds,
    ...SMALLEST,
    title: 'Phasewise',
    show: false,
    // Seen while the page is drawn anew, e.g. when the window grows; a dark page would flash up white.
    backgroundColor: nativeTheme.shouldUseDarkColors ? PAGE_DARK : PAGE_LIGHT,
    ...iconFor(buildFolder),
    webPreferences: {
      preload: path.join(buildFolder, 'preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
    },
  });
  const show = (): void => {
    clearTimeout(timer);
    if (window.isDestroyed()) return;
    if (isMaximized) window.maximize();
    if (isFullScreen) window.setFullScreen(true);
    window.show();
    onShown();
  };
  const timer = setTimeout(show, LATEST);
  window.once('ready-to-show', show);
  window.once('closed', () => clearTimeout(timer));
  window.on('close', () => remember(window, dataFolder));
  // What could not be loaded is told by the guard against crashes.
  window.loadURL(`${ORIGIN}/${address}`).catch(() => {});
  return window;
}

/** Brings the window to the front, e.g. when the program is started a second time. */
export function focusWindow(window: BrowserWindow | null): void {
  if (!window) return;
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

/** Tells the address of every page that the window goes to. */
export function followAddress({ webContents }: BrowserWindow, tell: (url: string) => void): void {
  webContents.on('did-navigate', (_event, url) => tell(url));
  webContents.on('did-navigate-in-page', (_event, url, isMainFrame) => {
    if (isMainFrame) tell(url);
  });
}

/** macOS: the title bar has the icon and the folder of the file that the page is about. */
export function nameFile(window: BrowserWindow, databases: Databases): void {
  if (process.platform !== 'darwin') return;
  followAddress(window, (url) => {
    const handle = shownHandle(url);
    const database = handle === null ? null : databases.get(handle);
    window.setRepresentedFilename(database?.ok === true ? database.value.path : '');
  });
}

function remember(window: BrowserWindow, dataFolder: string): void {
  try {
    const [isMaximized, isFullScreen] = [window.isMaximized(), window.isFullScreen()];
    saveWindowState(dataFolder, { ...window.getNormalBounds(), isMaximized, isFullScreen });
  } catch {
    // a window in its usual place next time is no reason to say anything now
  }
}

/** Windows and macOS take the program's own icon; on Linux a window has none but this. Packaged apps hold the file. */
function iconFor(buildFolder: string): { icon?: string } {
  const icon = path.join(buildFolder, '../../icon.png');
  return process.platform === 'linux' && existsSync(icon) ? { icon } : {};
}
