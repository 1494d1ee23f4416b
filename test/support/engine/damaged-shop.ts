import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { type AppError, toAppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase } from '@engine/backups.ts';
import { readableIntent } from '@engine/intent.ts';
import { putBackReplaced } from '@engine/put-back.ts';
import type { RestoreDependencies } from '@engine/restore-request.ts';
import { finishRestore, restoreBackup } from '@engine/restore.ts';
import { root } from '../../../build/layout.mjs';
import { askOne, backupFolderOf, makeShop } from './run-shop.ts';
import { shopPack } from './shop-pack.ts';

/** Restores over a file that SQLite can lock, but not read as a whole. */

const packs = [shopPack()];
const inputOf = (file: string) => ({ path: file, backupFolder: backupFolderOf(file), appVersion: '0' });
export const restore = (file: string, { path: backupPath }: BackupRecord, more: Partial<RestoreDependencies> = {}) =>
  restoreBackup({ ...inputOf(file), backupPath, allowForeign: false }, { packs, lockWaitMs: 200, ...more });
export const finish = (file: string, more: Partial<RestoreDependencies> = {}) =>
  finishRestore(inputOf(file), { packs, lockWaitMs: 200, ...more });
export const errorOf = async (act: Promise<unknown>): Promise<AppError | null> => act.then(() => null, toAppError);

/** Restores in a process of its own, which kills itself at a named point. */
export async function killedAt(point: string, { file, backup }: DamagedShop): Promise<void> {
  const child = path.join(root, 'test/support/engine/restore-child.ts');
  const aliases = path.join(root, 'test/support/engine/aliases.mjs');
  const args = ['--no-warnings', '--import', aliases, child, backup.path, file, backupFolderOf(file), point];
  const running = spawn(process.execPath, args, { cwd: root, stdio: 'ignore' });
  await new Promise((resolve) => running.once('exit', resolve));
}

export function changeBytes(file: string, at: number, bytes: Buffer): void {
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, bytes, 0, bytes.length, at);
  fs.closeSync(handle);
}

/** Pages of a table: what SQLite notices as soon as it reads them, and not before. */
const damagePages = (file: string): void => changeBytes(file, 8_192, Buffer.alloc(3_000, 0x5a));

export interface DamagedShop {
  readonly file: string;
  readonly backup: BackupRecord;
  readonly damaged: Buffer;
  readonly ino: number;
  readonly wal: boolean;
}

/** @param change SQL, before it is damaged. */
export async function damagedShop(
  folder: string,
  { wal = false, change = '', damage = damagePages } = {},
): Promise<DamagedShop> {
  const file = makeShop(folder, { wal, members: 200 });
  const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  const backup = await backupDatabase(made, packs);
  new Database(file).exec(`INSERT INTO setting VALUES ('after', 'the backup'); ${change}`).close();
  damage(file);
  return { file, backup, damaged: fs.readFileSync(file), ino: fs.statSync(file).ino, wal };
}

/** Beside the database, but for its backups, and what keeps others away. */
export const besides = (file: string): string[] =>
  fs
    .readdirSync(path.dirname(file))
    .filter((name) => !['backups', 'locks', 'shop.db', 'shop.db.restore-lock'].includes(name))
    .toSorted();
export const keptIn = (kept: string | null): Buffer => fs.readFileSync(path.join(kept ?? '', 'shop.db'));
export const members = (file: string): number => askOne<number>(file, `SELECT count(*) FROM member`);

/** Outside the fields that a change of the journal mode and back leaves changed. */
export function bodyOf(bytes: Buffer): Buffer {
  const body = Buffer.from(bytes);
  for (const [from, to] of [[18, 20], [24, 28], [92, 96]] as const) body.fill(0, from, to); // prettier-ignore
  return body;
}

/** The backup is in the same file, and the very bytes that were there lie in one folder, from which they come back. */
export async function expectInPlace(shop: DamagedShop, replacedFolder: string | null): Promise<void> {
  const { file, damaged, ino, wal } = shop;
  expect(fs.statSync(file).ino).toBe(ino);
  expect(members(file)).toBe(200);
  expect(askOne(file, `SELECT count(*) FROM setting WHERE name = 'after'`)).toBe(0);
  expect(askOne(file, `PRAGMA journal_mode`)).toBe(wal ? 'wal' : 'delete');
  expect(besides(file)).toEqual([path.basename(replacedFolder ?? '')]);
  expect(replacedFolder).toContain('shop.db replaced-');
  expect(keptIn(replacedFolder).equals(damaged)).toBe(true);
  await putBackReplaced({ ...inputOf(file), folder: replacedFolder ?? '' });
  expect(fs.readFileSync(file).equals(damaged)).toBe(true);
  expect(readableIntent(file)).toBeNull();
}
