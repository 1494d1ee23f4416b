import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  applyMigration,
  contentOf,
  findingsOf,
  issuesOf,
  legacyDatabase,
  rowsOf,
  valueOf,
} from '../../support/run-migration.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { user } from './rows.ts';

const id = '20260221_0001_rename_users';
const folder = temporaryFolder();
let files = 0;
const open = (rows: Parameters<typeof legacyDatabase>[1] = {}) =>
  legacyDatabase(path.join(folder, `${(files += 1)}.db`), rows);

const createAppUsers = `CREATE TABLE app_users (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL,
  email TEXT, is_active INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL)`;
const filledByOriginal = `INSERT INTO schema_migrations VALUES ('20260221_0019_phase1_backfill', '', '')`;

describe('copying', () => {
  it('gives every user the same row under the same id', () => {
    const db = open({
      users: [user('u1', { email: 'a@b.example', is_active: 0 }), user('u2', { display_name: 'Ольга 🦊' })],
    });

    expect(applyMigration(db, id)).toEqual({ accounts: { users: '2 / 0 / 0' }, findings: [] });

    expect(rowsOf(db, 'SELECT * FROM app_users ORDER BY id')).toEqual(rowsOf(db, 'SELECT * FROM users ORDER BY id'));
  });

  it('sets a user aside whose name somebody else has, and a user without an id', () => {
    const db = open({ users: [user('u1', { username: 'kim' }), user('u2')] });
    db.exec(`INSERT INTO users VALUES (NULL, 'nobody', 'n', NULL, 1, '', '')`);
    db.exec(`${createAppUsers}; INSERT INTO app_users VALUES ('other', 'kim', 'Kim', NULL, 1, '', '')`);

    expect(applyMigration(db, id)).toEqual({ accounts: { users: '1 / 0 / 2' }, findings: [] });

    expect(issuesOf(db, 'users')).toEqual([null, 'u1: username-taken (not placed)']);
    expect(valueOf(db, 'SELECT group_concat(id) FROM (SELECT id FROM app_users ORDER BY id)')).toBe('other,u2');
  });

  it('takes over what users says where the original never filled app_users', () => {
    const db = open({ users: [user('u1', { display_name: 'Newer' })] });
    db.exec(`${createAppUsers}; INSERT INTO app_users VALUES ('u1', 'u1', 'Older', NULL, 1, 'kept', '')`);

    expect(applyMigration(db, id)?.accounts).toEqual({ users: '1 / 0 / 0' });

    expect(rowsOf(db, 'SELECT display_name, created_at FROM app_users')).toEqual([['Newer', 'kept']]);
  });

  it('never overwrites what the original filled, and fills what is empty there', () => {
    const db = open({ users: [user('u1', { display_name: 'Old', email: 'a@b.example' }), user('u2')] });
    db.exec(
      `${createAppUsers}; ${filledByOriginal}; INSERT INTO app_users VALUES ('u1', 'renamed', 'Renamed', NULL, 1, '', ''), ('u3', 'u3', 'Only here', NULL, 1, '', '')`,
    );

    expect(applyMigration(db, id)).toEqual({ accounts: { users: '2 / 0 / 0' }, findings: [] });

    expect(rowsOf(db, 'SELECT id, username, email FROM app_users ORDER BY id')).toEqual([
      ['u1', 'renamed', 'a@b.example'],
      ['u2', 'u2', null],
      ['u3', 'u3', null],
    ]);
  });

  it('changes nothing when it is applied again', () => {
    const db = open({ users: [user('u1'), user('u2')] });
    applyMigration(db, id);
    const before = contentOf(db);

    expect(applyMigration(db, id)?.accounts).toEqual({ users: '0 / 2 / 0' });

    expect(contentOf(db)).toBe(before);
  });

  it('continues after a kill behind any chunk and ends with the same bytes', () => {
    const users = Array.from({ length: 5 }, (_, n) => user(`u${n}`));
    const whole = open({ users });
    applyMigration(whole, id);
    for (let chunks = 0; chunks <= 5; chunks++) {
      const db = open({ users });
      expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();

      expect(applyMigration(db, id, { chunkRows: 1 })).toEqual({ accounts: { users: '5 / 0 / 0' }, findings: [] });

      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('is found out when a row or a trigger is missing, or a row says something else', () => {
    const db = open({ users: [user('u1'), user('u2')] });
    applyMigration(db, id);

    db.exec('DROP TRIGGER _phasewise_0001_users_update');
    unseen(db, `UPDATE app_users SET is_active = 7; DELETE FROM app_users WHERE id = 'u2'`);

    expect(findingsOf(db, id)).toEqual([
      'the trigger _phasewise_0001_users_update is missing',
      '1 users without a row in app_users',
      '1 users whose row in app_users says something else',
    ]);
  });
});

describe.each([
  ['with', 'ON'],
  ['without', 'OFF'],
])('an older program %s foreign keys', (_, enforced) => {
  function upgraded() {
    const db = open({ users: [user('u1')] });
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${enforced}`);
    return db;
  }
  const names = 'SELECT id, display_name FROM app_users ORDER BY id';

  it('adds, changes and removes users, and app_users follows', () => {
    const db = upgraded();
    db.exec(`INSERT INTO users VALUES ('u2', 'two', 'Two', NULL, 1, 't', 't')`);
    db.exec(`UPDATE users SET display_name = 'One!' WHERE id = 'u1'`);
    expect(rowsOf(db, names)).toEqual([
      ['u1', 'One!'],
      ['u2', 'Two'],
    ]);

    db.exec(`DELETE FROM users WHERE id = 'u1'`);
    expect(rowsOf(db, names)).toEqual([['u2', 'Two']]);
  });

  it('writes by upsert, by REPLACE and by IGNORE', () => {
    const db = upgraded();
    const values = (display: string) => `VALUES ('u1', 'u1', '${display}', NULL, 1, 't', 't')`;

    db.exec(
      `INSERT INTO users ${values('Upserted')} ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name`,
    );
    expect(rowsOf(db, names)).toEqual([['u1', 'Upserted']]);
    db.exec(`INSERT OR REPLACE INTO users ${values('Replaced')}`);
    expect(rowsOf(db, names)).toEqual([['u1', 'Replaced']]);
    db.exec(`INSERT OR IGNORE INTO users ${values('Ignored')}`);
    expect(rowsOf(db, names)).toEqual([['u1', 'Replaced']]);
  });

  it('keeps its REPLACE to itself: nobody who is only in app_users is pushed out by a name', () => {
    const db = upgraded();
    unseen(db, `INSERT INTO app_users VALUES ('canonical-only', 'kim', 'Kim', NULL, 1, 't', 't')`);

    db.exec(`INSERT OR REPLACE INTO users VALUES ('u2', 'kim', 'Another Kim', NULL, 1, 't', 't')`);
    db.exec(`UPDATE OR REPLACE users SET username = 'kim', display_name = 'x' WHERE id = 'u1'`);

    expect(rowsOf(db, names)).toEqual([
      ['canonical-only', 'Kim'],
      ['u1', 'x'],
    ]);
  });

  it('changes one column, and an edit of another one in app_users stays', () => {
    const db = upgraded();
    db.exec(`UPDATE app_users SET display_name = 'Edited there'`);

    db.exec(`UPDATE users SET email = 'new@b.example'`);

    expect(rowsOf(db, 'SELECT display_name, email FROM app_users')).toEqual([['Edited there', 'new@b.example']]);
  });

  it('writes both tables itself, in either order', () => {
    const db = upgraded();
    const values = `VALUES ('u2', 'two', 'Two', NULL, 1, 't', 't')`;
    db.exec(`INSERT INTO users ${values}; INSERT INTO app_users ${values}`);
    db.exec(`DELETE FROM users WHERE id = 'u2'`);
    db.exec(`INSERT INTO app_users ${values}; INSERT INTO users ${values}`);

    expect(rowsOf(db, names)).toEqual([
      ['u1', 'Name of u1'],
      ['u2', 'Two'],
    ]);
    expect(valueOf(db, `SELECT count(*) FROM _phasewise_mirrored`)).toBe(0);
  });

  it('still fails on a key that its own row already has', () => {
    const db = upgraded();
    const insert = `INSERT INTO app_users VALUES ('u1', 'u1', 'Twice', NULL, 1, 't', 't')`;

    expect(() => db.exec(insert)).toThrow(/UNIQUE/);
  });
});

it('works with recursive triggers, too', () => {
  const db = open({ users: [user('u1')] });
  applyMigration(db, id);
  db.pragma('recursive_triggers = ON');

  db.exec(`INSERT OR REPLACE INTO users VALUES ('u1', 'u1', 'Replaced', NULL, 1, 't', 't')`);

  expect(rowsOf(db, 'SELECT display_name FROM app_users')).toEqual([['Replaced']]);
});

it('looks names up by index', () => {
  const db = open({ users: [user('u1')] });
  applyMigration(db, id);

  const plan = db
    .prepare<[], { detail: string }>(
      `EXPLAIN QUERY PLAN SELECT 1 FROM users AS s WHERE EXISTS
    (SELECT 1 FROM app_users AS o WHERE o.username = s.username AND o.id IS NOT s.id)`,
    )
    .all();

  expect(plan.map(({ detail }) => detail).join()).toMatch(/SEARCH o .*USING .*INDEX sqlite_autoindex_app_users_2/);
});
