import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { type Row } from '../../support/kroma/insert.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import { applyMigration, rowsOf, valueOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { laterDatabase } from './baseline-file.ts';
import { run } from './rows.ts';
import { damage, upgradeTo } from './upgraded.ts';

/** Values that are easily taken for one another: each old one is in its new place, or noted, and the proof knows. */
const folder = temporaryFolder();
let files = 0;
const own = { project_id: 'p', created_at: '2026-02-14T09:31:07Z' };
const cost: Row = { ...own, id: 'k', amount_cents: 199, currency: 'EUR', event_type: 'tip', notes: '' };
const report: Row = { ...own, id: 'q', run_id: 'r', run_job_id: 'j', run_job_candidate_id: null, rating: 5, notes: '' };

const afterPhase4 = madeOnceOf(folder, (file, rows: Record<string, readonly Row[]>) => {
  const db = laterDatabase(file, 'first', rows);
  upgradeTo(db, 4);
  return db;
});
const cleanUp = (db: Db): void => {
  for (const step of ['0025', '0026', '0027', '0028']) applyMigration(db, `20260221_${step}`);
};
/** Takes the backup before the clean-up, which is attached afterwards. */
function cleanedUp(db: Db): Db {
  const backup = path.join(folder, `backup ${(files += 1)}.db`);
  db.exec(`VACUUM INTO '${backup}'`);
  cleanUp(db);
  db.exec(`ATTACH '${backup}' AS backup`);
  return db;
}
const lostIn = (db: Db): string[] =>
  (kroma.carriedOver?.(db, 'backup') ?? []).map(
    ({ what, count, sampleKeys }) => `${count} ${what}: ${sampleKeys.join()}`,
  );
const noted = (db: Db) =>
  rowsOf(db, `SELECT source_key, row_json FROM _phasewise_quarantine WHERE reason = 'old-value-differs'`).map(
    ([key, row]) => [key, JSON.parse(String(row))] as const,
  );

describe('an old amount', () => {
  const amounts = (change: string, isSeen = true): Db => {
    const db = afterPhase4({ cost_events: [cost] });
    if (isSeen) db.exec(`UPDATE cost_events SET ${change}`);
    else unseen(db, `UPDATE cost_events SET ${change}`);
    return db;
  };

  it.each<[string, string, unknown]>([
    ['a word', `amount_cents = 'n/a'`, 'n/a'],
    ['bytes', `amount_cents = x'deadbeef'`, { $blob: 'DEADBEEF' }],
    ['more than a REAL counts in cents', `amount_cents = 9007199254740993`, 9007199254740992],
  ])('that is %s is noted when its column goes', (_, change, value) => {
    const db = cleanedUp(amounts(change));

    expect(noted(db)).toMatchObject([['k', { amount_cents: value }]]);
    expect(lostIn(db)).toEqual([]);
  });

  it.each([
    ['a fraction of a cent', `amount_cents = 12.4, cost_usd = 0.12`],
    ['a cent', `amount_cents = 199, cost_usd = 2.0`],
    ['what a program cut off', `amount_cents = 199, cost_usd = 1.999`],
  ])('that differs from the new one by %s is noted', (_, change) => {
    const db = cleanedUp(amounts(change, false));

    expect(noted(db)).toHaveLength(1);
    expect(lostIn(db)).toEqual([]);
  });

  it.each([
    ['the cents of it', 'amount_cents = 12.4, cost_usd = 0.124'],
    ['its cents, rounded', 'amount_cents = 1, cost_usd = 0.0123'],
    ['its cents, with half a cent rounded up', 'amount_cents = 13, cost_usd = 0.125'],
    ['its cents, with half a cent rounded to even', 'amount_cents = 12, cost_usd = 0.125'],
    ['nothing', 'amount_cents = 0, cost_usd = 3'],
  ])('that says of the new one %s needs no note', (_, change) => {
    const db = cleanedUp(amounts(change, false));

    expect(noted(db)).toEqual([]);
    expect(lostIn(db)).toEqual([]);
  });

  it.each<[string, number]>([
    [`'n/a'`, 0],
    [`x'deadbeef'`, 0],
    ['12.4', 0.12],
    ['9007199254740993', 9007199254740992 / 100],
  ])('of %s is missed where nothing but a cost of %d holds it', (value, dollars) => {
    const db = cleanedUp(amounts(`amount_cents = ${value}, cost_usd = ${dollars}`, false));

    damage(db, `DELETE FROM _phasewise_quarantine WHERE source_table = 'cost_events'`);

    expect(lostIn(db)).toEqual(['1 rows of cost_events whose amount_cents is nowhere any more: k']);
  });

  it('of bytes is missed where an issue row holds other bytes', () => {
    const db = cleanedUp(amounts(`amount_cents = x'deadbeef'`));

    damage(db, `UPDATE _phasewise_quarantine SET row_json = replace(row_json, 'DEADBEEF', 'DEADBEE0')`);

    expect(lostIn(db)).toEqual(['1 rows of cost_events whose amount_cents is nowhere any more: k']);
  });
});

it('a rating that its summary has as text is noted as one that differs', () => {
  const db = afterPhase4({ quality_reports: [report] });
  unseen(db, `UPDATE quality_reports SET summary_json = json_set(summary_json, '$.rating', '5') WHERE id = 'q'`);

  cleanedUp(db);

  expect(noted(db)).toMatchObject([['q', { rating: 5 }]]);
  expect(lostIn(db)).toEqual([]);
});

describe('equal rows without an id', () => {
  const twins = { runs: [run('r1', { id: null }), run('r2', { id: null })] };
  const cleaned = (): Db => cleanedUp(afterPhase4(twins));

  it('are accounted for when each of them was noted', () => {
    expect(lostIn(cleaned())).toEqual([]);
  });

  it('are missed when there are fewer notes than rows', () => {
    const db = cleaned();
    const notes = `source_table = 'runs' AND source_key IS NULL`;
    expect(valueOf(db, `SELECT count(*) FROM _phasewise_quarantine WHERE ${notes}`)).toBeGreaterThan(1);

    damage(
      db,
      `DELETE FROM runs WHERE id IS NULL AND rowid = (SELECT max(rowid) FROM runs WHERE id IS NULL);
       DELETE FROM _phasewise_quarantine WHERE ${notes} AND id IN (SELECT max(id) FROM _phasewise_quarantine WHERE ${notes} GROUP BY backfill_id)`,
    );

    expect(lostIn(db)).toContain('1 rows of runs without an id whose model is nowhere any more: 2');
  });
});
