// The module that `electron` means under the stand-in. See README.md for what it is true to and what it is not.
import './control.ts';

export { BrowserWindow } from './browser-window.ts';
export { dialog } from './dialogs.ts';
export { ipcMain } from './ipc-main.ts';
export { app } from './lifecycle.ts';
export { Menu, MenuItem } from './menu.ts';
export {
  clipboard,
  nativeTheme,
  Notification,
  powerMonitor,
  powerSaveBlocker,
  safeStorage,
  screen,
  shell,
} from './native.ts';
export { net, protocol } from './protocol.ts';
export { session } from './session.ts';
export { utilityProcess } from './utility-process.ts';
export { WebContents as webContents } from './web-contents.ts';
