import fs from 'node:fs';
import path from 'node:path';
import Database, { SqliteError } from 'better-sqlite3';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import { CodedError, safetyText } from '@shared/errors.ts';
import type { Manifest } from '@shared/manifest.ts';
import type { BackupRecord } from '@shared/run.ts';
import { assertOfThatDatabase, identityOf } from '@engine/backup-identity.ts';
import { backupDatabase, describeContent, listBackups, requireManifest, verifyBackup } from '@engine/backups.ts';
import { evaluateCriteria } from '@engine/checkpoint.ts';
import { foreignKeyViolations } from '@engine/integrity.ts';
import { writeIntent } from '@engine/intent.ts';
import type { Db, Pack } from '@engine/migration.ts';
import { pendingFor } from '@engine/restore-pending.ts';
import { restoreBackup } from '@engine/restore.ts';
import { isReadFailure, isUnanswered } from '@engine/sqlite-error.ts';
import { findUntrue } from '@engine/target.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { legacySchema, shopMigrations, shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** The disk, the memory or a lock kept a question from being asked. */
const UNANSWERED = [
  'SQLITE_IOERR_READ',
  'SQLITE_NOMEM',
  'SQLITE_BUSY',
  'SQLITE_LOCKED_SHAREDCACHE',
  'SQLITE_INTERRUPT',
];
const DAMAGED = ['SQLITE_CORRUPT', 'SQLITE_CORRUPT_INDEX', 'SQLITE_NOTADB'];

let db: Db;
const failing = (code: string) => (): never => {
  throw new SqliteError('a fault on purpose', code);
};

function errorOf(act: () => unknown): CodedError {
  try {
    act();
  } catch (error) {
    if (error instanceof CodedError) return error;
  }
  throw new Error('there was no error with a code');
}

beforeEach(() => {
  db = new Database(':memory:');
  db.exec(legacySchema);
});
afterEach(() => {
  vi.restoreAllMocks();
  db.close();
});

describe('an error of reading', () => {
  it.each([...UNANSWERED, ...DAMAGED])('%s is told from what a question finds', (code) => {
    expect(isReadFailure(new SqliteError('', code))).toBe(true);
    expect(isUnanswered(new SqliteError('', code))).toBe(UNANSWERED.includes(code));
  });

  it.each(['SQLITE_ERROR', 'SQLITE_CONSTRAINT', 'SQLITE_MISMATCH', 'SQLITE_CORRUPTED', 'SQLITE_IOERROR'])(
    '%s is an answer',
    (code) => expect(isReadFailure(new SqliteError('', code))).toBe(false),
  );

  it.each([...UNANSWERED, ...DAMAGED])('%s is never taken for a condition that is not met', (code) => {
    const criterion = { id: 'c', title: 'C', cost: 'data', check: failing(code) } as const;
    expect(codeOf(() => evaluateCriteria(db, [criterion]))).toBe(code);
    const wrong = { ...criterion, check: failing('SQLITE_ERROR') };
    expect(evaluateCriteria(db, [wrong])).toMatchObject([{ state: 'unmet' }]);
  });

  it.each([...UNANSWERED, ...DAMAGED])('%s is never taken for references that cannot be checked', (code) => {
    db.exec('CREATE TABLE parent (b); CREATE TABLE child (a REFERENCES parent (b))');
    expect(foreignKeyViolations(db).get('child')).toBe(-1);
    const { prepare } = db;
    vi.spyOn(db, 'prepare').mockImplementation((sql: string) =>
      sql.includes('foreign_key_check') ? failing(code)() : prepare.call(db, sql),
    );
    expect(codeOf(() => foreignKeyViolations(db))).toBe(code);
  });

  it.each(UNANSWERED)('%s is never taken for a database without a name of its own', (code) => {
    const pack: Pack = { ...shopPack(), identity: failing(code) };
    expect(codeOf(() => identityOf(pack, db))).toBe(code);
    expect(codeOf(() => describeContent(db, [pack]))).toBe(code);
    const manifest = { databasePath: '/there/shop.db', databaseName: 'shop.db', identity: ['another'] } as Manifest;
    const asked = { manifest, backup: '/there/backup.db', target: '/here/shop.db', db };
    expect(codeOf(() => assertOfThatDatabase(asked, [pack]))).toBe(code);
  });

  it('of damage leaves nothing to know a database by: what lies there can be replaced all the same', () => {
    expect(identityOf({ ...shopPack(), identity: failing('SQLITE_CORRUPT') }, db)).toEqual([]);
  });

  describe('in a backup', () => {
    const folder = temporaryFolder();
    let file: string;
    let backup: BackupRecord;
    beforeAll(async () => {
      file = makeShop(folder);
      backup = await backupDatabase(
        { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' },
        [shopPack()],
      );
    });
    const restore = () =>
      restoreBackup(
        { backupPath: backup.path, path: file, backupFolder: backup.folder, appVersion: '0', allowForeign: false },
        { packs: [shopPack()] },
      );
    /** What is noted of the backup when `meddle` has kept it from being read. */
    const stored = () => listBackups({ folders: [backup.folder], databasePath: null })[0];

    it.each(UNANSWERED)('%s is never taken for damage', async (code) => {
      vi.spyOn(Database.prototype, 'pragma').mockImplementation(failing(code));
      const { appError } = errorOf(() => verifyBackup({ backupPath: backup.path }));
      expect(appError).toMatchObject({ safety: safetyText.untouched });
      expect(appError.code).not.toMatch(/BACKUP/);
      expect(await codeOfPromise(restore())).toBe(appError.code);
      vi.restoreAllMocks();
      expect(stored()).toMatchObject({ state: 'verified', lastCheck: null });
    });

    /** The system refuses to open one file. */
    const refuse = (file: string, system: string): void => {
      const open = fs.openSync;
      vi.spyOn(fs, 'openSync').mockImplementation((name, flags, mode) => {
        if (name === file) throw Object.assign(new Error(`${system}: on purpose`), { code: system, syscall: 'open' });
        return open(name, flags, mode);
      });
    };
    const manifestOf = ({ path: file }: BackupRecord): string => file.replace(/\.db$/, '.json');

    it.each([
      ['EIO', 'E_IO'],
      ['ESTALE', 'E_IO'],
      ['EACCES', 'E_NO_PERMISSION'],
      ['EMFILE', 'E_NO_PERMISSION'],
      ['ENOMEM', 'E_NO_MEMORY'],
    ])('%s is never taken for damage, nor for a file that is no backup', (system, code) => {
      for (const file of [backup.path, manifestOf(backup)]) {
        refuse(file, system);
        const { appError } = errorOf(() => verifyBackup({ backupPath: backup.path }));
        vi.restoreAllMocks();
        expect(appError).toMatchObject({ code, safety: safetyText.untouched });
        expect(appError.message).toContain(path.basename(backup.path, '.db'));
        expect(stored()).toMatchObject({ state: 'verified', lastCheck: null });
      }
    });

    it('of the backup that is being put back keeps no other from being put back', () => {
      writeIntent(file, {
        ...{ format: 'phasewise-restore 1', startedAt: '2026-01-01T00:00:00.000Z', databaseName: 'shop.db' },
        ...{ way: 'in-place', source: 'backup', files: [], quarantine: null, beforePath: null },
        ...{ sha256: backup.sha256, backupPath: backup.path },
      });
      const another = { ...requireManifest(backup.path), sha256: 'f'.repeat(64) };
      refuse(backup.path, 'EIO');
      expect(pendingFor(file, another)).toBeNull();
      fs.rmSync(intentFile(file));
    });

    it.each(DAMAGED)('%s is damage', (code) => {
      vi.spyOn(Database.prototype, 'pragma').mockImplementation(failing(code));
      expect(verifyBackup({ backupPath: backup.path, isNoted: false })).toMatchObject({
        ...{ state: 'broken', lastCheck: { error: { code: 'E_BACKUP_CORRUPT' } } },
      });
    });
  });

  describe('in a file that was upgraded', () => {
    const folder = temporaryFolder();
    let upgraded: string;
    beforeAll(async () => {
      upgraded = makeShop(folder);
      await upgradeShop(upgraded);
    });

    it.each([...UNANSWERED, ...DAMAGED])('%s is never taken for a step that has to be done again', (code) => {
      const person = { ...shopMigrations['0001_person'], verify: failing(code) };
      const file = new Database(upgraded, { readonly: true });
      const pack = shopPack({ ...shopMigrations, '0001_person': person });
      expect(codeOf(() => findUntrue(file, pack))).toBe(code);
      file.close();
    });
  });
});
