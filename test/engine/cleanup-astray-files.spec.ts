import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { astrayFiles, linksOfAstray, namingAstray, namingNone } from '../support/kroma/astray-files.ts';
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
import { withoutForeignKeys } from '../support/kroma/insert.ts';
import { unseen } from '../support/kroma/unseen.ts';
import { withDatabase } from '../support/kroma/upgrade.ts';
import { temporaryFolder } from '../support/temporary.ts';

/**
 * Candidates that refer to a file without a place: it leaves when the direction turns, and the reference is emptied.
 * What their old rows call it is then nowhere but in those rows, which go, too: each is noted before.
 */
const folder = temporaryFolder();
const sinceThen = `${astrayFiles} ${linksOfAstray}`;

/** Of the walk over the old rows, by candidate. */
const notes = (file: string) =>
  withDatabase(file, (db) =>
    db
      .prepare<[], [string, string]>(
        `SELECT source_key, detail FROM _phasewise_quarantine WHERE backfill_id = '20260221_0025_cut_over/run_job_candidates' AND reason = 'old-value-differs' ORDER BY 1`,
      )
      .raw()
      .all(),
  );
/** Accounts of walks that do not add up, or count other issue rows than there are. */
const wrongAccounts = (file: string) =>
  withDatabase(file, (db) =>
    db
      .prepare<[], string>(
        `SELECT id FROM _phasewise_backfills AS b WHERE expected <> moved + already_right + issue_rows
           OR issue_rows <> (SELECT count(*) FROM _phasewise_quarantine AS q WHERE q.backfill_id = b.id)`,
      )
      .pluck()
      .all(),
  );

const walks = ['run_job_candidates', 'run_candidates', 'direction'];

describe.each([
  { name: 'that never had a place', before: astrayFiles, since: '', points: stops, chunks: walks },
  // From the turn on it is the same as with the others.
  {
    ...{ name: 'that have had no place since phase 4', before: '', since: sinceThen },
    ...{ points: fewStops, chunks: ['run_job_candidates', 'direction'] },
  },
])('a cleanup of files $name', ({ name, before, since, points, chunks }) => {
  let cleanup: Cleanup;
  beforeAll(async () => {
    const build = (db: Database.Database) => {
      buildDualAgreeing(db);
      withoutForeignKeys(db, () => db.exec(before));
    };
    cleanup = await cleanUpWhole(
      path.join(folder, name),
      (file) => writeFixture(file, { build }),
      (file) => {
        const db = new Database(file);
        withoutForeignKeys(db, () => unseen(db, since));
        db.close();
      },
    );
  });

  it('is proven to have lost nothing', () => {
    expect(unmet(cleanup.whole, cleanup.backupPath)).toEqual([]);
    expect(wrongAccounts(cleanup.whole)).toEqual([]);
  });

  it('notes each candidate that names one by a path, and none that does not', () => {
    const noted = new Map(notes(cleanup.whole));

    expect(namingAstray.filter((id) => !noted.has(id))).toEqual([]);
    expect(noted.has(namingNone)).toBe(false);
    const said = namingAstray.flatMap(
      (id) =>
        noted
          .get(id)
          ?.replace(/“[^”]*”/g, '…')
          .split('; ') ?? [],
    );
    expect(new Set(said)).toEqual(
      new Set([
        'output_path says …, its file in run_candidates … has no place',
        'final_output_path says …, its file in run_candidates … has no place',
      ]),
    );
  });

  it.each(points)('that is stopped at %s of %s ends as if it never had been', async (point, subject) => {
    const { file, stopped } = await stoppedCopy(cleanup, `${point}-${subject}`, {
      probe: powerFailsAt(point, subject),
    });
    expect(stopped.error?.message).toContain('the power went out');

    expect(await plannedRepairs(file)).toEqual([]);
    expect(await goOn(file, cleanup.expected)).toEqual([]);
    expect(unmet(file, stopped.backup?.path ?? null)).toEqual([]);
    expect(wrongAccounts(file)).toEqual([]);
  });

  // What a walk has emptied when it is stopped before the turn, the next plan may fill again from the old rows.
  it.each(chunks)('that a person stops behind a chunk of %s is proven to have lost nothing, too', async (walk) => {
    const { file, stopped } = await stoppedCopy(cleanup, `stopped-${walk}`, personStopsAt(walk));
    expect(stopped.error?.code).toBe('E_CANCELLED');

    await goOn(file, cleanup.expected);

    expect(unmet(file, stopped.backup?.path ?? null)).toEqual([]);
    expect(wrongAccounts(file)).toEqual([]);
  });
});
