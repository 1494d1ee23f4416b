import { createControl } from '@engine/control.ts';
import { runUpgrade } from '@engine/run.ts';
import { shopPack } from './shop-pack.ts';

/**
 * A process that upgrades a shop and kills itself, as `kill -9` would, at the n-th point of the run (0 = never). Says
 * on stdout which steps it reported as applied, and at the end how many points there were.
 */
const [file = '', killAt = '0', backupFolder = '', lockFolder = ''] = process.argv.slice(2);
let points = 0;
const point = (): void => {
  points += 1;
  if (points === Number(killAt)) process.kill(process.pid, 'SIGKILL');
};

const report = await runUpgrade(
  {
    path: file,
    toPhase: null,
    fingerprint: null,
    backupFolder,
    lockFolder,
    runId: `child-${process.pid}`,
    appVersion: '0',
  },
  {
    packs: [shopPack()],
    control: createControl(),
    // Written at once: what was reported must be in the file, whatever happens next.
    emit: (event) => event.type === 'applied' && process.stdout.write(`${event.migrationId}\n`),
    tuning: { smallRows: 0, firstChunkRows: 7, maxChunkRows: 7 },
    probe: point,
    backupProbe: point,
  },
);
if (!report.ok) throw new Error(report.error?.message);
process.stdout.write(`points ${points}\n`);
