// What a test may ask of the running app from outside, over the IPC channel of the forked process.
import { BrowserWindow } from './browser-window.ts';
import { app } from './lifecycle.ts';
import { type Answer, answers, asked, Menu, opened } from './native.ts';
import { privileged } from './protocol.ts';

/** Each is a call that launch.ts makes by name. */
const commands = {
  /** Queues what the next dialog of a kind returns. */
  answer: (answer: Answer) => void answers.push(answer),
  asked: () =>
    asked.map(({ kind, options }) => ({ kind, options: JSON.parse(JSON.stringify(options ?? null)) as unknown })),
  opened: () => opened,
  privileged: () => privileged,
  clickMenu(name: string) {
    const item = Menu.getApplicationMenu()?.find(name);
    if (!item) throw new Error(`the menu has no item ${name}`);
    if (!item.enabled) throw new Error(`the menu item ${name} is disabled`);
    item.click?.(item, BrowserWindow.getFocusedWindow(), {});
  },
  /** The paths that files dropped on the window will have, by file name. */
  paths: (paths: Record<string, string>) => BrowserWindow.getFocusedWindow()?.webContents.setPaths(paths),
  /** The operating system asks the app to open a file (macOS). */
  openFile: (path: string) => void app.emit('open-file', { preventDefault: () => {} }, path),
  secondInstance: (argv: string[]) => void app.emit('second-instance', {}, argv, process.cwd(), {}),
  windows: () =>
    BrowserWindow.getAllWindows().map((it) => ({
      title: it.getTitle(),
      visible: it.isVisible(),
      progress: it.progress,
    })),
  closeWindow: () => BrowserWindow.getFocusedWindow()?.close(),
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
