import { type BrowserWindow, dialog, type OpenDialogOptions, type SaveDialogOptions } from 'electron';
import { openDatabase } from '@host/handlers.ts';
import type { Host } from '@host/host.ts';
import { databaseExtensions } from '@host/windows-open-with.ts';
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

/**
 * Opens files that came from outside the window; what cannot be opened is said in one system dialog.
 * Not in an error box: that would hold up everything that is going on until somebody has read it.
 */
export function openFiles(host: Host, files: readonly string[], window: BrowserWindow | null): void {
  const refused = files.flatMap((file) => {
    const opened = openDatabase(host, file);
    return opened.ok ? [] : [opened.error];
  });
  const [first, ...others] = refused;
  if (!first) return;
  void tell(window, {
    type: 'error',
    title: 'Phasewise',
    message: others.length === 0 ? first.title : `${refused.length} files could not be opened`,
    detail: refused.map(({ message, nextStep }) => `${message}\n${nextStep}`).join('\n\n'),
  });
}
