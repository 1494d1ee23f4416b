import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import type { Row } from '../../support/kroma/insert.ts';
import { applyMigration, applyUpTo, legacyDatabase, rowsOf, valueOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { asset, candidate, exported, household, job } from './rows.ts';

/** References to files that are not there: what they said is recorded before another file takes its place. */
const folder = temporaryFolder();
let files = 0;
function open(rows: Record<string, readonly Row[]>, last: string): Db {
  const db = legacyDatabase(path.join(folder, `${(files += 1)}.db`), { ...household, ...rows });
  applyUpTo(db, last);
  return db;
}
const recorded = (db: Db, table: string, column: string) =>
  rowsOf(
    db,
    `SELECT source_key, row_json ->> '${column}', detail, is_placed FROM _phasewise_quarantine
     WHERE source_table = '${table}' AND backfill_id LIKE '%/astray' ORDER BY source_key`,
  );
const named = (column: string, what: string) => `${column} named ${what}, which does not exist`;

describe('a reference that leads nowhere is recorded before it is filled anew:', () => {
  it('that of a job', () => {
    const db = open({ run_jobs: [job('j', { final_output: 'out/a1.png' })], assets: [asset('a1')] }, '20260221_0010');
    db.exec(`UPDATE run_jobs SET final_asset_id = 'weird'`);

    expect(applyMigration(db, '20260221_0011')).toMatchObject({ accounts: { jobs: '1 / 0 / 0' }, findings: [] });

    expect(valueOf(db, 'SELECT final_asset_id FROM run_jobs')).toBe('a1');
    expect(recorded(db, 'run_jobs', 'final_asset_id')).toEqual([['j', 'weird', named('final_asset_id', 'weird'), 1]]);
  });

  it('those of a candidate', () => {
    const db = open(
      {
        assets: [asset('a1')],
        run_job_candidates: [candidate('c', { output_path: 'out/a1.png', final_output_path: 'out/new.png' })],
      },
      '20260221_0011',
    );
    unseen(
      db,
      `INSERT INTO schema_migrations VALUES ('20260221_0019_phase1_backfill', '', ''); DELETE FROM _phasewise_backfills;
       UPDATE run_candidates SET output_asset_id = 'gone', final_asset_id = 'away'`,
    );

    expect(applyMigration(db, '20260221_0011')).toMatchObject({ accounts: { candidates: '1 / 0 / 0' }, findings: [] });

    expect(recorded(db, 'run_candidates', 'output_asset_id')).toEqual([
      ['c', 'gone', `${named('output_asset_id', 'gone')}; ${named('final_asset_id', 'away')}`, 1],
    ]);
  });

  it('that of an export', () => {
    const db = open({ project_exports: [exported('e', { export_path: 'x.zip' })] }, '20260221_0011');
    db.exec(
      `ALTER TABLE project_exports ADD COLUMN export_asset_id TEXT; UPDATE project_exports SET export_asset_id = 'gone'`,
    );

    expect(applyMigration(db, '20260221_0015')).toMatchObject({ accounts: { exports: '1 / 0 / 0' }, findings: [] });

    expect(recorded(db, 'project_exports', 'export_asset_id')).toEqual([
      ['e', 'gone', named('export_asset_id', 'gone'), 1],
    ]);
    expect(JSON.parse(String(valueOf(db, `SELECT row_json FROM _phasewise_quarantine`)))).toMatchObject({
      ...{ id: 'e', export_asset_id: 'gone', export_path: 'x.zip', export_sha256: null },
    });
  });

  it('each time that it happens', () => {
    const db = open({ run_jobs: [job('j', { final_output: 'out/a1.png' })], assets: [asset('a1')] }, '20260221_0010');
    for (const what of ['gone', 'away']) {
      db.exec(`DELETE FROM _phasewise_backfills`);
      db.prepare('UPDATE run_jobs SET final_asset_id = ?').run(what);
      applyMigration(db, '20260221_0011');
    }

    expect(recorded(db, 'run_jobs', 'final_asset_id')).toEqual([
      ['j', 'gone', `${named('final_asset_id', 'gone')}; ${named('final_asset_id', 'away')}`, 1],
    ]);
  });
});

it('what a program puts right itself is not recorded', () => {
  const db = open({ run_jobs: [job('j')], assets: [asset('a1')] }, '20260221_0011');
  unseen(db, `UPDATE run_jobs SET final_asset_id = 'gone'`);

  db.exec(`UPDATE run_jobs SET final_asset_id = 'a1'`);

  expect(recorded(db, 'run_jobs', 'final_asset_id')).toEqual([]);
});

describe('a job whose chosen candidate refers to a file that is gone', () => {
  it.each<[string, Row, string, string | null]>([
    ['takes its output instead', {}, `final_asset_id = 'gone'`, 'a1'],
    ['is not given that reference', {}, `final_asset_id = 'gone', output_asset_id = 'gone'`, null],
    [
      'takes the file of its own path',
      { final_output: 'out/a2.png' },
      `final_asset_id = 'gone', output_asset_id = ''`,
      'a2',
    ],
  ])('%s, and counts once', (_, more, references, expected) => {
    const db = open(
      {
        run_jobs: [job('j', { selected_candidate: 1, ...more })],
        run_job_candidates: [candidate('c', { output_path: 'out/a1.png' })],
        assets: [asset('a1'), asset('a2')],
      },
      '20260221_0011',
    );
    unseen(
      db,
      `INSERT INTO schema_migrations VALUES ('20260221_0019_phase1_backfill', '', ''); DELETE FROM _phasewise_backfills;
       UPDATE run_job_candidates SET output_path = NULL; UPDATE run_candidates SET ${references};
       UPDATE run_jobs SET final_asset_id = NULL`,
    );

    const account = expected === null ? '0 / 1 / 0' : '1 / 0 / 0';
    expect(applyMigration(db, '20260221_0011')).toMatchObject({ accounts: { jobs: account }, findings: [] });

    expect(valueOf(db, 'SELECT final_asset_id FROM run_jobs')).toBe(expected);
  });
});
