import { describe, expect, it } from 'vitest';
import { addColumn, inRange, rangeValues, type Backfill, type Db, type KeyRange } from '@engine/migration.ts';
import { packWith } from '../../support/engine/pack-with.ts';
import { ask, askOne, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Rows that a migration adds while it walks: which of its backfills meet them, and when. */

const folder = temporaryFolder();

/** Marks the rows of `table` as seen, each once. */
const see = (db: Db, table: string, key: string, range: KeyRange) => ({
  moved: db.prepare(`UPDATE ${table} SET seen = seen + 1 WHERE ${inRange(range, key)}`).run(rangeValues(range)).changes,
  ...{ alreadyRight: 0, issueRows: 0 },
});
const backfill = (name: string, source: string, key: string, act: (db: Db) => void): Backfill => ({
  ...{ name, title: name, source, key },
  chunk(db, range) {
    const counts = see(db, source, key, range);
    act(db);
    return counts;
  },
});
const withSeen = (...backfills: Backfill[]) =>
  packWith({
    effect: { grows: ['setting'], changes: { setting: ['seen'], member: ['seen'] } },
    up(db) {
      addColumn(db, 'setting', 'seen', 'INTEGER NOT NULL DEFAULT 0');
      addColumn(db, 'member', 'seen', 'INTEGER NOT NULL DEFAULT 0');
    },
    backfills,
  });
const addUpTo = (most: number) => (db: Db) =>
  void db.exec(`INSERT INTO setting (name) SELECT 'z' || count(*) FROM setting HAVING count(*) < ${most}`);

describe.each([
  ['in one transaction', {}],
  ['in many chunks', manyChunks],
])('%s', (_, tuning) => {
  it('the next backfill, which may build on it, begins when a backfill has met those that it added itself', async () => {
    const unseen: number[] = [];
    const look = (db: Db) =>
      void unseen.push(...db.prepare<[], number>('SELECT count(*) FROM setting WHERE seen = 0').pluck().all());
    const file = makeShop(folder, { members: 10 });

    const report = await upgradeShop(file, {
      pack: withSeen(backfill('first', 'setting', 'name', addUpTo(4)), backfill('second', 'member', 'id', look)),
      more: { tuning },
    });

    expect(report.error).toBeUndefined();
    expect(new Set(unseen)).toEqual(new Set([0]));
  });

  it('a backfill walks once more over what a later one has added', async () => {
    const file = makeShop(folder, { members: 10 });

    const report = await upgradeShop(file, {
      pack: withSeen(
        backfill('first', 'setting', 'name', () => {}),
        backfill('second', 'member', 'id', addUpTo(3)),
      ),
      more: { tuning },
    });

    expect(report.error).toBeUndefined();
    expect(askOne(file, `SELECT count(*) FROM setting`)).toBeGreaterThan(1);
    expect(ask(file, `SELECT DISTINCT seen FROM setting`)).toEqual([{ seen: 1 }]);
  });

  it('one that adds to its own source for ever is ended', async () => {
    let calls = 0;
    const forEver = (db: Db) => {
      if ((calls += 1) > 500) throw new Error('nobody has ended it');
      db.exec(`INSERT INTO setting (name) SELECT 'z' || printf('%06d', count(*)) FROM setting`);
    };
    const file = makeShop(folder, { members: 2 });

    const report = await upgradeShop(file, {
      pack: withSeen(backfill('first', 'setting', 'name', forEver)),
      more: { tuning },
    });

    expect(report.error).toMatchObject({ code: 'E_INVARIANT', details: { backfill: '0003_extra/first' } });
    expect(report.error?.message).toContain('new rows kept appearing in setting');
  });
});
