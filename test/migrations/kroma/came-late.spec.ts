import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { assertNothingLate, cameLate } from '../../../migrations/kroma/cleanup/came-late.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import { applyMigration, legacyDatabase } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { household, run } from './rows.ts';
import { upgradeTo } from './upgraded.ts';

/** What is asked before old names are removed: did a program write them after the direction was turned? */
const turnedOver = madeOnceOf(temporaryFolder(), (file, keyless: number) => {
  const rows = Array.from({ length: keyless }, (_, at) =>
    run('r', { id: null, model: `m${at}`, run_log_path: `${at}.json` }),
  );
  const db = legacyDatabase(file, { ...household, runs: [run('r'), ...rows] });
  upgradeTo(db, 4);
  // Both names say something, and not the same.
  unseen(db, `UPDATE runs SET model_name = 'newer'`);
  applyMigration(db, '20260221_0025');
  return db;
});
const found = (db: Db) => cameLate(db).map(({ count, what }) => `${count} ${what.split(' that')[0]}`);

describe('of rows without an id', () => {
  it('finds nothing where all were noted', () => {
    expect(found(turnedOver(3))).toEqual([]);
  });

  it('finds each that says what none was noted for', () => {
    const db = turnedOver(3);
    unseen(db, `UPDATE runs SET model = 'LATE' WHERE rowid IN (SELECT rowid FROM runs WHERE id IS NULL LIMIT 2)`);

    expect(found(db)).toEqual(['2 rows of runs']);
  });

  it('finds one more than were noted, even if it says the same', () => {
    const db = turnedOver(3);
    const columns = db.prepare<[], string>(`SELECT name FROM pragma_table_info('runs')`).pluck().all().join(', ');
    unseen(
      db,
      `INSERT INTO runs (${columns}) SELECT ${columns.replace('run_log_path', `'late.json'`)} FROM runs WHERE id IS NULL LIMIT 1`,
    );

    expect(found(db)).toEqual(['1 rows of runs']);
  });

  it('takes no longer for each of many', () => {
    const db = turnedOver(4_000);
    const startedAt = performance.now();

    expect(found(db)).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(2_000); // a tenth of it; asked one by one, more than ten seconds
  });
});

it('lets nothing be removed by another run while there is any', () => {
  const db = turnedOver(0);
  expect(() => assertNothingLate(db, 'another run')).not.toThrow();
  unseen(db, `UPDATE runs SET model = 'LATE'`);

  expect(() => assertNothingLate(db, 'another run')).toThrow(
    /^1 rows of runs .*: r\. Nothing was removed; start again/,
  );
});
