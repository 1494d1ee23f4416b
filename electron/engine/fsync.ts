import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { pause } from './pause.ts';

/**
 * Durable writing and hashing. The order that survives a power cut is always: content, fsync(file), rename,
 * fsync(folder). Opening or closing a database file here while this process has it open in SQLite would silently drop
 * SQLite's locks (POSIX locks belong to the process), so the functions refuse such files.
 */

const READ_BYTES = 1 << 20;
/** Folders cannot be flushed on Windows; there NTFS's own journal keeps the order of renames. */
const NOT_FLUSHABLE = new Set(['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM']);

const connected = new Map<string, number>();
const fileKey = (stat: fs.BigIntStats): string => `${stat.dev}:${stat.ino}`;

/**
 * Marks a file as open in SQLite in this process until the returned function is called.
 * @param file must exist.
 */
export function markConnected(file: string): () => void {
  const key = fileKey(fs.statSync(file, { bigint: true }));
  connected.set(key, (connected.get(key) ?? 0) + 1);
  let isMarked = true;
  return () => {
    if (!isMarked) return;
    isMarked = false;
    const left = (connected.get(key) ?? 1) - 1;
    if (left === 0) connected.delete(key);
    else connected.set(key, left);
  };
}

/** @throws Error (a bug of ours) when SQLite has the file open in this process. */
export function assertNotConnected(file: string): void {
  const stat = fs.statSync(file, { bigint: true, throwIfNoEntry: false });
  if (stat && connected.has(fileKey(stat))) throw new Error('a database file was touched while SQLite had it open');
}

/**
 * SHA-256 of a file's bytes, in lower-case hex; memory use does not grow with the file.
 * @throws the system's error; as `requirePlain`.
 */
export function sha256File(file: string): string {
  assertNotConnected(file);
  const hash = createHash('sha256');
  const handle = openForReading(file);
  try {
    requirePlain(handle, file);
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      const bytes = fs.readSync(handle, buffer, 0, buffer.length, null);
      if (bytes === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytes));
    }
  } finally {
    fs.closeSync(handle);
  }
}

export const sha256Text = (text: string): string => createHash('sha256').update(text).digest('hex');

/** @throws the system's error. After a failed flush nothing may be assumed about the file. */
export function fsyncFile(file: string): void {
  assertNotConnected(file);
  const handle = fs.openSync(file, 'r+');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/**
 * Makes names created, renamed or removed in `folder` durable.
 * @returns false where the file system cannot do it (Windows); the caller says so in its evidence.
 */
export function fsyncFolder(folder: string): boolean {
  let handle: number | undefined;
  try {
    handle = fs.openSync(folder, 'r');
    fs.fsyncSync(handle);
    return true;
  } catch (error) {
    if (NOT_FLUSHABLE.has(errorCode(error))) return false;
    throw error;
  } finally {
    if (handle !== undefined) fs.closeSync(handle);
  }
}

/**
 * Makes a folder and those above it that are missing, with mode 0700. Step by step, because Node's own recursive mkdir
 * never returns for a parent that refuses with ENOENT (as /proc does).
 */
export function makeFolder(folder: string): void {
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = path.dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST' || !fs.statSync(folder).isDirectory()) throw error;
  }
  fsyncFolder(parent);
}

/**
 * Text of a small file; no pipe and no device, of which there may be no end. Not by Node's own way for text, which ends
 * the whole process where a disk reports an error on closing, as network disks and quotas do.
 */
export function readText(file: string): string {
  const handle = openForReading(file);
  try {
    requirePlain(handle, file);
    return fs.readFileSync(handle).toString();
  } finally {
    fs.closeSync(handle);
  }
}

/** A pipe would wait for a writer. */
const openForReading = (file: string): number =>
  fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));

/** @throws Error EINVAL for a pipe or a device, of which there may be no end. */
function requirePlain(handle: number, file: string): void {
  if (fs.fstatSync(handle).isFile()) return;
  throw Object.assign(new Error(`EINVAL: no file, read '${file}'`), { code: 'EINVAL' });
}

/** Removes what an error left half done; when that fails too, the first error is the one to be told. */
export function removeIfPossible(file: string, options: Pick<fs.RmOptions, 'recursive'> = {}): void {
  try {
    fs.rmSync(file, { force: true, ...options });
  } catch {
    // left behind, under a name that nobody takes for finished
  }
}

/**
 * Replaces or creates a small file so that it is either the old or the new one, whatever happens. Mode 0600.
 * @throws the system's error. It may be the new one even so: only its name was not flushed.
 */
export function writeFileDurably(file: string, text: string): void {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = fs.openSync(temporary, 'wx', 0o600);
    try {
      fs.writeFileSync(handle, text);
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    renameWithRetry(temporary, file);
  } catch (error) {
    removeIfPossible(temporary);
    throw error;
  }
  fsyncFolder(path.dirname(file));
}

/** Renames; on Windows a scanner may hold the file for a moment, so a few more tries are made there. */
export function renameWithRetry(from: string, to: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      fs.renameSync(from, to);
      return;
    } catch (error) {
      const isHeld = process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(errorCode(error));
      if (!isHeld || attempt === 10) throw error;
      pause(attempt * 20);
    }
  }
}
