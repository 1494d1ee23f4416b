import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  applyMigration,
  applyUpTo,
  contentOf,
  findingsOf,
  issuesOf,
  legacyDatabase,
  rowsOf,
} from '../../support/run-migration.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { project, user } from './rows.ts';

const id = '20260221_0002_projects_owner_col';
const folder = temporaryFolder();
let files = 0;
function open(rows: Parameters<typeof legacyDatabase>[1] = {}) {
  const db = legacyDatabase(path.join(folder, `${(files += 1)}.db`), { users: [user('u'), user('v')], ...rows });
  applyUpTo(db, '20260221_0001');
  return db;
}
const owners = 'SELECT id, owner_user_id FROM projects ORDER BY id';

describe('filling', () => {
  it('names the owner of every project', () => {
    const db = open({ projects: [project('p1'), project('p2', { user_id: 'v' })] });

    expect(applyMigration(db, id)).toEqual({ accounts: { owners: '2 / 0 / 0' }, findings: [] });

    expect(rowsOf(db, owners)).toEqual([
      ['p1', 'u'],
      ['p2', 'v'],
    ]);
  });

  it('names an owner that does not exist as well, and reports the project', () => {
    const db = open({ projects: [project('p1', { user_id: 'gone' })] });

    expect(applyMigration(db, id)).toEqual({ accounts: { owners: '0 / 0 / 1' }, findings: [] });

    expect(rowsOf(db, owners)).toEqual([['p1', 'gone']]);
    expect(issuesOf(db, 'projects')).toEqual(['p1: owner-missing']);
  });

  it('keeps an owner that is there, and leaves the slug of another owner alone', () => {
    const db = open({
      projects: [project('p1', { slug: 'same' }), project('p2', { slug: 'same', user_id: 'v' }), project('p3')],
    });
    db.exec(
      `ALTER TABLE projects ADD COLUMN owner_user_id TEXT; UPDATE projects SET owner_user_id = 'u' WHERE id = 'p2'`,
    );

    expect(applyMigration(db, id)).toEqual({ accounts: { owners: '1 / 1 / 1' }, findings: [] });

    expect(rowsOf(db, owners)).toEqual([
      ['p1', null],
      ['p2', 'u'],
      ['p3', 'u'],
    ]);
    expect(issuesOf(db, 'projects')).toEqual(['p1: owner-slug-taken']);
  });

  it('continues after a kill behind any chunk, and applied again it changes nothing', () => {
    const projects = ['p1', 'p2', 'p3'].map((name) => project(name));
    const whole = open({ projects });
    applyMigration(whole, id);
    for (let chunks = 0; chunks <= 3; chunks++) {
      const db = open({ projects });
      expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();
      applyMigration(db, id, { chunkRows: 1 });
      expect(contentOf(db)).toBe(contentOf(whole));

      expect(applyMigration(db, id)?.accounts).toEqual({ owners: '0 / 3 / 0' });
      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('is found out when an owner is missing', () => {
    const db = open({ projects: [project('p1')] });
    applyMigration(db, id);
    db.exec('UPDATE projects SET owner_user_id = NULL');

    expect(findingsOf(db, id)).toEqual(['1 projects that have a user but no owner']);
  });
});

describe.each([
  ['with', 'ON'],
  ['without', 'OFF'],
])('an older program %s foreign keys', (_, enforced) => {
  it('adds and moves projects, and the owner follows', () => {
    const db = open({ projects: [project('p1')] });
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${enforced}`);

    db.exec(
      `INSERT INTO projects (id, user_id, slug, name, created_at, updated_at) VALUES ('p2', 'v', 's', 'n', 't', 't')`,
    );
    db.exec(
      `INSERT OR REPLACE INTO projects (id, user_id, slug, name, created_at, updated_at) VALUES ('p3', 'v', 's3', 'n', 't', 't')`,
    );
    db.exec(`UPDATE projects SET user_id = 'v' WHERE id = 'p1'`);

    expect(rowsOf(db, owners)).toEqual([
      ['p1', 'v'],
      ['p2', 'v'],
      ['p3', 'v'],
    ]);
  });

  it('gives the owner itself, and it stays', () => {
    const db = open();
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${enforced}`);

    db.exec(
      `INSERT INTO projects (id, user_id, owner_user_id, slug, name, created_at, updated_at) VALUES ('p1', 'u', 'v', 's', 'n', 't', 't')`,
    );

    expect(rowsOf(db, owners)).toEqual([['p1', 'v']]);
  });

  it('is never stopped by the slug of another owner', () => {
    const db = open({ projects: [project('p1', { slug: 'same' })] });
    applyUpTo(db, '20260221_0017');
    db.pragma(`foreign_keys = ${enforced}`);
    unseen(db, `UPDATE projects SET owner_user_id = 'v'`);

    db.exec(
      `INSERT INTO projects (id, user_id, slug, name, created_at, updated_at) VALUES ('p2', 'v', 'same', 'n', 't', 't')`,
    );

    expect(rowsOf(db, owners)).toEqual([
      ['p1', 'v'],
      ['p2', null],
    ]);
  });
});
