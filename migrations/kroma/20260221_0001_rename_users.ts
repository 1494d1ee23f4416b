import {
  defineMigration,
  ensureTriggers,
  expectNone,
  inRange,
  isRecorded,
  missingColumns,
  rangeValues,
  tableExists,
  wrongTriggers,
} from '@engine/migration.ts';
import type { BackfillContext, Db, KeyRange } from '@engine/migration.ts';
import { isFilledByOriginal } from './ledger.ts';

/**
 * Gives every user a row in app_users, the new name of users (rule U1).
 * Why: everything canonical refers to app_users. users stays until the last phase, so programs that know only the old
 * name go on; what they write there is carried over at once.
 * Where the original had filled app_users already, or this migration had, a row there is newer than its twin and is
 * never overwritten (D5). A user name that somebody else has in app_users is set aside instead of failing (D7).
 */
const id = '20260221_0001_rename_users';

const createAppUsers = `
  CREATE TABLE app_users (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    email TEXT,
    is_active INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  )`;

/**
 * Rows of new tables that a trigger wrote for a program which knows only the old ones. A program that knows both
 * inserts into both: its own row then takes the place of ours, instead of failing on the same key.
 */
const createMirrored = `
  CREATE TABLE IF NOT EXISTS _phasewise_mirrored (
    mirror TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (mirror, key)
  ) WITHOUT ROWID`;

/** A trigger that repeats the outer statement's OR REPLACE would delete rows of others, so every write is guarded. */
const takenBySomebodyElse = (username: string, userId: string) =>
  `EXISTS (SELECT 1 FROM app_users AS other WHERE other.username = ${username} AND other.id IS NOT ${userId})`;

const insertTwin = `
    INSERT INTO app_users (id, username, display_name, email, is_active, created_at, updated_at)
      SELECT NEW.id, NEW.username, NEW.display_name, NEW.email, NEW.is_active, NEW.created_at, NEW.updated_at
      WHERE NEW.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM app_users AS a WHERE a.id = NEW.id)
        AND NOT ${takenBySomebodyElse('NEW.username', 'NEW.id')};
    INSERT INTO _phasewise_mirrored (mirror, key)
      SELECT 'app_users', NEW.id WHERE changes() = 1
        AND NOT EXISTS (SELECT 1 FROM _phasewise_mirrored WHERE mirror = 'app_users' AND key = NEW.id);`;

const triggers = {
  _phasewise_0001_users_insert: `CREATE TRIGGER _phasewise_0001_users_insert AFTER INSERT ON users
  BEGIN
    UPDATE app_users SET username = NEW.username, display_name = NEW.display_name, email = NEW.email,
        is_active = NEW.is_active, updated_at = NEW.updated_at
      WHERE id = NEW.id AND NOT ${takenBySomebodyElse('NEW.username', 'NEW.id')};
    ${insertTwin.trim()}
  END`,
  _phasewise_0001_users_update: `CREATE TRIGGER _phasewise_0001_users_update
  AFTER UPDATE OF username, display_name, email, is_active, updated_at ON users
  BEGIN
    UPDATE app_users SET
        username = CASE WHEN NEW.username IS NOT OLD.username
          AND NOT ${takenBySomebodyElse('NEW.username', 'NEW.id')} THEN NEW.username ELSE username END,
        display_name = CASE WHEN NEW.display_name IS NOT OLD.display_name THEN NEW.display_name ELSE display_name END,
        email = CASE WHEN NEW.email IS NOT OLD.email THEN NEW.email ELSE email END,
        is_active = CASE WHEN NEW.is_active IS NOT OLD.is_active THEN NEW.is_active ELSE is_active END,
        updated_at = CASE WHEN NEW.updated_at IS NOT OLD.updated_at THEN NEW.updated_at ELSE updated_at END
      WHERE id = NEW.id;
    ${insertTwin.trim()}
  END`,
  _phasewise_0001_users_delete: `CREATE TRIGGER _phasewise_0001_users_delete AFTER DELETE ON users
  BEGIN
    DELETE FROM app_users WHERE id = OLD.id;
    DELETE FROM _phasewise_mirrored WHERE mirror = 'app_users' AND key = OLD.id;
  END`,
  _phasewise_0001_app_users_yield: `CREATE TRIGGER _phasewise_0001_app_users_yield BEFORE INSERT ON app_users
  WHEN EXISTS (SELECT 1 FROM _phasewise_mirrored WHERE mirror = 'app_users' AND key = NEW.id)
  BEGIN
    DELETE FROM app_users WHERE id = NEW.id;
    DELETE FROM _phasewise_mirrored WHERE mirror = 'app_users' AND key = NEW.id;
  END`,
};

const isEmpty = (value: string) => `(${value} IS NULL OR ${value} = '')`;

/** Columns of the row in app_users that a user would change; by mode. */
const change = {
  fill: `(a.username IS NOT s.username OR a.display_name IS NOT s.display_name OR a.email IS NOT s.email
    OR a.is_active IS NOT s.is_active OR a.updated_at IS NOT s.updated_at)`,
  keep: `((${isEmpty('a.display_name')} AND NOT ${isEmpty('s.display_name')})
    OR (${isEmpty('a.email')} AND NOT ${isEmpty('s.email')}))`,
};
const set = {
  fill: `username = s.username, display_name = s.display_name, email = s.email, is_active = s.is_active,
    updated_at = s.updated_at`,
  keep: `display_name = CASE WHEN ${isEmpty('a.display_name')} THEN s.display_name ELSE a.display_name END,
    email = CASE WHEN ${isEmpty('a.email')} AND NOT ${isEmpty('s.email')} THEN s.email ELSE a.email END`,
};

/** Copies the users of a range; those whose name is taken are set aside. */
function copyUsers(db: Db, range: KeyRange, context: BackfillContext) {
  const mode = context.facts['mode'] === 'keep' || isRecorded(db, id) ? 'keep' : 'fill';
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const twin = `SELECT 1 FROM app_users AS a WHERE a.id = s.id`;
  const taken = `(${takenBySomebodyElse('s.username', 's.id')}${mode === 'keep' ? ` AND NOT EXISTS (${twin})` : ''})`;
  const count = db
    .prepare<unknown[], { issueRows: number; moved: number; alreadyRight: number }>(
      `SELECT count(*) FILTER (WHERE taken) AS issueRows, count(*) FILTER (WHERE NOT taken AND NOT same) AS moved,
         count(*) FILTER (WHERE NOT taken AND same) AS alreadyRight
       FROM (SELECT ${taken} AS taken, EXISTS (${twin} AND NOT ${change[mode]}) AS same
         FROM users AS s WHERE ${inChunk})`,
    )
    .get(values) ?? { issueRows: 0, moved: 0, alreadyRight: 0 };
  context.setAside({ reason: 'username-taken', where: `${inChunk} AND ${taken}`, params: values, isPlaced: false });
  const updated = db
    .prepare(
      `UPDATE app_users AS a SET ${set[mode]} FROM users AS s
       WHERE a.id = s.id AND ${inChunk} AND ${change[mode]} AND NOT ${taken}`,
    )
    .run(values).changes;
  const inserted = db
    .prepare(
      `INSERT INTO app_users (id, username, display_name, email, is_active, created_at, updated_at)
       SELECT s.id, s.username, s.display_name, s.email, s.is_active, s.created_at, s.updated_at
       FROM users AS s WHERE ${inChunk} AND NOT EXISTS (${twin}) AND NOT ${taken}`,
    )
    .run(values).changes;
  return { ...count, moved: updated + inserted };
}

export default defineMigration({
  phase: 1,
  kind: 'expand',
  title: 'Give every user a row in app_users',
  what: [
    'The table app_users is added, and every user is copied into it under the same id.',
    'The table users stays as it is; what older programs write there is carried over at once.',
  ],
  effect: {
    grows: ['app_users'],
    changes: { app_users: ['username', 'display_name', 'email', 'is_active', 'updated_at'] },
  },

  up(db) {
    const wasThere = tableExists(db, 'app_users');
    const mode = wasThere && (isFilledByOriginal(db) || isRecorded(db, id)) ? 'keep' : 'fill';
    if (!wasThere) db.exec(createAppUsers);
    db.exec(createMirrored);
    if (tableExists(db, 'users')) ensureTriggers(db, triggers);
    return { mode };
  },

  backfills: [{ name: 'users', title: 'copying users into app_users', source: 'users', key: 'id', chunk: copyUsers }],

  shape: (db) => [
    ...missingColumns(db, 'app_users', [
      'id',
      'username',
      'display_name',
      'email',
      'is_active',
      'created_at',
      'updated_at',
    ]).map((column) => `app_users has no column ${column}`),
    ...(tableExists(db, 'users') ? wrongTriggers(db, triggers) : []),
  ],

  // Compares by anti-join instead of the copying statement's own conditions. Where the original filled app_users, its
  // rows may differ from users on purpose, so only their being there is proved.
  verify(db, proof) {
    if (!tableExists(db, 'users')) return [];
    const setAside = `SELECT source_key FROM _phasewise_quarantine WHERE backfill_id = '${id}/users' AND is_placed = 0`;
    return [
      ...expectNone(
        db,
        'users without a row in app_users',
        `
        SELECT id FROM users WHERE id IS NOT NULL
        EXCEPT SELECT id FROM app_users EXCEPT ${setAside}`,
      ),
      ...(isFilledByOriginal(db) || proof?.mayBeEdited === true
        ? []
        : expectNone(
            db,
            'users whose row in app_users says something else',
            `
            SELECT id FROM (SELECT id, username, display_name, email, is_active FROM users
              WHERE id IN (SELECT id FROM app_users) AND id NOT IN (${setAside} AND source_key IS NOT NULL)
              EXCEPT SELECT id, username, display_name, email, is_active FROM app_users)`,
          )),
    ];
  },
});
