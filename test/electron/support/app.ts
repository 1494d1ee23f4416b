import path from 'node:path';
import type { Page } from '@playwright/test';
import type { Commands } from '../../electron-standin/control.ts';

export type DialogKind = 'open' | 'save' | 'message';

/** A running app, under the stand-in or under Electron itself. */
export interface Running {
  readonly page: Page;
  /** What a test may ask of the main process. */
  readonly main: Commands;
  readonly exitCode: Promise<number | null>;
  output(): string;
  reconnect(): Promise<Page>;
  kill(): Promise<void>;
  startAgain(files: readonly string[]): Promise<number | null>;
}

/** What is started, and where it keeps its things. */
export interface Launch {
  /** The folder with package.json and .vite. */
  readonly app: string;
  readonly files: readonly string[];
  /** userData and the like. */
  readonly profile: string;
  readonly env: Record<string, string>;
}

/** What the preload script gives the page. */
interface Bridge {
  call(name: string, input: unknown): Promise<Answer>;
}
declare const phasewise: Bridge;
export interface Answer {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: { readonly code: string };
}

/** What a test does with a running app: the table of README.md. */
export function appOver(running: Running) {
  const { main } = running;
  return {
    get page() {
      return running.page;
    },
    main,
    exitCode: running.exitCode,
    electronLog: () => running.output(),
    reconnect: () => running.reconnect(),
    kill: () => running.kill(),
    secondStart: (files: readonly string[] = []) => running.startAgain(files),

    call: (name: string, input: object = {}): Promise<Answer> =>
      running.page.evaluate(([of, given]) => phasewise.call(of, given), [name, input] as const),
    inWindow: main.inWindow,
    answerDialog: (kind: DialogKind, value: object) => main.answer({ kind, value }),
    holdDialog: (kind: DialogKind) => main.answer({ kind, hold: true }),
    asked: main.asked,
    opened: main.opened,
    windows: main.windows,
    outside: main.outside,
    menu: main.menu,
    clickMenu: main.clickMenu,
    clickNotification: main.clickNotification,
    openFile: main.openFile,
    blur: main.blur,
    focus: main.focus,
    minimize: main.minimize,
    hang: main.hang,
    crashRenderer: main.crashRenderer,
    crashEngines: main.crashUtilities,
    closeWindow: () => main.closeWindow().catch(() => undefined),
    /** The app may end before it can answer. */
    quit: () => main.quit().catch(() => undefined),
    dropFile: (file: string) => dropFile(running, file),
  };
}
export type App = ReturnType<typeof appOver>;

/**
 * Puts a file of the disk into the page as a person's drop would. Under Electron the path comes from Chromium's own file
 * object; the stand-in is told it, because a stock Chromium gives it to nobody.
 */
async function dropFile({ page, main }: Running, file: string): Promise<void> {
  const name = path.basename(file);
  await main.paths({ [name]: file });
  await page.evaluate(() => {
    const input = document.createElement('input');
    input.type = 'file';
    input.id = 'dropped-by-test';
    input.hidden = true;
    document.body.append(input);
  });
  const input = page.locator('#dropped-by-test');
  await input.setInputFiles(file);
  await input.evaluate((element: HTMLInputElement) => {
    const transfer = new DataTransfer();
    for (const chosen of element.files ?? []) transfer.items.add(chosen);
    element.remove();
    const target = document.querySelector('main') ?? document.body;
    for (const type of ['dragenter', 'dragover', 'drop'])
      target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  });
}
