import { lstatSync, opendirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { coded } from '@shared/errors.ts';
import { isOwnJson } from './own-files.ts';
import { readSource } from './source-files.ts';
import type { IngestFile } from './migration.ts';

/** Which files a person named: each as given, and all matching ones below a folder. */

/** More than a project makes in years; a folder with more was chosen by mistake. */
const MOST_FILES = 20_000;
const DEEPEST = 32;

export interface NamedFile {
  /** Absolute. */
  readonly path: string;
  /** Below the folder that was named, or its name alone: what a report shows. */
  readonly name: string;
  /** Nobody named it: it lies in a folder that was named. */
  readonly isFound: boolean;
}

/**
 * @param extension e.g. ".json"; in folders only such files count, hidden names and links are left out.
 * @returns each file once, by name; one that was named itself is that, whatever folder it lies in as well.
 * @throws CodedError E_SOURCE_FOLDER for a name that cannot be read or a folder with too many files, E_INGEST_NOTHING when
 * there is no file at all.
 */
export function expandFiles(named: readonly string[], extension: string): NamedFile[] {
  const found = new Map<string, NamedFile>();
  for (const name of named) {
    for (const file of isFolder(name) ? below(name, extension) : [namedItself(name)]) {
      const real = realpathSync.native(file.path);
      if (!file.isFound || found.get(real)?.isFound !== false) found.set(real, file);
    }
  }
  if (found.size === 0) throw coded('E_INGEST_NOTHING', `There is no ${extension} file in what was chosen.`);
  return [...found.values()];
}

const namedItself = (name: string): NamedFile => ({ path: name, name: path.basename(name), isFound: false });

/** Of those found in a folder, what we wrote there ourselves. A file that somebody named is never passed over. */
export function isOwnFile(file: NamedFile): boolean {
  if (!file.isFound) return false;
  const read = readIngestFile(file);
  return 'text' in read && isOwnJson(read.text);
}

function isFolder(name: string): boolean {
  try {
    const stats = statSync(name);
    if (stats.isDirectory()) return true;
    if (stats.isFile()) return false;
  } catch (error) {
    const code = errorCode(error);
    throw coded(code === 'ENOENT' ? 'E_NOT_FOUND' : 'E_SOURCE_FOLDER', `${name} cannot be read (${code}).`);
  }
  throw coded('E_NOT_A_FILE', `${name} is a device or a pipe, not a file.`);
}

function below(root: string, extension: string): NamedFile[] {
  const files: NamedFile[] = [];
  const walk = (folder: string, depth: number): void => {
    const entries = namesIn(folder);
    const all = new Set(entries);
    for (const name of entries) {
      const file = path.join(folder, name);
      const stats = lstatSync(file, { throwIfNoEntry: false });
      if (stats?.isDirectory() && depth < DEEPEST) walk(file, depth + 1);
      const { name: stem, ext } = path.parse(name);
      // The manifest of one of our own backups lies beside it under the same name; other files of ours are told by
      // what is in them, and only once they are refused.
      if (!stats?.isFile() || ext.toLowerCase() !== extension || all.has(`${stem}.db`)) continue;
      files.push({ path: file, name: path.relative(root, file).replaceAll('\\', '/'), isFound: true });
      if (files.length > MOST_FILES)
        throw coded('E_SOURCE_FOLDER', `${root} holds more than ${MOST_FILES} ${extension} files.`);
    }
  };
  walk(root, 0);
  return files;
}

/** By name, so that a folder is taken in in the same order everywhere. A folder that may not be read has nothing to give. */
function namesIn(folder: string): string[] {
  try {
    const directory = opendirSync(folder);
    const names: string[] = [];
    try {
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
        if (!entry.name.startsWith('.')) names.push(entry.name);
      }
    } finally {
      directory.closeSync();
    }
    return names.sort();
  } catch {
    return [];
  }
}

/** The content, or why there is none. */
export function readIngestFile({ path: file, name }: NamedFile): IngestFile | { readonly reason: string } {
  const read = readSource(file, name);
  if (read.state === 'read') return { path: path.resolve(file).replaceAll('\\', '/'), text: read.text };
  return { reason: read.state === 'unreadable' ? read.reason : 'it is not there' };
}
