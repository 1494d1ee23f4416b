import { isExitingInStat, isLivingProcess, type ProcessSystem, startInStat } from '@shared/process-state.ts';
import { readText } from './fsync.ts';

/** Another process of ours: does it still work, and is it the one that we mean? */

const system: ProcessSystem = {
  signal: (pid) => void process.kill(pid, 0),
  stat(pid) {
    try {
      return readText(`/proc/${pid}/stat`);
    } catch {
      return ''; // not Linux, or gone
    }
  },
};

/** False also for one that was killed and not yet fetched by its parent. */
export const isLiving = (pid: number): boolean => isLivingProcess(pid, system);

export const isExiting = (pid: number): boolean => isExitingInStat(system.stat(pid));

/** When it was started, as the system counts; '' where it does not tell. Ids of processes are used again, this is not. */
export const startOf = (pid: number): string => startInStat(system.stat(pid));
