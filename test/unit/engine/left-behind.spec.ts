import Database, { SqliteError } from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import { referencesOfOthers } from '@engine/references.ts';
import { verifyResult } from '@engine/verify.ts';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Rows of others that refer to rows which only the issue rows hold: which are, and which only look like it. */

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());
const change = (file: string, sql: string): void => {
  const db = new Database(file);
  db.pragma('foreign_keys = 0');
  db.exec(sql).close();
};
const upgrade = (file: string) =>
  upgradeShop(file, { pack: cleanupShop(), input: { toPhase: 2, isRemovalConfirmed: true } });
const references = (file: string): string | undefined =>
  verifyResult({ path: file, toPhase: 2, backupPath: null }, [cleanupShop()]).checks.find(
    ({ id }) => id === 'references',
  )?.summary;
const none = 'None leads to a row that the upgrade took away.';

it('a column that others added to a table of the family is theirs', async () => {
  const file = makeShop(folder, { extra: 'ALTER TABLE note ADD COLUMN follows INTEGER REFERENCES note (id);' });
  change(file, 'UPDATE note SET follows = 19 WHERE id = 1');

  const report = await upgrade(file);

  expect(report.error).toMatchObject({ code: 'E_INVARIANT' });
  expect(report.error?.message).toContain('note (follows): 1 row, to 19. The step was taken back.');
});

it('a row that was never placed by a step which only adds has been taken from nobody', async () => {
  const file = makeShop(folder, { extra: 'CREATE TABLE mine (p TEXT REFERENCES person (id));' });
  change(file, `INSERT INTO mine VALUES ('m000010')`); // a member without a name, who becomes no person

  expect((await upgrade(file)).error).toBeUndefined();

  expect(references(file)).toBe(none);
});

it('a row that left the old table is missed in the one that has its place now', async () => {
  const file = makeShop(folder, { extra: 'CREATE TABLE mine (p TEXT REFERENCES person (id));' });
  expect((await upgrade(file)).error).toBeUndefined();
  change(
    file,
    `INSERT INTO mine VALUES ('m000001'); DELETE FROM person WHERE id = 'm000001';
     INSERT INTO _phasewise_quarantine (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at)
       VALUES ('0003_cut_over/photos', 'member', 'm000001', 'taken', '', 0, '{"id":"m000001"}', 'r', '2026-01-01')`,
  );

  expect(references(file)).toContain('mine (p): 1 row, to m000001');
});

it.each([
  ['that has its place', 'is_placed = 1'],
  ['whose content is no JSON any more', `row_json = '{cut'`],
])('an issue row %s holds no row', async (_, set) => {
  const file = makeShop(folder);
  expect((await upgrade(file)).error).toBeUndefined();
  change(file, `CREATE TABLE mine (note INTEGER REFERENCES note (id)); INSERT INTO mine VALUES (19)`);
  expect(references(file)).toContain('mine (note): 1 row, to 19');

  change(file, `UPDATE _phasewise_quarantine SET ${set} WHERE source_key = 19`);

  expect(references(file)).toBe(none);
});

it.each(['SQLITE_IOERR_READ', 'SQLITE_NOMEM', 'SQLITE_CORRUPT'])(
  '%s is never taken for references that cannot be checked',
  (code) => {
    const db = new Database(makeShop(folder, { extra: 'CREATE TABLE mine (note INTEGER REFERENCES note (id));' }));
    const { prepare } = db;
    vi.spyOn(db, 'prepare').mockImplementation(((sql: string) => {
      if (sql.includes('GROUP BY fkid')) throw new SqliteError('a fault on purpose', code);
      return prepare.call(db, sql);
    }) as typeof prepare);

    expect(() => referencesOfOthers(db, cleanupShop())).toThrow('a fault on purpose');
    db.close();
  },
);
