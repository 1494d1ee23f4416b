import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { backupDatabase, listBackups, requireManifest } from '@engine/backups.ts';
import { readManifest } from '@engine/manifest.ts';
import { codeOf } from '../../support/code-of.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

it('a manifest speaks for the backup whose name is in it, and for no other that lies beside it', async () => {
  const file = makeShop(folder);
  const input = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  const made = await backupDatabase(input, [shopPack()]);
  const other = path.join(made.folder, 'other.db');
  fs.copyFileSync(made.path.replace(/db$/, 'json'), other.replace(/db$/, 'json'));
  fs.writeFileSync(other, 'of anybody');

  expect(codeOf(() => requireManifest(other))).toBe('E_BACKUP_CORRUPT');
  expect(readManifest(other)).toMatchObject({ error: { nextStep: expect.stringContaining('Rename nothing to it') } });
  fs.renameSync(made.path, `${made.path}.away`);
  expect(readManifest(other)).toMatchObject({ error: { nextStep: expect.stringContaining('rename both back') } });
  fs.renameSync(`${made.path}.away`, made.path);

  expect(requireManifest(made.path).id).toBe(made.id);
  const good = listBackups({ folders: [made.folder], databasePath: file }).filter(({ verified }) => verified);
  expect(good.map(({ id }) => id)).toEqual([made.id]);
});
