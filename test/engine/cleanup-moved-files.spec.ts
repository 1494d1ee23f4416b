import { chmodSync, copyFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { createControl } from '@engine/control.ts';
import {
  asPlanned,
  goOn,
  plannedRepairs,
  powerFailsAt,
  stops,
  toTheEnd,
  unmet,
} from '../support/kroma/cleanup-stops.ts';
import { buildDualAgreeing } from '../support/kroma/dual.ts';
import { writeFixture } from '../support/kroma/fixtures.ts';
import { upgradeHere } from '../support/kroma/upgrade.ts';
import { outcomeOf } from '../support/kill/outcome.ts';
import { sharedFile } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary.ts';

/**
 * Files that lie elsewhere than their old path says, and candidates that still name them by it. The last phase removes
 * the old paths one step before it asks the candidates again: nobody wrote, so there is nothing to find.
 */
const folder = temporaryFolder();
const madeUp = (file: string, more = ''): void =>
  writeFixture(file, {
    build(db) {
      buildDualAgreeing(db);
      db.exec(`UPDATE assets SET storage_uri = 'moved/plain.png' WHERE id = 'a-plain';
        UPDATE assets SET storage_uri = 's3://studio-archive/moved.png' WHERE id = 'a-case'; ${more}`);
    },
  });
const real = sharedFile('kroma', 'dual.db');
const fromReal = (file: string): void => {
  copyFileSync(real ?? '', file);
  chmodSync(file, 0o600);
};

describe.each([
  { name: 'made up', make: madeUp, isThere: true },
  { name: 'of the original program', make: fromReal, isThere: real !== null },
])('a cleanup of moved files, $name', ({ name, make, isThere }) => {
  const ready = path.join(folder, `${name}.db`);
  const whole = path.join(folder, `${name}-whole.db`);
  let expected: ReturnType<typeof outcomeOf>;
  beforeAll(async () => {
    if (!isThere) return;
    make(ready);
    const before = await upgradeHere(ready, asPlanned, { toPhase: 4 });
    copyFileSync(ready, whole);
    const report = await toTheEnd(whole);
    const error = before.error ?? report.error;
    if (error) throw new Error(error.message);
    expected = outcomeOf(whole);
  });

  it.skipIf(!isThere).each(stops)(
    'that is stopped at %s of %s ends as if it never had been',
    async (point, subject) => {
      const file = path.join(folder, `${name}-${point}-${subject}.db`);
      copyFileSync(ready, file);
      const stopped = await toTheEnd(file, { probe: powerFailsAt(point, subject) });
      expect(stopped.error?.message).toContain('the power went out');

      expect(await plannedRepairs(file)).toEqual([]);
      expect(await goOn(file, expected)).toEqual([]);
      expect(unmet(file, stopped.backup?.path ?? null)).toEqual([]);
    },
  );

  it.skipIf(!isThere).each(['assets', 'run_job_candidates', 'run_candidates', 'direction'])(
    'that a person stops behind a chunk of %s ends as if it never had been',
    async (walk) => {
      const file = path.join(folder, `${name}-stopped-${walk}.db`);
      copyFileSync(ready, file);
      const control = createControl();
      const probe = (at: string, of: string) => {
        if (at === 'chunk-committed' && of === `20260221_0025_cut_over/${walk}`) control.request('cancel');
      };
      const stopped = await toTheEnd(file, { control, probe, tuning: { smallRows: 0 } });
      expect(stopped.error?.code).toBe('E_CANCELLED');

      expect(await plannedRepairs(file)).toEqual([]);
      expect(await goOn(file, expected)).toEqual([]);
    },
  );
});

it('finds the one row that a program did write behind the removal of old paths, and no other', async () => {
  const inOtherLetters = `ALTER TABLE assets RENAME COLUMN rel_path TO Rel_Path`;
  const file = path.join(folder, 'late.db');
  madeUp(file, inOtherLetters);
  await toTheEnd(file, { probe: powerFailsAt('step-applied', '20260221_0026_final_core') });
  const db = new Database(file);
  db.exec(`UPDATE run_job_candidates SET output_path = 'LATE.png' WHERE id = 'c-backslashes'`);
  db.close();
  const whole = path.join(folder, 'late-not.db');
  madeUp(whole, inOtherLetters);
  await toTheEnd(whole);

  expect(await plannedRepairs(file)).toEqual(['20260221_0025_cut_over']);
  const differences = await goOn(file, outcomeOf(whole));

  expect(differences.filter((line) => line.includes('issue'))).toEqual([
    'not expected: issue run_job_candidates c-backslashes old-value-differs true',
  ]);
});
