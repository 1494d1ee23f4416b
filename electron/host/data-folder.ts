import { accessSync, closeSync, constants, existsSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type AppError, toAppError } from '@shared/errors.ts';
import { doingOwn } from './fs-errors.ts';
import { readText } from './json-file.ts';

/**
 * Where Phasewise keeps its own things: recent databases, settings, run journals, locks. Never beside a database.
 * PHASEWISE_HOME decides when it is set; else the place for such things on this system. All doors share it.
 */
export function dataFolderPath(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env['PHASEWISE_HOME']) return path.resolve(env['PHASEWISE_HOME']);
  const home = os.homedir();
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Phasewise');
  // Not "Phasewise": that is where Setup installs, and it empties that folder whenever it is run again or removed.
  if (platform === 'win32')
    return path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), 'Phasewise data');
  const share = env['XDG_DATA_HOME'];
  // A relative XDG path is to be ignored, says the XDG Base Directory specification.
  return path.join(share && path.isAbsolute(share) ? share : path.join(home, '.local', 'share'), 'phasewise');
}

/**
 * Creates the folder (and `parts` inside it) for this user alone and returns its path.
 * @throws CodedError E_DATA_FOLDER, E_NO_SPACE or E_IO when it cannot be made.
 */
export function ensureFolder(folder: string, ...parts: string[]): string {
  const full = path.join(folder, ...parts);
  doingOwn(full, () => makeFolders(full));
  return full;
}

/** Why nothing can be written into the folder; null when something can. It is made where it is missing. */
export function folderError(folder: string): AppError | null {
  try {
    ensureFolder(folder);
    doingOwn(folder, () => accessSync(folder, constants.W_OK));
    return null;
  } catch (cause) {
    return toAppError(cause);
  }
}

/**
 * One at a time: Node's `recursive` never returns where the system says of a folder that is there that it is missing,
 * as below /proc. A folder that is there keeps its permissions: they are the user's choice.
 */
function makeFolders(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = path.dirname(folder);
  if (parent !== folder) makeFolders(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    // Another process may have been quicker.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw cause;
    return;
  }
  try {
    syncFolder(parent); // else a power cut takes the folder away, with every flushed file in it
  } catch {
    // The folder above may be one that we may only pass through.
  }
}

/** A new name is durable only once its folder is. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Where a person looks for documents: the folder of that name where there is one, else the home folder. */
export function documentsFolder(env: NodeJS.ProcessEnv = process.env): string {
  const home = os.homedir();
  const candidates = [env['XDG_DOCUMENTS_DIR'] ?? desktopDocuments(home) ?? '', path.join(home, 'Documents')];
  return candidates.find((folder) => path.isAbsolute(folder) && existsSync(folder)) ?? home;
}

/** Linux desktops name the folder in the user's language, and write the name here. */
function desktopDocuments(home: string): string | undefined {
  try {
    const text = readText(path.join(home, '.config', 'user-dirs.dirs'));
    return /^XDG_DOCUMENTS_DIR="(.+)"$/m.exec(text)?.[1]?.replace('$HOME', home);
  } catch {
    return undefined;
  }
}
