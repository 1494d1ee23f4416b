import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { makePlan } from '@engine/plan.ts';
import { rehearse, foreseen } from '@engine/rehearsal.ts';
import { readSchema } from '@engine/schema.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { createLegacySchema, recordLegacyMarkers } from '../../../migrations/kroma/sample/schema.ts';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { endingOf, newPlace, upgradedWhole } from '../../support/engine/ends-well.ts';
import { ask, backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { type Fixture, fixtures, writeFixture } from '../../support/kroma/fixtures.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Rules that somebody gave to tables of the family, and what others will find changed though it is still there. */
const folder = temporaryFolder();
const planOf = async (file: string, toPhase: number, pack = kroma) => {
  const { preflight } = await makePlan({ path: file, toPhase, backupFolder: backupFolderOf(file) }, [pack]);
  const found = (wanted: string) => preflight.find(({ id }) => id === wanted);
  return { objects: found('objects'), changes: found('changes') };
};

/** A legacy file of which one definition is written otherwise. */
function legacyWith(table: string, written: string, otherwise: string, extra = ''): string {
  const original = new Database(':memory:');
  createLegacySchema(original);
  const objects = original
    .prepare<[], { name: string; sql: string }>('SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL')
    .all();
  original.close();
  const file = newPlace(folder, 'legacy.db');
  const db = new Database(file);
  for (const { name, sql } of objects) {
    if (name === table && !sql.includes(written)) throw new Error(`${table} has no ${written}`);
    db.exec(name === table ? sql.replace(written, otherwise) : sql);
  }
  recordLegacyMarkers(db, '2026-02-20T00:00:00Z');
  db.exec(extra);
  db.close();
  return file;
}

describe('a rule on a column of the family', () => {
  it.each([
    [
      'of a table that is removed',
      ['users', 'email TEXT', 'email TEXT UNIQUE'],
      'table users: its rule UNIQUE (email) would be removed',
    ],
    [
      'of a column that is removed',
      ['runs', 'model TEXT', 'model TEXT UNIQUE'],
      'table runs: its rule UNIQUE (model) would be removed',
    ],
    [
      'that refers from a column that is removed',
      ['runs', 'model TEXT', 'model TEXT REFERENCES projects(id)'],
      'column runs.model: its reference to projects would be removed',
    ],
    [
      'that refers elsewhere than the family does',
      ['run_jobs', 'run_id TEXT NOT NULL', 'run_id TEXT NOT NULL REFERENCES projects(id)'],
      'column run_jobs.run_id: its reference to projects would be removed',
    ],
  ] as const)('%s is refused by its name', async (_, [table, written, otherwise], problem) => {
    const { objects } = await planOf(legacyWith(table, written, otherwise), 5);

    expect(objects).toMatchObject({ state: 'blocking', error: { code: 'E_PREFLIGHT_UNKNOWN_OBJECT' } });
    expect(objects?.detail).toContain(problem);
  });

  it.each([
    [
      'chat_sessions',
      ['title TEXT NOT NULL', 'title TEXT UNIQUE ON CONFLICT IGNORE NOT NULL'],
      'UNIQUE ("title") ON CONFLICT IGNORE',
    ],
    [
      'assets',
      ['run_id TEXT', 'run_id TEXT REFERENCES runs(id) ON DELETE SET NULL DEFERRABLE'],
      'FOREIGN KEY ("run_id") REFERENCES runs(id) ON DELETE SET NULL DEFERRABLE',
    ],
  ] as const)('of %s is no obstacle: it stays, word for word', async (table, [written, otherwise], rule) => {
    const file = legacyWith(table, written, otherwise);
    const { objects, changes } = await planOf(file, 5);

    expect([objects?.state, changes]).toEqual(['ok', undefined]);
    expect(await endingOf(file, kroma, { toPhase: 5 })).toMatchObject(upgradedWhole);
    expect(ask<{ sql: string }>(file, `SELECT sql FROM sqlite_schema WHERE name = '${table}'`)[0]?.sql).toContain(rule);
  });

  it.each([
    [
      'that it is filled',
      ['chat_messages', 'voice_asset_id TEXT', `voice_asset_id TEXT NOT NULL`],
      'voice_asset_id: it may be empty then',
    ],
    ['its default', ['runs', 'stage TEXT', `stage TEXT DEFAULT 'x'`], `runs.stage: its default will be none, not 'x'`],
    [
      'what happens on deletion',
      ['runs', 'REFERENCES projects(id) ON DELETE CASCADE', 'REFERENCES projects(id) ON DELETE RESTRICT'],
      'runs.project_id: its reference to projects will say ON DELETE CASCADE, not RESTRICT',
    ],
  ] as const)(
    '%s: the plan says by name that the family has it otherwise',
    async (_, [table, written, otherwise], words) => {
      const { objects, changes } = await planOf(legacyWith(table, written, otherwise), 5);

      expect(objects?.state).toBe('ok');
      expect(changes).toMatchObject({ state: 'warning', error: null });
      expect(changes?.detail).toContain(`column ${table}.`);
      expect(changes?.detail).toContain(words);
    },
  );
});

describe('a view of all columns', () => {
  it('is named with the columns that it will no longer show, and so is a view of it', async () => {
    const extra = `CREATE VIEW every AS SELECT * FROM note; CREATE VIEW outer AS SELECT * FROM every;
      CREATE VIEW some AS SELECT id, "x y" AS t FROM note;`;
    const file = makeShop(folder, { extra: extra.replace(' outer ', ' "outer" ') });

    const { objects, changes } = await planOf(file, 2, cleanupShop());

    expect(objects?.state).toBe('ok');
    expect(changes).toMatchObject({ state: 'warning', error: null });
    expect(changes?.detail).toContain(
      'view every: it will no longer show body. view outer: it will no longer show body.',
    );
    expect(changes?.detail).not.toContain('some');
    expect((await planOf(file, 1, cleanupShop())).changes).toBeUndefined();
  });
});

/** A rehearsal sees no row of a family's table: of the fixtures with one and the same schema, the first does for all. */
const shapes = new Map<string, Fixture>();
for (const fixture of fixtures) {
  const db = new Database(':memory:');
  fixture.build(db);
  const sql = JSON.stringify(db.prepare(`SELECT type, name, sql FROM sqlite_schema ORDER BY rowid`).raw().all());
  if (!shapes.has(sql)) shapes.set(sql, fixture);
  db.close();
}

it.each([...shapes.values()].map((fixture) => [fixture.name, fixture] as const))(
  'rules of the family itself are neither lost nor changed for others: %s',
  (name, fixture) => {
    const file = path.join(folder, `${name.replaceAll(/\W/g, '-')}.db`);
    writeFixture(file, fixture);
    const db = new Database(file);
    const schema = readSchema(db);

    const losses = rehearse(db, schema, kroma, kroma.migrations);

    expect(losses.filter(({ why }) => /its (rule|reference)/.test(why))).toEqual([]);
    expect(foreseen(db, schema, kroma, kroma.migrations)).toEqual([]);
    db.close();
  },
);
