import fs from 'node:fs';
import { expect, it } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import { safetyText } from '@shared/errors.ts';
import Database from 'better-sqlite3';
import { createBackup, type BackupPoint } from '@engine/backup.ts';
import { backupDatabase } from '@engine/backups.ts';
import type { Migration } from '@engine/migration.ts';
import { restoreBackup } from '@engine/restore.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { ask, backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopMigrations, shopPack } from '../../support/engine/shop-pack.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

/** The file as a whole is asked once more before it is said that a phase is reached, or a backup is back. */

const folder = temporaryFolder();

/** Every row can still be read; only integrity_check compares this number with the list. */
function miscountFreePages(file: string): void {
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, Buffer.from([0, 0, 0, 77]), 0, 4, 36);
  fs.closeSync(handle);
}

const extra: Omit<Migration, 'up'> = {
  ...{ phase: 1, kind: 'expand', title: 'Extra', what: [], effect: { grows: [], changes: {} } },
  ...{ shape: () => [], verify: () => [] },
};

it('an upgrade after which an index lacks entries does not reach its phase', async () => {
  const file = makeShop(folder);
  const pack = shopPack({
    ...shopMigrations,
    '0003_extra': {
      ...extra,
      up(db) {
        db.exec(`CREATE INDEX by_town ON person (town)`);
        db.unsafeMode(true); // or SQLite would not let its schema be written
        db.pragma('writable_schema = 1');
        db.exec(`UPDATE sqlite_schema SET sql = 'CREATE INDEX by_town ON person (full_name)' WHERE name = 'by_town'`);
        db.pragma('writable_schema = RESET');
        db.unsafeMode(false);
      },
    },
  });

  const report = await upgradeShop(file, { pack });

  expect(report).toMatchObject({ ok: false, error: { code: 'E_VERIFY_FAILED', safety: safetyText.unknown } });
  expect(report.error?.message).toContain('The integrity check says');
  expect(ask(file, `SELECT phase FROM _phasewise_checkpoints`)).toEqual([{ phase: 0 }]);
});

it('a step that fills a new table without having said so is taken back', async () => {
  const file = makeShop(folder);
  const up = (db: Database.Database) => void db.exec(`CREATE TABLE strange AS SELECT 1 AS one`);

  const report = await upgradeShop(file, { pack: shopPack({ ...shopMigrations, '0003_extra': { ...extra, up } }) });

  expect(report).toMatchObject({ ok: false, error: { code: 'E_INVARIANT' } });
  expect(ask(file, `SELECT count(*) AS n FROM sqlite_schema WHERE name = 'strange'`)).toEqual([{ n: 0 }]);
});

it('a run that was killed could not say so: the next one notes that it failed', async () => {
  const file = makeShop(folder);
  const { runId } = await upgradeShop(file, { input: { toPhase: 0 } });
  change(file, `UPDATE _phasewise_runs SET state = 'running'`);

  expect((await upgradeShop(file)).ok).toBe(true);

  expect(ask(file, `SELECT state FROM _phasewise_runs WHERE id = '${runId}'`)).toEqual([{ state: 'failed' }]);
});

it('a restore whose file is damaged by the time of the last look has failed, and its note stays', async () => {
  const file = makeShop(folder);
  const packs = [shopPack()];
  const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  const backup = await backupDatabase(made, packs);
  fs.rmSync(file);
  const damage = ({ stage }: { stage: string }) => void (stage === 'checking' && miscountFreePages(file));

  const input = { path: file, backupPath: backup.path, backupFolder: backup.folder, appVersion: '0' };
  const restoring = restoreBackup({ ...input, allowForeign: false }, { packs, onWork: damage });

  expect(await codeOfPromise(restoring)).toBe('E_RESTORE_FAILED');
  expect(isThere(intentFile(file))).toBe(true);
});

it.each([
  ['is damaged after it was compared', 'compared', miscountFreePages],
  ['lost a row after it was compared', 'compared', (copy: string) => change(copy, `DELETE FROM note WHERE id = 7`)],
  [
    'has another schema after it was compared',
    'compared',
    (copy: string) => change(copy, `CREATE INDEX i ON note (body)`),
  ],
  ['is damaged before it is tried', 'hashed', miscountFreePages],
] as const)('a copy that %s does not become a backup', async (_, when, act) => {
  const file = makeShop(folder);
  const db = new Database(file);
  const probe = (point: BackupPoint, copy: string) => void (point === when && act(copy));
  const content = { packId: '', variantTitle: '', phase: null };
  const request = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };

  const code = await codeOfPromise(createBackup(db, { ...request, content, probe }));

  db.close();
  expect(code).toBe('E_BACKUP_UNVERIFIED');
  expect(fs.readdirSync(backupFolderOf(file))).toEqual([]);
});

const change = (file: string, sql: string): void => void new Database(file).exec(sql).close();
