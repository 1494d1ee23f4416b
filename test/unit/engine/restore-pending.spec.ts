import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import { backupDatabase } from '@engine/backups.ts';
import { backupOf } from '@engine/restore-pending.ts';
import { resolveTargetFile } from '@engine/restore-target.ts';
import { codeOf } from '../../support/code-of.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Which file a restore goes on with, and which it never writes to. */

const folder = temporaryFolder();
const backUp = (file: string) =>
  backupDatabase({ path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' }, [
    shopPack(),
  ]);

it('a backup of the same name elsewhere is the one that was moved only if it is of the same bytes', async () => {
  const { path: here, sha256 } = await backUp(makeShop(folder));
  const gone = path.join(folder, 'gone', path.basename(here));
  const intentOf = (bytes: string) => ({ backupPath: gone, sha256: bytes }) as RestoreIntent;
  expect(backupOf(intentOf(sha256), path.dirname(here))).toBe(here);
  expect(backupOf(intentOf('b'.repeat(64)), path.dirname(here))).toBe(gone);
});

it('the backup itself is no target, by whatever name', async () => {
  const { path: backup } = await backUp(makeShop(folder));
  const [second, link] = [path.join(folder, 'second name.db'), path.join(folder, 'link.db')];
  fs.linkSync(backup, second);
  fs.symlinkSync(backup, link);
  for (const name of [backup, second, link])
    expect(codeOf(() => resolveTargetFile(name, backup))).toBe('E_RESTORE_TARGET');
});
