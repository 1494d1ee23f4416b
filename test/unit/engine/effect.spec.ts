import { describe, expect, it } from 'vitest';
import { assertForeignKeysNotWorse } from '@engine/census.ts';
import type { Migration } from '@engine/migration.ts';
import { codeOf } from '../../support/code-of.ts';
import { cleanupMigrations, cleanupShop, cutOver, removeOld } from '../../support/engine/cleanup-shop.ts';
import { packWith } from '../../support/engine/pack-with.ts';
import { ask, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What a step may change is what it has declared; everything else takes it back. */

const folder = temporaryFolder();
const objects = (file: string) =>
  ask(file, `SELECT type, name, sql FROM sqlite_schema WHERE tbl_name IN ('mine', 'all_of')`);

const made = `CREATE TABLE mine (a INTEGER UNIQUE, b TEXT NOT NULL DEFAULT 'x'); INSERT INTO mine VALUES (1, 'one');
  CREATE INDEX by_b ON mine (b); CREATE VIEW all_of AS SELECT a FROM mine;
  CREATE TRIGGER keep AFTER INSERT ON mine BEGIN SELECT 1; END;`;
/** The table made anew with other columns, and everything on it as it was. */
const rebuilt = (columns: string): string =>
  `DROP VIEW all_of; ALTER TABLE mine RENAME TO old; DROP INDEX by_b; DROP TRIGGER keep;
   CREATE TABLE mine (${columns}); INSERT INTO mine SELECT a, b FROM old; DROP TABLE old;
   CREATE INDEX by_b ON mine (b); CREATE VIEW all_of AS SELECT a FROM mine;
   CREATE TRIGGER keep AFTER INSERT ON mine BEGIN SELECT 1; END;`;

describe('a step that adds is taken back when it', () => {
  it.each([
    ['changes an index', 'DROP INDEX by_b; CREATE INDEX by_b ON mine (b DESC)', 'index by_b was changed'],
    ['changes a view', 'DROP VIEW all_of; CREATE VIEW all_of AS SELECT b FROM mine', 'view all_of was changed'],
    [
      'changes a trigger',
      'DROP TRIGGER keep; CREATE TRIGGER keep AFTER INSERT ON mine BEGIN SELECT 2; END',
      'trigger keep was changed',
    ],
    ['takes a trigger away', 'DROP TRIGGER keep', 'trigger keep was changed'],
    ['changes the type of a column', rebuilt(`a TEXT UNIQUE, b TEXT NOT NULL DEFAULT 'x'`), 'column mine.a was'],
    ['lets a column hold NULL', rebuilt(`a INTEGER UNIQUE, b TEXT DEFAULT 'x'`), 'column mine.b was'],
    ['changes a default', rebuilt(`a INTEGER UNIQUE, b TEXT NOT NULL DEFAULT 'y'`), 'column mine.b was'],
    [
      'makes a column the key',
      rebuilt(`a INTEGER UNIQUE, b TEXT NOT NULL DEFAULT 'x' PRIMARY KEY`),
      'column mine.b was',
    ],
    [
      'forgets that values must differ',
      rebuilt(`a INTEGER, b TEXT NOT NULL DEFAULT 'x'`),
      'index sqlite_autoindex_mine_1 was',
    ],
    ['takes statistics away', `DELETE FROM sqlite_stat1 WHERE tbl = 'mine'`, 'table sqlite_stat1 has'],
  ])('%s', async (what, sql, problem) => {
    const file = makeShop(folder, { extra: what.includes('statistics') ? `${made} ANALYZE;` : made });
    const before = objects(file);

    const report = await upgradeShop(file, { pack: packWith({ up: (db) => void db.exec(sql) }) });

    expect(report.error).toMatchObject({ code: 'E_INVARIANT' });
    expect(report.error?.message).toContain(problem);
    expect(objects(file)).toEqual(before);
  });
});

describe('a step that takes away is taken back when', () => {
  const cleanUp = (file: string, id: keyof typeof cleanupMigrations, step: Partial<Migration>) =>
    upgradeShop(file, {
      pack: cleanupShop({ ...cleanupMigrations, [id]: { ...cleanupMigrations[id], ...step } }),
      input: { toPhase: 2, isRemovalConfirmed: true },
    });
  const after = (sql: string): Partial<Migration> => ({
    up: (db, context) => (removeOld.up(db, context), void db.exec(sql)),
  });

  it.each<[string, keyof typeof cleanupMigrations, Partial<Migration>, string]>([
    [
      'rows leave a table of which it did not say so, though each is an issue row',
      '0003_cut_over',
      { effect: { ...cutOver.effect, setsAside: [] } },
      'table note has 9 rows less than before',
    ],
    [
      'a table goes whose successor is not there',
      '0004_remove',
      { effect: { ...removeOld.effect, removes: { member: 'nowhere' } } },
      'table member is gone, and nowhere does not have all of its rows',
    ],
    [
      'a column of others comes back as another',
      '0004_remove',
      after('ALTER TABLE note DROP COLUMN colour; ALTER TABLE note ADD COLUMN colour INTEGER'),
      'column note.colour was changed',
    ],
    [
      'a column goes of a table that was to go, but stays',
      '0004_remove',
      { up: (db) => void db.exec('ALTER TABLE member DROP COLUMN photo') },
      'column member.photo was changed or removed',
    ],
    [
      'a table goes with a column of others in it',
      '0004_remove',
      { ...after(''), shape: () => [], verify: () => [] },
      'column member.nick was changed or removed',
    ],
    [
      'a table goes that keeps no rows of its own',
      '0004_remove',
      after('DROP TABLE words'),
      'table words was changed or removed',
    ],
  ])('%s', async (what, id, step, problem) => {
    const nick = what.includes('with a column') ? 'ALTER TABLE member ADD COLUMN nick TEXT;' : '';
    const file = makeShop(folder, {
      extra: `ALTER TABLE note ADD COLUMN colour TEXT; ${nick}
        CREATE VIRTUAL TABLE found USING fts5 (a); CREATE VIRTUAL TABLE words USING fts5vocab (found, 'row');`,
    });

    const report = await cleanUp(file, id, step);

    expect(report.error).toMatchObject({ code: 'E_INVARIANT' });
    expect(report.error?.message).toContain(problem);
  });
});

it('references that could not be counted before are no reason to take anything for worse', () => {
  const worse = (before: number) =>
    codeOf(() => assertForeignKeysNotWorse(new Map([['a', before]]), new Map([['a', 3]])));

  expect([worse(-1), worse(3), worse(2)]).toEqual([null, null, 'E_INVARIANT']);
});
