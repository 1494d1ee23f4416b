import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Plan } from '@shared/run.ts';
import type { Migration } from '@engine/migration.ts';
import { assertPlan, makePlan } from '@engine/plan.ts';
import { readSchema } from '@engine/schema.ts';
import { interferingTriggers } from '@engine/user-triggers.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { cleanupMigrations, cleanupShop, removeOld } from '../../support/engine/cleanup-shop.ts';
import { backupFolderOf, inputFor, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const plan = async (file: string, { toPhase = 2, pack = cleanupShop() } = {}) => {
  const made = await makePlan({ path: file, toPhase, backupFolder: backupFolderOf(file) }, [pack]);
  return { made, objects: made.preflight.find(({ id }) => id === 'objects') };
};
const change = (file: string, sql: string) => new Database(file).exec(sql).close();

describe('what others added to the file', () => {
  it('is no obstacle where it outlives the upgrade', async () => {
    const file = makeShop(folder, {
      extra: `ALTER TABLE note ADD COLUMN colour TEXT; CREATE INDEX by_member ON note (member_id, colour);
        CREATE INDEX by_body ON note (body);
        CREATE TABLE mine (a, b); CREATE VIEW fine AS SELECT id, colour FROM note; CREATE VIEW broken AS SELECT * FROM nowhere;
        CREATE VIRTUAL TABLE search USING fts5 (body); CREATE VIEW found AS SELECT rowid FROM search WHERE search MATCH 'x';
        CREATE TRIGGER keep AFTER INSERT ON mine BEGIN INSERT INTO search (body) VALUES (NEW.a); END;
        CREATE TRIGGER wrong AFTER DELETE ON mine BEGIN DELETE FROM nowhere; END; ANALYZE;`,
    });

    const { made, objects } = await plan(file);

    expect(objects).toMatchObject({ state: 'ok', error: null });
    expect(made).toMatchObject({ removesAnything: true, gating: [] });
    expect(made.preflight.find(({ id }) => id === 'issues')?.state).toBe('ok');
    const report = await upgradeShop(file, { pack: cleanupShop(), input: { toPhase: 2, isRemovalConfirmed: true } });
    expect(report.error).toBeUndefined();
  });

  it.each([
    [
      'an extra column of a removed table',
      `ALTER TABLE member ADD COLUMN nick TEXT`,
      'column member.nick: it would be removed',
    ],
    [
      'an index on a removed table',
      `CREATE INDEX by_city ON member (city)`,
      'index by_city: it is on member, which is removed',
    ],
    [
      'an index that names a removed column',
      `CREATE INDEX by_text ON note (member_id, body)`,
      'index by_text: it names note.body, which is removed',
    ],
    [
      'a view of a removed table',
      `CREATE VIEW towns AS SELECT city FROM member`,
      'view towns: it would not work any more (no such table: main.member)',
    ],
    [
      'a view of a removed column',
      `CREATE VIEW texts AS SELECT body FROM note`,
      'view texts: it would not work any more (no such column: body)',
    ],
    [
      'a view of a view',
      `CREATE VIEW a AS SELECT id FROM note WHERE body > ''; CREATE VIEW b AS SELECT * FROM a`,
      'view b: it would not work any more',
    ],
    [
      'a trigger that writes to a removed table',
      `CREATE TABLE mine (a); CREATE TRIGGER copy AFTER UPDATE OF a ON mine BEGIN INSERT INTO member (id) VALUES (NEW.a); END`,
      'trigger copy: it would not work any more (no such table: main.member)',
    ],
    [
      'a trigger on a view',
      `CREATE VIEW v AS SELECT 1 AS one; CREATE TRIGGER inst INSTEAD OF DELETE ON v BEGIN UPDATE note SET body = ''; END`,
      'trigger inst: it would not work any more',
    ],
    [
      'a table that refers to a removed one',
      `CREATE TABLE mine (m TEXT REFERENCES member (id))`,
      'table mine: it refers to member, which is removed',
    ],
    [
      'a table that refers to a removed column',
      `CREATE TABLE mine (m TEXT REFERENCES note (body))`,
      'table mine: it refers to note.body, which is removed',
    ],
    [
      'an extra column whose rules a step forgets',
      `ALTER TABLE note ADD COLUMN colour TEXT DEFAULT 'red'`,
      'column note.colour: it would be changed',
    ],
  ])('%s stops it before anything starts', async (_, sql, problem) => {
    const file = makeShop(folder, { extra: `${sql};` });

    const { objects } = await plan(file);

    expect(objects).toMatchObject({ state: 'blocking', error: { code: 'E_PREFLIGHT_UNKNOWN_OBJECT' } });
    expect(objects?.detail).toContain(problem);
    expect((await plan(file, { toPhase: 1 })).objects?.state).toBe('ok');
    const db = new Database(file);
    expect(() => assertPlan(db, cleanupShop(), 2, inputFor(file, { toPhase: 2 }))).toThrow(
      'E_PREFLIGHT_UNKNOWN_OBJECT',
    );
    db.close();
  });

  it('what only another program can judge is refused where it names a table of the family', async () => {
    const file = makeShop(folder, {
      extra: `CREATE TABLE mine (a); CREATE VIEW theirs AS SELECT secret_of(a) FROM mine;
        CREATE VIEW ours AS SELECT secret_of(body) FROM note;
        CREATE VIRTUAL TABLE shape USING rtree (id, x0, x1); CREATE VIEW shapes AS SELECT shape.id FROM shape, note;`,
    });
    const db = new Database(file).unsafeMode();
    db.exec(`PRAGMA writable_schema = 1;
      UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE shape USING their_module (id)' WHERE name = 'shape'`);
    db.close();

    const { objects } = await plan(file);

    expect(objects?.detail).toContain(
      'view ours: it uses note, and whether it would still work cannot be told (no such function: secret_of)',
    );
    expect(objects?.detail).toContain('view shapes: it uses note');
    expect(objects?.detail).not.toContain('theirs');
    expect((await plan(file, { toPhase: 1 })).objects?.state).toBe('ok');
  });

  it('a step that cannot be done beside it is refused with its words', async () => {
    const step: Migration = {
      ...removeOld,
      up: () => {
        throw new Error('there is a stone in the way');
      },
    };
    const pack = cleanupShop({ ...cleanupMigrations, '0004_remove': step });

    const { objects } = await plan(makeShop(folder), { pack });

    expect(objects?.detail).toContain('step 0004_remove: it cannot be done in this file (there is a stone in the way)');
    expect(objects?.error?.nextStep).toBe(
      'Put right what is named with the program that made the file, or ask support; then try again.', // no step can be removed
    );
  });

  it('a column that SQLite computes, under a name that a step fills, is refused by its name', async () => {
    const file = makeShop(folder, { extra: 'ALTER TABLE note ADD COLUMN Length INTEGER AS (length(body)) VIRTUAL;' });

    const { objects } = await plan(file, { toPhase: 1 });

    expect(objects).toMatchObject({ state: 'blocking', error: { details: { objects: 'column note.length' } } });
    expect(objects?.detail).toContain('column note.length: its values are computed');
    expect(objects?.detail).not.toContain('outlive');
  });

  it('what a step forgets to make again is missed', async () => {
    const forgetting: Migration = {
      ...removeOld,
      up(db, context) {
        removeOld.up(db, context);
        db.exec(
          `DROP INDEX IF EXISTS by_member; DROP VIEW IF EXISTS fine; DROP TABLE IF EXISTS mine; ALTER TABLE note DROP COLUMN colour`,
        );
      },
    };
    const pack = cleanupShop({ ...cleanupMigrations, '0004_remove': forgetting });
    const file = makeShop(folder, {
      extra: `ALTER TABLE note ADD COLUMN colour TEXT; CREATE INDEX by_member ON note (member_id);
        CREATE TABLE mine (a, b); CREATE VIEW fine AS SELECT 1 AS one;`,
    });

    const { objects } = await plan(file, { pack });

    for (const lost of ['index by_member', 'view fine', 'table mine', 'column note.colour'])
      expect(objects?.detail).toContain(`${lost}: it would be removed`);
  });
});

it('a trigger of others on a table that rows are to leave would run with each of them', () => {
  const db = new Database(
    makeShop(folder, { extra: 'CREATE TRIGGER theirs AFTER DELETE ON note BEGIN DELETE FROM setting; END;' }),
  );
  const found = (setsAside: string[]) =>
    interferingTriggers(readSchema(db), cleanupShop(), [{ effect: { grows: [], changes: {}, setsAside } }]);

  expect([found(['note']), found([])]).toEqual([['theirs on note'], []]);
  db.close();
});

describe('what needs a part of another program, so that nobody could check the file', () => {
  const smuggled = (sql: string, name: string, definition: string): string => {
    const file = makeShop(folder, { extra: sql });
    const db = new Database(file).unsafeMode();
    db.pragma('writable_schema = 1');
    db.prepare('UPDATE sqlite_schema SET sql = ? WHERE name = ?').run(definition, name);
    db.close();
    return file;
  };
  it.each([
    [
      'a function in a CHECK',
      'CREATE TABLE w (a);',
      'w',
      'CREATE TABLE w (a CHECK (mine(a)))',
      'table w: no such function: mine',
    ],
    [
      'a function in an index',
      'CREATE INDEX i ON note (body);',
      'i',
      'CREATE INDEX i ON note (mine(body))',
      'index i: no such function: mine',
    ],
    [
      'a module',
      'CREATE VIRTUAL TABLE w USING rtree (id, a, b);',
      'w',
      'CREATE VIRTUAL TABLE w USING mine (id)',
      'table w: no such module: mine',
    ],
    [
      'what reaches out of the file',
      'CREATE TABLE w (a);',
      'w',
      'CREATE TABLE w (a CHECK (load_extension(a)))',
      'table w: unsafe use of load_extension()',
    ],
  ])('%s: the plan says what the run would, and names the object', async (_, sql, name, definition, problem) => {
    const file = smuggled(sql, name, definition);

    const { made } = await plan(file, { toPhase: 1 });
    const whole = made.preflight.find(({ id }) => id === 'integrity');

    expect(whole).toMatchObject({
      state: 'blocking',
      error: { code: 'E_HOSTILE_SCHEMA', details: { objects: expect.stringContaining(name) as string } },
    });
    expect(whole?.detail).toContain(problem);
    expect(await codeOfPromise(upgradeShop(file, { pack: cleanupShop(), input: { toPhase: 1 } }))).toBe(
      'E_HOSTILE_SCHEMA',
    );
  });
});

it('the plan names the rows that stand in the way', async () => {
  const file = makeShop(folder);
  await upgradeShop(file, { pack: cleanupShop() });
  change(file, `UPDATE _phasewise_quarantine SET reason = 'taken'`);

  const { made } = await plan(file);

  expect(made.gating).toEqual([{ reason: 'taken', title: 'The place is taken', count: 3 }]);
  expect(made.preflight.find(({ id }) => id === 'issues')).toMatchObject({
    state: 'blocking',
    detail: '3 rows claim places that other rows have already. The place is taken (taken): 3 rows.',
    error: { code: 'E_ISSUES_OPEN' },
  });
  expect((await plan(file, { toPhase: 1 })).made.gating).toEqual([]);
});

it('the plan reckons with a second backup, where the run makes one', async () => {
  const file = makeShop(folder, { members: 1_500 }); // of a tiny file, a page for each new table would be most
  const { made } = await plan(file);
  await upgradeShop(file, { pack: cleanupShop() });
  const later = (await plan(file)).made;
  const secondOf = ({ space }: Plan) => space.parts.find(({ label }) => label.startsWith('A second'))?.bytes;
  const another = makeShop(folder, { members: 1_500 });
  await upgradeShop(another, { pack: cleanupShop(), input: { toPhase: 2, isRemovalConfirmed: true } });
  const backups = readdirSync(backupFolderOf(another)).filter((name) => name.endsWith('.db'));
  const sizes = backups.map((name) => statSync(path.join(backupFolderOf(another), name)).size);

  expect(sizes).toHaveLength(2);
  expect(made.space.backupBytes).toBe(made.space.databaseBytes + (secondOf(made) ?? 0));
  expect(secondOf(made)).toBeGreaterThanOrEqual(Math.max(...sizes)); // of a file that has grown by then
  expect(secondOf(made)).toBeLessThan(3 * Math.max(...sizes));
  expect(secondOf(later)).toBeUndefined();
  expect(later.space.backupBytes).toBe(later.space.databaseBytes);
});
