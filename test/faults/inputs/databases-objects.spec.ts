import fs from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { makePlan } from '@engine/plan.ts';
import { readSchema } from '@engine/schema.ts';
import { brokenRules } from '@engine/lost-rules.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { createLegacySchema } from '../../../migrations/kroma/sample/schema.ts';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { endingOf, newPlace, refusedWhole, upgradedWhole } from '../../support/engine/ends-well.ts';
import { oddShop } from '../../support/engine/odd-shop.ts';
import { askOne, backupFolderOf } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What others made in the file, and rows that break rules. Each ends upgraded with all of it, or is refused by name. */

const folder = temporaryFolder();
const pack = { ...cleanupShop(), programUniques: { member: [['id']], note: [['id']] } };
/** The same family where nothing is removed. */
const first = { ...shopPack(), programUniques: pack.programUniques };
const message = (text: string) => ({ message: expect.stringContaining(text) as string });

describe('objects of somebody else', () => {
  it('G04: extra columns, indexes, views, triggers and tables stay letter for letter', async () => {
    const file = oddShop(folder, {
      sql: `ALTER TABLE setting ADD COLUMN "my ""own"" column" TEXT DEFAULT 'it''s';
        CREATE TABLE [my table] (  a  ,b /* spaces and comments stay */ ); CREATE INDEX \`my index\` ON [my table] (b);
        CREATE VIEW   by_name AS SELECT name, value FROM setting   WHERE value > '';
        CREATE TRIGGER follow AFTER INSERT ON [my table] BEGIN UPDATE setting SET value = value; END;
        CREATE TRIGGER instead INSTEAD OF INSERT ON by_name BEGIN SELECT RAISE(ABORT, 'no'); END;`,
    });

    expect(await endingOf(file, pack, { toPhase: 2 })).toMatchObject(upgradedWhole);
  });

  it.each<[string, string, string]>([
    [
      'a trigger on a table that is written',
      `CREATE TRIGGER t AFTER UPDATE ON note BEGIN DELETE FROM setting; END`,
      't on note',
    ],
    [
      'a trigger that skips rows',
      `CREATE TRIGGER t BEFORE UPDATE ON note BEGIN SELECT RAISE(IGNORE); END`,
      't on note',
    ],
    ['an extra column of a table that goes', `ALTER TABLE member ADD COLUMN nick`, 'column member.nick'],
    ['a view of a column that goes', `CREATE VIEW v AS SELECT body FROM note`, 'view v'],
    ['an index on a column that goes', `CREATE INDEX i ON note (member_id, body)`, 'index i'],
  ])('G04: %s is refused by its name, with every byte kept', async (_, sql, named) => {
    expect(await endingOf(oddShop(folder, { sql }), pack, { toPhase: 2 })).toMatchObject({
      ...refusedWhole('E_PREFLIGHT_UNKNOWN_OBJECT'),
      ...message(named),
    });
  });

  it('G05: views and triggers that were broken before stay, and stop nothing', async () => {
    const sql = `CREATE VIEW nowhere_v AS SELECT * FROM nowhere; CREATE VIEW no_column AS SELECT gone FROM note;
      CREATE TABLE mine (a); CREATE TRIGGER no_table AFTER INSERT ON mine BEGIN INSERT INTO nowhere VALUES (1); END;
      CREATE VIEW round_1 AS SELECT * FROM round_2; CREATE VIEW round_2 AS SELECT * FROM round_1;`;
    expect(await endingOf(oddShop(folder, { sql }), pack, { toPhase: 2 })).toMatchObject(upgradedWhole);
  });

  it.each<[string, string, string, Record<string, string>]>([
    ['a CHECK', 'CREATE TABLE w (a)', 'table w', { w: `CREATE TABLE w (a CHECK (a <> "no such"))` }],
    [
      'an index',
      'CREATE TABLE w (a); CREATE INDEX i ON w (a)',
      'index i',
      { i: `CREATE INDEX i ON w (a) WHERE a <> "lit"` },
    ],
    [
      'a CHECK of a table of the family',
      '',
      'table note',
      {
        note: `CREATE TABLE note (id INTEGER PRIMARY KEY, member_id TEXT REFERENCES member (id) ON DELETE CASCADE, body TEXT NOT NULL CHECK (body <> "no such"))`,
      },
    ],
  ])('G06: a text in double quotes in %s stops what renames, and only that', async (_, sql, named, definitions) => {
    const odd = { sql: `${sql};`, definitions };
    expect(await endingOf(oddShop(folder, odd), pack, { toPhase: 2 })).toMatchObject({
      ...refusedWhole('E_PREFLIGHT_UNKNOWN_OBJECT'),
      ...message(`${named}: it has a text in double quotes`),
    });
    expect(await endingOf(oddShop(folder, odd), first, { toPhase: 1 })).toMatchObject(upgradedWhole);
  });

  it('G06: in a view, a trigger or a default they work on', async () => {
    const odd = {
      sql: `CREATE VIEW v AS SELECT 1 AS one; CREATE TABLE w (a, b DEFAULT 'x'); INSERT INTO w (a) VALUES (1);
        CREATE TRIGGER t AFTER INSERT ON w BEGIN SELECT 1; END;`,
      definitions: {
        v: `CREATE VIEW v AS SELECT value FROM setting WHERE name <> "literal"`,
        t: `CREATE TRIGGER t AFTER INSERT ON w BEGIN UPDATE w SET a = "text" WHERE 0; END`,
        w: `CREATE TABLE w (a, b DEFAULT "x y")`,
      },
    };
    expect(await endingOf(oddShop(folder, odd), pack, { toPhase: 2 })).toMatchObject(upgradedWhole);
  });

  it.each<[string, string, Record<string, string>]>([
    ['a function in an index', 'CREATE INDEX i ON note (abs(id))', { i: 'CREATE INDEX i ON note (mine(id))' }],
    [
      'a collation in an index',
      'CREATE INDEX i ON member (city)',
      { i: 'CREATE INDEX i ON member (city COLLATE mine)' },
    ],
    ['a function in a CHECK', 'CREATE TABLE w (a)', { w: 'CREATE TABLE w (a CHECK (mine(a)))' }],
  ])(
    'G06: %s that only another program has is refused by its name, before a backup is begun',
    async (_, sql, definitions) => {
      const file = oddShop(folder, { sql: `${sql};`, definitions });

      expect(await endingOf(file, first, { toPhase: 1 })).toMatchObject({
        ...refusedWhole('E_HOSTILE_SCHEMA'),
        ...message('mine'),
      });
      expect(fs.existsSync(backupFolderOf(file))).toBe(false);
    },
  );

  it('G07: names in other letters, of other alphabets, reserved, empty, with quotes, dots and new lines', async () => {
    const file = oddShop(folder, {
      sql: `CREATE TABLE "É" (a); CREATE TABLE "é" ("b", "B2"); INSERT INTO "É" VALUES (1); INSERT INTO "é" VALUES (2, 3);
        CREATE TABLE "select" ("from", "a b", "q""q", "d.t", "new\nline", "[x]", "tab\t", ""); INSERT INTO "select" VALUES (1, 2, 3, 4, 5, 6, 7, 8);
        CREATE TABLE "" ("" ); INSERT INTO "" VALUES (3); CREATE TABLE "main.x'y""z;--" (x); CREATE INDEX "i ""x" ON "select" ("a b");
        CREATE TABLE backup (a); CREATE TABLE temp (a); CREATE TABLE main (a); CREATE TABLE sqliteish (a); INSERT INTO backup VALUES (1);
        CREATE TABLE "rowid" (rowid, _rowid_, oid); INSERT INTO "rowid" VALUES (9, 9, 9), (9, 9, 9);
        CREATE VIEW "v w" AS SELECT "a b" FROM "select"; CREATE TRIGGER "t""t" AFTER INSERT ON "select" BEGIN SELECT 1; END;
        ALTER TABLE setting ADD COLUMN "order"; ALTER TABLE setting ADD COLUMN ""; ALTER TABLE setting ADD COLUMN "Ä"; ALTER TABLE setting ADD COLUMN "ä";`,
    });

    expect(await endingOf(file, pack, { toPhase: 2 })).toMatchObject(upgradedWhole);
  });

  it.each([
    ['of another shape', 'CREATE TABLE App_Users (id INTEGER, nick TEXT)'],
    ['that is a view', 'CREATE VIEW Quality_Reports AS SELECT 1 AS id'],
  ])('G07: a name to come, taken in other letters by something %s, is refused by name', async (_, sql) => {
    const file = newPlace(folder);
    const db = new Database(file);
    createLegacySchema(db);
    db.exec(sql);
    db.close();
    expect(await endingOf(file, kroma, { toPhase: 4 })).toMatchObject(refusedWhole('E_NAME_COLLISION'));
  });
});

describe('columns of somebody else that have the names of ours', () => {
  it.each([
    [
      'a column to come is there with another type',
      'ALTER TABLE assets ADD COLUMN kind INT DEFAULT 5',
      'assets.kind is INT, not TEXT',
    ],
    [
      'a column to come is there without a type',
      'ALTER TABLE assets ADD COLUMN storage_uri',
      'assets.storage_uri is without a type',
    ],
    ['a column of the first version is gone', 'ALTER TABLE assets DROP COLUMN sha256', 'assets.sha256 is missing'],
  ])('G16: %s: refused by its name before anything, not at the end of the phase', async (_, sql, named) => {
    const file = newPlace(folder);
    const db = new Database(file);
    createLegacySchema(db);
    db.exec(sql);
    db.close();

    expect(await endingOf(file, kroma, { toPhase: 4 })).toMatchObject({
      ...refusedWhole('E_PREFLIGHT_UNKNOWN_OBJECT'),
      ...message(named),
    });
  });
});

describe('rows that break rules', () => {
  it('G08: broken references, to missing rows, missing tables and keys that are none, are counted and not blamed', async () => {
    const file = oddShop(folder, {
      sql: `INSERT INTO note VALUES (9001, 'nobody', 'orphan'); CREATE TABLE c1 (a REFERENCES nowhere (x)); INSERT INTO c1 VALUES (1);
        CREATE TABLE p (a); CREATE TABLE c2 (a REFERENCES p (a)); INSERT INTO c2 VALUES (1); CREATE TABLE c3 (a REFERENCES setting (value)); INSERT INTO c3 VALUES ('x');`,
    });
    const plan = await makePlan({ path: file, toPhase: 1, backupFolder: backupFolderOf(file) }, [pack]);
    expect(plan.preflight.find(({ id }) => id === 'foreign-keys')).toMatchObject({ state: 'warning' });

    expect(await endingOf(file, first, { toPhase: 1 })).toMatchObject(upgradedWhole);
    expect(askOne(file, `SELECT count(*) FROM note WHERE id = 9001`)).toBe(1);
  });

  const withoutKeys = (table: string) =>
    `ALTER TABLE ${table} RENAME TO old_${table}; CREATE TABLE ${table} AS SELECT * FROM old_${table}; DROP TABLE old_${table};`;

  it('G09: tables that lost their keys are upgraded while no two rows are the same', async () => {
    const sql = `PRAGMA legacy_alter_table = 1; ${withoutKeys('note')} ${withoutKeys('member')} INSERT INTO note VALUES (9001, 'nobody', 'set aside');`;

    expect(await endingOf(oddShop(folder, { sql }), pack, { toPhase: 2 })).toMatchObject(upgradedWhole);
  });

  it('G09: where two are, they are counted, shown and refused before anything', async () => {
    const sql = `PRAGMA legacy_alter_table = 1; ${withoutKeys('note')} INSERT INTO note SELECT * FROM note WHERE id < 4; INSERT INTO note VALUES (NULL, 'm000001', 'a'), (NULL, 'm000001', 'a');`;
    const file = oddShop(folder, { sql });

    expect(await endingOf(file, first, { toPhase: 1 })).toMatchObject({
      ...refusedWhole('E_PREFLIGHT_DUPLICATES'),
      ...message('note(id): 3 values in more than one row, such as 1.'),
    });
  });

  it('G09: the real family names each of its lost rules, and only those that rows break', () => {
    const db = new Database(newPlace(folder));
    createLegacySchema(db);
    const broken = () =>
      brokenRules(db, readSchema(db), kroma).map(({ table, columns, count }) => `${table} ${columns.join()} ${count}`);
    expect(broken()).toEqual([]);
    db.exec(`PRAGMA legacy_alter_table = 1; PRAGMA foreign_keys = 0; ${withoutKeys('projects')} ${withoutKeys('users')}
      INSERT INTO projects (id, user_id, slug) VALUES ('a', 'u', 's'), ('b', 'u', 's'), ('c', 'u', 'S'), ('c', NULL, 's'), (NULL, NULL, 's');
      INSERT INTO users (id, username) VALUES ('x', 'one'), ('X', 'One');`);
    expect(broken()).toEqual(['projects id 1', 'projects user_id,slug 1']);
    db.exec(
      `CREATE UNIQUE INDEX mine ON users (username COLLATE NOCASE) WHERE 0; UPDATE users SET id = 'x', username = 'one'`,
    );
    expect(broken()).toEqual(['users id 1', 'users username 1', 'projects id 1', 'projects user_id,slug 1']);
    db.close();
  });

  it('G10: NULLs, blobs, reals and texts where another type is meant', async () => {
    const file = oddShop(folder, {
      sql: `PRAGMA legacy_alter_table = 1; ${withoutKeys('member')}
        UPDATE member SET name = x'00ff' WHERE rowid = 1; UPDATE member SET name = 1.5, city = 7 WHERE rowid = 2; UPDATE member SET photo = 'no blob' WHERE rowid = 3;
        UPDATE note SET body = 12 WHERE id = 1; UPDATE note SET member_id = NULL WHERE id = 2; UPDATE note SET body = x'' WHERE id = 3;`,
    });

    expect(await endingOf(file, first, { toPhase: 1 })).toMatchObject(upgradedWhole);
  });

  it('G16: what a person already did by hand is taken as it is, and filled', async () => {
    const file = oddShop(folder, {
      sql: `CREATE TABLE person (id TEXT PRIMARY KEY, full_name TEXT NOT NULL, town TEXT);
        INSERT INTO person SELECT id, name, city FROM member WHERE name IS NOT NULL AND rowid < 8;
        ALTER TABLE note ADD COLUMN length INTEGER; INSERT INTO schema_migrations VALUES ('0001_person', 'by hand', '');`,
    });

    expect(await endingOf(file, pack, { toPhase: 2 })).toMatchObject(upgradedWhole);
    expect(await endingOf(file, pack, { toPhase: 2 })).toMatchObject(refusedWhole('E_NOTHING_TO_DO'));
  });
});
