import fs from 'node:fs';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { backupDatabase } from '@engine/backups.ts';
import { verifyResult } from '@engine/verify.ts';
import type { CheckResult } from '@shared/status.ts';
import { backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** The verdict on an upgrade of several parts: a backup that was made in between has what an earlier part lost already. */

const folder = temporaryFolder();

interface InParts {
  readonly file: string;
  readonly first: { readonly runId: string; readonly backupPath: string };
  /** Of the state that the first part has left. */
  readonly backupPath: string;
}

/** @param loss what the first part did without anybody noticing. */
async function inParts(loss: string): Promise<InParts> {
  const file = makeShop(folder);
  const { runId, backup } = await upgradeShop(file);
  new Database(file).exec(loss).close();
  const made = { path: file, folder: backupFolderOf(file), reason: 'in between', runId: null, appVersion: '0' };
  const { path: backupPath } = await backupDatabase(made, [shopPack()]);
  return { file, first: { runId, backupPath: backup?.path ?? '' }, backupPath };
}

const verdictOn = ({ file, backupPath }: InParts, earlier: InParts['first'][]): CheckResult[] =>
  verifyResult({ path: file, toPhase: 1, backupPath, earlier }, [shopPack()]).checks;
const unmet = (checks: CheckResult[]): string[] => checks.filter(({ state }) => state !== 'met').map(({ id }) => id);

it('holds when nothing was lost on the whole way, and says that it was asked', async () => {
  const parts = await inParts('');

  const checks = verdictOn(parts, [parts.first]);

  expect(unmet(checks)).toEqual([]);
  expect(checks.slice(-3).map(({ id }) => id)).toEqual(['backup:first', 'references:first', 'kept:first']);
});

it('notices what an earlier part has lost', async () => {
  const parts = await inParts(`UPDATE setting SET value = 'eur'`);

  expect(unmet(verdictOn(parts, []))).toEqual([]);
  expect(unmet(verdictOn(parts, [parts.first]))).toEqual(['kept:first']);
});

it('asks the first part that the file knows: another file may lie there by now', async () => {
  const parts = await inParts(`UPDATE setting SET value = 'eur'`);
  const stranger = { runId: 'of another file', backupPath: '/nowhere/a.db' };

  expect(unmet(verdictOn(parts, [stranger]))).toEqual([]);
  expect(unmet(verdictOn(parts, [stranger, parts.first]))).toEqual(['kept:first']);
});

it('says no where that backup cannot be compared with any more', async () => {
  const parts = await inParts('');
  fs.appendFileSync(parts.first.backupPath, 'x');
  expect(unmet(verdictOn(parts, [parts.first]))).toEqual(['backup:first']);

  fs.rmSync(parts.first.backupPath);
  expect(unmet(verdictOn(parts, [parts.first]))).toEqual(['backup:first']);
});
