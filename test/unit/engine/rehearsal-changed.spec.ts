import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import type { ExitCriterion } from '@engine/migration.ts';
import { makePlan } from '@engine/plan.ts';
import { cleanupMigrations, cleanupShop, removeOld } from '../../support/engine/cleanup-shop.ts';
import { oddShop } from '../../support/engine/odd-shop.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What a step makes again as something else is missed before anything starts, as what it forgets is. */

const folder = temporaryFolder();

/** What the plan says of objects where the last step does this besides. */
async function objectsAfter(extra: string, sql: string): Promise<{ state?: string; detail: string }> {
  const step: typeof removeOld = { ...removeOld, up: (db, context) => (removeOld.up(db, context), void db.exec(sql)) };
  const pack = cleanupShop({ ...cleanupMigrations, '0004_remove': step });
  const file = makeShop(folder, { extra });
  const { preflight } = await makePlan({ path: file, toPhase: 2, backupFolder: backupFolderOf(file) }, [pack]);
  const found = preflight.find(({ id }) => id === 'objects');
  return { detail: found?.detail ?? '', ...(found ? { state: found.state } : {}) };
}
const coloured = (rules: string): string => `ALTER TABLE note ADD COLUMN colour ${rules};`;
const again = (rules: string): string => `ALTER TABLE note DROP COLUMN colour; ${coloured(rules)}`;

describe('a column of others', () => {
  it.each([
    ['of another type', coloured('TEXT'), again('INTEGER')],
    ['that may hold NULL now', coloured(`TEXT NOT NULL DEFAULT 'x'`), again(`TEXT DEFAULT 'x'`)],
    ['with another default', coloured(`TEXT DEFAULT 'x'`), again(`TEXT DEFAULT 'y'`)],
    ['that was computed', coloured('TEXT AS (id) VIRTUAL'), coloured('TEXT')],
  ])('%s', async (_, extra, sql) => {
    expect(await objectsAfter(extra, sql)).toEqual({
      state: 'blocking',
      detail: expect.stringContaining('column note.colour: it would be changed') as string,
    });
  });

  it('as it was is no loss', async () => {
    expect((await objectsAfter(coloured('TEXT'), again('TEXT'))).state).toBe('ok');
  });
});

const made = `CREATE TABLE mine (a, b); CREATE VIEW one AS SELECT a FROM mine;
  CREATE TRIGGER keep AFTER INSERT ON mine BEGIN SELECT 1; END;`;

it.each([
  ['table mine', 'ALTER TABLE mine ADD COLUMN c'],
  ['view one', 'DROP VIEW one; CREATE VIEW one AS SELECT b AS a FROM mine'],
  ['trigger keep', 'DROP TRIGGER keep; CREATE TRIGGER keep AFTER INSERT ON mine BEGIN SELECT 2; END'],
])('%s of others that is another afterwards', async (name, sql) => {
  expect((await objectsAfter(made, sql)).detail).toContain(`${name}: it would be changed`);
});

const objectsOf = async (file: string, toPhase: number, pack = cleanupShop()) => {
  const { preflight } = await makePlan({ path: file, toPhase, backupFolder: backupFolderOf(file) }, [pack]);
  return preflight.find(({ id }) => id === 'objects');
};

describe('what stands in the way of a step', () => {
  it('is a text in double quotes, where a table is made anew: SQLite renames none in such a file', async () => {
    const definitions = { old: `CREATE TABLE old (a CHECK (a <> "none"))` };
    const file = oddShop(folder, { sql: 'CREATE TABLE old (a)', definitions });

    expect(await objectsOf(file, 2)).toMatchObject({
      state: 'blocking',
      detail: expect.stringContaining('table old: it has a text in double quotes ("none")') as string,
    });
    expect((await objectsOf(file, 1))?.state).toBe('ok');
  });

  it('is a table of another shape under the name of one that a phase promises', async () => {
    const base = cleanupShop();
    const check: ExitCriterion['check'] = (_, schema) => ({
      met: schema.column('person', 'town') !== undefined,
      ...{ summary: 'person.town is missing.', evidence: [] },
    });
    const criterion: ExitCriterion = { id: 'town', title: 'Persons have a town', cost: 'schema', check };
    const phases = base.phases.map((phase) => (phase.number === 1 ? { ...phase, exitCriteria: [criterion] } : phase));
    const file = makeShop(folder, { extra: 'CREATE TABLE person (id TEXT PRIMARY KEY, full_name TEXT NOT NULL);' });

    expect(await objectsOf(file, 1, { ...base, phases })).toMatchObject({
      state: 'blocking',
      detail: expect.stringContaining('phase 1: person.town is missing') as string,
    });
  });

  it('is no rule that only another program can read: the table is there all the same', async () => {
    const definitions = {
      note: `CREATE TABLE note (id INTEGER PRIMARY KEY, member_id TEXT, body TEXT NOT NULL CHECK (theirs(body)))`,
    };

    expect((await objectsOf(oddShop(folder, { definitions }), 1))?.state).toBe('ok'); // what is in the way is told elsewhere
  });
});

it('a table that cannot be made here and names one of the family is not taken for one that still works', async () => {
  const definitions = { mine: 'CREATE TABLE mine (a CHECK (theirs(a)), n INTEGER REFERENCES note (id))' };
  const file = oddShop(folder, { sql: 'CREATE TABLE mine (a, n)', definitions });

  expect((await objectsOf(file, 2))?.detail).toContain('table mine: it uses note, and whether it would still work');
});

it('a view is not read by what has its rows from it: it may never come to its first one', async () => {
  const file = makeShop(folder, {
    extra: `CREATE VIEW long AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        SELECT i AS id, i AS body FROM n WHERE i < 0;
      CREATE VIRTUAL TABLE found USING fts5 (body, content=long, content_rowid=id);`,
  });
  const really = Database.prototype.prepare;
  const readFrom: unknown[] = [];
  vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Database.Database, sql: string) {
    const kind = `SELECT type FROM sqlite_schema WHERE name = 'long'`;
    if (/^SELECT \* FROM "found"$/.test(sql)) readFrom.push(really.call(this, kind).pluck().get());
    return really.call(this, sql);
  } as typeof really);

  const objects = await objectsOf(file, 2);

  vi.restoreAllMocks();
  expect(objects?.state).toBe('ok');
  expect(new Set(readFrom)).toEqual(new Set(['table'])); // an empty one in its place
});

it('of two triggers on a table, the one that does not work is named, and not the other', async () => {
  const triggers = `CREATE TABLE mine (a);
    CREATE TRIGGER sound AFTER INSERT ON mine BEGIN UPDATE mine SET a = 1; END;
    CREATE TRIGGER breaks AFTER INSERT ON mine BEGIN DELETE FROM member; END;`;

  const { detail } = await objectsAfter(triggers, '');

  expect(detail).toContain('trigger breaks: it would not work any more');
  expect(detail).not.toContain('trigger sound');
});
