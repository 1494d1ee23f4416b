import path from 'node:path';
import { BrowserWindow, screen } from 'electron';
import { loadWindowState, saveWindowState } from '@host/window-state.ts';
import { ORIGIN } from './protocol.ts';

const FIRST_SIZE = { width: 1_280, height: 840 };
const SMALLEST = { minWidth: 820, minHeight: 560 };

/**
 * Opens the window where it was last time. It shows itself when its first picture is ready: no white flash.
 * @param buildFolder where the preload bundle is.
 */
export function openWindow(dataFolder: string, buildFolder: string): BrowserWindow {
  const screens = screen.getAllDisplays().map((display) => display.workArea);
  const state = loadWindowState(dataFolder, screens);
  const { isMaximized, ...bounds } = state ?? { isMaximized: false, ...FIRST_SIZE };
  const window = new BrowserWindow({
    ...bounds,
    ...SMALLEST,
    title: 'Phasewise',
    show: false,
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
  window.once('ready-to-show', () => {
    if (isMaximized) window.maximize();
    window.show();
  });
  window.on('close', () => remember(window, dataFolder));
  void window.loadURL(`${ORIGIN}/`);
  return window;
}

/** Brings the window to the front, e.g. when the program is started a second time. */
export function focusWindow(window: BrowserWindow | null): void {
  if (!window) return;
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

function remember(window: BrowserWindow, dataFolder: string): void {
  try {
    saveWindowState(dataFolder, { ...window.getNormalBounds(), isMaximized: window.isMaximized() });
  } catch {
    // a window in its usual place next time is no reason to say anything now
  }
}
