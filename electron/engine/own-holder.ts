import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { restoreLockFile } from '@shared/beside.ts';
import { CodedError, coded } from '@shared/errors.ts';
import { holderOf, holderOfLock, type Holder } from './app-lock.ts';
import { identify, resolvePath } from './identity.ts';

/** An engine whose host was killed is gone within 4 s. */
const ENDING_MS = 6_000;
const PAUSE_MS = 100;

/**
 * A look that meets a lock says so when the lock is our own: "another program" would send a person searching. One of
 * ours that is on its way out is waited for.
 * @throws CodedError E_RUN_ACTIVE; whatever `look` throws.
 */
export async function lookBesideOurs<T>(file: string, lockFolder: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!isBusy(error)) throw error;
    const holder = holderAt(file, lockFolder);
    if (holder === null) throw error;
    if (holder.isEnding && (await hasEnded(file, lockFolder))) return look();
    const what = holder.isEnding ? 'was ended, but still has' : 'is working on';
    const message = `Phasewise itself (process ${holder.pid}) ${what} ${path.basename(file)}.`;
    throw coded('E_RUN_ACTIVE', message, { pid: holder.pid, isEnding: holder.isEnding });
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof CodedError && ['E_DB_BUSY', 'E_DB_IN_USE'].includes(error.appError.code);

function holderAt(file: string, lockFolder: string): Holder | null {
  try {
    const real = resolvePath(file);
    return holderOf(lockFolder, identify(real)) ?? holderOfLock(restoreLockFile(real));
  } catch {
    return null; // gone by now; the look has said more
  }
}

async function hasEnded(file: string, lockFolder: string): Promise<boolean> {
  for (let leftMs = ENDING_MS; leftMs > 0; leftMs -= PAUSE_MS) {
    if (holderAt(file, lockFolder) === null) return true;
    await sleep(PAUSE_MS);
  }
  return false;
}
