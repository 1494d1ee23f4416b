import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { CodedError, coded } from '@shared/errors.ts';
import { errorCode, makeFolder, removeIfPossible } from './fsync.ts';
import type { Identity } from './identity.ts';

/**
 * Keeps our own instances apart before they meet in SQLite, so that the second one can say "Phasewise is already
 * working on it". Advisory: SQLite's lock decides. A lock whose process is gone is taken over.
 */
export interface AppLock {
  release(): void;
}

interface Owner {
  readonly pid: number;
  /** When the process started, as the system counts; '' where it does not tell. Pids are used again, this is not. */
  readonly startedAt: string;
  readonly token: string;
}

/**
 * @param folder made (0700) when missing.
 * @throws CodedError E_RUN_ACTIVE when a living Phasewise process holds it, E_DATA_FOLDER when no lock can be written.
 */
export function takeAppLock(folder: string, identity: Identity): AppLock {
  try {
    makeFolder(path.resolve(folder));
    return takeLockFile(path.join(folder, `${identity.dev}-${identity.ino}.lock`));
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const code = errorCode(error) || 'no reason given';
    throw coded('E_DATA_FOLDER', `The lock of this database could not be written to ${folder} (${code}).`, {
      folder,
      code,
    });
  }
}

/**
 * The same with a file of any name. What else a killed process may leave has that name, a dot and more.
 * @throws CodedError E_RUN_ACTIVE; the system's error when it cannot be written.
 */
export function takeLockFile(file: string): AppLock {
  const own: Owner = { pid: process.pid, startedAt: startOf(process.pid), token: randomBytes(8).toString('hex') };
  for (let attempt = 0; attempt < 20; attempt++) {
    if (create(file, own) && readOwner(file)?.token === own.token) {
      held.add(own.token);
      return { release: () => releaseOwn(file, own) };
    }
    const holder = readOwner(file);
    if (holder !== undefined && isAlive(holder)) {
      throw coded('E_RUN_ACTIVE', `Another Phasewise (process ${holder.pid}) is working on this database.`, {
        pid: holder.pid,
      });
    }
    setAsideStale(file, own);
  }
  throw coded('E_RUN_ACTIVE', 'Another Phasewise keeps locking this database.');
}

const FULL: readonly string[] = ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'];

function create(file: string, own: Owner): boolean {
  // Written whole under another name first: a lock file is never seen half-written.
  const draft = `${file}.${own.token}`;
  try {
    fs.writeFileSync(draft, JSON.stringify(own), { flag: 'w', mode: 0o600 });
    fs.linkSync(draft, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    if (FULL.includes(errorCode(error))) throw error; // an empty lock file would belong to nobody
    return createWithoutLink(file, own);
  } finally {
    removeIfPossible(draft);
  }
}

/** For file systems without hard links. */
function createWithoutLink(file: string, own: Owner): boolean {
  try {
    fs.writeFileSync(file, JSON.stringify(own), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** What this process holds: a lock that could not be removed is free for it all the same, and for others when it ends. */
const held = new Set<string>();

function releaseOwn(file: string, own: Owner): void {
  held.delete(own.token);
  if (readOwner(file)?.token === own.token) removeIfPossible(file);
}

/** Of several who find the same stale lock, the rename lets one win; the others try again. */
function setAsideStale(file: string, own: Owner): void {
  const aside = `${file}.${own.token}.stale`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readOwner(aside);
  // Between looking and renaming somebody may have taken it rightly: give it back.
  if (moved !== undefined && isAlive(moved)) {
    try {
      fs.linkSync(aside, file);
    } catch {
      // a third one took it; SQLite's lock tells them apart
    }
  }
  fs.rmSync(aside, { force: true });
}

function readOwner(file: string): Owner | undefined {
  try {
    const value = JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<Owner>;
    const { pid, startedAt, token } = value;
    return typeof pid === 'number' && typeof startedAt === 'string' && typeof token === 'string'
      ? { pid, startedAt, token }
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, startedAt, token }: Owner): boolean {
  if (pid === process.pid && startedAt === startOf(pid)) return held.has(token);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) !== 'EPERM') return false;
  }
  return startedAt === startOf(pid);
}

/** Field 22 of /proc/<pid>/stat, counted after the name, which may hold anything. */
function startOf(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
