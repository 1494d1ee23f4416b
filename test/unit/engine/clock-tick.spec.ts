import { describe, expect, it, vi } from 'vitest';
import { backupDatabase } from '@engine/backups.ts';
import { restoreBackup } from '@engine/restore.ts';
import { pauseForClock } from '@engine/restore-in-place.ts';
import { pause } from '@engine/pause.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

vi.mock('@engine/pause.ts', () => ({ pause: vi.fn() }));

const folder = temporaryFolder();

describe('whoever looks whether a file was written to since', () => {
  const found = { dev: '1', ino: '2', sizeBytes: 4_096 };
  it.each([
    ['for a tick of the clock', '1700000000123456789', 20],
    ['for two seconds, where the disk may note every other only', '1700000000000000000', 2_100],
  ])('waits %s', (_, mtimeNs, waitedMs) => {
    vi.mocked(pause).mockClear();

    pauseForClock({ ...found, mtimeNs });

    expect(pause).toHaveBeenCalledExactlyOnceWith(waitedMs);
  });

  it('waits before a restore lets its lock go: who comes in then has another time', async () => {
    const file = makeShop(folder);
    const packs = [shopPack()];
    const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
    const backup = await backupDatabase(made, packs);
    const waits = new Map<string, number>();
    const probe = (point: string) => void waits.set(point, vi.mocked(pause).mock.calls.length);

    await restoreBackup(
      { path: file, backupPath: backup.path, backupFolder: backup.folder, appVersion: '0', allowForeign: false },
      { packs, probe },
    );

    expect(waits.get('unlocked')).toBe((waits.get('switched') ?? 0) + 1);
  });
});
