import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { readSchema } from '@engine/schema.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { fixtures, writeFixture } from '../../support/kroma/fixtures.ts';
import { applyUpTo, contentOf, legacyDatabase } from '../../support/run-migration.ts';
import { sharedFile } from '../../support/shared-data.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { household } from './rows.ts';

const folder = temporaryFolder();
let files = 0;
const newFile = () => path.join(folder, `${(files += 1)}.db`);
const recognise = (db: Database.Database) => kroma.recognise(db, readSchema(db));
/** The answer for a legacy database to which something was done. */
const after = (sql: string) => {
  const db = legacyDatabase(newFile(), household);
  db.exec(sql);
  return recognise(db);
};

describe('variants', () => {
  const expected: Record<string, string> = {
    empty: 'empty',
    sample: 'legacy',
    'dual, both halves agree': 'dual',
    'dual, both halves disagree': 'dual',
    'dual with asset references': 'dual',
    'dual without voice': 'dual',
  };
  it.each(fixtures.map((fixture) => [fixture.name, fixture] as const))('%s', (name, fixture) => {
    const file = newFile();
    writeFixture(file, fixture);
    const variant = expected[name] ?? name.split(/[ ,]/)[0];

    expect(recognise(new Database(file))).toMatchObject({ kind: 'recognised', variantId: variant });
  });

  it.each([
    ['empty-legacy', 'empty'],
    ['legacy-small', 'legacy'],
    ['legacy-medium', 'legacy'],
    ['baseline-wrong-columns', 'baseline'],
    ['dual', 'dual'],
  ])('the shared file %s is %s', { skip: sharedFile('kroma', 'dual.db') === null }, (name, variantId) => {
    const db = new Database(sharedFile('kroma', `${name}.db`) ?? '', { readonly: true });

    expect(recognise(db)).toMatchObject({ kind: 'recognised', variantId });
  });

  it('is told by columns: a marker alone proves nothing', () => {
    expect(
      after(
        `INSERT INTO schema_migrations VALUES ('20260221_0019_phase1_backfill', '', ''), ('20260221_0016_audit_events', '', '')`,
      ),
    ).toMatchObject({ variantId: 'legacy' });
  });

  it('is being upgraded once a migration of ours is recorded', () => {
    const db = legacyDatabase(newFile(), household);
    applyUpTo(db, '20260221_0001');
    db.exec(`INSERT INTO _phasewise_migrations VALUES ('20260221_0001_rename_users', 1, '', '', 1, '', 0, '')`);

    expect(recognise(db)).toMatchObject({ kind: 'recognised', variantId: 'upgraded' });
  });

  it('is canonical when no old name is left', () => {
    const db = legacyDatabase(newFile(), household);
    applyUpTo(db, '20260221_0017');
    db.pragma('legacy_alter_table = ON');
    for (const name of db.prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).pluck().all())
      db.exec(`DROP TRIGGER ${name}`);
    for (const table of kroma.canonical) {
      if (
        !table.legacyColumns ||
        table.phase > 1 ||
        table.name === 'run_candidates' ||
        table.name === 'project_storage'
      )
        continue;
      const columns = table.columns.map(({ name }) => name).join(', ');
      db.exec(`ALTER TABLE ${table.name} RENAME TO old_${table.name};
        CREATE TABLE ${table.name} (${table.columns.map(({ name, type }) => `${name} ${type}`).join(', ')});
        INSERT INTO ${table.name} (${columns}) SELECT ${columns} FROM old_${table.name}; DROP TABLE old_${table.name}`);
    }
    db.exec('DROP TABLE users; DROP TABLE run_job_candidates');

    expect(recognise(db)).toMatchObject({ kind: 'recognised', variantId: 'canonical' });
    const before = contentOf(db);
    expect(applyUpTo(db, '20260221_0017').findings).toEqual([]);
    expect(contentOf(db)).toBe(before);
  });
});

describe('refusals', () => {
  it.each([
    [
      'a table of another shape',
      'CREATE TABLE app_users (id INTEGER, nick TEXT)',
      /app_users is taken by a table of another shape \(it has no username/,
    ],
    ['a view', 'CREATE VIEW quality_reports AS SELECT 1 AS id', /quality_reports is taken by a view/],
    [
      'one of our indexes',
      'CREATE TABLE idx_projects_owner_slug (x)',
      /idx_projects_owner_slug is needed for an index/,
    ],
    [
      'a column that must be filled',
      `CREATE TABLE app_users (id TEXT, username TEXT, display_name TEXT, email TEXT, is_active INTEGER, created_at TEXT, updated_at TEXT, pin TEXT NOT NULL)`,
      /app_users has the column pin/,
    ],
  ])('a name that is needed, taken by %s', (_, sql, message) => {
    expect(after(sql)).toMatchObject({
      kind: 'refused',
      code: 'E_NAME_COLLISION',
      message: expect.stringMatching(message) as string,
    });
  });

  it('a later generation of the program', () => {
    expect(after('CREATE TABLE api_tokens (id TEXT)')).toMatchObject({ kind: 'refused', code: 'E_NEWER_SCHEMA' });
  });

  it('a core table or column that is missing', () => {
    expect(after('DROP TABLE assets')).toMatchObject({
      kind: 'refused',
      code: 'E_FOREIGN_DATABASE',
      message: expect.stringContaining('assets is missing') as string,
    });
    expect(after('ALTER TABLE runs DROP COLUMN model')).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('runs has no column model or model_name') as string,
    });
  });

  it.each([
    ['nothing', ''],
    [
      'users and projects of another program',
      'CREATE TABLE users (id INTEGER, email TEXT); CREATE TABLE projects (id INTEGER, name TEXT)',
    ],
    ['projects without users', 'CREATE TABLE projects (id TEXT, user_id TEXT, slug TEXT, settings_json TEXT)'],
  ])('%s is not mine', (_, sql) => {
    const db = new Database(newFile());
    db.exec(sql);

    expect(recognise(db)).toEqual({ kind: 'not-mine' });
  });
});
