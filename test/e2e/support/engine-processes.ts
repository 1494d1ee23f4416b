import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Engine processes of a host, by what the system says. Linux only: other systems have no /proc. */
export const canSeeProcesses = process.platform === 'linux';

const childrenOf = (processId: number): number[] =>
  readFileSync(`/proc/${processId}/task/${processId}/children`, 'utf8')
    .split(' ')
    .filter((id) => id !== '')
    .map(Number);

/** Its program has been loaded. Freezing it earlier, between fork and exec, would freeze the host that waits for it. */
function isEngine(processId: number): boolean {
  try {
    return readFileSync(`/proc/${processId}/cmdline`, 'utf8').includes('engine.cjs');
  } catch {
    return false; // it has ended already
  }
}

/**
 * Stops the clock for a run: freezes the first engine process that `act` brings to life.
 * @returns its process id.
 */
export async function freezeNextEngine(hostId: number, act: () => Promise<void>): Promise<number> {
  const before = new Set(childrenOf(hostId));
  const acting = act();
  for (;;) {
    const born = childrenOf(hostId).find((id) => !before.has(id) && isEngine(id));
    if (born !== undefined) {
      process.kill(born, 'SIGSTOP');
      await acting;
      return born;
    }
    await wait(1);
  }
}

/** Engine processes of a host that are there now. */
export const enginesOf = (hostId: number): number[] => childrenOf(hostId).filter(isEngine);

/** A process that has ended but was not waited for is gone, too. */
export function isGone(processId: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${processId}/status`, 'utf8'));
  } catch {
    return true;
  }
}
