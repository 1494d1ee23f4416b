import os from 'node:os';
import { readText } from './json-file.ts';

/**
 * A hostile file can make SQLite ask for any amount of memory, and this build of SQLite keeps no limit of its own. So
 * the host looks at how much a process has, and ends it before the computer starts to swap. Linux only: elsewhere the
 * system's own end for such processes is what there is.
 */

/** Far above what any database needs: 150 MB, and a few times the largest cell. Half of a small computer at most. */
export const MEMORY_LIMIT_BYTES = Math.min(2 * 1024 ** 3, os.totalmem() / 2);
/** A process fills about 3 GB a second at most, so the limit is overshot by some 300 MB. */
const LOOK_EVERY_MS = 100;
/** In the last words of a process: what the host takes for a lack of memory. */
export const OUT_OF_MEMORY = 'heap out of memory';

/**
 * Calls `onOver` once when the process has more than `limitBytes`.
 * @returns a function that stops looking; call it when the process is gone.
 */
export function watchMemory(pid: number | undefined, onOver: () => void, limitBytes = MEMORY_LIMIT_BYTES): () => void {
  if (pid === undefined || process.platform !== 'linux') return () => {};
  const timer = setInterval(() => {
    const bytes = residentBytes(pid);
    if (bytes !== null && bytes <= limitBytes) return;
    clearInterval(timer);
    if (bytes !== null) onOver();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** null = the process is gone. */
function residentBytes(pid: number): number | null {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return null;
  }
}
