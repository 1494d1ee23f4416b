// The module that `electron` means under the double. See README.md for what it is true to and what it is not.
import './control.ts';

export { BrowserWindow } from './browser-window.ts';
export { ipcMain } from './ipc-main.ts';
export { app } from './lifecycle.ts';
export { clipboard, dialog, Menu, nativeTheme, Notification, powerMonitor, powerSaveBlocker, shell } from './native.ts';
export { net, protocol } from './protocol.ts';
export { utilityProcess } from './utility-process.ts';
export { session } from './web-contents.ts';

export const safeStorage = { isEncryptionAvailable: () => false };
export const screen = {
  getPrimaryDisplay: () => ({
    workArea: { x: 0, y: 0, width: 1920, height: 1080 },
    workAreaSize: { width: 1920, height: 1080 },
  }),
  getAllDisplays: () => [screen.getPrimaryDisplay()],
  getDisplayMatching: () => screen.getPrimaryDisplay(),
};
