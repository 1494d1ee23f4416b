import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import path from 'node:path';
import type { BackupComparison } from '@shared/browse.ts';
import { openBrowser, type Browser } from '@engine/browse/browser.ts';
import { compareWithBackup } from '@engine/browse/compare-row.ts';
import { packs } from '../../../../migrations/index.ts';
import { buildKromaSample } from '../../../../migrations/kroma/sample/build.ts';
import { writeFixture } from '../../../support/kroma/fixtures.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

/** A row beside the same row in a backup: the same means every byte and the storage class, also of what is not shown. */

const folder = temporaryFolder();
const [now, backup] = [path.join(folder, 'now.db'), path.join(folder, 'backup.db')];
const LARGE = 5_000_000;
let browser: Browser;

const values: [column: string, now: unknown, then: unknown, isSame: boolean][] = [
  ['a_null', null, null, true],
  ['null_and_empty', null, '', false],
  ['zero_and_text', 0, '0', false],
  ['integer_and_real', 1n, 1.5, false],
  ['one_bit', 0.1 + 0.2, 0.3, false],
  ['beyond_2_53', 9_007_199_254_740_993n, 9_007_199_254_740_992n, false],
  ['same_large_integer', 9_007_199_254_740_993n, 9_007_199_254_740_993n, true],
  ['text_and_blob', 'ab', Buffer.from('ab'), false],
  ['behind_the_cut', `${'x'.repeat(5_000)}a`, `${'x'.repeat(5_000)}b`, false],
  ['same_behind_the_cut', `${'x'.repeat(5_000)}a`, `${'x'.repeat(5_000)}a`, true],
  ['other_length', 'x'.repeat(3_000_000), 'x'.repeat(3_000_001), false],
  ['blob_behind_the_cut', Buffer.alloc(100, 1), Buffer.concat([Buffer.alloc(99, 1), Buffer.from([2])]), false],
  ['emoji', '😀'.repeat(10), '😀'.repeat(10), true],
  ['nul_inside', 'a\0b', 'a\0c', false],
  ['password', 'secret one', 'secret two', false],
  ['token', 'secret', 'secret', true],
  ['secret', 0.1 + 0.2, 0.3, false],
];

function write(file: string, pick: (value: (typeof values)[number]) => unknown, more: string): void {
  const db = new Database(file);
  const names = values.map(([name]) => name);
  db.exec(`CREATE TABLE t(id TEXT PRIMARY KEY, ${names.join(', ')});
    CREATE TABLE large(id INTEGER PRIMARY KEY, v); CREATE TABLE keyless(v); CREATE TABLE pair(a, b, v, PRIMARY KEY(a, b)) WITHOUT ROWID`);
  db.prepare(`INSERT INTO t VALUES ('one', ${names.map(() => '?').join(', ')})`).run(...values.map(pick));
  db.exec(more);
  db.close();
}

beforeAll(async () => {
  write(now, ([, here]) => here, `
    INSERT INTO t(id) VALUES ('new'); INSERT INTO keyless VALUES (1); INSERT INTO pair VALUES ('x', 2, 'now');
    CREATE TABLE later(id INTEGER PRIMARY KEY); INSERT INTO later VALUES (1);
    ALTER TABLE pair ADD COLUMN added; INSERT INTO large VALUES (1, zeroblob(${LARGE})), (2, zeroblob(${LARGE})), (3, zeroblob(${LARGE}))`); // prettier-ignore
  write(backup, ([, , there]) => there, `
    INSERT INTO pair VALUES ('x', 2, 'then'); ALTER TABLE pair ADD COLUMN gone; INSERT INTO keyless VALUES (1);
    INSERT INTO large VALUES (1, zeroblob(${LARGE})), (2, CAST(zeroblob(${LARGE - 1}) || 'x' AS BLOB)), (3, zeroblob(${LARGE + 1}))`); // prettier-ignore
  browser = await openBrowser(now, []);
});
afterAll(() => browser.close());

const keyOf = (from: Browser, table: string, row: number): string =>
  from.page({ table, sort: [], filters: [], find: null }, { at: 'start' }, 10, true).rows[row]?.key ?? '';
function compare(table: string, row: number, mayLoad = true): BackupComparison | null {
  return compareWithBackup(browser, [], { table, key: keyOf(browser, table, row), backupPath: backup }, mayLoad);
}

describe('a row and its backup', () => {
  it.each(values.map(([column, , , isSame]) => ({ column, isSame })))(
    'compare $column exactly',
    ({ column, isSame }) => {
      const found = compare('t', 0);
      expect(found?.isThere).toBe(true);
      expect(found?.columns.find((pair) => pair.column === column)).toMatchObject({ backupColumn: column, isSame });
    },
  );

  it('show no sensitive value', () => {
    expect(JSON.stringify(compare('t', 0))).not.toContain('secret one');
    expect(JSON.stringify(compare('t', 0))).not.toContain('secret two');
  });

  it('may lack each other, or columns', () => {
    expect(compare('t', 1)).toMatchObject({ table: 't', isThere: false });
    expect(compare('later', 0)).toMatchObject({ table: null, isThere: false });
    expect(compare('pair', 0)?.columns).toMatchObject([
      { column: 'a', isSame: true },
      { column: 'b', isSame: true },
      { column: 'v', isSame: false },
      { column: 'added', backupColumn: null, isSame: false },
      { column: null, backupColumn: 'gone', isSame: false },
    ]);
    expect(() => compare('keyless', 0)).toThrow('E_BAD_REQUEST');
  });

  it('of more than 4 MB are left to another process where only the bytes can tell', () => {
    expect(compare('large', 0, false)).toBeNull();
    expect(compare('large', 2, false)?.columns[1]).toMatchObject({ isSame: false }); // the lengths tell
    expect([0, 1, 2].map((row) => compare('large', row)?.columns[1]?.isSame)).toEqual([true, false, false]);
  });
});

describe('a migrated row and its backup', () => {
  it('are brought together by the names that the pack knows, among tables in the order of its groups', async () => {
    const file = path.join(folder, 'legacy.db');
    writeFixture(file, { build: (db) => buildKromaSample(db, { seed: 1 }) });
    const migrated = path.join(folder, 'migrated.db');
    const db = new Database(file);
    db.prepare('VACUUM INTO ?').run(migrated);
    db.close();
    const change = new Database(migrated);
    change.pragma('legacy_alter_table = 0');
    change.exec('ALTER TABLE users RENAME TO app_users');
    change.close();
    const own = await openBrowser(migrated, packs);
    const groups = [...new Set(own.tables().tables.map(({ group }) => group))];
    const ofPack = [...new Set(packs.flatMap(({ canonical }) => canonical.map(({ group }) => group)))];
    expect(groups.length).toBeGreaterThan(5);
    expect(ofPack.filter((group) => groups.includes(group))).toEqual(groups.filter((group) => ofPack.includes(group)));
    const key = keyOf(own, 'app_users', 0);
    const found = compareWithBackup(own, packs, { table: 'app_users', key, backupPath: file }, true);
    own.close();
    expect(found).toMatchObject({ table: 'users', isThere: true });
    expect(found?.columns.every(({ isSame }) => isSame)).toBe(true);
    expect(found?.columns.find(({ column }) => column === 'email')?.now?.type).toBe('masked');
  });
});
