import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { expectPhase1 } from '../support/oracle/phase1.ts';
import { readSchema } from '@engine/schema.ts';
import { recognise } from '../../migrations/kroma/recognise.ts';
import { readTables, rowsOf } from '../support/oracle/rows.ts';
import { fixtures } from '../support/kroma/fixtures.ts';
import { buildScaled } from '../support/kroma/scaled.ts';

describe('the fixtures', () => {
  for (const fixture of fixtures) {
    it(`${fixture.name}: is a sound database, the same each time, recognised by the pack, and the oracle has an answer for every row`, () => {
      const [first, second] = [new Database(':memory:'), new Database(':memory:')];
      for (const db of [first, second]) fixture.build(db);
      expect(first.pragma('integrity_check', { simple: true })).toBe('ok');
      expect(first.serialize().equals(second.serialize())).toBe(true);
      expect(recognise(first, readSchema(first))).toMatchObject({ kind: 'recognised', variantId: fixture.variantId });
      const source = readTables(first);
      const expected = expectPhase1(source);
      const placed = rowsOf(expected.tables, 'run_candidates').length;
      const notPlaced = expected.issues.filter(
        ({ table, isPlaced }) => table === 'run_job_candidates' && !isPlaced,
      ).length;
      expect(placed + notPlaced).toBeGreaterThanOrEqual(rowsOf(source, 'run_job_candidates').length);
    });
  }

  it('a scaled one has the candidates asked for', () => {
    const db = new Database(':memory:');
    buildScaled(db, { candidates: 10_000 });
    expect(db.prepare('SELECT count(*) FROM run_job_candidates').pluck().get()).toBe(10_000);
    expect(db.prepare('SELECT count(*) FROM run_jobs').pluck().get()).toBe(2_500);
    expect(db.pragma('foreign_key_check')).toEqual([]);
  });
});
