import { type BrowserWindow, dialog, type OpenDialogOptions, type SaveDialogOptions } from 'electron';
import type { OpenEntry } from '@host/databases.ts';
import { openDatabase } from '@host/handlers.ts';
import type { Host } from '@host/host.ts';
import { databaseExtensions } from '@host/windows-open-with.ts';
import type { AppError } from '@shared/errors.ts';
import { tell } from './asking.ts';

/** The system's dialog. null = the person closed it. */
export async function chooseDatabase(window: BrowserWindow | null): Promise<string | null> {
  const options = {
    title: 'Open a database',
    buttonLabel: 'Open',
    properties: ['openFile' as const, 'dontAddToRecent' as const],
    filters: [
      { name: 'Databases', extensions: [...databaseExtensions] },
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

/** Where a new file goes; the system asks about a name that is taken, and is refused later all the same. */
export async function chooseSaveFile(
  window: BrowserWindow | null,
  suggested: string,
  title: string,
  buttonLabel: string,
): Promise<string | null> {
  const options: SaveDialogOptions = {
    title,
    buttonLabel,
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

/** Files that came from outside the window: those that are open, and why the others are not. */
export interface Arrived {
  readonly opened: readonly OpenEntry[];
  readonly refused: readonly AppError[];
}

export async function openFiles(host: Host, files: readonly string[]): Promise<Arrived> {
  const results = await Promise.all(files.map((file) => openDatabase(host, file)));
  return {
    opened: results.flatMap((result) => (result.ok ? [result.value] : [])),
    refused: results.flatMap((result) => (result.ok ? [] : [result.error])),
  };
}

/** In one system dialog. Not in an error box: that would hold up everything that is going on until somebody has read it. */
export function tellRefused(refused: readonly AppError[], window: BrowserWindow | null): void {
  const [first, ...others] = refused;
  if (!first) return;
  void tell(window, {
    type: 'error',
    title: 'Phasewise',
    message: others.length === 0 ? first.title : `${refused.length} files could not be opened`,
    detail: refused.map(({ message, nextStep }) => `${message}\n${nextStep}`).join('\n\n'),
  });
}
