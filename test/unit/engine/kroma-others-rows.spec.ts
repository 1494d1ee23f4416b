import { chmodSync, copyFileSync, mkdtempSync, realpathSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '@shared/run.ts';
import { oneRow, type BackfillWork } from '@engine/backfill.ts';
import { createControl } from '@engine/control.ts';
import { makePlan } from '@engine/plan.ts';
import { runUpgrade } from '@engine/run.ts';
import { verifyResult } from '@engine/verify.ts';
import { packs } from '../../../migrations/index.ts';
import { baselineTables } from '../../support/kroma/schema-baseline.ts';
import { ask, askOne, backupFolderOf, inputFor } from '../../support/engine/run-shop.ts';
import { SHARED_DATA_MISSING, sharedFile } from '../../support/shared-data.ts';
import { changeByHand, changedSample } from '../../support/kroma/changed-sample.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Rows and rules as other tools leave them. None of them may stop an upgrade that its plan calls possible. */
const folder = temporaryFolder();

const sample = (sql: string): string => changedSample(folder, packs, sql);

const upgrade = (file: string, toPhase = 5): Promise<RunReport> =>
  runUpgrade(inputFor(file, { source: { kind: 'none' }, isRemovalConfirmed: true, toPhase }), {
    packs,
    control: createControl(),
    emit: () => {},
  });
const unmet = (file: string, toPhase: number, { backup }: RunReport): string[] =>
  verifyResult({ path: file, toPhase, backupPath: backup?.path ?? null }, packs).checks.flatMap(
    ({ state, id, summary }) => (state === 'met' ? [] : [`${id}: ${summary}`]),
  );
const blocking = async (file: string, toPhase = 5): Promise<string[]> =>
  (await makePlan({ path: file, toPhase, backupFolder: backupFolderOf(file) }, packs)).preflight.flatMap(
    ({ state, detail }) => (state === 'blocking' ? [detail] : []),
  );
async function comesThrough(file: string, toPhase = 5): Promise<void> {
  expect(await blocking(file, toPhase)).toEqual([]);
  const report = await upgrade(file, toPhase);
  expect(report.error?.message).toBeUndefined();
  expect(unmet(file, toPhase, report)).toEqual([]);
}
/** The text of a definition, replaced as tools do that write it themselves. */
const redefine = (table: string, from: string, to: string): string =>
  `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, '${from}', '${to}') WHERE name = '${table}';
   PRAGMA writable_schema = RESET;`;

describe('storage of a project that is gone', () => {
  const orphan = `${baselineTables[0]}; INSERT INTO project_storage VALUES ('lost', 'gone', 7, 8, '', '')`;

  it('stays where it is in the phases that only add, and becomes an issue row in the one that removes', async () => {
    const file = sample(orphan);

    await comesThrough(file, 1);
    expect(ask(file, `SELECT project_id, used_bytes FROM project_storage WHERE id = 'lost'`)).toEqual([
      { project_id: 'gone', used_bytes: 8 },
    ]);

    await comesThrough(file, 5);
    expect(ask(file, `SELECT * FROM project_storage WHERE id = 'lost'`)).toEqual([]);
    expect(
      askOne(
        file,
        `SELECT row_json ->> 'used_bytes' || reason FROM _phasewise_quarantine WHERE source_table = 'project_storage' AND source_key = 'lost' AND is_placed = 0`,
      ),
    ).toBe('8project-gone');
  });

  const isThere = sharedFile('kroma', 'dual.db') !== null;
  it.skipIf(!isThere).each(['dual.db', 'baseline-wrong-columns.db'])(
    `stops none of the files that were really made: %s`,
    async (name) => {
      const file = path.join(mkdtempSync(path.join(realpathSync(folder), 'real-')), name);
      copyFileSync(sharedFile('kroma', name) ?? '', file);
      chmodSync(file, 0o644);
      changeByHand(file, `DELETE FROM projects WHERE id = (SELECT project_id FROM project_storage LIMIT 1)`);

      await comesThrough(file);
    },
  );
  it.skipIf(isThere)(SHARED_DATA_MISSING, () => {});
});

describe('a reference that somebody added, and that led nowhere before', () => {
  it.each([
    ['to a table of their own', `CREATE TABLE batches (id TEXT PRIMARY KEY); ALTER TABLE runs ADD COLUMN batch TEXT REFERENCES batches (id); UPDATE runs SET batch = 'gone'`],
    ['to its own table', `ALTER TABLE chat_messages ADD COLUMN reply_to TEXT REFERENCES chat_messages (id); UPDATE chat_messages SET reply_to = 'gone'`],
  ])('%s is no fault of the upgrade', async (_, sql) => {
    await comesThrough(sample(sql));
  }); // prettier-ignore
});

describe('a listed word that is stored as a blob', () => {
  it.each([
    `UPDATE projects SET status = CAST('active' AS BLOB) WHERE rowid = 1`,
    `UPDATE runs SET mode = x'' WHERE rowid = 1`,
    `UPDATE chat_messages SET role = CAST('user' AS BLOB) WHERE rowid = 1`,
  ])('is noted as another word, and its list is not enforced: %s', async (sql) => {
    const file = sample(sql);
    await comesThrough(file);
    expect(askOne(file, `SELECT count(*) FROM _phasewise_quarantine WHERE reason = 'word-not-listed'`)).toBe(1);
  });
});

it('issue rows are as whole where the file writes ID in capital letters', async () => {
  await comesThrough(
    sample(`ALTER TABLE run_jobs RENAME COLUMN id TO ID; UPDATE run_jobs SET run_id = 'gone' WHERE rowid = 1`),
  );
});

it('JSON with something behind a NUL is read as far as SQLite reads it', async () => {
  const guides = baselineTables.find((sql) => sql.includes('style_guides')) ?? '';
  await comesThrough(
    sample(
      `${guides}; INSERT INTO style_guides (id, project_id, name, specs_json, created_at, updated_at)
         SELECT 'sg', id, 'n', '{"a":1}' || char(0) || 'x', '', '' FROM projects LIMIT 1`,
    ),
    4,
  );
});

it.each(['runs', 'users'])(
  'of two ids in %s that differ in bytes that are no text, each names its own row',
  async (table) => {
    const file = sample(
      `UPDATE ${table} SET id = CAST(x'7aff' AS TEXT) WHERE rowid = 1; UPDATE ${table} SET id = 'z' || char(65533) WHERE rowid = 2`,
    );
    await comesThrough(file, 4);
  },
);

it('no range means one of two such rows alone, so none is tried again in the place of another', () => {
  const db = new Database(':memory:');
  db.exec(
    `CREATE TABLE rows (k TEXT PRIMARY KEY); INSERT INTO rows VALUES ('a'), ('z' || char(65533)), (CAST(x'7aff' AS TEXT))`,
  );
  const work = { backfill: { source: 'rows', key: 'k' } } as unknown as BackfillWork;

  expect(oneRow(db, work, 'a')).toEqual({ after: null, upTo: 'a' });
  expect(oneRow(db, work, 'z\u{fffd}')).toBeNull();
  db.close();
});

it('a run that lost what its table no longer asks for stops the upgrade before anything is removed, by its name', async () => {
  const file = sample(redefine('runs', 'status TEXT NOT NULL', 'status TEXT'));
  changeByHand(file, `UPDATE runs SET status = NULL WHERE rowid = 1`);
  const [run] = ask<{ id: string }>(file, 'SELECT id FROM runs WHERE rowid = 1');

  const { error } = await upgrade(file);

  expect(error?.message).toContain(`1 rows of runs whose status is missing (${run?.id})`);
  expect(askOne(file, `SELECT count(*) FROM pragma_table_info('runs') WHERE name = 'mode'`)).toBe(1);
});
