import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import { rowsOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { laterDatabase } from './baseline-file.ts';
import { asset, job, project, run } from './rows.ts';
import { upgradeTo } from './upgraded.ts';

/** Unique rules that somebody put on files, before the upgrade or after it, and a program that writes old names. */
const folder = temporaryFolder();
/** Two projects; a file of the first, and a run with a job in the second. */
const afterPhase4 = madeOnceOf(folder, (file, rule: string) => {
  const db = laterDatabase(file, 'first', {
    projects: [project('p2')],
    runs: [run('r2', { project_id: 'p2' })],
    run_jobs: [job('j2', { run_id: 'r2' })],
    assets: [asset('a', { rel_path: 'out/1.png', meta_json: '{"precious":1}' })],
  });
  db.exec(rule);
  upgradeTo(db, 4);
  return db;
});
function upgraded(rule: string, when: 'before' | 'after'): Db {
  if (when === 'before') return afterPhase4(rule);
  const db = afterPhase4('');
  db.exec(rule);
  return db;
}
const paths = `SELECT project_id, rel_path, storage_uri FROM assets ORDER BY project_id, rel_path`;
const precious = ['p', 'out/1.png', 'out/1.png'];

const writes = (or: string): Record<string, string> => ({
  candidate: `INSERT ${or} INTO run_job_candidates (id, job_id, candidate_index, status, output_path, created_at)
    VALUES ('c', 'j2', 1, 'done', 'out/1.png', 't')`,
  job: `INSERT ${or} INTO run_jobs (id, run_id, job_key, status, final_output, created_at)
    VALUES ('j3', 'r2', 'k', 'done', 'out/1.png', 't')`,
  export: `INSERT ${or} INTO project_exports (id, project_id, export_path, created_at) VALUES ('e', 'p2', 'out/1.png', 't')`,
});
const tables: Record<string, string> = {
  candidate: 'run_candidates',
  job: 'run_jobs',
  export: 'project_exports',
};

describe.each([
  [`CREATE UNIQUE INDEX own ON assets (rel_path)`, 'before'],
  [`CREATE UNIQUE INDEX own ON "assets" (lower(rel_path))`, 'after'],
  [`CREATE UNIQUE INDEX own ON assets (asset_kind, rel_path) WHERE sha256 IS NULL`, 'before'],
  [`CREATE UNIQUE INDEX own ON assets (rel_path, sha256) WHERE sha256 IS NULL`, 'after'],
  [`CREATE UNIQUE INDEX own ON assets (ifnull(sha256, rel_path))`, 'after'],
] as const)('under the rule %s, made %s the upgrade,', (rule, when) => {
  it.each(['', 'OR REPLACE', 'OR ABORT'])('a write %s reaches no file of another project', (or) => {
    const db = upgraded(rule, when);

    for (const [what, sql] of Object.entries(writes(or))) {
      db.exec(sql);
      expect(rowsOf(db, `SELECT count(*) FROM ${tables[what]} WHERE id IN ('c', 'j3', 'e')`)).toEqual([[1]]);
    }

    expect(rowsOf(db, paths)).toEqual([precious]);
  });
});

it('under a rule over the hash of files, they are registered as ever', () => {
  const db = upgraded(`CREATE UNIQUE INDEX own ON assets (project_id, sha256)`, 'before');

  db.exec(writes('')['candidate'] ?? '');

  expect(rowsOf(db, paths)).toEqual([precious, ['p2', 'out/1.png', 'out/1.png']]);
});

describe.each(['', 'OR REPLACE'])('where an address is unique in the whole table, a write %s', (or) => {
  it('of a path leaves the file of another project its address', () => {
    const db = upgraded(`CREATE UNIQUE INDEX own ON assets (storage_uri)`, 'after');

    db.exec(
      `INSERT ${or} INTO assets (id, project_id, asset_kind, rel_path, created_at) VALUES ('b', 'p2', 'k', 'out/1.png', 't')`,
    );
    db.exec(`UPDATE ${or} assets SET rel_path = 'out/2.png' WHERE id = 'b'`);
    db.exec(`UPDATE ${or} assets SET rel_path = 'out/1.png' WHERE id = 'b'`);

    expect(rowsOf(db, paths)).toEqual([precious, ['p2', 'out/1.png', 'out/2.png']]);
  });

  it('of an address leaves the file of another project its path', () => {
    const db = upgraded(`CREATE UNIQUE INDEX own ON assets (rel_path)`, 'after');

    db.exec(`INSERT ${or} INTO assets (id, project_id, asset_kind, rel_path, storage_uri, created_at)
      VALUES ('b', 'p2', 'k', '', 'out/1.png', 't')`);

    expect(rowsOf(db, paths)).toEqual([precious, ['p2', '', 'out/1.png']]);
  });
});

describe.each(['users', 'app_users'])('where somebody made e-mails of %s unique,', (table) => {
  const other = table === 'users' ? 'app_users' : 'users';
  const insert = (or: string, id: string) =>
    `INSERT ${or} INTO ${other} VALUES ('${id}', '${id}', '${id}', 'a@x', 1, 't', 't')`;
  const emails = (db: Db, of: string) => rowsOf(db, `SELECT id, email FROM ${of} ORDER BY id`);

  it.each([
    `CREATE UNIQUE INDEX own ON ${table} (email)`,
    `CREATE UNIQUE INDEX own ON "${table}" ( "email" COLLATE NOCASE ) WHERE email IS NOT NULL`,
    `CREATE UNIQUE INDEX own ON ${table} (lower(email))`,
  ])('%s: no write to the other table ends, and nobody goes', (rule) => {
    const db = upgraded(rule, 'after');
    db.pragma('foreign_keys = ON');
    db.exec(`INSERT INTO ${table} VALUES ('a', 'a', 'A', 'a@x', 1, 't', 't')`);

    for (const [or, id] of [['', 'b'], ['OR REPLACE', 'c'], ['OR IGNORE', 'd']] as const) db.exec(insert(or, id)); // prettier-ignore
    db.exec(`UPDATE ${other} SET email = 'A@X', display_name = 'U' WHERE id = 'u'`);
    db.exec(`UPDATE OR REPLACE ${other} SET email = 'a@x' WHERE id = 'u'`);

    expect(emails(db, table)).toEqual([['a', 'a@x'], ['b', null], ['c', null], ['d', null], ['u', null]]); // prettier-ignore
    expect(emails(db, other)).toEqual(['a', 'b', 'c', 'd', 'u'].map((id) => [id, 'a@x']));
    expect(rowsOf(db, `SELECT display_name FROM ${table} WHERE id = 'u'`)).toEqual([['U']]);
    expect(rowsOf(db, `SELECT count(*) FROM projects`)).toEqual([[2]]);
  });

  it.each(['display_name', 'email, is_active', `ifnull(email, '')`])(
    'or %s, nobody is carried over in whom it might break',
    (columns) => {
      const db = upgraded(`CREATE UNIQUE INDEX own ON ${table} (${columns})`, 'after');
      db.pragma('foreign_keys = ON');

      for (const or of ['', 'OR REPLACE'])
        db.exec(`INSERT ${or} INTO ${other} VALUES ('b${or}', 'b${or}', (SELECT display_name FROM ${table}), NULL, 1, 't', 't')`);

      expect(rowsOf(db, `SELECT id FROM ${table}`)).toEqual([['u']]);
      expect(rowsOf(db, `SELECT count(*) FROM projects`)).toEqual([[2]]);
    },
  ); // prettier-ignore

  it('a rule over a column of their own keeps nobody from being carried over', () => {
    const db = upgraded(`ALTER TABLE ${table} ADD COLUMN badge TEXT; CREATE UNIQUE INDEX own ON ${table} (badge)`, 'after');

    db.exec(insert('', 'b'));

    expect(emails(db, table)).toContainEqual(['b', 'a@x']);
  }); // prettier-ignore
});

describe.each(['', 'OR REPLACE'])('where somebody made more unique, a write %s reaches nobody else’s', (or) => {
  it.each([
    ['run_candidates', 'run_job_candidates'],
    ['run_job_candidates', 'run_candidates'],
  ])('row of %s', (table, other) => {
    const db = upgraded(`CREATE UNIQUE INDEX own ON ${table} (meta_json) WHERE meta_json <> '{}'`, 'after');
    const put = (into: string, id: string, at: number, meta: string) =>
      db.exec(`INSERT ${or} INTO ${into} (id, job_id, candidate_index, status, meta_json, created_at) VALUES ('${id}', 'j2', ${at}, 'd', '${meta}', 't')`);
    put(table, 'a', 1, '{"n":1}');

    put(other, 'b', 2, '{"n":1}');
    db.exec(`UPDATE ${or} ${other} SET meta_json = '{"n":2}' WHERE id = 'a'`);
    db.exec(`UPDATE ${or} ${other} SET status = 'x' WHERE id = 'a'`);

    expect(rowsOf(db, `SELECT id, status, meta_json FROM ${table}`)).toEqual([['a', 'x', '{"n":1}']]);
    expect(rowsOf(db, `SELECT id FROM ${other} ORDER BY id`)).toEqual([['a'], ['b']]);
  }); // prettier-ignore

  it.each([
    ['project_storage', 'local_base_dir', `INSERT ${or} INTO projects (id, user_id, slug, name, created_at, updated_at) VALUES ('q', 'u', 'q', 'q', 't', 't')`],
    ['quality_reports', 'project_id', `INSERT ${or} INTO run_candidates (id, job_id, candidate_index, status, created_at) VALUES ('c2', 'j2', 2, 'd', 't')`],
    ['audit_events', 'event_code', `INSERT ${or} INTO project_exports (id, project_id, export_path, created_at) VALUES ('e2', 'p2', 'x', 't')`],
  ])('row of %s, by %s', (table, column, write) => {
    const db = upgraded('SELECT 1', 'after');
    db.exec(`DELETE FROM project_storage WHERE project_id = 'p'; INSERT INTO run_candidates (id, job_id, candidate_index, status, created_at) VALUES ('c1', 'j2', 1, 'd', 't');
      INSERT INTO project_exports (id, project_id, export_path, created_at) VALUES ('e1', 'p2', 'y', 't'); CREATE UNIQUE INDEX own ON ${table} (${column})`);
    const before = rowsOf(db, `SELECT id FROM ${table}`);

    db.exec(write);

    expect(before).toHaveLength(1);
    expect(rowsOf(db, `SELECT id FROM ${table}`)).toEqual(before);
  }); // prettier-ignore
});
