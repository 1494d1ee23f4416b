// The single-instance lock between two real processes: who has the same userData folder is the same app.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';

export interface SecondStart {
  readonly argv: string[];
  readonly folder: string;
  readonly data: unknown;
}

/**
 * Takes the lock, or hands `start` over to the process that has it.
 * @param onSecond told of every later start, for as long as this process has the lock.
 * @returns whether this process has the lock.
 */
export function takeLock(userData: string, start: SecondStart, onSecond: (second: SecondStart) => void): boolean {
  const inbox = path.join(userData, 'SingletonInbox');
  mkdirSync(inbox, { recursive: true });
  if (!isFree(path.join(userData, 'SingletonLock'))) {
    const letter = path.join(inbox, `${process.pid}`);
    writeFileSync(`${letter}.part`, serialize(start));
    renameSync(`${letter}.part`, `${letter}.start`); // whole, or not there
    return false;
  }
  for (const name of readdirSync(inbox)) rmSync(path.join(inbox, name)); // written to one that is gone
  watch(inbox, () => {
    for (const name of readdirSync(inbox).filter((it) => it.endsWith('.start'))) {
      const second = deserialize(readFileSync(path.join(inbox, name))) as SecondStart;
      rmSync(path.join(inbox, name));
      onSecond(second);
    }
  }).unref();
  return true;
}

export const releaseLock = (userData: string): void => rmSync(path.join(userData, 'SingletonLock'), { force: true });

/** A lock of a process that died is free, as on every system that Electron runs on. */
function isFree(lock: string): boolean {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return true;
    } catch {
      if (isAlive(Number(readFileSync(lock, 'utf8')))) return false;
      rmSync(lock, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
