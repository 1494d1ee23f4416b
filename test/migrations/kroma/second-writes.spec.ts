import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import { applyUpTo, legacyDatabase, rowsOf, valueOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { asset, household } from './rows.ts';

/** Inserts into a table in which a trigger of ours, or the same program, has made the row already. */
const folder = temporaryFolder();
const afterPhase1 = madeOnceOf(folder, (file, own: string) => {
  const db = legacyDatabase(file, { ...household, assets: [asset('a1')] });
  if (own !== '') db.exec(own);
  applyUpTo(db, '20260221_0017');
  return db;
});
function upgraded(own = '') {
  const db = afterPhase1(own);
  db.pragma('foreign_keys = ON');
  return db;
}
const later = (db: Db) => db.exec(`UPDATE _phasewise_mirrored SET noted_at = noted_at - 0.011`); // 950 seconds

const settings = `'{"storage":{"local":{"base_dir":"art"},"s3":{"enabled":true,"bucket":"b"}}}'`;
/** What one program writes under one name, and what another, or the same, says next under the other. */
const twins = [
  {
    first: `INSERT INTO users VALUES ('u1', 'bob', 'Bob', 'bob@x', 1, 't1', 't1')`,
    second: ['app_users', `(id, username, display_name, created_at, updated_at) VALUES ('u1', 'bob', '', 't2', 't2')`],
    set: `display_name = 'Bobby'`,
    states: [`SELECT display_name, email FROM app_users WHERE id = 'u1'`, `SELECT display_name, email FROM users WHERE id = 'u1'`],
    said: ['Bob', 'bob@x'],
    upserted: ['Bobby', 'bob@x'],
  },
  {
    first: `INSERT INTO app_users VALUES ('u1', 'bob', 'Bob', 'bob@x', 1, 't1', 't1')`,
    second: ['users', `(id, username, display_name, created_at, updated_at) VALUES ('u1', 'bob', '', 't2', 't2')`],
    set: `display_name = 'Bobby'`,
    states: [`SELECT display_name, email FROM app_users WHERE id = 'u1'`, `SELECT display_name, email FROM users WHERE id = 'u1'`],
    said: ['Bob', 'bob@x'],
    upserted: ['Bobby', 'bob@x'],
  },
  {
    first: `INSERT INTO run_job_candidates (id, job_id, candidate_index, status, output_path, rank_hard_failures, meta_json, created_at)
      VALUES ('c1', 'j', 1, 'done', 'out/a1.png', 3, '{"a":1}', 't1')`,
    second: ['run_candidates', `(id, job_id, candidate_index, status, created_at) VALUES ('c1', 'j', 1, '', 't2')`],
    set: `status = 'failed'`,
    states: [
      `SELECT status, meta_json, rank_hard_failures, output_asset_id FROM run_candidates`,
      `SELECT status, meta_json, rank_hard_failures, replace(replace(output_path, 'out/', ''), '.png', '') FROM run_job_candidates`,
    ],
    said: ['done', '{"a":1}', 3, 'a1'],
    upserted: ['failed', '{"a":1}', 3, 'a1'],
  },
  {
    first: `INSERT INTO run_candidates (id, job_id, candidate_index, status, output_asset_id, rank_hard_failures, meta_json, created_at)
      VALUES ('c1', 'j', 1, 'done', 'a1', 3, '{"a":1}', 't1')`,
    second: ['run_job_candidates', `(id, job_id, candidate_index, status, created_at) VALUES ('c1', 'j', 1, '', 't2')`],
    set: `status = 'failed'`,
    states: [
      `SELECT status, meta_json, rank_hard_failures, output_asset_id FROM run_candidates`,
      `SELECT status, meta_json, rank_hard_failures, replace(replace(output_path, 'out/', ''), '.png', '') FROM run_job_candidates`,
    ],
    said: ['done', '{"a":1}', 3, 'a1'],
    upserted: ['failed', '{"a":1}', 3, 'a1'],
  },
  {
    first: `INSERT INTO projects (id, user_id, slug, name, settings_json, created_at, updated_at) VALUES ('p1', 'u', 's1', 'n', ${settings}, 't', 't')`,
    second: ['project_storage', `(id, project_id, s3_bucket, created_at, updated_at) VALUES ('s1', 'p1', '', 't2', 't2')`],
    set: `s3_bucket = 'other'`,
    states: [
      `SELECT local_base_dir, s3_enabled, s3_bucket FROM project_storage WHERE project_id = 'p1'`,
      `SELECT json_extract(settings_json, '$.storage.local.base_dir'), json_extract(settings_json, '$.storage.s3.enabled'),
         json_extract(settings_json, '$.storage.s3.bucket') FROM projects WHERE id = 'p1'`,
    ],
    said: ['art', 1, 'b'],
    upserted: ['art', 1, 'other'],
  },
].map((each) => ({ ...each, table: each.second[0] ?? '', values: each.second[1] ?? '' })); // prettier-ignore
const statesOf = (db: Db, states: readonly string[]) => states.map((sql) => rowsOf(db, sql)[0]);
const isLeftover = `SELECT (SELECT count(*) FROM users WHERE id GLOB '_phasewise*') + (SELECT count(*) FROM app_users WHERE id GLOB '_phasewise*')
  + (SELECT count(*) FROM run_candidates WHERE id GLOB '_phasewise*') + (SELECT count(*) FROM run_job_candidates WHERE id GLOB '_phasewise*')
  + (SELECT count(*) FROM project_storage WHERE project_id GLOB '_phasewise*')`;

describe.each(twins)('into $table', ({ first, table, values, set, states, said, upserted }) => {
  const key = table === 'project_storage' ? 'project_id' : 'id';

  it('does what it would in any database, once the row has been there for a while', () => {
    const db = upgraded();
    db.exec(first);
    later(db);

    expect(() => db.exec(`INSERT INTO ${table} ${values}`)).toThrow(/UNIQUE/);
    db.exec(`INSERT OR IGNORE INTO ${table} ${values}`);
    expect(statesOf(db, states)).toEqual([said, said]);

    db.exec(`INSERT INTO ${table} ${values} ON CONFLICT (${key}) DO UPDATE SET ${set}`);
    expect(statesOf(db, states)).toEqual([upserted, upserted]);
  });

  it.each(['INSERT', 'INSERT OR IGNORE'])('keeps on both sides what the second %s leaves open', (insert) => {
    const db = upgraded();
    db.exec(first);

    db.exec(`${insert} INTO ${table} ${values}`);

    expect(statesOf(db, states)).toEqual([said, said]);
    expect(valueOf(db, isLeftover)).toBe(0);
    expect(rowsOf(db, `SELECT * FROM _phasewise_mirrored WHERE mirror LIKE '%/%' OR mirror = '${table}'`)).toEqual([]);
  });
});

describe.each([
  ['off', 'INSERT OR IGNORE', ''],
  ['off', 'INSERT', ' ON CONFLICT (id) DO UPDATE SET created_at = created_at'],
  ['on', 'INSERT', ' ON CONFLICT (id) DO UPDATE SET created_at = created_at'],
])('with recursive triggers %s, a row that goes at once after %s…%s', (recursive, insert, end) => {
  const user = `(id, username, display_name, created_at, updated_at) VALUES ('x', 'x', 'X', 't', 't')`;
  const candidate = `(id, job_id, candidate_index, status, created_at) VALUES ('x', 'j', 1, 'done', 't')`;
  it.each([
    ['users', 'app_users', user],
    ['app_users', 'users', user],
    ['run_job_candidates', 'run_candidates', candidate],
    ['run_candidates', 'run_job_candidates', candidate],
  ])('goes from %s and from %s', (table, other, values) => {
    const db = upgraded();
    db.pragma(`recursive_triggers = ${recursive}`);
    // Prepared once, so that both fall into one millisecond.
    const put = db.prepare(`${insert} INTO ${table} ${values}${end}`);
    const remove = db.prepare(`DELETE FROM ${table} WHERE id = 'x'`);

    for (let round = 0; round < 20; round++) {
      put.run();
      put.run();
      remove.run();
      expect(rowsOf(db, `SELECT id FROM ${other} WHERE id = 'x'`)).toEqual([]);
    }
  });
});

describe('with recursive triggers', () => {
  function recursive() {
    const db = upgraded();
    db.pragma('recursive_triggers = ON');
    return db;
  }

  it.each(['users', 'app_users'])('replaces a user in %s, and their projects stay', (table) => {
    const db = recursive();
    // Its own foreign keys clear projects where they are on: only the other table is ours to spare.
    if (table === 'users') db.pragma('foreign_keys = OFF');

    db.exec(
      `INSERT OR REPLACE INTO ${table} (id, username, display_name, created_at, updated_at) VALUES ('u', 'u', 'New', 't', 't')`,
    );

    expect(rowsOf(db, 'SELECT id FROM projects')).toEqual([['p']]);
    expect(rowsOf(db, 'SELECT display_name FROM users UNION ALL SELECT display_name FROM app_users')).toEqual([
      ['New'],
      ['New'],
    ]);
  });

  it('says on both sides when a replaced user was made', () => {
    const db = recursive();

    db.exec(`INSERT OR REPLACE INTO app_users (id, username, display_name, created_at, updated_at) VALUES ('u', 'u', 'New', 't9', 't9')`);

    expect(rowsOf(db, `SELECT created_at FROM users UNION SELECT created_at FROM app_users`)).toEqual([['t9']]);
  }); // prettier-ignore

  it.each([
    ['run_candidates', 'run_job_candidates'],
    ['run_job_candidates', 'run_candidates'],
  ])('replaces a candidate in %s, and what hangs on the other row stays', (table, other) => {
    const db = recursive();
    const values = `(id, job_id, candidate_index, status, created_at) VALUES ('c1', 'j', 1, 'done', 't')`;
    db.exec(`CREATE TABLE own (id TEXT REFERENCES ${other}(id) ON DELETE CASCADE);
      INSERT INTO ${table} ${values}; INSERT INTO own VALUES ('c1')`);

    db.exec(`INSERT OR REPLACE INTO ${table} ${values.replace('done', 'failed')}`);

    expect(rowsOf(db, 'SELECT own.id, status FROM own JOIN run_candidates AS c ON c.id = own.id')).toEqual([
      ['c1', 'failed'],
    ]);
  });

  it('still takes a row away that is deleted after an insert which came to nothing', async () => {
    const db = recursive();
    db.exec(`INSERT INTO users VALUES ('u1', 'bob', 'Bob', NULL, 1, 't1', 't1')`);
    later(db);
    db.exec(`INSERT OR IGNORE INTO users VALUES ('u1', 'bob', 'Bob', NULL, 1, 't1', 't1')`);
    await new Promise((resolve) => setTimeout(resolve, 5));

    db.exec(`DELETE FROM users WHERE id = 'u1'`);

    expect(rowsOf(db, 'SELECT id FROM app_users')).toEqual([['u']]);
  });
});

describe('the second insert', () => {
  it('still takes the place of our row after minutes of one transaction', () => {
    const db = upgraded();
    db.exec(twins[0]?.first ?? '');
    db.exec(`UPDATE _phasewise_mirrored SET noted_at = noted_at - 0.01`); // 864 seconds

    db.exec(`INSERT INTO app_users ${twins[0]?.values}`);

    expect(rowsOf(db, `SELECT display_name, updated_at FROM app_users WHERE id = 'u1'`)).toEqual([['Bob', 't2']]);
  });

  it('notes no change of the storage: nobody made one', () => {
    const db = upgraded();
    applyUpTo(db, '20260221_0016');
    db.exec(twins[4]?.first ?? '');

    db.exec(`INSERT INTO project_storage ${twins[4]?.values}`);

    expect(rowsOf(db, 'SELECT event_code FROM audit_events')).toEqual([]);
    db.exec(`UPDATE project_storage SET s3_bucket = 'mine' WHERE project_id = 'p1'`);
    expect(rowsOf(db, 'SELECT event_code FROM audit_events')).toEqual([['storage.s3.updated']]);
  });

  it.each([
    ['run_job_candidates', 'run_candidates'],
    ['run_candidates', 'run_job_candidates'],
  ])('means a rank of 0 by 0, in %s and then in %s, where it says anything else', (table, other) => {
    const db = upgraded();
    const insert = (into: string, status: string, rank: number) =>
      db.exec(`INSERT INTO ${into} (id, job_id, candidate_index, status, rank_hard_failures, created_at)
        VALUES ('c1', 'j', 1, '${status}', ${rank}, 't') ON CONFLICT (id) DO UPDATE SET status = excluded.status`);
    insert(table, 'failed', 3);

    insert(other, 'done', 0);

    for (const each of [table, other])
      expect(rowsOf(db, `SELECT status, rank_hard_failures FROM ${each}`)).toEqual([['done', 0]]);
  });

  it.each([
    ['a trigger that comes after it', 'AFTER INSERT ON', `SELECT 1`, [['u1']]],
    ['one that ends it', 'AFTER INSERT ON', `SELECT RAISE(IGNORE) WHERE 0`, []],
    ['one that comes before it', 'BEFORE INSERT ON', `SELECT 1`, []],
    ['one that says neither', 'INSERT ON', `SELECT 1`, []],
    ['one that sees rows go', 'AFTER DELETE ON', `SELECT 1`, []],
    ['one that sees keys move', 'AFTER UPDATE OF id ON', `SELECT 1`, []],
  ])('is an insert, or an update of our row, beside %s', (_, event, statement, returned) => {
    const db = upgraded();
    db.exec(`CREATE TRIGGER own ${event} app_users BEGIN ${statement}; END; ${twins[0]?.first ?? ''}`);

    expect(rowsOf(db, `INSERT INTO app_users ${twins[0]?.values} RETURNING id`)).toEqual(returned);

    expect(rowsOf(db, `SELECT id, updated_at FROM app_users WHERE id <> 'u'`)).toEqual([['u1', 't2']]);
    expect(valueOf(db, isLeftover)).toBe(0);
  });
});

describe('where something of the owner’s watches the row', () => {
  const child = (action: string) =>
    `CREATE TABLE own (user_id TEXT REFERENCES users(id) ON UPDATE ${action} ON DELETE CASCADE)`;
  const values = `VALUES ('u1', 'bob', 'Bob', 'bob@x', 1, 't1', 't1')`;

  it.each(['CASCADE', 'RESTRICT', 'SET NULL'])('leaves what refers to it by ON UPDATE %s', (action) => {
    const db = upgraded(child(action));
    db.exec(`INSERT INTO app_users ${values}; INSERT INTO own VALUES ('u1')`);

    db.exec(`INSERT INTO users ${values.replace('Bob', 'Rob')}`);

    expect(rowsOf(db, 'SELECT user_id FROM own')).toEqual([['u1']]);
    expect(rowsOf(db, `SELECT id, display_name FROM users WHERE id <> 'u'`)).toEqual([['u1', 'Rob']]);
    expect(rowsOf(db, `SELECT display_name FROM app_users WHERE id = 'u1'`)).toEqual([['Rob']]);
  });

  it.each([
    ['an index', `CREATE UNIQUE INDEX own_email ON users (email)`],
    ['a rule', `CREATE TRIGGER own_email BEFORE INSERT ON users WHEN NEW.email = 'amy@x' BEGIN SELECT RAISE(IGNORE); END`],
  ])('never leaves a row under another key when %s keeps the insert from coming', (_, own) => {
    const db = upgraded(own);
    db.exec(`INSERT INTO app_users ${values}`);
    db.exec(`INSERT INTO app_users VALUES ('u2', 'amy', 'Amy', 'amy@x', 1, 't1', 't1')`);

    db.exec(`INSERT OR IGNORE INTO users ${values.replace('bob@x', 'amy@x')}`);

    expect(rowsOf(db, `SELECT id FROM app_users WHERE id <> 'u' ORDER BY id`)).toContainEqual(['u1']);
    expect(rowsOf(db, `SELECT id FROM users WHERE id LIKE '%u1'`)).toEqual([['u1']]);
    expect(valueOf(db, isLeftover)).toBe(0);
  }); // prettier-ignore
});

describe('a trigger that somebody adds after the upgrade', () => {
  it('changes a user, and the change stays on both sides', () => {
    const db = upgraded();
    db.exec(`CREATE TRIGGER own_i AFTER INSERT ON users BEGIN UPDATE users SET email = lower(NEW.email) WHERE id = NEW.id; END;
      CREATE TRIGGER own_u AFTER UPDATE OF display_name ON users BEGIN
        UPDATE users SET display_name = upper(NEW.display_name) WHERE id = NEW.id AND display_name <> upper(NEW.display_name); END`);

    db.exec(`INSERT INTO users VALUES ('u1', 'bob', 'Bob', 'BOB@X', 1, 't1', 't1')`);
    db.exec(`UPDATE users SET display_name = 'Rob' WHERE id = 'u1'`);

    for (const table of ['users', 'app_users'])
      expect(rowsOf(db, `SELECT display_name, email FROM ${table} WHERE id = 'u1'`)).toEqual([['ROB', 'bob@x']]);
  });

  it.each([
    ['run_job_candidates', 'run_candidates'],
    ['run_candidates', 'run_job_candidates'],
  ])('changes a row of %s, and so does %s', (table, other) => {
    const db = upgraded();
    db.exec(`CREATE TRIGGER own_i AFTER INSERT ON ${table} BEGIN UPDATE ${table} SET meta_json = '{"own":1}' WHERE id = NEW.id; END;
      CREATE TRIGGER own_u AFTER UPDATE OF status ON ${table} BEGIN UPDATE ${table} SET status = 'seen' WHERE id = NEW.id AND status <> 'seen'; END`);

    db.exec(
      `INSERT INTO ${table} (id, job_id, candidate_index, status, created_at) VALUES ('c1', 'j', 1, 'done', 't')`,
    );
    db.exec(`UPDATE ${table} SET status = 'failed'`);

    for (const each of [table, other])
      expect(rowsOf(db, `SELECT status, meta_json FROM ${each}`)).toEqual([['seen', '{"own":1}']]);
  });

  it('changes the settings of a project, or its storage, and both agree', () => {
    const db = upgraded();
    db.exec(`CREATE TRIGGER own_p AFTER INSERT ON projects BEGIN UPDATE projects SET settings_json = ${settings} WHERE id = NEW.id; END;
      CREATE TRIGGER own_s AFTER UPDATE OF s3_bucket ON project_storage BEGIN
        UPDATE project_storage SET s3_bucket = 'mine' WHERE id = NEW.id AND s3_bucket <> 'mine'; END`);

    db.exec(`INSERT INTO projects (id, user_id, slug, name, created_at, updated_at) VALUES ('p1', 'u', 's1', 'n', 't', 't')`);
    expect(rowsOf(db, `SELECT local_base_dir, s3_bucket FROM project_storage WHERE project_id = 'p1'`)).toEqual([['art', 'b']]);

    db.exec(`UPDATE project_storage SET s3_bucket = 'x' WHERE project_id = 'p1'`);
    expect(valueOf(db, `SELECT json_extract(settings_json, '$.storage.s3.bucket') FROM projects WHERE id = 'p1'`)).toBe('mine');
    expect(valueOf(db, `SELECT s3_bucket FROM project_storage WHERE project_id = 'p1'`)).toBe('mine');
  }); // prettier-ignore
});

it.each([
  [`INSERT INTO users VALUES ('n', 'n', 'N', NULL, 1, 't', 't')`, 'app_users', `(id, username, display_name, created_at, updated_at, bytes) VALUES ('n', 'n', 'N', 't', 't', 500)`],
  [`INSERT INTO run_job_candidates (id, job_id, candidate_index, status, created_at) VALUES ('n', 'j', 1, 'd', 't')`, 'run_candidates', `(id, job_id, candidate_index, status, created_at, bytes) VALUES ('n', 'j', 1, 'd', 't', 500)`],
  [`INSERT INTO projects (id, user_id, slug, name, created_at, updated_at) VALUES ('n', 'u', 'n', 'n', 't', 't')`, 'project_storage', `(id, project_id, created_at, updated_at, bytes) VALUES ('n', 'n', 't', 't', 500)`],
])('%s: a column that triggers do not know keeps what the second insert says', (first, table, second) => {
  const db = upgraded();
  db.exec(`ALTER TABLE ${table} ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0`);
  db.exec(first);

  db.exec(`INSERT INTO ${table} ${second}`);

  expect(valueOf(db, `SELECT bytes FROM ${table} WHERE id = 'n'`)).toBe(500);
}); // prettier-ignore
