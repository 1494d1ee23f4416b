import { createControl } from '@engine/control.ts';
import { runUpgrade } from '@engine/run.ts';
import { shopPack } from './shop-pack.ts';

/** A process that upgrades one shop and ends; what stands in its way is told on stderr, and by the exit code. */
const [file = '', backupFolder = '', lockFolder = ''] = process.argv.slice(2);

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
  { packs: [shopPack()], control: createControl(), emit: () => {} },
);
if (!report.ok) throw new Error(report.error?.message);
