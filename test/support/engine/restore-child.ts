import { statSync } from 'node:fs';
import { putBackReplaced } from '@engine/put-back.ts';
import { restoreBackup } from '@engine/restore.ts';
import { shopPack } from './shop-pack.ts';

/**
 * A process that restores a backup, or puts back a folder of replaced files, and kills itself at a named point
 * ('' = never).
 */
const [source = '', path = '', backupFolder = '', killAt = ''] = process.argv.slice(2);
const probe = (point: string): void => {
  if (point === killAt) process.kill(process.pid, 'SIGKILL');
};

if (statSync(source).isDirectory()) await putBackReplaced({ path, folder: source, backupFolder }, { probe });
else {
  const input = { backupPath: source, path, backupFolder, appVersion: '0', allowForeign: false };
  await restoreBackup(input, { packs: [shopPack()], probe });
}
