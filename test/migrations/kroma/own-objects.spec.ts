import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { isBookkeepingTable } from '@engine/bookkeeping-tables.ts';
import { strangersAmongOurs } from '@engine/own-objects.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { fixtures } from '../../support/kroma/fixtures.ts';
import { applyMigration, NOW } from '../../support/run-migration.ts';

interface Made {
  readonly kind: string;
  readonly name: string;
  readonly on: string;
}
const asText = ({ kind, name, on }: Made): string => `${kind} ${name} on ${on}`;

const madeIn = (db: Database.Database): string[] =>
  db
    .prepare<[], Made>(
      `SELECT type AS kind, name, tbl_name AS "on" FROM sqlite_schema WHERE sql IS NOT NULL AND name LIKE '!_phasewise!_%' ESCAPE '!'`,
    )
    .all()
    .filter(({ name }) => !isBookkeepingTable(name))
    .map(asText);

const listed = Object.values(kroma.ownObjects ?? {}).flatMap(({ tables = {}, indexes = {}, triggers = {} }) => {
  const on = (kind: string, of: Readonly<Record<string, readonly string[]>>) =>
    Object.entries(of).flatMap(([table, names]) => names.map((name) => asText({ kind, name, on: table })));
  const working = Object.keys(tables).map((name) => asText({ kind: 'table', name, on: name }));
  return [...working, ...on('index', indexes), ...on('trigger', triggers)];
});

/** As the engine records it: by then the steps before are in the file. */
const record = (db: Database.Database, id: string): void =>
  void db.prepare(`INSERT OR IGNORE INTO _phasewise_migrations VALUES (?, 0, '', 'run-1', 0, ?, 0, '')`).run(id, NOW);

describe('the names that the pack says its migrations make', () => {
  const seen = new Set<string>();
  const shapes = fixtures.filter(({ name }) => /^(legacy with every|baseline with|dual, both halves dis)/.test(name));

  const sharing = {
    name: 'a file in which two assets have one address',
    build: (db: Database.Database): void => {
      shapes[0]?.build(db);
      db.exec(`ALTER TABLE assets ADD COLUMN storage_uri TEXT; UPDATE assets SET storage_uri = 'the same'`);
    },
  };

  it.each([...shapes, sharing])('are all that are made of $name, whenever it is stopped', ({ build }) => {
    const db = new Database(':memory:');
    build(db);
    for (const { id } of kroma.migrations) {
      for (const stopAfterChunks of [0, Infinity]) {
        applyMigration(db, id, { stopAfterChunks });
        if (!db.prepare(`SELECT 1 FROM _phasewise_backfills WHERE migration_id = ?`).get(id)) record(db, id);
        for (const name of madeIn(db)) seen.add(name);
        expect({ id, strangers: strangersAmongOurs(db, kroma) }).toEqual({ id, strangers: [] });
      }
    }
    db.close();
  });

  it('are all made by something', () => {
    expect([...seen].toSorted()).toEqual(listed.toSorted());
  });

  afterAll(() => seen.clear());
});
