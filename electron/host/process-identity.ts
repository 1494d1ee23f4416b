import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { isLivingProcess, type ProcessSystem, startInStat } from '@shared/process-state.ts';
import { readText } from './json-file.ts';

/**
 * What tells a process from a later one of the same id: when it was started, as the system counts. '' where the system
 * does not say. Ids are used again, soon after a restart of the computer above all.
 */
export function processIdentity(pid: number): string {
  if (process.platform === 'linux') return linuxStart(pid);
  if (process.platform === 'darwin') return macStart(pid);
  return '';
}

/**
 * True while the process that noted `identity` at `notedAt` still exists.
 * @param identity as processIdentity gave it then; undefined or '' = unknown, then a process of this id is enough, unless
 *   the computer was started since.
 */
export function isStillRunning(pid: number, identity: string | undefined, notedAt: string): boolean {
  if (!isLivingProcess(pid, system)) return false;
  if (identity !== undefined && identity !== '') return identity === processIdentity(pid);
  return Date.parse(notedAt) >= Date.now() - os.uptime() * 1_000 - CLOCK_SLACK_MS;
}

/** The clock may have been set since the start of the computer; rather believe a process too long. */
const CLOCK_SLACK_MS = 60_000;

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

/** Boot id, and clock ticks since then. */
function linuxStart(pid: number): string {
  try {
    const boot = readText('/proc/sys/kernel/random/boot_id').trim();
    const ticks = startInStat(system.stat(pid));
    return ticks === '' ? '' : `${boot}:${ticks}`;
  } catch {
    return '';
  }
}

function macStart(pid: number): string {
  try {
    const started = execFileSync('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], { timeout: 2_000 });
    return String(started).trim();
  } catch {
    return '';
  }
}
