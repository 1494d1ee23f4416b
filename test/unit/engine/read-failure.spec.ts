import Database, { SqliteError } from 'better-sqlite3';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { identityOf } from '@engine/backup-identity.ts';
import { describeContent } from '@engine/backups.ts';
import { evaluateCriteria } from '@engine/checkpoint.ts';
import { foreignKeyViolations } from '@engine/integrity.ts';
import type { Db, Pack } from '@engine/migration.ts';
import { isReadFailure, isUnanswered } from '@engine/sqlite-error.ts';
import { findUntrue } from '@engine/target.ts';
import { makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
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
/** @returns the code that came through; undefined = it was answered. */
function codeOf(ask: () => unknown): unknown {
  try {
    ask();
    return undefined;
  } catch (error) {
    return error instanceof SqliteError ? error.code : error;
  }
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
  });

  it('of damage leaves nothing to know a database by: what lies there can be replaced all the same', () => {
    expect(identityOf({ ...shopPack(), identity: failing('SQLITE_CORRUPT') }, db)).toEqual([]);
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
