import { lstatSync } from 'node:fs';

/**
 * Of a database a journal belongs to a transaction that is under way, and says nothing; when it has ended, the file itself
 * has changed.
 */
const PARTS = ['', '-wal'];

/**
 * What tells one state of a database file from a later one, in one text: which file it is, how long, when written. Looking
 * opens nothing, so no lock that SQLite holds is lost by it.
 */
export const fileState = (file: string): string =>
  PARTS.map((suffix) => {
    const stats = lstatSync(file + suffix, { bigint: true, throwIfNoEntry: false });
    return stats ? [stats.dev, stats.ino, stats.size, stats.mtimeNs].join(':') : 'none';
  }).join(' ');
