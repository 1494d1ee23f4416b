// What a test may ask of the running app from outside, over the IPC channel of the forked process.
import { BrowserWindow } from './browser-window.ts';
import { type Answer, answers } from './dialogs.ts';
import { disposedFrame, type Frame, frameAt } from './frames.ts';
import { app } from './lifecycle.ts';
import { Menu, type MenuNode, readMenu } from './menu.ts';
import { activeBlockers, notifications, powerMonitor } from './native.ts';
import { privileged } from './protocol.ts';
import { session } from './session.ts';
import { asked, noted, opened, recentDocuments } from './shown.ts';
import { crashAll } from './utility-process.ts';

/** Where a forged call pretends to come from. */
export type Sender = 'page' | 'sub-frame' | 'other-origin' | 'no-frame' | 'disposed-frame';

/** The first one is the app's own; a test may have opened others. */
function ownWindow(): BrowserWindow {
  const [window] = BrowserWindow.getAllWindows();
  if (!window) throw new Error('the app has no window');
  return window;
}

function frameOf(sender: Sender): Frame | null {
  const { mainFrame } = ownWindow().webContents;
  if (sender === 'sub-frame') return frameAt(() => mainFrame.url, mainFrame);
  if (sender === 'other-origin') return frameAt(() => 'https://example.com/');
  if (sender === 'no-frame') return null;
  return sender === 'page' ? mainFrame : disposedFrame();
}

/** What functions cannot cross to the test, and nobody needs there. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null)) as unknown;

/** Each is a call that launch.ts makes by name. */
const commands = {
  /** Queues what the next dialog of a kind returns. */
  answer: (answer: Answer) => void answers.push(answer),
  asked: () => asked.map(({ kind, options }) => ({ kind, options: plain(options) })),
  opened: () => opened,
  noted: () => plain(noted) as { name: string; args: unknown[] }[],
  privileged: () => privileged,
  /** What stands outside the windows now. */
  outside: () => ({
    recentDocuments,
    blockers: activeBlockers(),
    notifications: notifications.map(({ title, body }) => ({ title, body })),
  }),
  prevented: () => session.defaultSession.prevented,

  menu: (): MenuNode[] => readMenu(Menu.getApplicationMenu()),
  /** By id. A role does what Electron does with it, where that can be done here. */
  clickMenu(id: string) {
    const item = Menu.getApplicationMenu()?.getMenuItemById(id);
    if (!item) throw new Error(`the menu has no item ${id}`);
    if (!item.enabled) throw new Error(`the menu item ${id} is disabled`);
    item.click(item, BrowserWindow.getFocusedWindow(), {});
  },
  /** A click on the notification that was shown last. */
  clickNotification: () => void notifications.at(-1)?.emit('click', {}),

  /** The paths that files dropped on the window will have, by file name. */
  paths: (paths: Record<string, string>) => ownWindow().webContents.setPaths(paths),
  /** The operating system asks the app to open a file (macOS). */
  openFile: (path: string) => void app.emit('open-file', { preventDefault: () => {} }, path),
  windows: () =>
    BrowserWindow.getAllWindows().map((it) => ({
      title: it.getTitle(),
      visible: it.isVisible(),
      focused: it.isFocused(),
      minimized: it.isMinimized(),
      ...it.taskbar,
      url: it.webContents.getURL(),
      preferences: plain(it.webContents.getLastWebPreferences()) as Record<string, unknown>,
    })),
  /** Somebody looks at another program, or back at this one. */
  blur: () => ownWindow().blur(),
  focus: () => ownWindow().focus(),
  minimize: () => ownWindow().minimize(),
  /** A second window with the same page and preload script, which the app knows nothing of. Evaluates there. */
  async otherWindow(expression: string): Promise<unknown> {
    const first = ownWindow().webContents;
    const window = new BrowserWindow({ webPreferences: first.getLastWebPreferences() });
    await window.loadURL(first.getURL());
    return window.webContents.executeJavaScript(expression).finally(() => window.destroy());
  },
  /** In the window's page, also after it crashed and was loaded again. */
  inWindow: (expression: string) => ownWindow().webContents.executeJavaScript(expression),
  callFrom: (sender: Sender, channel: string, args: unknown[]) =>
    ownWindow().webContents.invokeFrom(frameOf(sender), channel, args),
  crashRenderer: () => ownWindow().webContents.forcefullyCrashRenderer(),
  crashUtilities: () => crashAll(),
  /** Chromium notices a page that does not answer by itself; here the test says so. */
  hang: (isHung: boolean) =>
    [ownWindow(), ownWindow().webContents].forEach((it) => it.emit(isHung ? 'unresponsive' : 'responsive')),
  /** True = the app would trust a certificate that the system does not. */
  trustsBadCertificate: () =>
    new Promise<boolean>((resolve) => {
      const event = { preventDefault: () => {} };
      const contents = ownWindow().webContents;
      const isHeard = app.emit('certificate-error', event, contents, 'https://a.test/', 'net::ERR', {}, resolve, true);
      if (!isHeard) resolve(false);
    }),
  /** Whether the app prevents what Electron asks it about by an event. For what no page here can bring about. */
  prevents(name: 'will-redirect' | 'will-attach-webview' | 'will-navigate' | 'will-frame-navigate', url: string) {
    const { webContents } = ownWindow();
    let isPrevented = false;
    const details = { url, isMainFrame: true, isSameDocument: false, frame: webContents.mainFrame };
    webContents.emit(name, { ...details, preventDefault: () => (isPrevented = true) }, url, {});
    return isPrevented;
  },
  /** Whether the app would let the page open a window for the address. */
  opensWindow: (url: string) => ownWindow().webContents.answersOpen(url) === 'allow',
  /** Whether the app lets a request to the address pass. */
  lets: (url: string) => session.defaultSession.lets(url),
  grantsDevice: (type: string) => session.defaultSession.grantsDevice(type, 'app://phasewise'),
  /** Whether the app's handlers of requests and of checks grant it: both, or one of the two. */
  grants(permission: string, origin: string, by: 'both' | 'either' = 'both') {
    const granted = session.defaultSession.grants(ownWindow().webContents, permission, origin);
    return by === 'both' ? !granted.includes(false) : granted.includes(true);
  },
  /** The system shuts down: Windows asks each window, macOS and Linux tell the app. True = it asks for a moment. */
  sessionEnds(how: 'window' | 'app') {
    let isPrevented = false;
    const event = { preventDefault: () => (isPrevented = true), reasons: ['shutdown'] };
    if (how === 'window') ownWindow().emit('query-session-end', event);
    else powerMonitor.emit('shutdown', event);
    return isPrevented;
  },
  /** A mistake in the main process that nobody catches. */
  fault: (words: string) => void setTimeout(() => void Promise.reject(new Error(words))),
  /** The clock of the main process goes on so much at once. */
  passTime(ms: number) {
    const now = Date.now;
    Date.now = () => now() + ms;
  },
  closeWindow: () => ownWindow().close(),
  quit: () => app.quit(),
};

export type Commands = {
  [K in keyof typeof commands]: (
    ...args: Parameters<(typeof commands)[K]>
  ) => Promise<Awaited<ReturnType<(typeof commands)[K]>>>;
};

interface Call {
  readonly call: number;
  readonly name: keyof typeof commands;
  readonly args: unknown[];
}

if (process.send) {
  process.on('disconnect', () => process.exit(1)); // the test died: leave no browser behind
  process.on('message', (message) => {
    const call = message as Call;
    if (call.call !== undefined) void answerCall(call);
  });
}

async function answerCall({ call, name, args }: Call) {
  try {
    const command = commands[name] as (...args: unknown[]) => unknown;
    process.send?.({ call, value: (await command(...args)) ?? null });
  } catch (error) {
    process.send?.({ call, error: error instanceof Error ? error.message : String(error) });
  }
}
