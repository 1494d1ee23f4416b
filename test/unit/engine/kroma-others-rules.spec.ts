import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { PreflightFinding, RunReport } from '@shared/run.ts';
import { createControl } from '@engine/control.ts';
import { uncomputable } from '@engine/generated-columns.ts';
import { assertPlan, makePlan } from '@engine/plan.ts';
import { runUpgrade } from '@engine/run.ts';
import { readSchema } from '@engine/schema.ts';
import { packs } from '../../../migrations/index.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { ask, askOne, backupFolderOf, inputFor } from '../../support/engine/run-shop.ts';
import { changeByHand, changedSample } from '../../support/kroma/changed-sample.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What others put on tables and SQLite computes with every row: named before anything is done, or by the error. */
const folder = temporaryFolder();

const sample = (sql: string): string => changedSample(folder, packs, sql);

const upgrade = (file: string, toPhase = 5): Promise<RunReport> =>
  runUpgrade(inputFor(file, { source: { kind: 'none' }, isRemovalConfirmed: true, toPhase }), {
    packs,
    control: createControl(),
    emit: () => {},
    assertPlan: (lock, pack, target, asked) => assertPlan(lock.db, pack, target, asked),
  });
const findings = async (file: string, toPhase: number): Promise<readonly PreflightFinding[]> =>
  (await makePlan({ path: file, toPhase, backupFolder: backupFolderOf(file) }, packs)).preflight;
const blocking = async (file: string, toPhase = 5): Promise<string[]> =>
  (await findings(file, toPhase)).flatMap(({ state, detail }) => (state === 'blocking' ? [detail] : []));
/** The error of an upgrade whose plan saw nothing in its way. */
async function stopped(file: string, toPhase = 5): Promise<RunReport['error']> {
  expect(await blocking(file, toPhase)).toEqual([]);
  return (await upgrade(file, toPhase)).error;
}

describe('a virtual column that cannot be computed for some row', () => {
  const mine = `CREATE TABLE mine (id INTEGER PRIMARY KEY, u TEXT REFERENCES users (id), j TEXT);
    INSERT INTO mine SELECT 1, id, '{}' FROM users LIMIT 1; INSERT INTO mine SELECT 7, id, '{bad' FROM users LIMIT 1;
    ALTER TABLE mine ADD COLUMN v AS (json_extract(j, '$.a'))`;

  it('of a table that a removing step rebuilds: the plan names column and row, and nothing is removed', async () => {
    const file = sample(mine);

    expect(await blocking(file)).toEqual([
      expect.stringContaining('column mine.v: SQLite cannot compute it for every row (malformed JSON, rowid 7)'),
    ]);
    expect(await codeOfPromise(upgrade(file))).toBe('E_PREFLIGHT_UNKNOWN_OBJECT');
    expect(askOne(file, `SELECT count(*) FROM pragma_table_info('projects') WHERE name = 'user_id'`)).toBe(1);
  });

  it('is no obstacle where no step touches its table', async () => {
    expect(await blocking(sample(mine), 4)).toEqual([]);
    expect(await blocking(sample(mine.replace(' REFERENCES users (id)', '')))).toEqual([]);
  });

  it.each([
    ['run_jobs', 'meta_json', `UPDATE run_jobs SET run_id = 'gone' WHERE rowid = 3;`],
    ['projects', 'settings_json', ''],
  ])('of %s, where it is only written to: the plan warns, and an error names it', async (table, json, sql) => {
    const file = sample(`${sql} UPDATE ${table} SET ${json} = '{bad' WHERE rowid = (SELECT max(rowid) FROM ${table});
      ALTER TABLE ${table} ADD COLUMN v AS (json_extract(${json}, '$.a'))`);

    expect(await blocking(file)).toEqual([expect.stringContaining(`column ${table}.v`)]);
    expect((await findings(file, 4)).filter(({ id }) => id === 'computed')).toMatchObject([
      { state: 'warning', detail: expect.stringContaining(`column ${table}.v`) },
    ]);
    const error = await stopped(file, 4);

    expect(error?.message).toContain(`column ${table}.v`);
    changeByHand(file, `ALTER TABLE ${table} DROP COLUMN v`);
    expect((await upgrade(file, 4)).error).toBeUndefined();
  });

  it('is told of tables without rowids, and with an index over the column', () => {
    const db = new Database(':memory:');
    db.exec(`CREATE TABLE plain (k TEXT PRIMARY KEY, j) WITHOUT ROWID; INSERT INTO plain VALUES ('a', '{bad');
      ALTER TABLE plain ADD COLUMN v AS (json_extract(j, '$.a'));
      CREATE TABLE named (rowid, _rowid_, oid, j); INSERT INTO named (j) VALUES ('{bad');
      ALTER TABLE named ADD COLUMN v AS (json_extract(j, '$.a'));
      CREATE TABLE sound (j); INSERT INTO sound VALUES ('{}'); ALTER TABLE sound ADD COLUMN v AS (json_extract(j, '$.a'))`);
    const tables = new Set(['plain', 'named', 'sound']);

    expect(uncomputable(db, readSchema(db), tables).map(({ object, why }) => `${object}: ${why}`)).toEqual([
      'column named.v: SQLite cannot compute it for every row (malformed JSON)',
      'column plain.v: SQLite cannot compute it for every row (malformed JSON)',
    ]);
    db.close();
  });
});

describe('what a chunk stumbles over is named by its error:', () => {
  it('an index over an expression', async () => {
    const file = sample(
      `UPDATE assets SET meta_json = '{bad' WHERE rowid = 2; ALTER TABLE assets ADD COLUMN metadata_json TEXT NOT NULL DEFAULT '{}';
       CREATE INDEX by_width ON assets (json_extract(metadata_json, '$.w'))`,
    );

    const error = await stopped(file);

    expect(error).toMatchObject({ code: 'E_MIGRATION_FAILED', details: { objects: 'index by_width' } });
    expect(error?.message).toContain('SQLite said “malformed JSON”');
    expect(error?.nextStep).toContain('Change or remove');
    changeByHand(file, 'DROP INDEX by_width');
    expect((await upgrade(file)).error).toBeUndefined();
  });

  it.each([
    ['CHECK (length(id) < 30)', 'length(id) < 30'],
    [`CONSTRAINT known CHECK (asset_kind <> 'candidate_output')`, 'known'],
  ])('the rule %s', async (rule, named) => {
    const file = sample(`DELETE FROM assets; ALTER TABLE assets ADD ${rule}`);

    const error = await stopped(file, 4);

    expect(error?.message).toContain(`CHECK constraint failed: ${named}`);
    expect(error?.message).toContain(`the rule “${rule}” of assets`);
    expect(ask(file, `SELECT 1 FROM pragma_table_info('users')`)).not.toEqual([]);
  });
});
