import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { finishBackfill, workOf } from '@engine/backfill.ts';
import { ensureBookkeeping } from '@engine/bookkeeping.ts';
import { createControl } from '@engine/control.ts';
import { addColumn, inRange, rangeValues, type Backfill, type ChunkCount, type Db } from '@engine/migration.ts';
import type { RunPoint } from '@engine/session.ts';
import { codeOf } from '../../support/code-of.ts';
import { packWith } from '../../support/engine/pack-with.ts';
import { ask, askOne, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** The account of a backfill: every row of its source, once, whatever becomes of the source. */

const folder = temporaryFolder();
const change = (file: string, sql: string): void => void new Database(file).exec(sql).close();
const rowsIn = (db: Db, table: string, key: string, range: Parameters<Backfill['chunk']>[1]): number =>
  db
    .prepare<unknown[], number>(`SELECT count(*) FROM ${table} WHERE ${inRange(range, key)}`)
    .pluck()
    .get(rangeValues(range)) ?? 0;
const walk = (source: string, key: string, chunk: (db: Db, rows: number) => ChunkCount): Backfill => ({
  ...{ name: 'walk', title: 'walking', source, key },
  chunk: (db, range) => chunk(db, rowsIn(db, source, key, range)),
});
const account = (file: string, id = '0003_extra/walk') =>
  ask(file, `SELECT state, expected, moved, already_right, issue_rows FROM _phasewise_backfills WHERE id = '${id}'`)[0];

describe('a chunk', () => {
  it.each<[string, (rows: number) => ChunkCount]>([
    ['less than no row', (rows) => ({ moved: rows + 1, alreadyRight: -1, issueRows: 0 })],
    ['half a row', (rows) => ({ moved: rows - 0.5, alreadyRight: 0.5, issueRows: 0 })],
    ['no number of rows', () => ({ moved: Number.NaN, alreadyRight: 0, issueRows: 0 })],
  ])('that says it placed %s is taken back', async (_, count) => {
    const file = makeShop(folder);

    const report = await upgradeShop(file, {
      pack: packWith({ backfills: [walk('note', 'id', (__, rows) => count(rows))] }),
    });

    expect(report.error?.code).toBe('E_ROWS_SKIPPED');
    expect(account(file)).toBeUndefined();
  });

  it('that ends the transaction it was given is told so, and its cursor does not move', async () => {
    const ending = walk(
      'note',
      'id',
      (db, rows) => (db.exec('COMMIT'), { moved: rows, alreadyRight: 0, issueRows: 0 }),
    );
    const file = makeShop(folder);

    const report = await upgradeShop(file, { pack: packWith({ backfills: [ending] }), more: { tuning: manyChunks } });

    expect(report.error?.message).toContain('the chunk ended the transaction it was given');
    expect(account(file)).toMatchObject({ state: 'running', moved: 0 });
  });
});

describe('a source table', () => {
  const marks = walk('setting', 'name', (_, rows) => ({ moved: rows, alreadyRight: 0, issueRows: 0 }));

  it('that this file never had has nothing to move', async () => {
    const nowhere = { ...marks, source: 'nowhere' };
    const file = makeShop(folder);

    const report = await upgradeShop(file, { pack: packWith({ backfills: [nowhere] }) });

    expect(report.error).toBeUndefined();
    expect(account(file)).toMatchObject({ state: 'done', expected: 0 });
  });

  it('that goes while its backfill is stopped has nothing left to move', async () => {
    const file = makeShop(folder, {
      extra: 'CREATE TABLE old (id INTEGER PRIMARY KEY); INSERT INTO old VALUES (1), (2);',
    });
    const pack = packWith({
      backfills: [walk('old', 'id', (_, rows) => ({ moved: rows, alreadyRight: 0, issueRows: 0 }))],
    });
    const control = createControl();
    const probe = (point: RunPoint, id: string) =>
      void (point === 'chunk-committed' && id === '0003_extra/walk' && control.request('cancel'));
    const tuning = { ...manyChunks, firstChunkRows: 1, maxChunkRows: 1 };
    expect((await upgradeShop(file, { pack, control, more: { tuning, probe } })).error?.code).toBe('E_CANCELLED');
    change(file, 'DROP TABLE old');

    const report = await upgradeShop(file, { pack });

    expect(report.error).toBeUndefined();
    expect(account(file)).toMatchObject({ state: 'done', expected: 0, moved: 0 });
  });

  it('that goes leaves its issue rows, which alone hold what had no place', async () => {
    let isTrue = true;
    const aside: Backfill = {
      ...marks,
      chunk: (_, __, { setAside }) => ({
        ...{ moved: 0, alreadyRight: 0 },
        issueRows: setAside({ reason: 'no-name', where: '1', isPlaced: false }),
      }),
    };
    const pack = packWith({
      backfills: [aside],
      verify: (db) => (isTrue || db.inTransaction ? [] : [{ what: 'not so', count: 1, sampleKeys: [], sql: '' }]),
    });
    const file = makeShop(folder);
    expect((await upgradeShop(file, { pack })).error).toBeUndefined();
    change(file, 'DROP TABLE setting');
    isTrue = false;

    const report = await upgradeShop(file, { pack });

    expect(report.migrations.map(({ id }) => id)).toEqual(['0003_extra']);
    expect(askOne(file, `SELECT row_json FROM _phasewise_quarantine WHERE source_table = 'setting'`)).toContain('EUR');
    expect(account(file)).toMatchObject({ state: 'done', expected: 1, issue_rows: 1 });
  });

  it('that was empty is walked once there is something in it', async () => {
    const filling = {
      ...walk('note', 'id', (db, rows) => (fill(db), { moved: rows, alreadyRight: 0, issueRows: 0 })),
      name: 'fill',
    };
    const fill = (db: Db) => void db.exec('INSERT OR IGNORE INTO late (id) VALUES (1), (2)');
    const seeing = walk('late', 'id', (db, rows) => {
      db.exec('UPDATE late SET seen = 1');
      return { moved: rows, alreadyRight: 0, issueRows: 0 };
    });
    const pack = packWith({
      effect: { grows: ['late'], changes: { late: ['seen'] } },
      up: (db) => void addColumn(db, 'late', 'seen', 'INTEGER NOT NULL DEFAULT 0'),
      backfills: [seeing, filling],
    });

    for (const tuning of [{}, manyChunks]) {
      const file = makeShop(folder, { extra: 'CREATE TABLE late (id INTEGER PRIMARY KEY);' });
      // oxlint-disable-next-line no-await-in-loop -- one file after the other
      const report = await upgradeShop(file, { pack, more: { tuning } });

      expect(report.error).toBeUndefined();
      expect(account(file)).toMatchObject({ expected: 2, moved: 2 });
      expect(askOne(file, 'SELECT min(seen) FROM late')).toBe(1);
    }
  });
});

it.each<[string, RunPoint]>([
  ['before its first chunk', 'step-begun'],
  ['after it', 'chunk-committed'],
])('rows without a key are counted once, also by a walk that was stopped %s', async (_, stop) => {
  const file = makeShop(folder);
  change(file, `INSERT INTO member (id, name, city) VALUES (NULL, NULL, 'x'), (NULL, NULL, 'y')`);
  const control = createControl();
  const probe = (point: RunPoint) => void (point === stop && control.request('cancel'));
  await upgradeShop(file, { control, more: { tuning: manyChunks, probe } });

  const report = await upgradeShop(file, { more: { tuning: manyChunks } });

  expect(report.error).toBeUndefined();
  expect(account(file, '0001_person/persons')).toMatchObject({ expected: 32, moved: 27, issue_rows: 5 });
});

it('an account that is gone cannot be closed', () => {
  const db = new Database(makeDatabase(folder, 'CREATE TABLE a (b)'));
  ensureBookkeeping(db);
  const [work] = workOf(shopPack().migrations[0] ?? (() => expect.unreachable())());

  expect(codeOf(() => work && finishBackfill(db, work, '2026-01-01T00:00:00Z'))).toBe('E_ROWS_SKIPPED');
  db.close();
});
