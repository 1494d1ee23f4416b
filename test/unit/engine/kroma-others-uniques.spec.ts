import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { namingRules } from '@engine/rules-of-others.ts';
import { packs } from '../../../migrations/index.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { ask } from '../../support/engine/run-shop.ts';
import { changeByHand, changedSample } from '../../support/kroma/changed-sample.ts';
import { upgradeKroma as upgrade } from '../../support/kroma/upgrade-kroma.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Unique rules and columns that others added, where a row that a step writes breaks them: the error names them. */
const folder = temporaryFolder();

const users = (more = '') => `UPDATE users SET email = 'one@x';
  CREATE TABLE app_users (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL, email TEXT${more},
    is_active INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);`;
const storage = `CREATE TABLE project_storage (id TEXT PRIMARY KEY, project_id TEXT NOT NULL UNIQUE, local_base_dir TEXT,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL);`;
const remedy =
  'Remove what is named with the program that made it, or change the rows so that each value is there once; then continue. Or restore the backup.';

const copying = '20260221_0001_rename_users';
const reading = '20260221_0003_project_storage_table';
const cutOver = '20260221_0025_cut_over';

it.each([
  [
    'an index',
    `${users()} CREATE UNIQUE INDEX own ON app_users (email)`,
    ['UNIQUE constraint failed: app_users.email', 'the unique index own on app_users (email)', copying],
    'DROP INDEX own',
  ],
  [
    'an index over some rows',
    `${users()} CREATE UNIQUE INDEX "my own" ON app_users (is_active, email) WHERE email IS NOT NULL`,
    [
      'UNIQUE constraint failed: app_users.is_active, app_users.email',
      'the unique index my own on app_users (is_active, email)',
      copying,
    ],
    'DROP INDEX "my own"',
  ],
  [
    'an index over an expression',
    `${users()} CREATE UNIQUE INDEX "own's" ON app_users (lower(email))`,
    [`UNIQUE constraint failed: index 'own''s'`, `the unique index own's on app_users`, copying],
    `DROP INDEX "own's"`,
  ],
  [
    'a rule within the table',
    users(' UNIQUE'),
    ['UNIQUE constraint failed: app_users.email', 'the rule UNIQUE (email) of app_users', copying],
    `UPDATE users SET email = id`,
  ],
  [
    'an index over a column of the family, without regard to case',
    `${users()} CREATE UNIQUE INDEX own ON app_users (username COLLATE NOCASE);
     UPDATE users SET username = 'Ann' WHERE rowid = 1; UPDATE users SET username = 'ann' WHERE rowid = 2`,
    ['UNIQUE constraint failed: app_users.username', 'the unique index own on app_users (username)', copying],
    'DROP INDEX own',
  ],
  [
    'an index on where files lie',
    `${storage} CREATE UNIQUE INDEX own ON project_storage (local_base_dir)`,
    [
      'UNIQUE constraint failed: project_storage.local_base_dir',
      'the unique index own on project_storage (local_base_dir)',
      reading,
    ],
    'DROP INDEX own',
  ],
])('%s that a chunk breaks is named, and without it the upgrade goes on', async (_, sql, [said, named, step], mend) => {
  const file = changedSample(folder, packs, sql);

  const { error } = await upgrade(file, 1);

  expect(error).toMatchObject({ code: 'E_MIGRATION_FAILED', nextStep: remedy, details: { step, objects: named } });
  expect(error?.message).toContain(`SQLite said “${said}”. A rule that somebody added refuses a row: ${named}.`);
  expect(JSON.stringify(error)).not.toContain('one@x');
  changeByHand(file, mend);
  expect((await upgrade(file, 1)).error).toBeUndefined();
});

it('a column that may not be empty in this file is named', async () => {
  const sql = `${users().replace('email TEXT', 'email TEXT NOT NULL')} UPDATE users SET email = NULL WHERE rowid = 2`;
  const file = changedSample(folder, packs, sql);

  const { error } = await upgrade(file, 1);

  expect(error).toMatchObject({
    code: 'E_MIGRATION_FAILED',
    nextStep: expect.stringMatching(/^Fill what the column is taken from, or let it be empty,/),
    details: { step: copying, objects: 'the column email of app_users' },
  });
  expect(error?.message).toContain('SQLite said “NOT NULL constraint failed: app_users.email”');
  changeByHand(file, `UPDATE users SET email = id`);
  expect((await upgrade(file, 1)).error).toBeUndefined();
});

describe('what a step does before its walks', () => {
  it('names them, too', async () => {
    const file = changedSample(folder, packs, '');
    expect((await upgrade(file, 4)).error).toBeUndefined();
    changeByHand(
      file,
      `UPDATE app_users SET email = NULL; CREATE UNIQUE INDEX own ON app_users (is_active) WHERE is_active = 0;
       UPDATE app_users SET is_active = 0 WHERE rowid = 1; UPDATE projects SET owner_user_id = 'gone' WHERE rowid = 2`,
    );

    const { error } = await upgrade(file, 5);

    expect(error).toMatchObject({ code: 'E_MIGRATION_FAILED', nextStep: remedy, details: { step: cutOver } });
    expect(error?.message).toContain('While applying “Let the new names lead”, SQLite said “UNIQUE constraint failed');
    expect(error?.message).toContain('the unique index own on app_users (is_active)');
    expect(ask(file, `SELECT 1 FROM pragma_table_info('users')`)).not.toEqual([]);
    changeByHand(file, 'DROP INDEX own');
    expect((await upgrade(file, 5)).error).toBeUndefined();
  });
});

describe('a mistake of ours is not blamed on anybody:', () => {
  it.each([
    ['a key of the family', `INSERT INTO app_users VALUES ('a', 'ann', 'x', 't'), ('b', 'ann', 'y', 't')`],
    ['a primary key', `INSERT INTO app_users VALUES ('a', 'ann', 'x', 't'), ('a', 'bob', 'y', 't')`],
    ['a column that the family fills', `INSERT INTO app_users VALUES ('a', 'ann', 'x', NULL)`],
    ['an index of ours', `INSERT INTO assets VALUES ('a', 'p', 'u', 1), ('b', 'p', 'u', 2)`],
    ['another of ours', `INSERT INTO assets VALUES ('a', 'p', 'u', 1), ('b', 'q', 'u', 1)`],
    ['a table of ours', `INSERT INTO _phasewise_work VALUES (1), (1)`],
    ['a statement', `INSERT INTO nowhere VALUES (1)`],
  ])('%s', (_, sql) => {
    const db = new Database(':memory:');
    db.exec(`CREATE TABLE app_users (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, email TEXT UNIQUE, created_at TEXT NOT NULL);
      CREATE UNIQUE INDEX own ON app_users (lower(email));
      CREATE TABLE assets (id TEXT PRIMARY KEY, project_id TEXT, storage_uri TEXT, n INTEGER);
      CREATE UNIQUE INDEX uq_assets_project_storage_uri ON assets (project_id, storage_uri) WHERE storage_uri IS NOT NULL;
      CREATE UNIQUE INDEX _phasewise_n ON assets (n); CREATE TABLE _phasewise_work (n UNIQUE)`);
    const [step] = kroma.migrations;
    if (step === undefined) throw new Error('the pack has no steps');

    expect(() => namingRules({ db, pack: kroma }, step, null, () => db.exec(sql))).toThrow(Database.SqliteError);
    db.close();
  });
});
