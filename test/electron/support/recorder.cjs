// @ts-check
// Runs inside real Electron's main process, before the app: answers its dialogs, notes what it does outside its window,
// and offers the same commands as ../../electron-standin/control.ts, as `globalThis.recorder`.
const electron = require('electron');
const { app, BrowserWindow, dialog, ipcMain, Menu, Notification, powerMonitor, powerSaveBlocker, protocol, shell } =
  electron;

// Required by `electron -r FILE`; the app counts the arguments that are its own.
if (process.argv.includes('-r')) process.argv.splice(process.argv.indexOf('-r'), 2);

/** @type {{ kind: string, options: unknown }[]} */
const asked = [];
/** @type {{ kind: string, value?: any, hold?: true }[]} */
const answers = [];
/** @type {string[]} */
const opened = [];
/** @type {string[]} */
const recentDocuments = [];
/** @type {string[]} */
const prevented = [];
/** @type {Map<number, string>} */
const blockers = new Map();
/** @type {Electron.Notification[]} */
const notifications = [];
/** @type {unknown[]} */
const privileged = [];
/** What the app set, by the setter's name. @type {Map<string, any>} */
const handlers = new Map();
/** What only the taskbar shows. @type {WeakMap<object, { progress: number, mode: string, isFlashing: boolean }>} */
const taskbars = new WeakMap();

/**
 * Replaces a method; `act` gets the original and the arguments.
 * @param {any} object
 * @param {string} name
 * @param {(this: any, original: (...args: any[]) => any, ...args: any[]) => any} act
 */
function replace(object, name, act) {
  const original = object[name];
  object[name] = function (/** @type {any[]} */ ...args) {
    return act.call(this, original?.bind(this), ...args);
  };
}

/** @param {string} kind @param {any[]} args @param {any} cancelled */
async function ask(kind, args, cancelled) {
  asked.push({ kind, options: args.at(-1) });
  const at = answers.findIndex((answer) => answer.kind === kind);
  if (at < 0) return cancelled;
  const [answer] = answers.splice(at, 1);
  const { signal } = args.at(-1);
  if (answer?.hold)
    return new Promise((resolve) =>
      signal?.addEventListener('abort', () => (asked.push({ kind: 'taken-back', options: null }), resolve(cancelled))),
    );
  return answer?.value;
}
replace(dialog, 'showOpenDialog', (_real, ...args) => ask('open', args, { canceled: true, filePaths: [] }));
replace(dialog, 'showSaveDialog', (_real, ...args) => ask('save', args, { canceled: true, filePath: '' }));
replace(dialog, 'showMessageBox', (_real, ...args) =>
  ask('message', args, { response: args.at(-1).cancelId ?? 0, checkboxChecked: false }),
);
replace(dialog, 'showErrorBox', (_real, title, content) => asked.push({ kind: 'error', options: { title, content } }));
replace(shell, 'openExternal', async (_real, url) => void opened.push(url));
replace(shell, 'openPath', async (_real, path) => (opened.push(path), ''));
replace(shell, 'showItemInFolder', (_real, path) => void opened.push(path));
replace(app, 'addRecentDocument', (_real, path) => void recentDocuments.unshift(path));
replace(app, 'clearRecentDocuments', () => void recentDocuments.splice(0));
replace(app, 'showAboutPanel', () => void asked.push({ kind: 'about', options: {} }));
replace(powerSaveBlocker, 'start', (real, type) => {
  const id = real(type);
  blockers.set(id, type);
  return id;
});
replace(powerSaveBlocker, 'stop', (real, id) => (blockers.delete(id), real(id)));
replace(protocol, 'registerSchemesAsPrivileged', (real, schemes) => (privileged.push(...schemes), real(schemes)));
replace(Notification.prototype, 'show', function () {
  const { title, body } = this;
  asked.push({ kind: 'notification', options: { title, body } });
  notifications.push(this);
});

/** @param {object} window */
const taskbarOf = (window) => {
  const known = taskbars.get(window) ?? { progress: -1, mode: 'normal', isFlashing: false };
  taskbars.set(window, known);
  return known;
};
app.on('browser-window-created', (_event, window) => {
  replace(window, 'setProgressBar', (real, progress, options) => {
    Object.assign(taskbarOf(window), { progress, mode: options?.mode ?? 'normal' });
    real(progress, options);
  });
  replace(window, 'flashFrame', (real, flag) => ((taskbarOf(window).isFlashing = flag), real(flag)));
});
app.on('web-contents-created', (_event, contents) => {
  replace(contents, 'setWindowOpenHandler', (real, handler) => (handlers.set('open', handler), real(handler)));
});
app.on('session-created', (session) => {
  for (const name of ['setPermissionRequestHandler', 'setPermissionCheckHandler', 'setDevicePermissionHandler'])
    replace(session, name, (real, handler) => (handlers.set(name, handler), real(handler)));
  replace(session.webRequest, 'onBeforeRequest', (real, handler) => (handlers.set('filter', handler), real(handler)));
  session.on('will-download', (event, item) => {
    setImmediate(() => event.defaultPrevented && prevented.push(item.getURL()));
  });
});

/** The first one is the app's own; a test may have opened others. */
const own = () => {
  const window = BrowserWindow.getAllWindows().sort((a, b) => a.id - b.id)[0];
  if (!window) throw new Error('the app has no window');
  return window;
};
const gone = Object.defineProperty({}, 'url', {
  get() {
    throw new Error('Render frame was disposed before WebFrameMain could be accessed');
  },
});
/** @param {string} sender */
const frameOf = (sender) => {
  const { mainFrame } = own().webContents;
  if (sender === 'sub-frame') return { url: mainFrame.url, origin: mainFrame.origin, parent: mainFrame };
  if (sender === 'other-origin') return { url: 'https://example.com/', origin: 'https://example.com', parent: null };
  return sender === 'no-frame' ? null : sender === 'page' ? mainFrame : gone;
};
/** Electron has it, and does not document it. @param {Electron.BrowserWindow} window @returns {Electron.WebPreferences} */
const preferencesOf = ({ webContents }) => Reflect.get(webContents, 'getLastWebPreferences').call(webContents);
/** @param {unknown} value */
const plain = (value) => JSON.parse(JSON.stringify(value ?? null));

/** @param {Electron.Menu | null | undefined} menu @returns {object[]} */
const readMenu = (menu) =>
  (menu?.items ?? [])
    .filter(({ type, visible }) => visible && type !== 'separator')
    .map(({ id, label, role, accelerator, enabled, submenu }) => ({
      id: id ?? '',
      label,
      role: role ?? null,
      accelerator: accelerator ?? null,
      isEnabled: enabled,
      items: readMenu(submenu),
    }));

/**
 * The same names, so that the specs cannot tell.
 * @satisfies {Record<keyof import('../../electron-standin/control.ts').Commands, (...args: any[]) => unknown>}
 */
const recorder = {
  answer: (/** @type {any} */ answer) => void answers.push(answer),
  asked: () => asked.map(({ kind, options }) => ({ kind, options: plain(options) })),
  opened: () => opened,
  noted: () => [],
  privileged: () => privileged,
  prevented: () => prevented,
  outside: () => ({
    recentDocuments,
    blockers: [...blockers.values()],
    notifications: notifications.map(({ title, body }) => ({ title, body })),
  }),
  menu: () => readMenu(Menu.getApplicationMenu()),
  clickMenu(/** @type {string} */ id) {
    const item = Menu.getApplicationMenu()?.getMenuItemById(id);
    if (!item) throw new Error(`the menu has no item ${id}`);
    if (!item.enabled) throw new Error(`the menu item ${id} is disabled`);
    item.click({}, BrowserWindow.getFocusedWindow(), own().webContents);
  },
  clickNotification: () => void notifications.at(-1)?.emit('click', {}),
  paths: () => {}, // Chromium's own file objects know theirs
  openFile: (/** @type {string} */ path) => void app.emit('open-file', { preventDefault: () => {} }, path),
  windows: () =>
    BrowserWindow.getAllWindows()
      .sort((a, b) => a.id - b.id)
      .map((it) => ({
        title: it.getTitle(),
        visible: it.isVisible(),
        focused: it.isFocused(),
        minimized: it.isMinimized(),
        ...taskbarOf(it),
        url: it.webContents.getURL(),
        preferences: plain(preferencesOf(it)),
      })),
  blur: () => own().blur(),
  focus: () => own().focus(),
  minimize: () => own().minimize(),
  async otherWindow(/** @type {string} */ expression) {
    const { webContents } = own();
    const window = new BrowserWindow({ webPreferences: preferencesOf(own()) });
    await window.loadURL(webContents.getURL());
    return window.webContents.executeJavaScript(expression).finally(() => window.destroy());
  },
  inWindow: (/** @type {string} */ expression) => own().webContents.executeJavaScript(expression),
  /** Electron keeps the handlers of `ipcMain.handle` in a map of this name. */
  callFrom(/** @type {string} */ sender, /** @type {string} */ channel, /** @type {unknown[]} */ args) {
    const handler = Reflect.get(ipcMain, '_invokeHandlers')?.get(channel);
    if (!handler) throw new Error(`no handler for ${channel}`);
    return handler({ sender: own().webContents, senderFrame: frameOf(sender) }, ...args);
  },
  crashRenderer: () => own().webContents.forcefullyCrashRenderer(),
  crashUtilities: () =>
    app
      .getAppMetrics()
      .filter(({ type, serviceName }) => type === 'Utility' && serviceName === 'node.mojom.NodeService')
      .forEach(({ pid }) => process.kill(pid, 'SIGKILL')),
  hang: (/** @type {boolean} */ isHung) =>
    [own(), own().webContents].map((it) => it.emit(isHung ? 'unresponsive' : 'responsive')),
  trustsBadCertificate: () =>
    new Promise((resolve) => {
      const event = { preventDefault: () => {} };
      const contents = own().webContents;
      if (!app.emit('certificate-error', event, contents, 'https://a.test/', 'net::ERR', {}, resolve, true))
        resolve(false);
    }),
  prevents(/** @type {string} */ name, /** @type {string} */ url) {
    let isPrevented = false;
    const details = { url, isMainFrame: true, isSameDocument: false, frame: own().webContents.mainFrame };
    /** @type {any} */ (own().webContents).emit(name, { ...details, preventDefault: () => (isPrevented = true) }, url);
    return isPrevented;
  },
  opensWindow: (/** @type {string} */ url) => (handlers.get('open')?.({ url }).action ?? 'allow') === 'allow',
  lets: (/** @type {string} */ url) =>
    new Promise((resolve) => {
      const answer = (/** @type {{ cancel?: boolean }} */ { cancel }) => resolve(cancel !== true);
      const filter = handlers.get('filter');
      if (filter) filter({ url }, answer);
      else resolve(true);
    }),
  grantsDevice: (/** @type {string} */ deviceType) =>
    handlers.get('setDevicePermissionHandler')?.({ deviceType, origin: 'app://phasewise', device: {} }) ?? false,
  grants(/** @type {string} */ permission, /** @type {string} */ origin, by = 'both') {
    let isGranted = !handlers.has('setPermissionRequestHandler');
    const contents = own().webContents;
    handlers.get('setPermissionRequestHandler')?.(
      contents,
      permission,
      (/** @type {boolean} */ it) => (isGranted = it),
      {},
    );
    const isChecked = handlers.get('setPermissionCheckHandler')?.(contents, permission, `${origin}/`, {}) ?? true;
    return by === 'both' ? isGranted && isChecked : isGranted || isChecked;
  },
  sessionEnds(/** @type {'window' | 'app'} */ how) {
    let isPrevented = false;
    const event = { preventDefault: () => (isPrevented = true), reasons: ['shutdown'] };
    if (how === 'window') /** @type {any} */ (own()).emit('query-session-end', event);
    else /** @type {any} */ (powerMonitor).emit('shutdown', event);
    return isPrevented;
  },
  fault: (/** @type {string} */ words) => void setTimeout(() => void Promise.reject(new Error(words))),
  passTime(/** @type {number} */ ms) {
    const now = Date.now;
    Date.now = () => now() + ms;
  },
  closeWindow: () => own().close(),
  quit: () => void setImmediate(() => app.quit()),
};
Object.assign(globalThis, { recorder });
