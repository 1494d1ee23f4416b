import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Everything that would show that somebody was here: names, bytes, times, modes, and the folder's own time. Not the
 * time of the last change of status: run by root, SQLite gives a journal it reads the owner that it already has.
 */
export function folderState(folder: string): Record<string, string> {
  const entries = readdirSync(folder).toSorted();
  return Object.fromEntries([
    ['.', describe(folder)],
    ...entries.map((name) => [name, describe(path.join(folder, name))]),
  ]);
}

/** Sparse files of terabytes are told by size and time alone. */
const LARGEST_READ = 2n ** 30n;

function describe(file: string): string {
  const { mtimeNs, size, mode, uid, ino } = lstatSync(file, { bigint: true });
  const isReadable = lstatSync(file).isFile() && size < LARGEST_READ;
  const content = isReadable ? createHash('sha256').update(readFileSync(file)).digest('hex') : '-';
  return [mtimeNs, size, mode, uid, ino, content].join(' ');
}
