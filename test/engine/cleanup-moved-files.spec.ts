import { chmodSync, copyFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Cleanup,
  cleanUpWhole,
  fewStops,
  goOn,
  personStopsAt,
  plannedRepairs,
  powerFailsAt,
  stoppedCopy,
  stops,
  unmet,
} from '../support/kroma/cleanup-stops.ts';
import { buildDualAgreeing } from '../support/kroma/dual.ts';
import { writeFixture } from '../support/kroma/fixtures.ts';
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

const walks = ['assets', 'run_job_candidates', 'run_candidates', 'direction'];

describe.each([
  { name: 'made up', make: madeUp, isThere: true, points: stops, chunks: walks },
  // What its own rows may add is seen at any stop on either side of the turn, and while the old names go.
  {
    ...{ name: 'of the original program', make: fromReal, isThere: real !== null },
    ...{ points: fewStops.slice(1), chunks: walks.slice(-1) },
  },
])('a cleanup of moved files, $name', ({ name, make, isThere, points, chunks }) => {
  let cleanup: Cleanup;
  beforeAll(async () => {
    if (isThere) cleanup = await cleanUpWhole(path.join(folder, name), make);
  });

  it.skipIf(!isThere).each(points)(
    'that is stopped at %s of %s ends as if it never had been',
    async (point, subject) => {
      const { file, stopped } = await stoppedCopy(cleanup, `${point}-${subject}`, {
        probe: powerFailsAt(point, subject),
      });
      expect(stopped.error?.message).toContain('the power went out');

      expect(await plannedRepairs(file)).toEqual([]);
      expect(await goOn(file, cleanup.expected)).toEqual([]);
      expect(unmet(file, stopped.backup?.path ?? null)).toEqual([]);
    },
  );

  it.skipIf(!isThere).each(chunks)(
    'that a person stops behind a chunk of %s ends as if it never had been',
    async (walk) => {
      const { file, stopped } = await stoppedCopy(cleanup, `stopped-${walk}`, personStopsAt(walk));
      expect(stopped.error?.code).toBe('E_CANCELLED');

      expect(await plannedRepairs(file)).toEqual([]);
      expect(await goOn(file, cleanup.expected)).toEqual([]);
    },
  );
});

it('finds the one row that a program did write behind the removal of old paths, and no other', async () => {
  const inOtherLetters = `ALTER TABLE assets RENAME COLUMN rel_path TO Rel_Path`;
  const cleanup = await cleanUpWhole(path.join(folder, 'late'), (file) => madeUp(file, inOtherLetters));
  const { file } = await stoppedCopy(cleanup, 'stopped', {
    probe: powerFailsAt('step-applied', '20260221_0026_final_core'),
  });
  const db = new Database(file);
  db.exec(`UPDATE run_job_candidates SET output_path = 'LATE.png' WHERE id = 'c-backslashes'`);
  db.close();

  expect(await plannedRepairs(file)).toEqual(['20260221_0025_cut_over']);
  const differences = await goOn(file, cleanup.expected);

  expect(differences.filter((line) => line.includes('issue'))).toEqual([
    'not expected: issue run_job_candidates c-backslashes old-value-differs true',
  ]);
});
