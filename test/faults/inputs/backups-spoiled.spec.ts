import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase, verifyBackup } from '@engine/backups.ts';
import { restoreBackup } from '@engine/restore.ts';
import { verifyResult } from '@engine/verify.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { folderState } from '../../support/folder-state.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { isSoak } from './support/effort.ts';

/** Backups that something has happened to since they were proven. */

const folder = temporaryFolder();
const packs = [shopPack()];
const backUp = (file: string): Promise<BackupRecord> =>
  backupDatabase({ path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' }, packs);

describe('R04: a backup that is not the one that was made', () => {
  let file: string;
  let backup: BackupRecord;
  let other: BackupRecord;
  let [bytes, manifest] = [Buffer.alloc(0), ''];
  const manifestPath = (): string => backup.path.replace(/db$/, 'json');

  beforeAll(async () => {
    file = makeShop(folder, { members: 60 });
    backup = await backUp(file);
    other = await backUp(makeShop(folder, { members: 60, extra: `UPDATE member SET city = 'Elsewhere';` }));
    bytes = fs.readFileSync(backup.path);
    manifest = fs.readFileSync(manifestPath(), 'utf8');
  });

  /** The database, and the names of what lies beside it. */
  function around(): unknown {
    const { 'shop.db': database, ...others } = folderState(path.dirname(file));
    return [database, Object.keys(others)];
  }
  /** Both ways in which a backup is asked for. */
  async function codesOf(): Promise<(string | null)[]> {
    const input = { backupPath: backup.path, path: file, backupFolder: backup.folder };
    const restored = await codeOfPromise(restoreBackup({ ...input, appVersion: '0', allowForeign: true }, { packs }));
    let found: string | null = null;
    const refused = codeOf(() => {
      found = verifyBackup({ backupPath: backup.path, isNoted: false }).lastCheck?.error?.code ?? null;
    });
    return [restored, refused ?? found];
  }
  const putBack = (): void => {
    fs.writeFileSync(backup.path, bytes);
    fs.writeFileSync(manifestPath(), manifest);
  };

  it('by one bit, wherever it is, is refused before the database is touched', { timeout: 600_000 }, async () => {
    const wrong: string[] = [];
    const before = around();
    const step = Math.ceil(bytes.length / (isSoak ? 1_000 : 60));
    for (let at = 0; at < bytes.length; at += step) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8((flipped[at] ?? 0) ^ (1 << (at % 8)), at);
      fs.writeFileSync(backup.path, flipped);
      const codes = await codesOf();
      if (codes.join() !== 'E_BACKUP_CORRUPT,E_BACKUP_CORRUPT') wrong.push(`bit at ${at}: ${codes.join()}`);
    }
    expect(wrong).toEqual([]);
    expect(around()).toEqual(before);
    putBack();
  });

  it.each<[string, string, () => void]>([
    ['longer by a byte', 'E_BACKUP_CORRUPT', () => fs.appendFileSync(backup.path, 'x')],
    ['longer by a page', 'E_BACKUP_CORRUPT', () => fs.appendFileSync(backup.path, Buffer.alloc(4_096))],
    ['shorter by a page', 'E_BACKUP_CORRUPT', () => fs.truncateSync(backup.path, bytes.length - 4_096)],
    ['empty', 'E_BACKUP_CORRUPT', () => fs.truncateSync(backup.path, 0)],
    ['another sound database', 'E_BACKUP_CORRUPT', () => fs.copyFileSync(other.path, backup.path)],
    [
      'described by the manifest of another',
      'E_BACKUP_CORRUPT',
      () => fs.copyFileSync(other.path.replace(/db$/, 'json'), manifestPath()),
    ],
    [
      'changed, and its sum with it, but not the seal of the manifest',
      'E_BACKUP_CORRUPT',
      () => {
        fs.copyFileSync(other.path, backup.path);
        fs.writeFileSync(manifestPath(), manifest.replace(backup.sha256, other.sha256));
      },
    ],
    ['described by half a manifest', 'E_BACKUP_CORRUPT', () => fs.truncateSync(manifestPath(), 200)],
    ['without a manifest', 'E_BACKUP_FOREIGN', () => fs.rmSync(manifestPath())],
    ['gone', 'E_BACKUP_GONE', () => fs.rmSync(backup.path)],
  ])('%s: %s', async (_, code, spoil) => {
    spoil();
    const before = around();
    expect(await codesOf()).toEqual([code, code]);
    expect(around()).toEqual(before);
    putBack();
    expect(verifyBackup({ backupPath: backup.path, isNoted: false }).state).toBe('verified');
  });
});

describe('S14 R02: the folder of backups is emptied, or gone, while the upgrade runs', () => {
  it.each(['backed-up', 'chunk-committed', 'finished'])(
    'after "%s": it stops at the next boundary, after the last one the verdict names what is missing',
    async (at) => {
      for (const isWhole of [true, false]) {
        const file = makeShop(folder);
        const backups = backupFolderOf(file);
        let isGone = false;
        const takeAway = (point: string): void => {
          if (isGone || point !== at) return;
          isGone = true;
          const names = isWhole ? [''] : fs.readdirSync(backups).filter((name) => name.endsWith('.db'));
          for (const name of names) fs.rmSync(path.join(backups, name), { recursive: true });
        };

        const report = await upgradeShop(file, { more: { tuning: manyChunks, probe: takeAway } });

        expect(isGone).toBe(true);
        expect(report.error?.code).toBe(at === 'finished' ? undefined : 'E_BACKUP_GONE');
        const asked = { path: file, toPhase: 1, backupPath: report.backup?.path ?? null };
        const { checks } = verifyResult(asked, packs);
        const unmet = checks.filter(({ state }) => state !== 'met').map(({ id }) => id);
        expect(unmet).toContain('backup');
      }
    },
  );
});
