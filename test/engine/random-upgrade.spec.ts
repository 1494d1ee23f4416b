import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { buildRandomLegacy } from '../support/kroma/random-legacy.ts';
import { randomShapes } from '../support/kroma/random-shapes.ts';
import { changedOldValues } from '../support/kroma/kept.ts';
import { readSource, readUpgraded, upgradeHere } from '../support/kroma/upgrade.ts';
import { compareIssues, compareWithExpected, describeDifferences } from '../support/oracle/compare.ts';
import { expectPhase4 } from '../support/oracle/phase1.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Databases nobody thought of. PHASEWISE_SOAK=50 tries fifty times as many; PHASEWISE_SEED=… begins with that seed. */
const soak = Number(process.env['PHASEWISE_SOAK'] ?? 1);
const firstSeed = Number(process.env['PHASEWISE_SEED'] ?? 1);
const folder = temporaryFolder();

describe('an upgrade of random rows', () => {
  for (const [shape, reshape] of Object.entries(randomShapes)) {
    it(`gives what the rules demand, whatever the rows are (${shape})`, { timeout: 120_000 * soak }, async () => {
      for (let seed = firstSeed; seed < firstSeed + 3 * soak; seed += 1) {
        const file = path.join(folder, `${shape}-${seed}.db`);
        const db = new Database(file);
        buildRandomLegacy(db, seed);
        reshape(db, seed);
        db.close();
        const source = readSource(file);
        db.close();
        const before = `${file}.before`;
        new Database(file).prepare('VACUUM INTO ?').run(before);
        // Small chunks, so that what belongs together is often settled in different ones.
        const report = await upgradeHere(file, {
          tuning: { smallRows: seed % 2 ? 2_000 : 0, firstChunkRows: 3, maxChunkRows: 5, chunkMs: 50 },
        });
        const when = `seed ${seed}`;
        expect({ when, error: report.error }).toEqual({ when, error: undefined });
        const upgraded = readUpgraded(file);
        const expected = expectPhase4(source);
        expect({
          when,
          differences: describeDifferences(compareWithExpected(expected, source, upgraded.tables)),
        }).toEqual({ when, differences: [] });
        expect({ when, issues: compareIssues(expected, upgraded.issues) }).toEqual({ when, issues: [] });
        expect({ when, changed: changedOldValues(before, file) }).toEqual({ when, changed: [] });
      }
    });
  }
});
