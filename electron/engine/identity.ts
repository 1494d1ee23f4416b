import { lstatSync, realpathSync, type BigIntStats } from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { coded, type CodedError } from '@shared/errors.ts';

/** What tells one file from another, and one state of it from a later one. */
export interface Identity {
  /** Device and inode: the same file, whatever it is called. Text, because they may exceed 2^53. */
  readonly dev: string;
  readonly ino: string;
  readonly sizeBytes: number;
  /** Nanoseconds since 1970 as text. */
  readonly mtimeNs: string;
}

/** SQLite's own limit is 512 bytes; the names of sidecars need room too. */
const LONGEST_PATH_BYTES = 500;

/** File systems take 255 bytes; what lies beside a database is called after it, longest the draft of a restore's intent. */
const LONGEST_NAME_BYTES = 255 - Buffer.byteLength('.restore-intent.01234567.tmp');

/** @throws CodedError E_NOT_FOUND when nothing is there any more. */
export function identify(file: string): Identity {
  const stats = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  if (!stats) throw coded('E_NOT_FOUND', `${file} is not there any more.`);
  return identityOf(stats);
}

export const identityOf = (stats: BigIntStats): Identity => ({
  dev: String(stats.dev),
  ino: String(stats.ino),
  sizeBytes: Number(stats.size),
  mtimeNs: String(stats.mtimeNs),
});

/** The same file, though its content may have changed. */
export const isSameFile = (a: Identity, b: Identity): boolean => a.dev === b.dev && a.ino === b.ino;

/** Whether that very file has its name still, whatever was written to it since. */
export function isStillThere(file: string, found: Identity): boolean {
  const stats = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return stats !== undefined && isSameFile(identityOf(stats), found);
}

/** The same file, and nobody has written to it in between. */
export const isUnchanged = (a: Identity, b: Identity): boolean =>
  isSameFile(a, b) && a.sizeBytes === b.sizeBytes && a.mtimeNs === b.mtimeNs;

/**
 * The real path of what a person named: absolute, links followed once. What is opened later is this path.
 * @throws CodedError E_PATH_UNSUPPORTED, E_NOT_FOUND, E_NO_PERMISSION.
 */
export function resolvePath(given: string): string {
  requireSafePath(given);
  const absolute = path.resolve(given);
  const stats = orRefuse(absolute, () => lstatSync(absolute));
  const real = orRefuse(absolute, () => realpathSync.native(absolute));
  requireSafePath(real);
  // Between the two calls the link may have been turned around; what counts is that the end is no link.
  if (stats.isSymbolicLink() && orRefuse(real, () => lstatSync(real)).isSymbolicLink()) {
    throw coded('E_PATH_UNSUPPORTED', `${absolute} is a link that keeps changing.`);
  }
  return real;
}

/** @throws CodedError E_PATH_UNSUPPORTED for names that some layer below would read as another name. */
export function requireSafePath(file: string): void {
  const problem = problemOf(file);
  if (problem === null) return;
  throw coded('E_PATH_UNSUPPORTED', `The path ${JSON.stringify(file.slice(0, 300))} ${problem}.`);
}

function problemOf(file: string): string | null {
  if (file === '') return 'is empty';
  if (file !== file.trim()) return 'begins or ends with white space';
  if (/[\u0000-\u001f\u007f]/.test(file)) return 'contains a control character';
  if (!file.isWellFormed()) return 'contains half a character';
  if (Buffer.byteLength(path.basename(file)) > LONGEST_NAME_BYTES) return 'has a name too long for the files beside it';
  if (Buffer.byteLength(file) > LONGEST_PATH_BYTES) return `is longer than ${LONGEST_PATH_BYTES} bytes`;
  return null;
}

/**
 * Runs a look at the file system and words what can go wrong with a name.
 * @throws CodedError E_NOT_FOUND, E_PATH_UNSUPPORTED, E_NO_PERMISSION, E_IO. Looking has changed nothing.
 */
export function orRefuse<T>(file: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    const code = errorCode(error);
    // Where a name is not valid text, U+FFFD stands for what could not be read: no text leads to that file.
    if (code === 'ENOENT' && file.includes('\ufffd')) throw unreadableName(file);
    if (code === 'ENOENT') throw coded('E_NOT_FOUND', notFoundText(file));
    if (code === 'ENOTDIR') throw coded('E_NOT_FOUND', `${file} does not exist: a part of it is not a folder.`);
    if (code === 'ELOOP') throw coded('E_NOT_FOUND', `${file} is a link that leads back to itself.`);
    if (code === 'ENAMETOOLONG') throw coded('E_PATH_UNSUPPORTED', `The name ${file.slice(0, 300)}… is too long.`);
    if (code === 'EACCES' || code === 'EPERM') throw coded('E_NO_PERMISSION', `${file} cannot be read.`);
    if (!/^E[A-Z0-9]+$/.test(code)) throw error;
    const what = code === 'EIO' ? 'The disk reported an error' : `The system reported an error (${code})`;
    throw coded('E_IO', `${what} while reading ${file}.`, { code }, { safety: 'untouched' });
  }
}

const unreadableName = (file: string): CodedError =>
  coded('E_PATH_UNSUPPORTED', `The path ${JSON.stringify(file.slice(0, 300))} contains something that is not text.`);

function notFoundText(file: string): string {
  const link = lstatSync(file, { throwIfNoEntry: false });
  return link?.isSymbolicLink() ? `${file} is a link to a file that does not exist.` : `${file} does not exist.`;
}
