import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import { rowsOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { laterDatabase } from './baseline-file.ts';
import { asset, job, project, run } from './rows.ts';
import { upgradeTo } from './upgraded.ts';

/** Unique rules that somebody put on files, before the upgrade or after it, and a program that writes old names. */
const folder = temporaryFolder();
/** Two projects; a file of the first, and a run with a job in the second. */
const afterPhase4 = madeOnceOf(folder, (file, rule: string) => {
  const db = laterDatabase(file, 'first', {
    projects: [project('p2')],
    runs: [run('r2', { project_id: 'p2' })],
    run_jobs: [job('j2', { run_id: 'r2' })],
    assets: [asset('a', { rel_path: 'out/1.png', meta_json: '{"precious":1}' })],
  });
  db.exec(rule);
  upgradeTo(db, 4);
  return db;
});
function upgraded(rule: string, when: 'before' | 'after'): Db {
  if (when === 'before') return afterPhase4(rule);
  const db = afterPhase4('');
  db.exec(rule);
  return db;
}
const paths = `SELECT project_id, rel_path, storage_uri FROM assets ORDER BY project_id, rel_path`;
const precious = ['p', 'out/1.png', 'out/1.png'];

const writes = (or: string): Record<string, string> => ({
  candidate: `INSERT ${or} INTO run_job_candidates (id, job_id, candidate_index, status, output_path, created_at)
    VALUES ('c', 'j2', 1, 'done', 'out/1.png', 't')`,
  job: `INSERT ${or} INTO run_jobs (id, run_id, job_key, status, final_output, created_at)
    VALUES ('j3', 'r2', 'k', 'done', 'out/1.png', 't')`,
  export: `INSERT ${or} INTO project_exports (id, project_id, export_path, created_at) VALUES ('e', 'p2', 'out/1.png', 't')`,
});
const tables: Record<string, string> = {
  candidate: 'run_candidates',
  job: 'run_jobs',
  export: 'project_exports',
};

describe.each([
  [`CREATE UNIQUE INDEX own ON assets (rel_path)`, 'before'],
  [`CREATE UNIQUE INDEX own ON "assets" (lower(rel_path))`, 'after'],
  [`CREATE UNIQUE INDEX own ON assets (asset_kind, rel_path) WHERE sha256 IS NULL`, 'before'],
  [`CREATE UNIQUE INDEX own ON assets (rel_path, sha256) WHERE sha256 IS NULL`, 'after'],
  [`CREATE UNIQUE INDEX own ON assets (ifnull(sha256, rel_path))`, 'after'],
] as const)('under the rule %s, made %s the upgrade,', (rule, when) => {
  it.each(['', 'OR REPLACE', 'OR ABORT'])('a write %s reaches no file of another project', (or) => {
    const db = upgraded(rule, when);

    for (const [what, sql] of Object.entries(writes(or))) {
      db.exec(sql);
      expect(rowsOf(db, `SELECT count(*) FROM ${tables[what]} WHERE id IN ('c', 'j3', 'e')`)).toEqual([[1]]);
    }

    expect(rowsOf(db, paths)).toEqual([precious]);
  });
});

it('under a rule over the hash of files, they are registered as ever', () => {
  const db = upgraded(`CREATE UNIQUE INDEX own ON assets (project_id, sha256)`, 'before');

  db.exec(writes('')['candidate'] ?? '');

  expect(rowsOf(db, paths)).toEqual([precious, ['p2', 'out/1.png', 'out/1.png']]);
});

describe.each(['', 'OR REPLACE'])('where an address is unique in the whole table, a write %s', (or) => {
  it('of a path leaves the file of another project its address', () => {
    const db = upgraded(`CREATE UNIQUE INDEX own ON assets (storage_uri)`, 'after');

    db.exec(
      `INSERT ${or} INTO assets (id, project_id, asset_kind, rel_path, created_at) VALUES ('b', 'p2', 'k', 'out/1.png', 't')`,
    );
    db.exec(`UPDATE ${or} assets SET rel_path = 'out/2.png' WHERE id = 'b'`);
    db.exec(`UPDATE ${or} assets SET rel_path = 'out/1.png' WHERE id = 'b'`);

    expect(rowsOf(db, paths)).toEqual([precious, ['p2', 'out/1.png', 'out/2.png']]);
  });

  it('of an address leaves the file of another project its path', () => {
    const db = upgraded(`CREATE UNIQUE INDEX own ON assets (rel_path)`, 'after');

    db.exec(`INSERT ${or} INTO assets (id, project_id, asset_kind, rel_path, storage_uri, created_at)
      VALUES ('b', 'p2', 'k', '', 'out/1.png', 't')`);

    expect(rowsOf(db, paths)).toEqual([precious, ['p2', '', 'out/1.png']]);
  });
});
