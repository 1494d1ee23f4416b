import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { CodedError, coded } from '@shared/errors.ts';
import { makeFolder, readText, removeIfPossible, renameWithRetry } from './fsync.ts';
import type { Identity } from './identity.ts';
import { isExiting, isLiving, startOf } from './process-life.ts';

/**
 * Keeps our own instances apart before they meet in SQLite, so that the second one can say "Phasewise is already
 * working on it". Advisory: SQLite's lock decides. A lock whose process is gone is taken over.
 */
export interface AppLock {
  release(): void;
}

interface OneProcess {
  readonly pid: number;
  /** When the process started, as the system counts; '' where it does not tell. Pids are used again, this is not. */
  readonly startedAt: string;
}

interface Owner extends OneProcess {
  readonly token: string;
  /** Who started it: without that one it ends soon. */
  readonly host?: OneProcess;
}

/** Another living Phasewise process that holds a lock. */
export interface Holder {
  readonly pid: number;
  /** It was killed, or its host was: a moment later it is gone. */
  readonly isEnding: boolean;
}

/**
 * @param folder made (0700) when missing.
 * @throws CodedError E_RUN_ACTIVE when a living Phasewise process holds it, E_DATA_FOLDER when no lock can be written.
 */
export function takeAppLock(folder: string, identity: Identity): AppLock {
  try {
    makeFolder(path.resolve(folder));
    return takeLockFile(lockFileOf(folder, identity));
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const code = errorCode(error) || 'no reason given';
    throw coded('E_DATA_FOLDER', `The lock of this database could not be written to ${folder} (${code}).`, {
      folder,
      code,
    });
  }
}

/** Who works on a database right now; null = none of ours. */
export const holderOf = (folder: string, identity: Identity): Holder | null =>
  holderOfLock(lockFileOf(folder, identity));

/** The same of a lock file of any name. */
export function holderOfLock(file: string): Holder | null {
  const owner = readOwner(file);
  return owner && isAlive(owner) ? { pid: owner.pid, isEnding: isEnding(owner) } : null;
}

const lockFileOf = (folder: string, { dev, ino }: Identity): string => path.join(folder, `${dev}-${ino}.lock`);

/**
 * The same with a file of any name. What else a killed process may leave has that name, a dot and more.
 * @throws CodedError E_RUN_ACTIVE; the system's error when it cannot be written, or a stale one cannot be taken away.
 */
export function takeLockFile(file: string): AppLock {
  const own: Owner = { ...oneOf(process.pid), token: randomBytes(8).toString('hex'), host: oneOf(process.ppid) };
  for (let attempt = 0; attempt < 20; attempt++) {
    if (create(file, own) && readOwner(file)?.token === own.token) {
      held.add(own.token);
      return { release: () => releaseOwn(file, own) };
    }
    const holder = readOwner(file);
    if (holder !== undefined && isAlive(holder)) {
      const isLeaving = isEnding(holder);
      const what = isLeaving ? 'was ended, but still holds this database' : 'is working on this database';
      throw coded('E_RUN_ACTIVE', `Another Phasewise (process ${holder.pid}) ${what}.`, {
        pid: holder.pid,
        isEnding: isLeaving,
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

/**
 * Of several who find the same stale lock, the rename lets one win; the others try again.
 * @throws the system's error when it does not let the lock go: nobody living holds it, so nobody is worth waiting for.
 */
function setAsideStale(file: string, own: Owner): void {
  const aside = `${file}.${own.token}.stale`;
  try {
    renameWithRetry(file, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
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
  removeIfPossible(aside); // a folder of that name is none of ours: it stays aside with what is in it
}

function readOwner(file: string): Owner | undefined {
  try {
    const value = JSON.parse(readText(file)) as Partial<Owner>;
    const { pid, startedAt, token, host } = value;
    return typeof pid === 'number' && typeof startedAt === 'string' && typeof token === 'string'
      ? { pid, startedAt, token, ...(isOneProcess(host) ? { host } : {}) }
      : undefined;
  } catch {
    return undefined;
  }
}

const oneOf = (pid: number): OneProcess => ({ pid, startedAt: startOf(pid) });
const isOneProcess = (value: Partial<OneProcess> | undefined): value is OneProcess =>
  typeof value?.pid === 'number' && typeof value.startedAt === 'string';
const isThere = ({ pid, startedAt }: OneProcess): boolean => isLiving(pid) && startedAt === startOf(pid);

function isAlive(owner: Owner): boolean {
  if (owner.pid === process.pid && owner.startedAt === startOf(owner.pid)) return held.has(owner.token);
  return isThere(owner);
}

const isEnding = ({ pid, host }: Owner): boolean => isExiting(pid) || (host !== undefined && !isThere(host));
