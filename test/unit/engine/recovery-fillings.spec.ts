import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import type { GatedFile } from '@engine/gate.ts';
import { keepBeforeRecovery } from '@engine/recovery-copy.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { startZombie } from '../../support/zombie.ts';

/** A copy that is being filled is swept as soon as its process can fill it no more. */

const folder = temporaryFolder();
const keep = (file: string) =>
  keepBeforeRecovery({ path: file, sidecars: { isJournalHot: true } } as GatedFile, backupFolderOf(file));

/** How this computer marks its own, learned from what it does. */
function ownComputer(): string {
  let seen = '';
  const make = fs.mkdirSync;
  vi.spyOn(fs, 'mkdirSync').mockImplementation((name, options) => {
    seen = /\.([0-9a-f]{8})-\d+-\d*\.filling$/.exec(String(name))?.[1] ?? seen;
    return make(name, options);
  });
  keep(makeShop(folder));
  vi.restoreAllMocks();
  return seen;
}

/** @returns whether it is there after another copy was made. */
function stays(pid: number, startedAt: string): boolean {
  const file = makeShop(folder);
  const name = `shop 2026-11-21 12.00.00 before recovery.${ownComputer()}-${pid}-${startedAt}.filling`;
  const filling = path.join(backupFolderOf(file), name);
  fs.mkdirSync(filling, { recursive: true });
  keep(file);
  return fs.existsSync(filling);
}

it('where the system did not tell when that was started, too', () => {
  expect(stays(spawnSync('true').pid, '')).toBe(false);
});

it.skipIf(process.platform !== 'linux')('where it was killed, and its parent has not asked for it', async () => {
  const zombie = await startZombie();
  const isThere = stays(zombie.pid, zombie.startedAt);
  zombie.release();
  expect(isThere).toBe(false);
});
