import { Worker } from 'node:worker_threads';
import { endedInStat } from '@shared/process-state.ts';

/**
 * Nobody waits for an engine whose host was killed, and it must not keep the file locked. It hears of that by its
 * channel and stops at the next whole step; but inside one long statement it hears nothing. A thread that touches no
 * database then ends the process from within: to be killed is safe at any moment, SQLite takes back what was in flight.
 */
const LOOK_EVERY_MS = 500;
/** For the next whole step. Together with the look: gone within 4 s of the host. */
const GRACE_MS = 3_000;

const WATCH = `
  const { parent, lookEveryMs, graceMs } = require('node:worker_threads').workerData;
  const stat = () => { try { return require('node:fs').readFileSync('/proc/' + parent + '/stat').toString(); } catch { return ''; } };
  const exists = () => {
    try { process.kill(parent, 0); } catch (error) { if (error.code !== 'EPERM') return false; }
    return !${endedInStat}.test(stat());
  };
  const timer = setInterval(() => {
    if (process.ppid === parent && exists()) return;
    clearInterval(timer);
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs);
  }, lookEveryMs);`;

let watch: Worker | undefined;

/** Begins to watch the process that started this one; once is enough. For children of Node's fork. */
export function endWithParent(): void {
  if (watch) return;
  watch = new Worker(WATCH, {
    eval: true,
    workerData: { parent: process.ppid, lookEveryMs: LOOK_EVERY_MS, graceMs: GRACE_MS },
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
  });
  watch.on('error', () => {}); // without it the process still ends at its next whole step
  watch.unref();
}
