import { restoreBackup } from '@engine/restore.ts';
import { shopPack } from './shop-pack.ts';

/** A process that restores a backup and kills itself at a named point ('' = never). */
const [backupPath = '', path = '', backupFolder = '', killAt = ''] = process.argv.slice(2);

await restoreBackup(
  { backupPath, path, backupFolder, appVersion: '0', allowForeign: false },
  { packs: [shopPack()], probe: (point) => point === killAt && process.kill(process.pid, 'SIGKILL') },
);
