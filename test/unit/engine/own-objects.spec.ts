import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Migration, Pack } from '@engine/migration.ts';
import { strangersAmongOurs } from '@engine/own-objects.ts';
import { assertPlan, makePlan } from '@engine/plan.ts';
import { retryIssues } from '@engine/retry.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { ask, backupFolderOf, inputFor, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopMigrations, shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const claims = 'CREATE TABLE _phasewise_claims (claim INTEGER PRIMARY KEY, path TEXT)';

/** The shop whose first step keeps a working table. */
const base = shopPack();
const pack: Pack = {
  ...base,
  ownObjects: {
    '0001_person': { ...base.ownObjects?.['0001_person'], tables: { _phasewise_claims: claims } },
  },
};
const change = (file: string, sql: string): void => void new Database(file).exec(sql).close();
const strangers = (file: string): string[] => {
  const db = new Database(file);
  try {
    return strangersAmongOurs(db, pack);
  } finally {
    db.close();
  }
};
const refusing = {
  assertPlan: (lock: { db: Database.Database }, of: Pack, target: number, input: never) =>
    assertPlan(lock.db, of, target, input),
};

describe('what bears a name of ours and is not ours', () => {
  it.each([
    [
      'a table',
      `CREATE TABLE _phasewise_notes (a); INSERT INTO _phasewise_notes VALUES ('precious')`,
      'table _phasewise_notes',
    ],
    ['one like a working table, in a file in which no step was begun', claims, 'table _phasewise_claims'],
    ['one in other letters', 'CREATE TABLE _PHASEWISE_Claims (a)', 'table _PHASEWISE_Claims'],
    ['a virtual one', 'CREATE VIRTUAL TABLE _phasewise_text USING fts5 (a)', 'table _phasewise_text'],
    ['an index', 'CREATE INDEX _phasewise_i ON member (city)', 'index _phasewise_i'],
    ['a view', 'CREATE VIEW _phasewise_v AS SELECT 1 AS one', 'view _phasewise_v'],
    ['a trigger', 'CREATE TRIGGER _phasewise_x AFTER INSERT ON setting BEGIN SELECT 1; END', 'trigger _phasewise_x'],
    [
      'a trigger named like one of ours',
      'CREATE TRIGGER _phasewise_person_insert AFTER INSERT ON member BEGIN DELETE FROM setting; END',
      'trigger _phasewise_person_insert',
    ],
  ])('%s stops it before anything starts, by name', async (_, sql, named) => {
    const file = makeShop(folder, { extra: `${sql};` });
    const before = ask(file, 'SELECT * FROM sqlite_schema');

    const { preflight } = await makePlan({ path: file, toPhase: 1, backupFolder: backupFolderOf(file) }, [pack]);
    const code = await codeOfPromise(upgradeShop(file, { pack, more: refusing as never }));

    expect(preflight.find(({ id }) => id === 'own-names')).toMatchObject({
      state: 'blocking',
      detail: `Names that begin with _phasewise_ are for what Phasewise makes, and it did not make: ${named}.`,
      error: { code: 'E_NAME_COLLISION', nextStep: expect.stringMatching(/^Rename/) as unknown },
    });
    expect(code).toBe('E_NAME_COLLISION');
    expect(ask(file, 'SELECT * FROM sqlite_schema')).toEqual(before);
  });

  it.each([
    ['a working table of another shape', 'CREATE TABLE _phasewise_claims (a)', ['table _phasewise_claims']],
    [
      'a trigger of ours on another table',
      'DROP TRIGGER _phasewise_person_insert; CREATE TRIGGER _phasewise_person_insert AFTER INSERT ON setting BEGIN SELECT 1; END',
      ['trigger _phasewise_person_insert'],
    ],
    [
      'a trigger on one of our tables',
      `${claims}; CREATE TRIGGER mine AFTER INSERT ON _phasewise_claims BEGIN SELECT 1; END`,
      ['trigger mine'],
    ],
    ['an index on one of our tables', 'CREATE INDEX mine ON _phasewise_runs (state)', ['index mine']],
    ['nothing but ours', claims, []],
  ])('is told apart from ours once a step was begun: %s', async (_, sql, found) => {
    const file = makeShop(folder);
    await upgradeShop(file, { pack });

    change(file, sql);

    expect(strangers(file)).toEqual(found);
  });

  it('may be a column: a step that drops it is taken back', async () => {
    const file = makeShop(folder, { extra: 'ALTER TABLE setting ADD COLUMN _phasewise_mark;' });
    const step = shopMigrations['0001_person'];
    const up: Migration['up'] = (db, context) => {
      db.exec('ALTER TABLE setting DROP COLUMN _phasewise_mark');
      return step.up(db, context);
    };

    const report = await upgradeShop(file, { pack: shopPack({ ...shopMigrations, '0001_person': { ...step, up } }) });

    expect(report.error).toMatchObject({ code: 'E_INVARIANT' });
    expect(report.error?.message).toContain('column setting._phasewise_mark was changed or removed');
  });

  it('stops the trying of issue rows, which may make working tables anew', async () => {
    const file = makeShop(folder);
    await upgradeShop(file, { pack });
    change(file, 'CREATE TABLE _phasewise_claims (a)');
    const { path, backupFolder, lockFolder, appVersion, runId } = inputFor(file);

    const code = await codeOfPromise(
      retryIssues({ path, backupFolder, lockFolder, appVersion, runId }, [pack], () => {}),
    );

    expect(code).toBe('E_NAME_COLLISION');
  });
});
