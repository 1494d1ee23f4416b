import {
  defineMigration,
  expectNone,
  inRange,
  isRecorded,
  missingColumns,
  rangeValues,
  tableExists,
} from '@engine/migration.ts';
import type { BackfillContext, Db, KeyRange } from '@engine/migration.ts';
import { isFilledByOriginal } from './ledger.ts';
import { ensureMirrors, wrongMirrors } from './triggers/mirror-triggers.ts';
import { userFollowTriggers, userTriggers } from './triggers/user-triggers.ts';

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

/** One row in app_users must not push another one out. */
const takenBySomebodyElse = (username: string, userId: string) =>
  `EXISTS (SELECT 1 FROM app_users AS other WHERE other.username = ${username} AND other.id IS NOT ${userId})`;

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
  context.setAside({
    reason: 'username-taken',
    detailSql: `(SELECT 'the user ' || other.id || ' has the user name ' || s.username || ' in app_users'
      FROM app_users AS other WHERE other.username = s.username AND other.id IS NOT s.id)`,
    where: `${inChunk} AND ${taken}`,
    params: values,
    isPlaced: false,
  });
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
    if (tableExists(db, 'users')) ensureMirrors(db, userTriggers, userFollowTriggers);
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
    ...(tableExists(db, 'users') ? wrongMirrors(db, userTriggers, userFollowTriggers) : []),
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
