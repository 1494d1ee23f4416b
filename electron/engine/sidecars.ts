import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs';
import { errorCode } from '@shared/error-code.ts';
import { coded } from '@shared/errors.ts';
import { orRefuse } from './identity.ts';
import { isLogHeader, LOG_HEADER_BYTES } from './log-check.ts';

/** The files that belong to a database and lie beside it. */
export interface Sidecars {
  /** Bytes of the write-ahead log; 0 also when it is absent. */
  readonly walBytes: number;
  readonly hasWal: boolean;
  /** SQLite would read it: its header is right, and it is longer than that. How far it reads, see `isLogWhole`. */
  readonly isWalRead: boolean;
  /** Longer than a header, but its header is not right: SQLite would throw it away, whatever it holds. */
  readonly isWalLost: boolean;
  readonly hasJournal: boolean;
  /**
   * The rollback journal has content that SQLite would play back. Either a program died in the middle of a write, or
   * one is writing right now: only a lock tells.
   */
  readonly isJournalHot: boolean;
}

/** Larger files that take up next to no room were not written by a database; a disk that compresses saves less. */
const LARGE_BYTES = 2 ** 26;
const MOST_COMPRESSION = 256;

/**
 * Looks at -wal, -shm and -journal without opening anything that could hang or lead elsewhere.
 * @throws CodedError E_SIDECAR_UNSAFE for links, folders, pipes, holes and files with a second name.
 */
export function readSidecars(file: string): Sidecars {
  const [wal, , journal] = ['-wal', '-shm', '-journal'].map((suffix) => sizeOfPlainFile(file + suffix));
  const [walBytes, journalBytes] = [wal ?? 0, journal ?? 0];
  const hasFrames = walBytes > LOG_HEADER_BYTES;
  const beginning = hasFrames ? beginningOf(`${file}-wal`) : null;
  const isWalRead = beginning !== null && isLogHeader(beginning);
  return {
    walBytes,
    hasWal: wal !== null,
    isWalRead,
    isWalLost: beginning !== null && !isWalRead,
    hasJournal: journal !== null,
    // A journal that was finished is emptied, removed, or begins with zeros, depending on the program's settings.
    isJournalHot: journalBytes > 0 && (beginningOf(`${file}-journal`)?.[0] ?? 0) !== 0,
  };
}

function sizeOfPlainFile(file: string): number | null {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (!stats || stats.nlink === 0) return null; // it is being removed at this moment
  if (!stats.isFile() || stats.nlink !== 1) {
    throw coded('E_SIDECAR_UNSAFE', `${file} is not an ordinary file that belongs to this database alone.`);
  }
  if (stats.size > LARGE_BYTES && stats.blocks * 512 < stats.size / MOST_COMPRESSION) {
    throw coded('E_SIDECAR_UNSAFE', `${file} is one large hole: no database program writes such a file.`);
  }
  return stats.size;
}

/** Of a file beside the database; null when it is gone by now, as a journal is after a commit. */
function beginningOf(file: string): Buffer | null {
  return orRefuse(file, () => {
    const descriptor = openIfThere(file);
    if (descriptor === null) return null;
    try {
      const first = Buffer.alloc(LOG_HEADER_BYTES);
      return first.subarray(0, readSync(descriptor, first, 0, first.length, 0));
    } finally {
      closeSync(descriptor);
    }
  });
}

/** The flags: since it was looked at it may have become a link or a pipe. */
function openIfThere(file: string): number | null {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasGone(error, file)) return null;
    if (errorCode(error) === 'ELOOP') throw coded('E_SIDECAR_UNSAFE', `${file} became a link.`);
    throw error;
  }
}

/** The error says that the file is not there, and it is not: while its name is, it only cannot be opened. */
export const hasGone = (error: unknown, file: string): boolean =>
  errorCode(error) === 'ENOENT' && lstatSync(file, { throwIfNoEntry: false }) === undefined;
