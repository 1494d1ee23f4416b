import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  applyMigration,
  contentOf,
  findingsOf,
  issuesOf,
  legacyDatabase,
  rowsOf,
} from '../../support/run-migration.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import type { Row } from '../../support/kroma/insert.ts';
import { household, run } from './rows.ts';

const id = '20260221_0009_runs_columns';
const folder = temporaryFolder();
let files = 0;
const open = (runs: Row[]) => legacyDatabase(path.join(folder, `${(files += 1)}.db`), { ...household, runs });
const all = 'SELECT id, run_mode, model_name, settings_snapshot_json FROM runs ORDER BY id';

describe('filling', () => {
  it('copies mode, model and settings as they are; nobody knows the provider and the times', () => {
    const db = open([
      run('r1', { mode: 'dry', model: null, meta_json: '{"timestamp": "x"}' }),
      run('r2', { model: '', meta_json: '' }),
      run('r3', { mode: 'None', meta_json: '{cut' }),
    ]);

    expect(applyMigration(db, id)).toEqual({ accounts: { runs: '3 / 0 / 0' }, findings: [] });

    expect(rowsOf(db, all)).toEqual([
      ['r1', 'dry', null, '{"timestamp": "x"}'],
      ['r2', 'run', '', '{}'],
      ['r3', 'None', 'gpt-image-1', '{cut'],
    ]);
    expect(rowsOf(db, 'SELECT DISTINCT provider_code, started_at, finished_at FROM runs')).toEqual([
      [null, null, null],
    ]);
  });

  it('keeps what a dual file says, and fills what is still the default there', () => {
    const db = open([run('r1', { meta_json: '{"old":1}' }), run('r2', { meta_json: '{"old":1}' })]);
    db.exec(`ALTER TABLE runs ADD COLUMN run_mode TEXT; ALTER TABLE runs ADD COLUMN settings_snapshot_json TEXT NOT NULL DEFAULT '{}';
      UPDATE runs SET run_mode = 'dry', settings_snapshot_json = '{"new":1}' WHERE id = 'r1'; UPDATE runs SET run_mode = '' WHERE id = 'r2'`);

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(rowsOf(db, all)).toEqual([
      ['r1', 'dry', 'gpt-image-1', '{"new":1}'],
      ['r2', 'run', 'gpt-image-1', '{"old":1}'],
    ]);
  });

  it('fills and reports a run of a project that does not exist', () => {
    const db = open([run('r1', { project_id: 'gone' })]);

    expect(applyMigration(db, id)?.accounts).toEqual({ runs: '0 / 0 / 1' });

    expect(issuesOf(db, 'runs')).toEqual(['r1: project-missing']);
    expect(rowsOf(db, all)).toEqual([['r1', 'run', 'gpt-image-1', '{}']]);
  });

  it('continues after a kill behind any chunk, and applied again it changes nothing', () => {
    const runs = [run('r1'), run('r2', { meta_json: '{"a":1}' }), run('r3', { project_id: 'gone' })];
    const whole = open(runs);
    applyMigration(whole, id);
    for (let chunks = 0; chunks <= runs.length; chunks++) {
      const db = open(runs);
      expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();
      expect(applyMigration(db, id, { chunkRows: 1 })?.accounts).toEqual({ runs: '2 / 0 / 1' });
      expect(applyMigration(db, id)?.accounts).toEqual({ runs: '0 / 2 / 1' });
      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('is found out when a column is empty again', () => {
    const db = open([run('r1', { meta_json: '{"a":1}' })]);
    applyMigration(db, id);
    unseen(db, `UPDATE runs SET run_mode = '', settings_snapshot_json = '{}'`);
    db.exec('DROP TRIGGER _phasewise_0009_runs_insert');

    expect(findingsOf(db, id)).toEqual([
      'the trigger _phasewise_0009_runs_insert is missing',
      '1 runs whose mode or model stands in the old column only',
      '1 runs whose settings stand in the old column only',
    ]);
  });
});

describe.each([
  ['with', 'ON'],
  ['without', 'OFF'],
])('a program %s foreign keys', (_, enforced) => {
  const insert = (columns: string, values: string, or = '') =>
    `INSERT ${or} INTO runs (id, project_id, run_log_path, mode, model, status, meta_json, created_at${columns}) VALUES (${values})`;

  it('writes the old columns, and the new ones follow', () => {
    const db = open([run('r1')]);
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${enforced}`);

    db.exec(insert('', `'r2', 'p', 'log', 'dry', 'm', 'ok', '{"a":1}', 't'`));
    db.exec(insert('', `'r3', 'p', 'log', 'run', NULL, 'ok', '', 't'`, 'OR REPLACE'));
    db.exec(`UPDATE runs SET mode = 'dry', model = 'n', meta_json = '{"b":1}' WHERE id = 'r1'`);

    expect(rowsOf(db, all)).toEqual([
      ['r1', 'dry', 'n', '{"b":1}'],
      ['r3', 'run', null, '{}'],
    ]);
  });

  it('writes both sides itself, and what it gives stays', () => {
    const db = open([]);
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${enforced}`);

    db.exec(
      insert(
        ', run_mode, model_name, settings_snapshot_json',
        `'r1', 'p', 'log', 'dry', 'm', 'ok', '{"a":1}', 't', 'new', 'newer', '{"b":1}'`,
      ),
    );
    db.exec(`UPDATE runs SET mode = 'x', run_mode = 'y'`);

    expect(rowsOf(db, all)).toEqual([['r1', 'y', 'newer', '{"b":1}']]);
  });
});
