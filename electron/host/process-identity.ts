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

/** 'unsure': there is a process of this id, and the system does not say whether it is that one. */
export type Life = 'living' | 'unsure' | 'gone';

/**
 * What became of the process that noted `identity` at `notedAt`.
 * @param identity as processIdentity gave it then; undefined or '' = unknown. Where that, or what it is today, is unknown,
 *   a process of this id is enough for 'unsure', unless the computer was started since.
 */
export function lifeOf(pid: number, identity: string | undefined, notedAt: string): Life {
  if (!isLiving(pid)) return 'gone';
  const today = identity === undefined || identity === '' ? '' : processIdentity(pid);
  if (today !== '') return identity === today ? 'living' : 'gone';
  return Date.parse(notedAt) >= Date.now() - os.uptime() * 1_000 - CLOCK_SLACK_MS ? 'unsure' : 'gone';
}

/** False where that process is certainly gone. */
export const isStillRunning = (pid: number, identity: string | undefined, notedAt: string): boolean =>
  lifeOf(pid, identity, notedAt) !== 'gone';

/** Whether any process has this id. */
export const isLiving = (pid: number): boolean => isLivingProcess(pid, system);

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

/** A date, in the language and for the place of whoever asks: so all ask alike. */
function macStart(pid: number): string {
  try {
    const asked = { timeout: 2_000, env: { LC_ALL: 'C', TZ: 'UTC' } };
    const started = execFileSync('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], asked);
    return String(started).trim();
  } catch {
    return '';
  }
}
