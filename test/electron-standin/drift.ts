// Holds the stand-in against electron.d.ts at compile time: what it offers must exist there, take what callers of the real
// one pass, and return what they may use. A name that is listed below and agrees after all is an error, too.
import type { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import type * as StandIn from './electron.ts';

/** A method agrees when it can be called with the real arguments, and what it returns agrees. */
type MethodAgrees<Mine, Real> = [Real] extends [(...args: infer A) => infer R]
  ? [Mine] extends [(...args: A) => infer Own]
    ? Result<Awaited<Own>, Awaited<R>>
    : false
  : Result<Mine, Real>;
/** Objects may be simpler than the real ones, never different. */
type Result<Own, R> = [Own] extends [R] ? true : [Own, R] extends [object, object] ? OnlyKnown<Own, R> : false;
type OnlyKnown<Own, R> = Own extends (...args: never) => unknown
  ? false
  : Exclude<keyof Own, keyof R> extends never
    ? true
    : false;

type Disagreeing<Mine, Real> = {
  [K in Exclude<keyof Mine, keyof EventEmitter | 'prototype'>]: K extends keyof Real
    ? MethodAgrees<Mine[K], Real[K]> extends true
      ? never
      : K
    : K;
}[Exclude<keyof Mine, keyof EventEmitter | 'prototype'>];

/** `true`, or the names that are not as they should be. */
type Check<Mine, Real, Known = never> = [Exclude<Disagreeing<Mine, Real>, Known>] extends [never]
  ? [Exclude<Known, Disagreeing<Mine, Real>>] extends [never]
    ? true
    : { isFine: Exclude<Known, Disagreeing<Mine, Real>> }
  : { disagrees: Exclude<Disagreeing<Mine, Real>, Known> };

type Of<Class extends abstract new (...args: never) => unknown> = InstanceType<Class>;

// The names beside each check: what is the stand-in's own, for its other files and for tests, and what is simpler on
// purpose (events that carry less, items that are data only).
type OwnContents = 'answersOpen' | 'closeTarget' | 'invokeFrom' | 'setPaths' | 'getLastWebPreferences';
type Handlers = 'setDevicePermissionHandler' | 'setPermissionCheckHandler' | 'setPermissionRequestHandler';
type OwnSession = 'applyPermissions' | 'grants' | 'grantsDevice' | 'lets' | 'prevented' | 'watchDownloads';

export const agreement: {
  module: Check<typeof StandIn, typeof Electron, 'app' | 'ipcMain'>;
  app: Check<typeof StandIn.app, Electron.App, 'isQuitting' | 'secondInstance'>;
  window: Check<Of<typeof StandIn.BrowserWindow>, Electron.BrowserWindow, 'targetIsGone' | 'taskbar' | 'webContents'>;
  contents: Check<
    Of<typeof StandIn.webContents>,
    Electron.WebContents,
    OwnContents | 'session' | 'setWindowOpenHandler'
  >;
  session: Check<typeof StandIn.session.defaultSession, Electron.Session, OwnSession | Handlers>;
  dialog: Check<typeof StandIn.dialog, Electron.Dialog>;
  shell: Check<typeof StandIn.shell, Electron.Shell>;
  menu: Check<Of<typeof StandIn.Menu>, Electron.Menu, 'append' | 'getMenuItemById'>;
  menuItem: Check<Of<typeof StandIn.MenuItem>, Electron.MenuItem, 'accelerator' | 'role' | 'submenu' | 'type'>;
  notification: Check<Of<typeof StandIn.Notification>, Electron.Notification>;
  powerSaveBlocker: Check<typeof StandIn.powerSaveBlocker, Electron.PowerSaveBlocker>;
  nativeTheme: Check<typeof StandIn.nativeTheme, Electron.NativeTheme>;
  screen: Check<typeof StandIn.screen, Electron.Screen>;
  protocol: Check<typeof StandIn.protocol, Electron.Protocol>;
  ipcMain: Check<typeof StandIn.ipcMain, Electron.IpcMain, 'handle' | 'handleOnce' | 'invoke'>;
  utilityProcess: Check<typeof StandIn.utilityProcess, typeof Electron.utilityProcess, 'fork'>;
} = {
  module: true,
  app: true,
  window: true,
  contents: true,
  session: true,
  dialog: true,
  shell: true,
  menu: true,
  menuItem: true,
  notification: true,
  powerSaveBlocker: true,
  nativeTheme: true,
  screen: true,
  protocol: true,
  ipcMain: true,
  utilityProcess: true,
};
