import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { readSchema } from '@engine/schema.ts';
import { coreTables } from '../../../migrations/kroma/schema/canonical-core.ts';
import { makeFinal } from '../../../migrations/kroma/cleanup/final-rebuild.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { legacyDatabase, NOW, rowsOf, valueOf } from '../../support/run-migration.ts';
import { madeOnce } from '../../support/made-once.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { candidate, household } from './rows.ts';
import { criteriaOf, upgradeTo } from './upgraded.ts';

/** Every part of a definition is asked for by itself: each of them may be the one that a repair or a tool has lost. */

const folder = temporaryFolder();
const made = madeOnce(folder, (file, phase) => {
  const db = legacyDatabase(file, { ...household, run_job_candidates: [candidate('c')] });
  upgradeTo(db, Number(phase));
  return db;
});

/** Makes an empty table anew, with another definition. */
function remake(db: Db, table: string, from: string, to: string): void {
  const sql = String(valueOf(db, `SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '${table}'`));
  if (!sql.includes(from)) throw new Error(`${from} is not in ${sql}`);
  db.exec(`DROP TABLE ${table}`);
  db.exec(sql.replace(from, to));
}

/** What one criterion finds, with everything that its evidence says. */
function foundBy(db: Db, phase: number, id: string): string {
  const result = criteriaOf(phase)
    .find((criterion) => criterion.id === id)
    ?.check(db, readSchema(db));
  if (!result) throw new Error(`no criterion ${id}`);
  return result.met ? 'nothing' : result.evidence.map(({ text }) => text).join('\n');
}

describe('the criteria of phase 4 notice that a table of knowledge has', () => {
  const T = 'prompt_templates';
  it.each<[what: string, table: string, from: string, to: string, finding: string]>([
    ['another type', T, 'version INTEGER', 'version TEXT', 'prompt_templates.version is TEXT, not INTEGER'],
    ['no key', T, 'id TEXT PRIMARY KEY', 'id TEXT', 'prompt_templates.id is not the key'],
    ['a column that may be empty', T, 'name TEXT NOT NULL', 'name TEXT', 'prompt_templates.name may be empty'],
    ['another default', T, 'version INTEGER NOT NULL DEFAULT 1', 'version INTEGER NOT NULL DEFAULT 2', 'prompt_templates.version has the default 2, not 1'],
    ['no reference', T, ' REFERENCES projects(id) ON DELETE CASCADE', '', 'prompt_templates.project_id does not refer to projects on delete CASCADE'],
    ['a reference that keeps rows', T, 'ON DELETE CASCADE', 'ON DELETE RESTRICT', 'prompt_templates.project_id does not refer to projects on delete CASCADE'],
    ['two rows for one place', 'provider_accounts', ',\n    UNIQUE (project_id, provider_code)', '', 'provider_accounts(project_id, provider_code) may hold the same twice'],
  ])('%s', (_, table, from, to, finding) => {
    const db = made('4');
    remake(db, table, from, to);
    expect(foundBy(db, 4, 'knowledge-columns')).toContain(finding);
  }); // prettier-ignore

  it('a unique rule for some rows only', () => {
    const db = made('4');
    remake(db, 'provider_accounts', ',\n    UNIQUE (project_id, provider_code)', '');
    db.exec(`CREATE UNIQUE INDEX some ON provider_accounts (project_id, provider_code) WHERE is_enabled = 1`);
    expect(foundBy(db, 4, 'knowledge-columns')).toContain('provider_accounts(project_id, provider_code) may hold');
  });
});

describe('the criteria of phases 1 and 2 notice that', () => {
  it.each([
    ['a column has another type', 1, 'core-columns', 'project_storage', 'local_base_dir', 'is BLOB, not TEXT'],
    ['a column has another type', 2, 'event-columns', 'cost_events', 'operation_code', 'is BLOB, not TEXT'],
  ] as const)('%s, of phase %i', (_, phase, id, table, column, finding) => {
    const db = made(`${phase}`);
    const before = String(valueOf(db, `SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '${table}'`));
    const name = RegExp(`"?${column}"? TEXT`).exec(before)?.[0] ?? column;
    remake(db, table, name, name.replace('TEXT', 'BLOB'));
    expect(foundBy(db, phase, id)).toContain(`${table}.${column} ${finding}`);
  });

  it.each([
    [1, 'core-indexes', 'idx_run_jobs_run_id_status', 'run_jobs'],
    [2, 'event-indexes', '', 'quality_reports'],
  ] as const)('an index of phase %i holds some rows only', (phase, id, known, table) => {
    const db = made(`${phase}`);
    const [[name = '', sql = ''] = []] = rowsOf(
      db,
      `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = '${table}'
         AND ${known === '' ? `sql LIKE '% DESC)'` : `name = '${known}'`}`,
    );
    db.exec(`DROP INDEX "${String(name)}"`);
    db.exec(`${String(sql)} WHERE id <> ''`);
    expect(foundBy(db, phase, id)).toContain(`no index on ${table}(`);
  });

  it('somebody else notes a change, and nobody of ours does', () => {
    const db = made('2');
    const name = '_phasewise_0016_secrets_delete';
    const sql = String(valueOf(db, `SELECT sql FROM sqlite_schema WHERE name = '${name}'`));
    db.exec(`DROP TRIGGER ${name}`);
    db.exec(sql.replace(name, 'mine'));
    expect(foundBy(db, 2, 'audit-triggers')).toContain('nothing notes DELETE on project_api_secrets');
  });
});

describe('the criteria of phase 5 notice that a table has', () => {
  const P = 'projects';
  it.each<[what: string, from: string, to: string, finding: string]>([
    ['lost a column', `\n  description TEXT NOT NULL DEFAULT '',`, '', 'projects.description is missing'],
    ['another type', 'description TEXT', 'description BLOB', 'projects.description is BLOB, not TEXT'],
    ['no key', 'id TEXT PRIMARY KEY', 'id TEXT', 'projects.id is not the primary key'],
    ['a column that may be empty', 'name TEXT NOT NULL', 'name TEXT', 'projects.name may be empty'],
    ['another default', `DEFAULT 'active'`, `DEFAULT 'deleted'`, `projects.status has the default 'deleted', not 'active'`],
    ['no default', ` DEFAULT 'active'`, '', `projects.status has the default none, not 'active'`],
    ['no reference', ' REFERENCES app_users(id) ON DELETE CASCADE', '', 'projects.owner_user_id does not refer to app_users on delete CASCADE'],
    ['a reference that keeps rows', 'ON DELETE CASCADE', 'ON DELETE RESTRICT', 'projects.owner_user_id does not refer to app_users on delete CASCADE'],
    ['two rows for one place', '\n  UNIQUE (owner_user_id, slug),', '', 'projects(owner_user_id, slug) is not unique'],
  ])('%s', (_, from, to, finding) => {
    const db = made('5');
    remake(db, P, from, to);
    expect(foundBy(db, 5, 'final-definitions')).toContain(finding);
  }); // prettier-ignore

  it('a unique rule, or an index, for some rows only', () => {
    const db = made('5');
    remake(db, P, '\n  UNIQUE (owner_user_id, slug),', '');
    db.exec(`CREATE UNIQUE INDEX some ON projects (owner_user_id, slug) WHERE slug <> '';
      DROP INDEX idx_runs_project_id_created_at_desc;
      CREATE INDEX idx_runs_project_id_created_at_desc ON runs (project_id, created_at DESC) WHERE id <> ''`);
    const text = foundBy(db, 5, 'final-definitions');
    expect(text).toContain('projects(owner_user_id, slug) is not unique');
    expect(text).toContain('there is no index on runs(project_id, created_at DESC)');
  });

  it('gone', () => {
    const db = made('5');
    db.exec('DROP TABLE prompt_templates');
    expect(foundBy(db, 5, 'final-definitions')).toContain('the table prompt_templates is missing');
  });

  it('a trigger of ours that carried old names over', () => {
    const db = made('5');
    db.exec(`CREATE TRIGGER _phasewise_x_follows AFTER UPDATE ON runs BEGIN SELECT 1; END`);
    expect(foundBy(db, 5, 'final-names')).toContain('the trigger _phasewise_x_follows');
  });

  it.each(['INSERT', 'UPDATE', 'DELETE'])('a trigger that keeps programs from writing: %s', (event) => {
    const db = made('5');
    db.exec(`CREATE TRIGGER t AFTER ${event} ON project_snapshots BEGIN INSERT INTO nowhere VALUES (1); END`);
    expect(foundBy(db, 5, 'final-writable')).toContain(`${event} on project_snapshots`);
  });

  it('a reference of ours that cannot be followed; one that somebody else never had right is theirs', () => {
    const db = made('5');
    db.exec(`CREATE TABLE mine (status TEXT REFERENCES runs (status))`);
    db.pragma('foreign_keys = ON');
    expect(foundBy(db, 5, 'final-writable')).toBe('nothing');
    db.pragma('foreign_keys = OFF');
    remake(db, 'projects', 'id TEXT PRIMARY KEY', 'id TEXT');
    db.pragma('foreign_keys = ON');
    expect(foundBy(db, 5, 'final-writable')).toContain('foreign key mismatch');
  });
});

describe('while references are enforced', () => {
  const projects = coreTables.find(({ name }) => name === 'projects');

  it('no table is made anew: removing the old one would remove the rows of others', () => {
    const db = made('4');
    db.pragma('foreign_keys = ON');
    if (!projects) throw new Error('no such table');
    expect(() => makeFinal(db, projects, () => true)).toThrow('foreign keys are on');
    expect(valueOf(db, 'SELECT count(*) FROM runs')).toBe(1);
  });

  it('no old table is removed', () => {
    const db = made('4');
    db.pragma('foreign_keys = ON');
    const last = kroma.migrations.find(({ id }) => id.startsWith('20260221_0028'));
    expect(() => last?.up?.(db, { now: NOW } as never)).toThrow('foreign keys are on');
    expect(valueOf(db, 'SELECT count(*) FROM users')).toBe(1);
  });

  it('and where they are not, a table is made anew, and SQLite is left as it was', () => {
    const db = made('4');
    if (!projects) throw new Error('no such table');
    makeFinal(db, projects, () => true);
    expect([valueOf(db, 'SELECT count(*) FROM projects'), db.pragma('legacy_alter_table', { simple: true })]).toEqual([
      1, 0,
    ]);
  });
});
