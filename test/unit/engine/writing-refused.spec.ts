import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { backupDatabase } from '@engine/backups.ts';
import { ingestFiles } from '@engine/ingest.ts';
import { writeIntent } from '@engine/intent.ts';
import { clearPlainSecrets } from '@engine/plain-secrets.ts';
import { retryIssues } from '@engine/retry.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { folderState } from '../../support/folder-state.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Whatever is going to write asks first whether it may: the rights of an administrator would let it. */

const folder = temporaryFolder();
const packs = [shopPack()];
const changing = (file: string) => ({
  ...{ path: file, backupFolder: backupFolderOf(file), lockFolder: path.join(path.dirname(file), 'locks') },
  ...{ appVersion: '0', runId: 'r1' },
});
const acts: [string, (file: string) => Promise<unknown>][] = [
  ['upgrade', (file) => upgradeShop(file)],
  ['trying of issue rows', (file) => retryIssues(changing(file), packs)],
  ['clearing of keys', (file) => clearPlainSecrets(changing(file), packs)],
  ['taking in of files', (file) => ingestFiles({ ...changing(file), files: [], project: null, isTrial: false }, packs)],
];

const made = (file: string) => ({
  ...{ path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' },
});
const reasons: [string, string, (file: string) => string | Promise<string>][] = [
  ['is marked as read-only', 'E_READONLY_FILE', (file) => (fs.chmodSync(file, 0o444), file)],
  [
    'is in the middle of a restore',
    'E_RESTORE_UNFINISHED',
    (file) => {
      writeIntent(file, {
        ...{ format: 'phasewise-restore 1', startedAt: '2026-01-01T00:00:00.000Z', databaseName: 'shop.db' },
        ...{ way: 'in-place', source: 'backup', files: [], quarantine: null, beforePath: null },
        ...{ sha256: 'f'.repeat(64), backupPath: path.join(backupFolderOf(file), 'gone.db') },
      });
      return file;
    },
  ],
  ['is a backup where it is kept', 'E_STORED_BACKUP', async (file) => (await backupDatabase(made(file), packs)).path],
];

it.each(reasons.flatMap(([why, code, prepare]) => acts.map(([what, act]) => [what, why, code, prepare, act] as const)))(
  'no %s of a file that %s: %s',
  async (_, __, code, prepare, act) => {
    const file = await prepare(makeShop(folder));
    const before = folderState(path.dirname(file));

    expect(await codeOfPromise(act(file))).toBe(code);

    expect(folderState(path.dirname(file))).toEqual(before);
  },
);
