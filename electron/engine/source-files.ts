import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { coded } from '@shared/errors.ts';
import { assertNotConnected } from './fsync.ts';
import type { SourceFile, SourceFiles } from './migration.ts';

/**
 * Files beside the database, found by the paths that its rows give. A database may come from a stranger, so a path in
 * it is a wish: only regular files inside the chosen folder are read, links resolved, and never the database itself,
 * because closing a descriptor of it would drop SQLite's locks.
 */

/** The longest file that is read; the logs we know are far below 1 MB. */
export const MAX_SOURCE_BYTES = 64 << 20;

/** What belongs to a database file and must not be opened while SQLite has it open. */
const SUFFIXES = ['', '-wal', '-shm', '-journal'];

export interface OpenSourceFiles extends SourceFiles {
  /** Links resolved. */
  readonly folder: string;
  /** Whether a file is there under the path, or an end of it that is more than a name. Reads nothing. */
  has(path: string): boolean;
}

/**
 * @param database its files are never read.
 * @throws CodedError E_SOURCE_FOLDER
 */
export function openSourceFiles(folder: string, database: string): OpenSourceFiles {
  const root = rootOf(folder);
  const isOwn = ownFiles(database);
  const candidates = (named: string, shortest: number) =>
    endsOf(named).flatMap((end) => {
      const file = end.length < shortest ? null : inside(root, end);
      return file === null || isOwn(file) ? [] : [{ file, isNameOnly: end.length === 1 }];
    });
  return {
    folder: root,
    has: (named) => candidates(named, 2).length > 0,
    read(named, isIts) {
      for (const { file, isNameOnly } of candidates(named, isIts ? 1 : 2)) {
        const found = readSource(file, path.relative(root, file).replaceAll('\\', '/'));
        if (!isNameOnly) return found;
        // A name alone may be anybody's: only its content can tell.
        if (found.state === 'read' && isIts?.(found.text) === true) return found;
      }
      return { state: 'missing' };
    },
  };
}

function rootOf(folder: string): string {
  try {
    const root = realpathSync.native(folder);
    if (statSync(root).isDirectory()) return root;
  } catch (error) {
    const reason = errorCode(error);
    throw coded('E_SOURCE_FOLDER', `${folder} cannot be read${reason === '' ? '' : ` (${reason})`}.`, { folder });
  }
  throw coded('E_SOURCE_FOLDER', `${folder} is not a folder.`, { folder });
}

/**
 * The path, then its shorter and shorter ends, as lists of names. Backslashes count as slashes; a drive or a leading
 * slash is only the beginning of a path from another place. Ends that would climb are left out.
 */
export function endsOf(named: string): string[][] {
  const names = named
    .trim()
    .replaceAll('\\', '/')
    .split('/')
    .filter((name) => name !== '' && name !== '.');
  return names.map((_, at) => names.slice(at)).filter((end) => end.every(isPlainName));
}

/** Not `..`, and nothing that means something else to a file system: a drive, a stream, a cut-off name. */
const isPlainName = (name: string): boolean => name !== '..' && !/[\0:]/.test(name);

/** The regular file at this end below the root, links resolved; null where there is none or a link leads out. */
function inside(root: string, end: readonly string[]): string | null {
  try {
    const real = realpathSync.native(path.join(root, ...end));
    const relative = path.relative(root, real);
    const leaves = relative === '' || path.isAbsolute(relative) || relative.split(path.sep)[0] === '..';
    return !leaves && statSync(real).isFile() ? real : null;
  } catch {
    return null; // not there, or not allowed to be seen
  }
}

function ownFiles(database: string): (file: string) => boolean {
  const idOf = (file: string): string | null => {
    const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stats ? `${stats.dev}:${stats.ino}` : null;
  };
  // Asked each time: sidecars come and go.
  return (file) => {
    const own = SUFFIXES.map((suffix) => idOf(database + suffix));
    return own.includes(idOf(file));
  };
}

/**
 * One file as text.
 * @param shown what it is called in the answer.
 */
export function readSource(file: string, shown: string): SourceFile {
  const unreadable = (reason: string): SourceFile => ({ state: 'unreadable', reason, file: shown });
  try {
    assertNotConnected(file);
    const bytes = readWhole(file);
    if (bytes === null) return unreadable(`it is longer than ${MAX_SOURCE_BYTES >> 20} MB`);
    return {
      state: 'read',
      file: shown,
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
    };
  } catch (error) {
    if (error instanceof TypeError) return unreadable('it is not UTF-8 text');
    const code = errorCode(error);
    return unreadable(code === '' ? 'it is not an ordinary file' : `it cannot be read (${code})`);
  }
}

/** null = longer than allowed, also when it grew meanwhile. */
function readWhole(file: string): Buffer | null {
  // NONBLOCK: should it have become a pipe since it was looked at, opening it must not wait for a writer.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const descriptor = openSync(file, flags);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error('not an ordinary file');
    if (stats.size > MAX_SOURCE_BYTES) return null;
    const buffer = Buffer.allocUnsafe(stats.size + 1);
    let length = 0;
    for (;;) {
      const read = readSync(descriptor, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0) return buffer.subarray(0, length);
      if (length === buffer.length) return null;
    }
  } finally {
    closeSync(descriptor);
  }
}
