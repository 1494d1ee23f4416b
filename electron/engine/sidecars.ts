import { closeSync, lstatSync, openSync, readSync } from 'node:fs';
import { coded } from '@shared/errors.ts';
import { orRefuse } from './identity.ts';

/** The files that belong to a database and lie beside it. */
export interface Sidecars {
  /** Bytes of the write-ahead log; 0 also when it is absent. */
  readonly walBytes: number;
  readonly hasWal: boolean;
  readonly hasJournal: boolean;
  /**
   * The rollback journal has content that SQLite would play back. Either a program died in the middle of a write, or
   * one is writing right now: only a lock tells.
   */
  readonly isJournalHot: boolean;
}

/**
 * Looks at -wal, -shm and -journal without opening anything that could hang or lead elsewhere.
 * @throws CodedError E_SIDECAR_UNSAFE for links, folders, pipes and files with a second name.
 */
export function readSidecars(file: string): Sidecars {
  const [wal, , journal] = ['-wal', '-shm', '-journal'].map((suffix) => sizeOfPlainFile(file + suffix));
  return {
    walBytes: wal ?? 0,
    hasWal: wal !== null,
    hasJournal: journal !== null,
    isJournalHot: journal !== null && journal !== undefined && journal > 0 && firstByte(`${file}-journal`) !== 0,
  };
}

function sizeOfPlainFile(file: string): number | null {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (!stats) return null;
  if (!stats.isFile() || stats.nlink !== 1) {
    throw coded('E_SIDECAR_UNSAFE', `${file} is not an ordinary file that belongs to this database alone.`);
  }
  return stats.size;
}

/** A journal that was finished is emptied, removed, or begins with zeros, depending on the program's settings. */
function firstByte(file: string): number {
  return orRefuse(file, () => {
    const descriptor = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(1);
      readSync(descriptor, buffer, 0, 1, 0);
      return buffer[0] ?? 0;
    } finally {
      closeSync(descriptor);
    }
  });
}
