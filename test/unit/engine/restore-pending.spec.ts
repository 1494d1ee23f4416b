import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import { backupDatabase } from '@engine/backups.ts';
import { requireNoIntent, writeIntent } from '@engine/intent.ts';
import { backupOf, pendingFor } from '@engine/restore-pending.ts';
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

it('of what an interrupted restore was to put back only what was looked at is said', async () => {
  const target = makeShop(folder);
  const { path: backup, sha256 } = await backUp(target);
  const intent: RestoreIntent = {
    ...{ format: 'phasewise-restore 1', startedAt: '2026-01-01T00:00:00.000Z', databaseName: path.basename(target) },
    ...{ way: 'in-place', source: 'backup', backupPath: backup, sha256, files: [], quarantine: null, beforePath: null },
  };
  writeIntent(target, intent);
  const begun = `E_RESTORE_UNFINISHED: Putting ${path.basename(backup)} back into shop.db was interrupted.`;
  const ofAnother = () => pendingFor(target, { sha256: 'b'.repeat(64) });
  const wordsOf = (act: () => unknown): string | null => {
    try {
      act();
      return null;
    } catch (error) {
      return String(error instanceof Error ? error.message : error);
    }
  };

  expect(wordsOf(ofAnother)).toBe(`${begun} ${path.basename(backup)} was read again just now: it is whole.`);
  expect(wordsOf(() => requireNoIntent(target))).toBe(begun);
  fs.rmSync(backup);
  expect(wordsOf(() => requireNoIntent(target))).toBe(begun);
  expect(ofAnother()).toBeNull();

  const aside = `${target} replaced-Abc123`;
  fs.mkdirSync(aside);
  fs.writeFileSync(path.join(aside, 'shop.db'), 'old');
  const files = [{ suffix: '' as const, sha256 }];
  writeIntent(target, { ...intent, way: 'by-file', source: 'replaced', backupPath: aside, files });
  expect(wordsOf(ofAnother)).toMatch(/ shop\.db replaced-Abc123 is still there\.$/);
});
