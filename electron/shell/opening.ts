import path from 'node:path';
import { app, type BrowserWindow, dialog, type OpenDialogOptions, type SaveDialogOptions } from 'electron';
import { openDatabase } from '@host/handlers.ts';
import type { Host } from '@host/host.ts';

/** More files than anybody passes at once are a mistake or an attack. */
const MAX_FILES = 20;

/** Files named on a command line: everything that is not an option, made absolute. */
export const filesOf = (args: readonly string[], folder: string): string[] =>
  args
    .filter((argument) => argument !== '' && !argument.startsWith('-'))
    .map((argument) => path.resolve(folder, argument))
    .slice(0, MAX_FILES);

/** Our own arguments. In development the first name on Electron's command line is the app itself. */
export function ownArguments(argv: readonly string[]): string[] {
  const args = argv.slice(1);
  const appAt = app.isPackaged ? -1 : args.findIndex((argument) => !argument.startsWith('-'));
  return args.filter((_argument, at) => at !== appAt);
}

/** Files that another start of the program handed over. It is another process: believe nothing about their shape. */
export function handedOver(data: unknown): string[] {
  const files: unknown = typeof data === 'object' && data !== null ? (data as { files?: unknown }).files : null;
  if (!Array.isArray(files)) return [];
  return files.filter((file): file is string => typeof file === 'string' && path.isAbsolute(file)).slice(0, MAX_FILES);
}

/** The system's dialog. null = the person closed it. */
export async function chooseDatabase(window: BrowserWindow | null): Promise<string | null> {
  const options = {
    title: 'Open a database',
    buttonLabel: 'Open',
    properties: ['openFile' as const, 'dontAddToRecent' as const],
    filters: [
      { name: 'Databases', extensions: ['db', 'sqlite', 'sqlite3', 'db3'] },
      { name: 'All files', extensions: ['*'] },
    ],
  };
  return (await ask(window, options))?.[0] ?? null;
}

/** A folder, by the system's dialog. null = the person closed it. */
export async function chooseFolder(
  window: BrowserWindow | null,
  title: string,
  buttonLabel: string,
): Promise<string | null> {
  const properties = ['openDirectory' as const, 'dontAddToRecent' as const];
  return (await ask(window, { title, buttonLabel, properties }))?.[0] ?? null;
}

/** Files to be taken into a database. null = the person closed the dialog. */
export const chooseFiles = (window: BrowserWindow | null): Promise<string[] | null> =>
  ask(window, {
    title: 'Choose run logs',
    buttonLabel: 'Look',
    properties: ['openFile', 'multiSelections', 'dontAddToRecent'],
    filters: [
      { name: 'Run logs', extensions: ['json'] },
      { name: 'All files', extensions: ['*'] },
    ],
  });

/** Where exported rows go; the system asks about a name that is taken, and is refused later all the same. */
export async function chooseSaveFile(window: BrowserWindow | null, suggested: string): Promise<string | null> {
  const options: SaveDialogOptions = {
    title: 'Export rows',
    buttonLabel: 'Export',
    defaultPath: suggested,
    properties: ['createDirectory', 'showOverwriteConfirmation', 'dontAddToRecent'],
  };
  const { canceled, filePath } = await (window
    ? dialog.showSaveDialog(window, options)
    : dialog.showSaveDialog(options));
  return canceled || filePath === '' ? null : filePath;
}

async function ask(window: BrowserWindow | null, options: OpenDialogOptions): Promise<string[] | null> {
  const { canceled, filePaths } = await (window
    ? dialog.showOpenDialog(window, options)
    : dialog.showOpenDialog(options));
  return canceled || filePaths.length === 0 ? null : filePaths;
}

/** Opens files that came from outside the window; what cannot be opened is said in a system dialog. */
export function openFiles(host: Host, files: readonly string[]): void {
  for (const file of files) {
    const opened = openDatabase(host, file);
    if (!opened.ok) dialog.showErrorBox(opened.error.title, `${opened.error.message}\n\n${opened.error.nextStep}`);
  }
}
