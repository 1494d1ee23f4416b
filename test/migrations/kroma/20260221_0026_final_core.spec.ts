import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTableDefinition, type Db } from '@engine/migration.ts';
import type { Row } from '../../support/kroma/insert.ts';
import { applyMigration, findingsOf, legacyDatabase, rowsOf, valueOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { asset, candidate, household, job, project, run } from './rows.ts';
import { upgradeTo } from './upgraded.ts';

const folder = temporaryFolder();
let files = 0;

/** @param before what the owner of the file had added while it was still in its first version. */
function open(rows: Record<string, readonly Row[]> = {}, before = '', pragma = ''): Db {
  const file = path.join(folder, `${(files += 1)}.db`);
  const db = legacyDatabase(file, { ...household, ...rows });
  if (pragma) db.exec(pragma);
  if (before) db.exec(before);
  upgradeTo(db, 4);
  return db;
}
const toTheEnd = (db: Db) => {
  for (const step of ['0025', '0026', '0027', '0028']) {
    expect(applyMigration(db, `20260221_${step}`)?.findings).toEqual([]);
  }
};
const sqlOf = (db: Db, name: string) => String(valueOf(db, `SELECT sql FROM sqlite_schema WHERE name = '${name}'`));
const fails = (db: Db, sql: string): string => {
  try {
    db.exec(sql);
    return 'nothing';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

describe('the final definition', () => {
  it('has every rule of the canonical schema, and rows keep their rowids', () => {
    const db = open({
      assets: [asset('z'), asset('a1')],
      run_jobs: [job('j', { selected_candidate: 1, final_output: 'out/z.png' })],
      run_job_candidates: [candidate('c', { output_path: 'out/z.png' })],
    });
    const rowids = () => rowsOf(db, 'SELECT rowid, id FROM assets ORDER BY rowid');
    const before = rowids();
    toTheEnd(db);

    expect(rowids()).toEqual(before);
    expect(rowsOf(db, `SELECT name, "notnull", dflt_value FROM pragma_table_info('runs')`)).toEqual([
      ['id', 0, null],
      ['project_id', 1, null],
      ['run_mode', 1, null],
      ['status', 1, null],
      ['stage', 0, null],
      ['time_of_day', 0, null],
      ['weather', 0, null],
      ['model_name', 0, null],
      ['provider_code', 0, null],
      ['settings_snapshot_json', 1, `'{}'`],
      ['started_at', 0, null],
      ['finished_at', 0, null],
      ['created_at', 1, null],
      ['run_log_path', 1, null],
      ['image_size', 0, null],
      ['image_quality', 0, null],
    ]);
    expect(rowsOf(db, `SELECT "from", "table", on_delete FROM pragma_foreign_key_list('run_jobs') ORDER BY 1`)).toEqual(
      [
        ['final_asset_id', 'assets', 'SET NULL'],
        ['run_id', 'runs', 'CASCADE'],
      ],
    );
    db.pragma('foreign_keys = ON');
    expect(fails(db, `UPDATE projects SET owner_user_id = 'nobody'`)).toMatch(/FOREIGN KEY/);
    expect(fails(db, `UPDATE runs SET status = 'exploded'`)).toMatch(/CHECK constraint failed: runs_status_listed/);
    expect(fails(db, `UPDATE run_candidates SET status = 'exploded'`)).toMatch(/run_candidates_status_listed/);
    expect(fails(db, `UPDATE app_users SET is_active = 2`)).toMatch(/app_users_is_active_listed/);
    expect(fails(db, `UPDATE assets SET storage_uri = 'same'`)).toMatch(/UNIQUE constraint failed: assets.project_id/);
    expect(fails(db, `UPDATE assets SET kind = NULL`)).toMatch(/NOT NULL/);
    db.exec(`DELETE FROM app_users WHERE id = 'u'`);
    expect(valueOf(db, 'SELECT count(*) FROM run_candidates')).toBe(0);
  });

  it('leaves a list of words out where a row has another word, and only that one', () => {
    const db = open({ runs: [run('r', { status: 'exploded', mode: 'dry' })] });
    toTheEnd(db);

    expect(fails(db, `UPDATE runs SET status = 'again'`)).toBe('nothing');
    expect(fails(db, `UPDATE runs SET run_mode = 'again'`)).toMatch(/runs_run_mode_listed/);
  });

  it('does not copy a table that is final already', () => {
    const db = open({ run_job_candidates: [candidate('c')] });
    applyMigration(db, '20260221_0025');
    const page = () => valueOf(db, `SELECT rootpage FROM sqlite_schema WHERE name = 'run_candidates'`);
    const before = page();
    applyMigration(db, '20260221_0026');

    expect(page()).toBe(before);
    expect(sqlOf(db, 'run_candidates')).toContain(`run_candidates_status_listed`);
  });

  it('changes nothing when it is applied again', () => {
    const db = open();
    toTheEnd(db);
    const schema = () => rowsOf(db, 'SELECT name, sql, rootpage FROM sqlite_schema ORDER BY name');
    const before = schema();
    for (const step of ['0026', '0027', '0028']) applyMigration(db, `20260221_${step}`);

    expect(schema()).toEqual(before);
  });

  it('keeps what the canonical tables have in common with the first version: voice, and worker columns', () => {
    const db = open(
      {},
      'DROP TABLE voice_requests; ALTER TABLE chat_messages RENAME TO m; ALTER TABLE m RENAME TO chat_messages',
    );
    toTheEnd(db);

    expect(valueOf(db, `SELECT count(*) FROM pragma_table_info('voice_requests')`)).toBe(12);
    expect(rowsOf(db, `SELECT "table" FROM pragma_foreign_key_list('chat_sessions') ORDER BY 1`)).toEqual([
      ['app_users'],
      ['projects'],
    ]);
    expect(valueOf(db, `SELECT count(*) FROM pragma_table_info('agent_instructions')`)).toBe(22);
  });
});

describe("what the file's owner added", () => {
  it('stays: columns with all their rules, indexes, views, triggers, statistics', () => {
    const db = open(
      { runs: [run('r'), run('r2')], assets: [asset('a1')] },
      `ALTER TABLE runs ADD COLUMN "my, rating" INTEGER DEFAULT (2) CHECK ("my, rating" BETWEEN 0 AND 5);
       ALTER TABLE runs ADD COLUMN my_text TEXT COLLATE NOCASE DEFAULT 'it''s';
       ALTER TABLE runs ADD COLUMN my_length INTEGER GENERATED ALWAYS AS (length(run_log_path)) VIRTUAL;
       ALTER TABLE assets ADD COLUMN reviewer TEXT REFERENCES users(id) ON DELETE SET NULL;
       UPDATE runs SET "my, rating" = 5, my_text = 'Großes Ä' WHERE id = 'r';
       CREATE INDEX "my ""index""" ON runs (my_text, "my, rating" DESC) WHERE my_text IS NOT NULL;
       CREATE INDEX my_lengths ON runs (length(status));
       CREATE VIEW my_view AS SELECT id, "my, rating" FROM runs;
       CREATE TABLE my_log (what TEXT);
       CREATE TRIGGER my_trigger AFTER UPDATE OF my_text ON runs BEGIN INSERT INTO my_log VALUES (NEW.my_text); END;
       ANALYZE;`,
    );
    const before = rowsOf(db, `SELECT id, rowid, "my, rating", my_text, my_length FROM runs ORDER BY id`);
    const sql = ['my "index"', 'my_lengths', 'my_view', 'my_trigger'].map((name) => sqlOf(db, name));
    toTheEnd(db);

    expect(rowsOf(db, `SELECT id, rowid, "my, rating", my_text, my_length FROM runs ORDER BY id`)).toEqual(before);
    expect(['my "index"', 'my_lengths', 'my_view', 'my_trigger'].map((name) => sqlOf(db, name))).toEqual(sql);
    expect(
      rowsOf(db, `SELECT name, dflt_value, hidden FROM pragma_table_xinfo('runs') WHERE name LIKE 'my%' ORDER BY name`),
    ).toEqual([
      ['my, rating', '2', 0],
      ['my_length', null, 2],
      ['my_text', `'it''s'`, 0],
    ]);
    expect(fails(db, `UPDATE runs SET "my, rating" = 6`)).toMatch(/CHECK constraint failed/);
    expect(valueOf(db, `SELECT count(*) FROM runs WHERE my_text = 'großes Ä'`)).toBe(1);
    expect(valueOf(db, `SELECT "table" FROM pragma_foreign_key_list('assets') WHERE "from" = 'reviewer'`)).toBe(
      'app_users',
    );
    expect(rowsOf(db, 'SELECT * FROM my_view ORDER BY id')).toHaveLength(2);
    expect(valueOf(db, `SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'runs' AND idx = 'my_lengths'`)).toBe(1);
    db.exec(`UPDATE runs SET my_text = 'new' WHERE id = 'r'`);
    expect(rowsOf(db, 'SELECT what FROM my_log')).toEqual([['new']]);
  });

  it('stays: tables of its own, with references to the new names and numbers that go on', () => {
    const db = open(
      {},
      `CREATE TABLE my_notes (n INTEGER PRIMARY KEY AUTOINCREMENT, "user" TEXT REFERENCES Users (id), about TEXT DEFAULT 'references users');
       INSERT INTO my_notes ("user") VALUES ('u'), ('u'), ('u'); DELETE FROM my_notes WHERE n = 3;
       CREATE TABLE my_tags (tag TEXT, candidate TEXT, len INTEGER AS (length(tag)) STORED, PRIMARY KEY (tag, candidate),
         FOREIGN KEY (candidate) REFERENCES run_job_candidates (id)) WITHOUT ROWID, STRICT;
       INSERT INTO my_tags (tag, candidate) VALUES ('best', 'c'), ('worst', 'c');
       CREATE TABLE my_plain (a, b, rowid, oid, _rowid_); INSERT INTO my_plain VALUES (1, 2, 3, 4, 5);`,
    );
    const content = () =>
      ['my_notes', 'my_tags', 'my_plain'].map((name) => rowsOf(db, `SELECT * FROM ${name} ORDER BY 1`));
    const before = content();
    toTheEnd(db);

    expect(content()).toEqual(before);
    expect(sqlOf(db, 'my_plain')).toBe('CREATE TABLE my_plain (a, b, rowid, oid, _rowid_)');
    expect(readTableDefinition(sqlOf(db, 'my_tags'))).toMatchObject({ options: 'WITHOUT ROWID, STRICT' });
    expect(valueOf(db, `SELECT "table" FROM pragma_foreign_key_list('my_notes')`)).toBe('app_users');
    expect(valueOf(db, `SELECT "table" FROM pragma_foreign_key_list('my_tags')`)).toBe('run_candidates');
    db.exec(`INSERT INTO my_notes ("user") VALUES ('u')`);
    expect(valueOf(db, 'SELECT max(n) FROM my_notes')).toBe(4);
  });

  it('stops the step, and says why, where it needs a column that goes', () => {
    const db = open({}, `ALTER TABLE assets ADD COLUMN my_length INTEGER AS (length(rel_path))`);
    applyMigration(db, '20260221_0025');

    expect(() => applyMigration(db, '20260221_0026')).toThrow(
      /my_length .* which names the column rel_path, and that is removed/,
    );
    expect(valueOf(db, `SELECT count(*) FROM pragma_table_xinfo('assets') WHERE name = 'rel_path'`)).toBe(1);
  });

  it('keeps an added rule over several columns', () => {
    const db = open(
      { projects: [project('p'), project('q')] },
      `ALTER TABLE projects ADD CONSTRAINT named CHECK (length(name) + length(slug) > 0)`,
    );
    toTheEnd(db);

    expect(sqlOf(db, 'projects')).toContain('CONSTRAINT named CHECK (length(name) + length(slug) > 0)');
    expect(fails(db, `UPDATE projects SET name = '', slug = '' WHERE id = 'q'`)).toMatch(/named/);
  });
});

it('tells what is not final', () => {
  const db = open();
  toTheEnd(db);
  db.exec(`ALTER TABLE runs ADD COLUMN mode TEXT; ALTER TABLE runs ALTER COLUMN run_mode DROP NOT NULL`);

  expect(findingsOf(db, '20260221_0026')).toEqual(['runs still has the column mode', 'runs.run_mode may be empty']);
});
