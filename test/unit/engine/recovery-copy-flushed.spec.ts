import fs from 'node:fs';
import { expect, it, vi } from 'vitest';
import type { GatedFile } from '@engine/gate.ts';
import { keepBeforeRecovery } from '@engine/recovery-copy.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { followFlushes } from '../../support/flushes.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const gated = (file: string) => ({ path: file, sidecars: { isJournalHot: true } }) as GatedFile;

it('the name of what is kept before a journal is played back is on the disk by then', () => {
  const file = makeShop(folder);
  const order: string[] = [];
  const rename = fs.renameSync;
  followFlushes((name) => order.push(`flush ${name}`));
  vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    rename(from, to);
    order.push('rename');
  });

  keepBeforeRecovery(gated(file), backupFolderOf(file));
  vi.restoreAllMocks();

  expect(order.slice(-2)).toEqual(['rename', `flush ${fs.realpathSync(backupFolderOf(file))}`]);
});
