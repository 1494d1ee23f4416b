import { expect, it } from 'vitest';
import { readSchema } from '@engine/schema.ts';
import { legacyDatabase } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { asset, candidate, exported, household, job, project, run } from './rows.ts';
import { criteriaOf, upgradeTo } from './upgraded.ts';

const folder = temporaryFolder();

it('where there is one row, no criterion speaks of "1 rows"', () => {
  const db = legacyDatabase(`${folder}/one.db`, {
    ...household,
    projects: [project('p')],
    runs: [run('r')],
    run_jobs: [job('j')],
    run_job_candidates: [candidate('c', { job_id: 'gone' })], // which makes an issue row
    assets: [asset('a')],
    project_exports: [exported('e')],
  });
  upgradeTo(db, 4);

  const schema = readSchema(db);
  const asked = [0, 1, 2, 3, 4, 5].flatMap((phase) => criteriaOf(phase).filter(({ isEntry }) => phase < 5 || isEntry));
  const summaries = asked.map(({ check }) => check(db, schema, { mayBeEdited: true }).summary);
  db.close();

  expect(summaries).toEqual(
    expect.arrayContaining([
      '1 row: 1 in app_users, 0 noted and in users only.',
      'No folder with run logs was chosen; 1 run is known by its row alone.',
      '1 issue row holds its whole row.',
    ]),
  );
  expect(summaries.filter((summary) => /\b1 (issue )?[a-z]{2,}s\b/.test(summary))).toEqual([]);
});
