import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { insertRows, type Row } from '../../support/kroma/insert.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import {
  applyMigration,
  applyUpTo,
  contentOf,
  findingsOf,
  issuesOf,
  legacyDatabase,
  NOW,
  plansOf,
  rowsOf,
  valueOf,
} from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { fieldsOf } from './baseline-file.ts';
import { asset, candidate, household, job, project, run } from './rows.ts';

const id = '20260221_0008_asset_links';
const folder = temporaryFolder();
const createLinks = `CREATE TABLE asset_links (id TEXT PRIMARY KEY, project_id TEXT NOT NULL, parent_asset_id TEXT NOT NULL,
  child_asset_id TEXT NOT NULL, link_type TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE (parent_asset_id, child_asset_id, link_type))`;

/** Phase 1 is through, which gives every path its file. */
const afterPhase1 = madeOnceOf(folder, (file, rows: Record<string, readonly Row[]>) => {
  const db = legacyDatabase(file, { ...household, ...rows });
  applyUpTo(db, '20260221_0017');
  return db;
});
function open(rows: Record<string, readonly Row[]> = {}, later: Record<string, readonly Row[]> = {}) {
  const db = afterPhase1(rows);
  if (later['asset_links']) db.exec(createLinks);
  for (const [table, list] of Object.entries(later)) insertRows(db, table, list);
  return db;
}
const links = (db: Db) =>
  rowsOf(db, 'SELECT id, parent_asset_id, child_asset_id FROM asset_links ORDER BY parent_asset_id, child_asset_id');
let number = 0;
const c = (name: string, output: string | null, final: string | null, more: Row = {}) =>
  candidate(name, { candidate_index: (number += 1), output_path: output && `out/${output}.png`, final_output_path: final && `out/${final}.png`, ...more }); // prettier-ignore
const three = [asset('a1'), asset('a2'), asset('a3')];
const link = (name: string, parent: string, child: string, more: Row = {}) => ({
  ...{ id: name, project_id: 'p', parent_asset_id: parent, child_asset_id: child },
  ...{ link_type: 'derived_from', created_at: 't' },
  ...more,
});

describe('deriving', () => {
  it('makes the table in its final form where it is missing', () => {
    const db = open();

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(fieldsOf(db, 'asset_links')).toEqual([
      'id TEXT',
      'project_id TEXT NOT NULL -> projects CASCADE',
      'parent_asset_id TEXT NOT NULL -> assets CASCADE',
      'child_asset_id TEXT NOT NULL -> assets CASCADE',
      'link_type TEXT NOT NULL',
      'created_at TEXT NOT NULL',
    ]);
  });

  it('links the two files of a candidate, each pair once, in the name of the first by id', () => {
    const db = open({
      assets: three,
      run_job_candidates: [c('c2', 'a1', 'a2'), c('c1', 'a1', 'a2'), c('c3', 'a1', 'a1'), c('c4', 'a2', null), c('c5', 'a2', 'a3')],
    }); // prettier-ignore

    expect(applyMigration(db, id)).toEqual({
      accounts: { existing: '0 / 0 / 0', candidates: '2 / 3 / 0', jobs: '0 / 1 / 0' },
      findings: [],
    });

    expect(rowsOf(db, 'SELECT * FROM asset_links ORDER BY id')).toEqual([
      ['c1:link', 'p', 'a1', 'a2', 'derived_from', NOW],
      ['c5:link', 'p', 'a2', 'a3', 'derived_from', NOW],
    ]);
  });

  it('links the file of the chosen candidate to the final file of its job', () => {
    const db = open(
      {
        assets: three,
        run_jobs: [job('j', { selected_candidate: 1 }), job('k', { selected_candidate: 1 }), job('l')],
        run_job_candidates: [
          c('c1', 'a1', null, { candidate_index: 1 }),
          c('c2', 'a1', 'a2', { job_id: 'k', candidate_index: 1 }),
        ],
      },
      {},
    );
    db.exec(`UPDATE run_jobs SET final_asset_id = 'a3'`);

    expect(applyMigration(db, id)?.accounts).toMatchObject({ candidates: '1 / 1 / 0', jobs: '2 / 1 / 0' });

    expect(links(db)).toEqual([
      ['c2:link', 'a1', 'a2'],
      ['j:link', 'a1', 'a3'],
      ['k:link', 'a2', 'a3'],
    ]);
  });

  it('keeps links that are there, and makes an id of its own where one is taken', () => {
    const db = open(
      { assets: three, run_job_candidates: [c('c1', 'a1', 'a2'), c('c2', 'a2', 'a3')] },
      { asset_links: [link('by hand', 'a1', 'a2'), link('c2:link', 'a3', 'a1', { link_type: 'mask_for' })] },
    );

    expect(applyMigration(db, id)).toEqual({
      accounts: { existing: '0 / 2 / 0', candidates: '1 / 1 / 0', jobs: '0 / 1 / 0' },
      findings: [],
    });

    expect(links(db)).toEqual([
      ['by hand', 'a1', 'a2'],
      ['c2:link:a2:a3', 'a2', 'a3'],
      ['c2:link', 'a3', 'a1'],
    ]);
  });

  it('reports odd links that are there, and leaves them as they are', () => {
    const db = open(
      { projects: [project('p'), project('q')], assets: [...three, asset('b', { project_id: 'q' })] },
      {
        asset_links: [
          link('l1', 'a1', 'a1'),
          link('l2', 'a1', 'a2', { link_type: 'cousin_of' }),
          link('l3', 'a1', 'b'),
          link('l4', 'a1', 'nowhere'),
          link('l5', 'a2', 'a3', { project_id: 'gone' }),
          link('l6', 'a1', 'a3', { link_type: 'variant_of' }),
        ],
      },
    );

    expect(applyMigration(db, id)?.accounts).toMatchObject({ existing: '0 / 1 / 5' });

    expect(issuesOf(db, 'asset_links')).toEqual([
      'l1: link-to-itself',
      'l2: link-type-unknown',
      'l3: link-across-projects',
      'l4: file-missing',
      'l5: link-across-projects',
    ]);
    expect(rowsOf(db, 'SELECT detail FROM _phasewise_quarantine ORDER BY source_key').flat()).toEqual([
      'both ends are a1',
      `the type is 'cousin_of'`,
      'the link is of project p, its parent file of p, its child file of q',
      'its child file nowhere is not in assets',
      'the link is of project gone, its parent file of p, its child file of p',
    ]);
    expect(valueOf(db, 'SELECT count(*) FROM asset_links')).toBe(6);
  });

  it('never links files of another project, or files that are not there, and says so', () => {
    const db = open({
      projects: [project('p'), project('q')],
      runs: [run('r'), run('s', { project_id: 'gone' })],
      run_jobs: [job('j'), job('k', { run_id: 's' })],
      assets: [...three, asset('b', { project_id: 'q' })],
      run_job_candidates: [c('c1', 'a1', 'a2'), c('c2', 'a1', 'a3'), c('c3', 'a2', 'a3'), c('c4', 'a1', null, { job_id: 'k' })],
    }); // prettier-ignore
    db.exec(`UPDATE run_candidates SET final_asset_id = 'b' WHERE id = 'c1'; UPDATE run_candidates SET output_asset_id = 'nowhere' WHERE id = 'c2';
      UPDATE run_candidates SET output_asset_id = 'a1', final_asset_id = 'a2' WHERE id = 'c4'`);

    expect(applyMigration(db, id)).toMatchObject({ accounts: { candidates: '1 / 0 / 3' }, findings: [] });

    expect(issuesOf(db, 'run_candidates')).toEqual(['c1: link-not-made', 'c2: link-not-made', 'c4: link-not-made']);
    expect(
      rowsOf(db, `SELECT detail FROM _phasewise_quarantine WHERE source_table = 'run_candidates' ORDER BY source_key`).flat(),
    ).toEqual([
      'its project is p, file a1 is of p, file b is of q',
      'its project is p, file nowhere is of none, file a3 is of p',
      'its project gone does not exist',
    ]); // prettier-ignore
    expect(links(db)).toEqual([['c3:link', 'a2', 'a3']]);
  });

  it('continues after a kill behind any chunk, and applied again it changes nothing', () => {
    const rows = {
      assets: three,
      run_jobs: [job('j', { selected_candidate: 1 })],
      run_job_candidates: [
        c('c1', 'a1', 'a2', { candidate_index: 1 }),
        c('c2', 'a1', 'a2', { candidate_index: 2 }),
        c('c3', 'a2', 'a3', { candidate_index: 3 }),
      ],
    };
    const later = { asset_links: [link('l1', 'a1', 'a1')] };
    const whole = open(rows, later);
    applyMigration(whole, id);
    let isDone = false;
    for (let chunks = 0; !isDone; chunks++) {
      const db = open(rows, later);
      isDone = applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks }) !== null;
      if (!isDone) applyMigration(db, id, { chunkRows: 1 });
      expect(contentOf(db)).toBe(contentOf(whole));
      applyMigration(db, id);
      expect(contentOf(db)).toBe(contentOf(whole));
      expect(findingsOf(db, id)).toEqual([]);
    }
  });

  it('is found out when a link or a trigger is missing', () => {
    const db = open({
      assets: three,
      run_jobs: [job('j', { selected_candidate: 1 })],
      run_job_candidates: [c('c1', 'a1', 'a2', { candidate_index: 1 })],
    });
    db.exec(`UPDATE run_jobs SET final_asset_id = 'a3'`);
    applyMigration(db, id);
    db.exec('DELETE FROM asset_links; DROP TRIGGER _phasewise_0008_run_candidates_insert');

    expect(findingsOf(db, id)).toEqual([
      'the trigger _phasewise_0008_run_candidates_insert is missing',
      '1 pairs of files of a candidate that are not linked',
      '1 chosen files and final files of a job that are not linked',
    ]);
  });

  it('looks everything up by index', () => {
    const db = open({ assets: three, run_job_candidates: [c('c1', 'a1', 'a2')] });
    applyMigration(db, id);

    const plans = plansOf(db, id);

    expect(plans.filter((detail) => /^SCAN (assets|asset_links|run_candidates|run_jobs|runs|[sjrlpcak])\b/.test(detail))).toEqual([]); // prettier-ignore
    expect(plans.join('\n')).toContain('(parent_asset_id=? AND child_asset_id=? AND link_type=?)');
  });
});

describe.each([
  ['with foreign keys and recursive triggers', 'ON'],
  ['without', 'OFF'],
])('a program %s', (_, setting) => {
  function prepared() {
    const db = open({ projects: [project('p'), project('q')], assets: [...three, asset('b', { project_id: 'q' })], run_jobs: [job('j', { selected_candidate: 1 })] }); // prettier-ignore
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${setting}`);
    db.pragma(`recursive_triggers = ${setting}`);
    return db;
  }

  it('adds candidates by the old names, and their files are linked', () => {
    const db = prepared();
    insertRows(db, 'run_job_candidates', [c('c1', 'a1', 'a2'), c('c2', 'a1', 'a2'), c('c3', 'a3', 'new')]);

    expect(links(db)).toEqual([
      ['c1:link', 'a1', 'a2'],
      ['c3:link', 'a3', 'c3:final'],
    ]);

    db.exec(`UPDATE run_job_candidates SET final_output_path = 'out/a3.png' WHERE id = 'c1'`);

    expect(links(db)).toEqual([
      ['c1:link', 'a1', 'a2'],
      [expect.stringMatching(/^c1:link:[0-9a-f]{16}$/), 'a1', 'a3'],
      ['c3:link', 'a3', 'c3:final'],
    ]);
    expect(findingsOf(db, id)).toEqual([]);
  });

  it('adds candidates by both names, and files of another project are not linked', () => {
    const db = prepared();
    const add = (name: string, output: string, final: string) => {
      const old = c(name, null, null);
      insertRows(db, 'run_job_candidates', [old]);
      const { output_path: _, final_output_path: __, ...both } = old;
      insertRows(db, 'run_candidates', [{ ...both, output_asset_id: output, final_asset_id: final }]);
    };
    add('c1', 'a1', 'a2');
    add('c2', 'a1', 'b');
    add('c3', 'b', 'b');

    expect(links(db)).toEqual([['c1:link', 'a1', 'a2']]);
  });

  it('names the final file of a job, and it is linked to the chosen candidate', () => {
    const db = prepared();
    insertRows(db, 'run_job_candidates', [c('c1', 'a1', null, { candidate_index: 1 })]);
    expect(valueOf(db, 'SELECT final_asset_id FROM run_jobs')).toBe('a1');

    db.exec(`UPDATE run_jobs SET final_asset_id = 'a3'`);

    expect(links(db)).toEqual([['j:link', 'a1', 'a3']]);
  });

  it('replaces a candidate, and nothing is linked twice', () => {
    const db = prepared();
    const row = c('c1', 'a1', 'a2');
    for (let round = 0; round < 2; round++) {
      const names = Object.keys(row);
      db.prepare(`INSERT OR REPLACE INTO run_job_candidates (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`).run(Object.values(row));
    } // prettier-ignore

    expect(links(db)).toEqual([['c1:link', 'a1', 'a2']]);
  });

  it('deletes a file, and its links go with it', () => {
    const db = prepared();
    insertRows(db, 'run_job_candidates', [c('c1', 'a1', 'a2'), c('c2', 'a2', 'a3')]);
    db.exec(`DELETE FROM assets WHERE id = 'a1'`);

    expect(links(db)).toEqual([['c2:link', 'a2', 'a3']]);
  });
});
