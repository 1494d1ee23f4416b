import Database, { SqliteError } from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { createControl } from '@engine/control.ts';
import {
  addColumn,
  expectNone,
  inRange,
  rangeValues,
  type Backfill,
  type IdentifiedMigration,
  type Migration,
  type Pack,
  type Proof,
} from '@engine/migration.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import type { RunPoint } from '@engine/session.ts';
import { cleanupMigrations, cleanupShop, cutOver } from '../../support/engine/cleanup-shop.ts';
import { packWith } from '../../support/engine/pack-with.ts';
import { ask, askOne, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { addPerson, shopMigrations, shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** A step that was begun before: what of the earlier attempt counts, and what is asked and done anew. */

const folder = temporaryFolder();
const chunked = { more: { tuning: manyChunks } };
const change = (file: string, sql: string) => new Database(file).exec(sql).close();

/** Stops after the first chunk of one backfill. */
async function stopIn(file: string, backfill: string): Promise<void> {
  const control = createControl();
  const probe = (point: RunPoint, id: string) =>
    void (point === 'chunk-committed' && id === backfill && control.request('cancel'));
  const stopped = await upgradeShop(file, { control, more: { tuning: manyChunks, probe } });
  expect(stopped.error?.code).toBe('E_CANCELLED');
}

/** A pack, one migration of which has another source by now. */
function edited(id: string, pack = shopPack()): Pack {
  const change = (each: IdentifiedMigration) => (each.id === id ? { ...each, checksum: 'edited' } : each);
  return { ...pack, migrations: pack.migrations.map(change) };
}
const noted = (file: string, column: 'facts_json' | 'added_json', source: string): unknown =>
  JSON.parse(askOne(file, `SELECT ${column} FROM _phasewise_backfills WHERE source = '${source}'`));

describe('a step begun anew', () => {
  it('keeps what the first attempt decided: its own table now looks like one that was there before', async () => {
    const file = makeShop(folder);
    await stopIn(file, '0001_person/persons');

    const report = await upgradeShop(file, { ...chunked, pack: edited('0001_person') });

    expect(report.error).toBeUndefined();
    expect(noted(file, 'facts_json', 'member')).toEqual({ mode: 'fill' });
  });

  it('keeps what the first attempt added: its values are no original data', async () => {
    const file = makeShop(folder);
    await stopIn(file, '0002_note_length/lengths');

    const report = await upgradeShop(file, { ...chunked, pack: edited('0002_note_length') });

    expect(report.error).toBeUndefined();
    expect(noted(file, 'added_json', 'note')).toEqual({ tables: [], columns: { note: ['length', 'touched'] } });
  });

  it('adds to that what it had to add once more', async () => {
    const file = makeShop(folder);
    await stopIn(file, '0002_note_length/lengths');
    change(file, `ALTER TABLE note DROP COLUMN touched`);

    expect((await upgradeShop(file, chunked)).error).toBeUndefined();

    expect(noted(file, 'added_json', 'note')).toEqual({ tables: [], columns: { note: ['length', 'touched'] } });
  });

  it('because its record was removed works on every row, though its backfill was through', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    change(
      file,
      `DELETE FROM _phasewise_migrations WHERE id = '0002_note_length'; UPDATE note SET length = 0 WHERE id = 3`,
    );

    const report = await upgradeShop(file);

    expect(report.error).toBeUndefined();
    expect(report.migrations.map(({ id }) => id)).toEqual(['0002_note_length']);
    expect(askOne(file, `SELECT length FROM note WHERE id = 3`)).toBe('note 3'.length);
  });

  it('after a full disk still knows what it adds', async () => {
    let calls = 0;
    const mark: Partial<Migration> = {
      effect: { grows: [], changes: { setting: ['mark'] } },
      up: (db) => void addColumn(db, 'setting', 'mark', 'INTEGER'),
      backfills: [
        {
          ...{ name: 'marks', title: 'marking', source: 'setting', key: 'name' },
          chunk(db, range) {
            if ((calls += 1) === 1) throw new SqliteError('database or disk is full', 'SQLITE_FULL');
            const sql = `UPDATE setting SET mark = 1 WHERE ${inRange(range, 'name')}`;
            return { moved: db.prepare(sql).run(rangeValues(range)).changes, alreadyRight: 0, issueRows: 0 };
          },
        },
      ],
    };
    const file = makeShop(folder);

    const report = await resumed(file, { pack: packWith(mark) });

    expect([report.error, calls]).toEqual([undefined, 2]);
    expect(noted(file, 'added_json', 'setting')).toEqual({ tables: [], columns: { setting: ['mark'] } });
  });
});

it.each(['continued', 'begun anew'])(
  'of a step that takes rows away and is %s, the issue rows stay that alone hold one: also of rows without a key',
  async (how) => {
    const loose: Backfill = {
      ...{ name: 'loose', title: 'taking nameless rows out', source: 'loose', key: 'id' },
      chunk(db, range) {
        db.exec('DELETE FROM loose WHERE id IS NULL');
        const rows = `SELECT count(*) FROM loose WHERE ${inRange(range, 'id')}`;
        const moved = db.prepare<unknown[], number>(rows).pluck().get(rangeValues(range)) ?? 0;
        return { moved, alreadyRight: 0, issueRows: 0 };
      },
    };
    const effect = { ...cutOver.effect, setsAside: ['note', 'loose'] };
    const step = { ...cutOver, effect, backfills: [loose, ...(cutOver.backfills ?? [])] };
    const pack = cleanupShop({ ...cleanupMigrations, '0003_cut_over': step });
    const input = { toPhase: 2, isRemovalConfirmed: true };
    const file = makeShop(folder, {
      extra: `CREATE TABLE loose (id TEXT PRIMARY KEY, v); INSERT INTO loose VALUES (NULL, 'precious'), ('a', 'b');`,
    });
    const control = createControl();
    const probe = (point: RunPoint, id: string) =>
      void (point === 'chunk-committed' && id === '0003_cut_over/loose' && control.request('cancel'));
    const stopped = await upgradeShop(file, { pack, input, control, more: { tuning: manyChunks, probe } });
    expect(askOne(file, `SELECT count(*) FROM loose`)).toBe(1);

    const again = how === 'continued' ? pack : edited('0003_cut_over', pack);
    const report = await upgradeShop(file, { pack: again, input });

    expect([stopped.error?.code, report.error]).toEqual(['E_CANCELLED', undefined]);
    expect(ask(file, `SELECT row_json AS row FROM _phasewise_quarantine WHERE source_table = 'loose'`)).toEqual([
      { row: '{"id":null,"v":"precious"}' },
    ]);
  },
);

describe('a repair', () => {
  it('that was stopped begins at the first row again: those before its cursor may be broken anew', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    change(file, `DELETE FROM person WHERE id = 'm000001'`);
    await stopIn(file, '0001_person/persons');
    change(file, `DELETE FROM person WHERE id = 'm000002'`);

    const report = await upgradeShop(file);

    expect(report.error).toBeUndefined();
    expect(askOne(file, `SELECT count(*) FROM person`)).toBe(27);
  });

  it('is done once, also where a later step of the same phase waits for room', async () => {
    let attempts = 0;
    const full: Partial<Migration> = {
      up: () => {
        if ((attempts += 1) === 2) throw new SqliteError('database or disk is full', 'SQLITE_FULL');
      },
      verify: () => (attempts === 1 ? [{ what: 'not yet', count: 1, sampleKeys: [], sql: '' }] : []),
    };
    const pack = packWith(full);
    const file = makeShop(folder);
    expect((await upgradeShop(file, { pack })).error?.code).toBe('E_VERIFY_FAILED'); // the two steps before are in
    change(file, `UPDATE note SET length = 0 WHERE id = 3`);

    const report = await resumed(file, { pack });

    expect(report.error).toBeUndefined();
    expect(attempts).toBe(3);
    expect(ask(file, `SELECT DISTINCT touched FROM note`)).toEqual([{ touched: 2 }]);
  });

  it('asks of edited rows only that they have their place; a step that is applied first asks everything', async () => {
    const asked: (boolean | undefined)[] = [];
    const asking: Migration = {
      ...addPerson,
      verify(db, proof?: Proof) {
        if (db.inTransaction) asked.push(proof?.mayBeEdited);
        return expectNone(
          db,
          'members without their person',
          `SELECT id FROM member WHERE name IS NOT NULL AND id NOT IN (SELECT id FROM person)`,
        );
      },
    };
    const pack = shopPack({ ...shopMigrations, '0001_person': asking });
    const file = makeShop(folder);
    await upgradeShop(file, { pack });
    change(
      file,
      `UPDATE person SET full_name = 'edited' WHERE id = 'm000002'; DELETE FROM person WHERE id = 'm000001'`,
    );

    const report = await upgradeShop(file, { pack });

    expect(report.error).toBeUndefined();
    expect(asked).toEqual([false, true]);
  });
});

it('a step that is applied first may not add to the tables of another, as a repair may', async () => {
  const file = makeShop(folder);
  const add = `INSERT INTO person VALUES ('x', 'nobody', NULL)`;

  const report = await upgradeShop(file, { pack: packWith({ up: (db) => void db.exec(add) }) });

  expect(report.error).toMatchObject({ code: 'E_INVARIANT' });
  expect(report.error?.message).toContain('table person gained 1 rows that were not planned');
});

/** Upgrades, and says that there is room whenever it waits. */
function resumed(file: string, run: Parameters<typeof upgradeShop>[1]) {
  const control = createControl();
  const emit = (event: EngineRunEvent): void => {
    if (event.type === 'state' && event.state === 'paused') setTimeout(() => control.request('resume'), 5);
  };
  return upgradeShop(file, { ...run, control, more: { emit } });
}
