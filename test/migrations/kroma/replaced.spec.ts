import { chmodSync, copyFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { fixtures, writeFixture } from '../../support/kroma/fixtures.ts';
import { applyMigration, applyUpTo, legacyDatabase, rowsOf } from '../../support/run-migration.ts';
import { sharedFile } from '../../support/shared-data.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { household, user } from './rows.ts';

const folder = temporaryFolder();
let files = 0;
const newFile = () => path.join(folder, `${(files += 1)}.db`);
const steps = kroma.migrations.map(({ id }) => id);
const replaces = (db: Db) => kroma.replaces?.(db, steps) ?? null;
const forgetFilling = `DELETE FROM schema_migrations WHERE version >= '20260221_0018'`;

const createAppUsers = `CREATE TABLE app_users (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL,
  email TEXT, is_active INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL)`;

describe('the plan', () => {
  const twice = () => {
    const db = legacyDatabase(newFile(), { ...household, users: [user('u'), user('u2'), user('u3')] });
    db.exec(`${createAppUsers}; INSERT INTO app_users SELECT * FROM users WHERE id <> 'u3';
      INSERT INTO app_users VALUES ('ghost', 'ghost', 'Only here', NULL, 1, '', '')`);
    return db;
  };

  it('says which rows of a new table are overwritten where nothing says who filled it', () => {
    const db = twice();
    expect(replaces(db)).toBeNull();

    db.exec(`UPDATE app_users SET username = 'renamed' WHERE id = 'u'`);

    expect(replaces(db)).toContain(
      'the old names lead. Rows that say something else there are overwritten: 1 in app_users.',
    );
  });

  it('says nothing of columns that the old table lacks: the step itself says what is missing', () => {
    const db = twice();
    db.exec(
      `UPDATE app_users SET username = 'renamed', email = 'e' WHERE id = 'u'; ALTER TABLE users DROP COLUMN email`,
    );
    expect(replaces(db)).toContain('overwritten: 1 in app_users.');
    db.exec(`DROP TABLE users; CREATE TABLE users (id TEXT PRIMARY KEY)`);
    expect(replaces(db)).toBeNull();
  });

  it('says nothing of a user whose name somebody else has: that user is set aside', () => {
    const db = twice();
    db.exec(
      `UPDATE app_users SET username = 'renamed' WHERE id = 'u'; UPDATE app_users SET username = 'u' WHERE id = 'ghost'`,
    );

    expect(replaces(db)).toBeNull();
  });

  it('says nothing where the program noted its own filling, or the step is applied or not asked for', () => {
    const db = twice();
    db.exec(`UPDATE app_users SET display_name = 'Newer'`);
    expect(kroma.replaces?.(db, steps.slice(1))).toBeNull();

    db.exec(`INSERT INTO schema_migrations VALUES ('20260221_0019_phase1_backfill', '', '')`);
    expect(replaces(db)).toBeNull();

    db.exec(forgetFilling);
    applyMigration(db, '20260221_0001');
    expect(replaces(db)).toBeNull();
  });
});

const newTables = ['app_users', 'project_storage', 'run_candidates'];
const rowsIn = (db: Db) =>
  new Map(
    newTables.map((table) => {
      const isThere = rowsOf(db, `SELECT 1 FROM sqlite_schema WHERE name = '${table}'`).length > 0;
      const rows = isThere ? db.prepare<[], { id: string }>(`SELECT * FROM ${table} ORDER BY id`).all() : [];
      return [table, new Map(rows.map((row) => [row.id, row]))] as const;
    }),
  );
/** As the plan words it, from what the migrations did: rows of which a value that was there is another by now. */
function overwritten(before: ReturnType<typeof rowsIn>, after: ReturnType<typeof rowsIn>): string[] {
  return newTables.flatMap((table) => {
    const changed = [...(before.get(table) ?? [])].filter(([id, row]) => {
      const now = after.get(table)?.get(id);
      return Object.entries(row).some(
        ([name, value]) =>
          now?.[name as 'id'] !== value && (value ?? '') !== '' && `${table}.${name}` !== 'project_storage.updated_at',
      );
    });
    return changed.length === 0 ? [] : [`${changed.length} in ${table}`];
  });
}

const shared = ['dual', 'baseline-wrong-columns'].flatMap((name) => {
  const file = sharedFile('kroma', `${name}.db`);
  return file === null ? [] : [{ name: `the shared file ${name}`, write: (to: string) => copyFileSync(file, to) }];
});
const made = fixtures.map((fixture) => ({ name: fixture.name, write: (to: string) => writeFixture(to, fixture) }));

describe.each([...made, ...shared])('$name', ({ write }) => {
  it('without its note of the filling loses exactly what the plan names', () => {
    const file = newFile();
    write(file);
    chmodSync(file, 0o644);
    const db = new Database(file);
    db.exec(forgetFilling);
    const before = rowsIn(db);
    const said = /overwritten: (.*?)\. /.exec(replaces(db) ?? '')?.[1]?.split(', ') ?? [];

    applyUpTo(db, '20260221_0017');

    expect(said).toEqual(overwritten(before, rowsIn(db)));
    db.close();
  });
});
