import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { backupDatabase } from '@engine/backups.ts';
import { passGate, passGateForWriting } from '@engine/gate.ts';
import { codeOf } from '../../support/code-of.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What can be gone back to is not worked on where it lies. */

const folder = temporaryFolder();

async function storedBackup(): Promise<string> {
  const file = makeShop(folder);
  const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  return fs.realpathSync((await backupDatabase(made, [shopPack()])).path);
}
const reasonOf = (file: string) => passGate(file).readOnlyReason?.code ?? null;

it('a backup may be looked at, and is not written to', async () => {
  const stored = await storedBackup();
  expect(reasonOf(stored)).toBe('E_STORED_BACKUP');
  expect(codeOf(() => passGateForWriting(stored))).toBe('E_STORED_BACKUP');
});

it('a copy of it alone is a database like any other', async () => {
  const copy = path.join(folder, 'copy.db');
  fs.copyFileSync(await storedBackup(), copy);
  expect(reasonOf(copy)).toBeNull();
});

it('and so is one that somebody has written to since', async () => {
  const stored = await storedBackup();
  const later = new Date(Date.now() + 2_000);
  new Database(stored).exec(`UPDATE setting SET value = 'x'`).close();
  fs.utimesSync(stored, later, later);
  expect(reasonOf(stored)).toBeNull();
});
