import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import { toAppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase, verifyBackup } from '@engine/backups.ts';
import { openBrowser } from '@engine/browse/browser.ts';
import { compareWithBackup } from '@engine/browse/compare-row.ts';
import { restoreBackup } from '@engine/restore.ts';
import type { RestoreDependencies } from '@engine/restore-request.ts';
import { tidyBackups } from '@engine/tidy.ts';
import { verifyResult } from '@engine/verify.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { at, backUpWith } from '../../support/engine/back-up-with.ts';
import { askOne, backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** The good file was put back after another program had opened the backup and died; what that program left stays beside it. */

const folder = temporaryFolder();
const packs = [shopPack()];

const backUp = (file: string): Promise<BackupRecord> =>
  backupDatabase({ path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' }, packs);
const restore = (file: string, backup: BackupRecord, more: Partial<RestoreDependencies> = {}) =>
  restoreBackup(
    { backupPath: backup.path, path: file, backupFolder: backupFolderOf(file), appVersion: '0', allowForeign: false },
    { packs, lockWaitMs: 200, ...more },
  );

/** What another program has beside its copy of the backup when it dies. */
function leaveBehind(backup: string, suffix: '-wal' | '-journal'): void {
  const copy = `${backup}.opened`;
  fs.copyFileSync(backup, copy);
  const db = new Database(copy);
  if (suffix === '-wal') {
    db.pragma('journal_mode = WAL');
    db.exec(`DELETE FROM note WHERE id > 5`);
  } else {
    db.exec(`DELETE FROM note WHERE id > 5`);
    db.pragma('cache_size = 1');
    db.exec(`BEGIN; UPDATE note SET body = hex(randomblob(3000)); UPDATE member SET city = hex(randomblob(3000))`);
  }
  fs.copyFileSync(copy + suffix, backup + suffix);
  if (db.inTransaction) db.exec('ROLLBACK');
  db.close();
  fs.rmSync(copy);
}

describe.each(['-wal', '-journal'] as const)('a %s that is not its own beside a backup', (suffix) => {
  async function shopWithStray() {
    const file = makeShop(folder);
    const { backup } = await upgradeShop(file);
    if (!backup) throw new Error('no backup was made');
    const bytes = fs.readFileSync(backup.path);
    leaveBehind(backup.path, suffix);
    const isAsItWas = () => fs.readFileSync(backup.path).equals(bytes) && fs.existsSync(backup.path + suffix);
    return { file, backup, isAsItWas };
  }

  it('is named when the backup is read again, which is good once that is gone', async () => {
    const { backup, isAsItWas } = await shopWithStray();

    const { state, lastCheck } = verifyBackup({ backupPath: backup.path });

    expect([state, lastCheck?.error?.code]).toEqual(['broken', 'E_BACKUP_CORRUPT']);
    expect(lastCheck?.error?.message).toBe(
      `Beside the backup lies ${backup.id}.db${suffix}, which is not part of it. SQLite would change the backup with it, so the backup was not opened.`,
    );
    expect(lastCheck?.error?.nextStep).toContain(`Move ${backup.id}.db${suffix} to another folder`);
    expect(isAsItWas()).toBe(true);
    fs.rmSync(backup.path + suffix);
    expect(verifyBackup({ backupPath: backup.path }).state).toBe('verified');
  });

  it('counts where the backup lies, if a link was left in its place', async () => {
    const { backup } = await shopWithStray();
    const moved = path.join(fs.mkdtempSync(path.join(folder, 'disk-')), 'old.db');
    for (const each of ['', suffix]) fs.renameSync(backup.path + each, moved + each);
    fs.symlinkSync(moved, backup.path);
    const bytes = fs.readFileSync(moved);

    const { state, lastCheck } = verifyBackup({ backupPath: backup.path });

    expect([state, lastCheck?.error?.message]).toEqual([
      'broken',
      `Beside the backup lies ${moved}${suffix}, which is not part of it. SQLite would change the backup with it, so the backup was not opened.`,
    ]);
    expect(fs.readFileSync(moved).equals(bytes)).toBe(true);
    fs.rmSync(moved + suffix);
    expect(verifyBackup({ backupPath: backup.path }).state).toBe('verified');
  });

  it('keeps it from being put back, and the database as it is', async () => {
    const { file, backup, isAsItWas } = await shopWithStray();
    const before = fs.readFileSync(file);

    const error = toAppError(await restore(file, backup).catch((thrown: unknown) => thrown));

    expect([error.code, error.safety]).toEqual([
      'E_BACKUP_CORRUPT',
      'Your database was not changed. Only the backup has a problem.',
    ]);
    expect(fs.readFileSync(file).equals(before)).toBe(true);
    expect(isAsItWas()).toBe(true);
  });

  it('also where it comes while what is there is being saved', async () => {
    const file = makeShop(folder);
    const backup = await backUp(file);
    const bytes = fs.readFileSync(backup.path);
    new Database(file).exec(`DELETE FROM note WHERE id > 50`).close();
    const probe = (point: string) => void (point === 'saved' && leaveBehind(backup.path, suffix));

    const error = toAppError(await restore(file, backup, { probe }).catch((thrown: unknown) => thrown));

    expect(error.code).toBe('E_BACKUP_CORRUPT');
    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(50);
    expect(fs.existsSync(intentFile(file))).toBe(false);
    expect(fs.readFileSync(backup.path).equals(bytes)).toBe(true);
  });

  it('is what the verdict says, instead of calling the upgrade lossy', async () => {
    const { file, backup, isAsItWas } = await shopWithStray();

    const { checks } = verifyResult({ path: file, toPhase: 1, backupPath: backup.path }, packs);

    const unmet = checks.filter(({ state }) => state !== 'met');
    expect(unmet.map(({ id }) => id)).toEqual(['backup', 'kept']);
    for (const { summary } of unmet) expect(summary).toContain('so the backup was not opened');
    expect(isAsItWas()).toBe(true);
  });

  it('is refused by whoever compares a row with the backup', async () => {
    const { file, backup, isAsItWas } = await shopWithStray();
    const browser = await openBrowser(file, packs);
    const { rows } = browser.page({ table: 'note', sort: [], filters: [], find: null }, { at: 'start' }, 1, true);
    const asked = { table: 'note', key: rows[0]?.key ?? '', backupPath: backup.path };

    expect(codeOf(() => compareWithBackup(browser, packs, asked, true))).toBe('E_BACKUP_CORRUPT');
    browser.close();
    expect(isAsItWas()).toBe(true);
  });

  it('makes it no good one for which others could go', async () => {
    const file = makeShop(folder);
    const [first, second] = [await backUp(file), await backUp(file)];
    leaveBehind(second.path, suffix);

    const places = { databasePath: file, folders: [backupFolderOf(file)], needed: [] };
    const { removed } = await tidyBackups({ ...places, keep: 1, isTrial: false }, packs);

    expect(removed).toEqual([]);
    expect(verifyBackup({ backupPath: first.path }).state).toBe('verified');
  });
});

it.each(['-wal', '-journal'] as const)(
  'nor is a backup proven by a trial of it beside which another program has put a %s',
  async (suffix) => {
    const file = makeShop(folder);
    const leave = at('hashed', (partial) => {
      leaveBehind(partial, suffix);
      fs.renameSync(partial + suffix, `${partial}.scratch${suffix}`);
    });

    expect(await codeOfPromise(backUpWith(file, leave))).toBe('E_BACKUP_CORRUPT');

    expect(fs.readdirSync(backupFolderOf(file)).filter((name) => !name.endsWith(suffix))).toEqual([]);
  },
);

it('an emptied log or a finished journal beside a backup harms nobody', async () => {
  const backup = await backUp(makeShop(folder));
  fs.writeFileSync(`${backup.path}-wal`, '');
  fs.writeFileSync(`${backup.path}-journal`, Buffer.alloc(512));

  expect(verifyBackup({ backupPath: backup.path }).state).toBe('verified');
});
