import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { rowsHidden } from '@engine/hidden-rows.ts';
import { brokenRules } from '@engine/lost-rules.ts';
import { inspect } from '@engine/inspect.ts';
import { ingestFiles } from '@engine/ingest.ts';
import { makePlan } from '@engine/plan.ts';
import { retryIssues } from '@engine/retry.ts';
import { hiddenRows } from '@engine/row-address.ts';
import { readSchema } from '@engine/schema.ts';
import { verifyResult } from '@engine/verify.ts';
import { packs } from '../../../migrations/index.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { askOne, backupFolderOf, inputFor } from '../../support/engine/run-shop.ts';
import { changeByHand } from '../../support/kroma/changed-sample.ts';
import { fixtures } from '../../support/kroma/fixtures.ts';
import { upgradeKroma as upgrade } from '../../support/kroma/upgrade-kroma.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Files in which `rowid` does not mean the rowid of a table whose rows the upgrade addresses by it. */
const folder = temporaryFolder();
let made = 0;

/** A file of this shape, changed by hand. */
function fileOf(shape: RegExp, sql = ''): string {
  const place = path.join(folder, String((made += 1)));
  mkdirSync(place);
  const file = path.join(place, 'project.db');
  const db = new Database(file);
  fixtures.find(({ name }) => shape.test(name))?.build(db);
  db.close();
  changeByHand(file, sql);
  return file;
}
const baseline = (sql: string) => fileOf(/^baseline with wrong/, sql);
const dual = (sql: string) => fileOf(/^dual, both halves agree/, sql);

/** Added by an older SQLite, or in another way: the one of this version refuses the name. */
const hide = (table: string, name = 'rowid') =>
  `ALTER TABLE ${table} ADD COLUMN mine_ DEFAULT 7; ${renamed(table, 'mine_', name)}`;
const renamed = (table: string, from: string, to: string) =>
  `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, '${from}', '${to}') WHERE name = '${table}'; PRAGMA writable_schema = RESET;`;

/** The table as it is, made anew. */
function remade(file: string, table: string, change: (sql: string) => string): void {
  const text = String(askOne(file, `SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '${table}'`));
  const own = text.replace(/^CREATE TABLE (IF NOT EXISTS )?"?\w+"?/, `CREATE TABLE ${table}`);
  changeByHand(
    file,
    `PRAGMA legacy_alter_table = 1; ALTER TABLE ${table} RENAME TO old_${table}; ${change(own)};
     INSERT INTO ${table} SELECT * FROM old_${table} WHERE id IS NOT NULL; DROP TABLE old_${table}`,
  );
}
const withoutRowids = (sql: string) => `${sql} WITHOUT ROWID`;

let half: Promise<string> | undefined;
/** A copy of a file that was upgraded to phase 4: once for all. */
async function halfUpgraded(): Promise<string> {
  half ??= (async (file) => (await upgrade(file, 4), file))(baseline(''));
  const copy = path.join(mkdtempSync(path.join(folder, 'half-')), 'project.db');
  copyFileSync(await half, copy);
  return copy;
}
const blocking = async (file: string, toPhase: number): Promise<string[]> =>
  (await makePlan({ path: file, toPhase, backupFolder: backupFolderOf(file) }, packs)).preflight.flatMap(
    ({ id, state, detail, error }) => (state === 'blocking' ? [`${id} ${error?.code}: ${detail}`] : []),
  );
const unmet = (file: string, toPhase: number): string[] =>
  verifyResult({ path: file, toPhase, backupPath: null }, packs).checks.flatMap(({ id, state, summary }) =>
    state === 'met' ? [] : [`${id}: ${summary}`],
  );
const hiddenIn = (file: string): string[] => {
  const db = new Database(file, { readonly: true });
  const found = rowsHidden(readSchema(db), kroma).map(({ object }) => object);
  db.close();
  return found;
};
const hasTable = (file: string, table: string) =>
  askOne(file, `SELECT count(*) FROM sqlite_schema WHERE name = '${table}'`) === 1;

/** By the plan and by the run, before anything is written. */
const rowsAlike = 'In 1 table of this file the upgrade could not tell one row from another.';
const columnsAlike = '1 column of this file has a name by which the upgrade asks for columns of other tables.';
async function expectRefused(file: string, toPhase: number, object: string, lead = rowsAlike): Promise<void> {
  const before = readFileSync(file);
  const backups = existsSync(backupFolderOf(file));

  expect(await blocking(file, toPhase)).toEqual([
    expect.stringContaining(`hidden-rows E_PREFLIGHT_UNKNOWN_OBJECT: ${lead} ${object}: it `),
  ]);
  expect(await codeOfPromise(upgrade(file, toPhase))).toBe('E_PREFLIGHT_UNKNOWN_OBJECT');

  expect(readFileSync(file).equals(before)).toBe(true);
  expect(existsSync(backupFolderOf(file))).toBe(backups);
}

describe('a column of somebody called rowid', () => {
  it.each(['cost_events', 'runs'])('in %s keeps every upgrade from being begun', async (table) => {
    await expectRefused(baseline(hide(table)), 4, `column ${table}.rowid`);
  });

  it('is named in whatever letters it was made, in each table whose rows are addressed by it', () => {
    for (const table of kroma.tablesByRowid ?? []) {
      const file = hasTable(baseline(''), table) ? baseline('') : dual('');
      changeByHand(file, hide(table, 'RowID'));
      expect(hiddenIn(file)).toEqual([`column ${table}.RowID`]);
    }
  });

  it('is none of somebody where it is the rowid', () => {
    const db = new Database(':memory:');
    db.exec(`CREATE TABLE it (rowid INTEGER PRIMARY KEY, id TEXT UNIQUE); CREATE TABLE typed (rowid INT PRIMARY KEY);
      CREATE TABLE descending (rowid INTEGER PRIMARY KEY DESC); CREATE TABLE two (rowid INTEGER, b, PRIMARY KEY (rowid, b));
      CREATE TABLE computed (a, rowid AS (a))`);
    const names = [...readSchema(db).tables.values()].flatMap((table) => hiddenRows(table)?.table ?? []);
    expect(names.toSorted()).toEqual(['computed', 'descending', 'two', 'typed']);
    db.close();
  });
});

it.each(['output_path', 'Final_Asset_ID'])(
  'a column of assets called %s, which triggers would take for that of candidates, keeps every upgrade from being begun',
  async (name) => {
    await expectRefused(dual(`ALTER TABLE assets ADD COLUMN ${name}`), 4, `column assets.${name}`, columnsAlike);
    const file = baseline(`ALTER TABLE users ADD COLUMN ${name}`);
    expect(await blocking(file, 4)).toEqual([]);
  },
);

describe('a table without rowids', () => {
  it.each(['users', 'projects'])('called %s keeps the last phase, and every other, from being begun', async (table) => {
    const file = baseline('');
    remade(file, table, withoutRowids);
    await expectRefused(file, 5, `table ${table}`);
    await expectRefused(file, 1, `table ${table}`);
  });
});

it('tables of others, and those of the family whose rows are addressed by their ids, are as they please', async () => {
  const file = dual(`CREATE TABLE mine (rowid TEXT, a); INSERT INTO mine VALUES ('x', 1);
    CREATE TABLE keyed (id TEXT PRIMARY KEY, rowid) WITHOUT ROWID; INSERT INTO keyed VALUES ('k', 7);
    ${hide('chat_sessions')} ${hide('app_users')}`);
  remade(file, 'project_storage', withoutRowids);
  remade(file, 'characters', withoutRowids);

  expect(await blocking(file, 5)).toEqual([]);
  const { error } = await upgrade(file, 5);

  expect(error).toBeUndefined();
  expect(unmet(file, 5)).toEqual([]);
  expect(askOne(file, 'SELECT rowid FROM keyed')).toBe(7);
});

describe('in a half-upgraded file', () => {
  it('such a column keeps the last phase from being begun, and what rests on the triggers is said to be wrong', async () => {
    const file = await halfUpgraded();
    expect(unmet(file, 4)).toEqual([]);
    changeByHand(file, hide('run_jobs'));

    await expectRefused(file, 5, 'column run_jobs.rowid');
    expect(unmet(file, 4)).toEqual([
      'core-triggers: A write may reach other rows than its own: column run_jobs.rowid.',
    ]);
    const { phases } = await inspect(file, 'schema', packs);
    expect(
      phases
        .slice(0, 5)
        .flatMap(({ exitCriteria }) => exitCriteria)
        .filter(({ state }) => state === 'unmet'),
    ).toMatchObject([{ id: 'core-triggers' }]);
    changeByHand(file, `${hide('cost_events')} ${hide('style_guides')}`);
    expect(unmet(file, 4).map((text) => text.replace(/:.*/, ''))).toEqual([
      'core-triggers',
      'event-triggers',
      'knowledge-triggers',
    ]);
    for (const table of ['run_jobs', 'cost_events', 'style_guides'])
      changeByHand(file, renamed(table, 'rowid', 'mine_'));
    expect((await upgrade(file, 5)).error).toBeUndefined();
  });

  it('a column that triggers take for that of candidates is found by what rests on them', async () => {
    const file = await halfUpgraded();
    changeByHand(file, 'ALTER TABLE assets ADD COLUMN Output_Path');

    await expectRefused(file, 5, 'column assets.Output_Path', columnsAlike);
    expect(unmet(file, 4)).toEqual([
      'core-triggers: A write may be carried over with the value of another column: column assets.Output_Path.',
    ]);
    // Renaming it renames it in the triggers too, which the next upgrade makes anew.
    const triggers = () =>
      askOne(
        file,
        `SELECT group_concat(sql) FROM (SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name)`,
      );
    const before = triggers();
    changeByHand(file, 'ALTER TABLE assets RENAME COLUMN Output_Path TO mine');
    expect(triggers()).not.toBe(before);
    expect((await upgrade(file, 4)).error).toBeUndefined();
    expect(triggers()).toBe(before);
    expect(unmet(file, 4)).toEqual([]);
    changeByHand(file, hide('run_jobs'));
    changeByHand(file, 'ALTER TABLE assets ADD COLUMN final_asset_id');
    expect(await blocking(file, 5)).toEqual([
      expect.stringMatching(
        /could not tell one row from another\. column run_jobs\.rowid: .*\. 1 column of this file has/,
      ),
    ]);
  });

  it.each([
    ['a hidden rowid', hide('run_jobs')],
    ...['output_path', 'final_output_path', 'output_asset_id', 'final_asset_id'].map((name) => [
      `assets.${name}`,
      `ALTER TABLE assets ADD COLUMN ${name}`,
    ]),
  ])('no small change is made, either: %s', async (_, sql) => {
    const file = await halfUpgraded();
    changeByHand(file, sql);
    const input = inputFor(file, { source: { kind: 'none' } });

    expect(await codeOfPromise(retryIssues(input, packs))).toBe('E_PREFLIGHT_UNKNOWN_OBJECT');
    const log = path.join(path.dirname(file), 'run.json');
    expect(await codeOfPromise(ingestFiles({ ...input, files: [log], project: null, isTrial: false }, packs))).toBe(
      'E_PREFLIGHT_UNKNOWN_OBJECT',
    );
  });

  it('nothing is wrong with one once the last phase is reached', async () => {
    const file = baseline('');
    await upgrade(file, 5);
    changeByHand(file, `${hide('run_jobs')}; ALTER TABLE assets ADD COLUMN final_asset_id`);
    const input = inputFor(file, { source: { kind: 'none' } });
    const log = path.join(path.dirname(file), 'run.json');

    expect(unmet(file, 5)).toEqual([]);
    expect(await codeOfPromise(ingestFiles({ ...input, files: [log], project: null, isTrial: false }, packs))).not.toBe(
      'E_PREFLIGHT_UNKNOWN_OBJECT',
    );
  });
});

describe('an id that is there as a number and as a text', () => {
  const untyped = (sql: string) => sql.replace(/\bid TEXT PRIMARY KEY/, 'id PRIMARY KEY');

  it.each([
    ['users', `UPDATE users SET id = 1 WHERE rowid = 1; UPDATE users SET id = '1' WHERE rowid = 2`],
    [
      'run_job_candidates',
      `UPDATE run_job_candidates SET id = 1 WHERE rowid = 1; UPDATE run_job_candidates SET id = '1' WHERE rowid = 2`,
    ],
  ])('in %s is refused by name: both would become the same', async (table, sql) => {
    const file = baseline('');
    remade(file, table, untyped);
    expect(await blocking(file, 4)).toEqual([]);
    changeByHand(file, sql);
    const before = readFileSync(file);

    expect(await blocking(file, 4)).toEqual([
      `duplicates E_PREFLIGHT_DUPLICATES: Rows that must differ will not, because the upgrade keeps ids as texts. ${table}(id): 1 value as text in more than one row, such as 1.`,
    ]);
    expect(await codeOfPromise(upgrade(file, 4))).toBe('E_PREFLIGHT_DUPLICATES');
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('is looked for only where a column has no type', () => {
    const db = new Database(':memory:');
    db.exec(`CREATE TABLE users (id ANY PRIMARY KEY, username) STRICT`.replace('username', 'username ANY'));
    db.exec(`INSERT INTO users VALUES (1, 'a'), ('1', 'b'), (x'31', 'c'), (2, 'd')`);
    db.exec(`CREATE TABLE assets (id NUMERIC PRIMARY KEY); INSERT INTO assets VALUES (1), ('2')`);
    expect(brokenRules(db, readSchema(db), kroma)).toMatchObject([{ table: 'users', count: 1, isAsText: true }]);
    db.close();
  });
});
