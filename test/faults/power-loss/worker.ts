import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { bundlesIn } from '../engine/bundle-files.ts';
import { backup } from '../flows/backup.ts';
import { restoreOverDamage } from '../flows/over-damage.ts';
import { restoreByFile, restoreInPlace } from '../flows/restore.ts';
import { upgrade } from '../flows/upgrade.ts';
import { cleanup } from './cleanup.ts';
import { cutThroughJournal } from './journal.ts';
import { behindALyingDisk } from './lies.ts';
import type { PowerJob, PowerResult } from './report.ts';
import { cutThroughFlow } from './task.ts';
import { tearPages } from './torn.ts';

/** A process of the power-loss harness: does one job after the other, in a folder of its own. */
const [, , folder = '', bundleFolder = ''] = process.argv;
mkdirSync(folder, { recursive: true });
const bundles = bundlesIn(bundleFolder);
let jobs = 0;
const flows = [backup, upgrade, cleanup, restoreInPlace, restoreByFile, restoreOverDamage];

async function work(job: PowerJob): Promise<PowerResult> {
  // Each job its own: flows remember by its folder what they have prepared.
  const place = { folder: path.join(folder, `job-${(jobs += 1)}`), bundles };
  if (job.kind === 'journal') return cutThroughJournal(job, place);
  const flow = flows.find(({ name }) => name === job.flow);
  if (flow === undefined) throw new Error(`there is no flow ${job.flow}`);
  if (job.kind === 'torn') return tearPages(job, flow, place);
  if (job.kind === 'lies') return behindALyingDisk(job, flow, place);
  return cutThroughFlow(job, flow, place);
}

process.on('message', (job: PowerJob) => {
  work(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) =>
      process.send?.({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error), job }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
