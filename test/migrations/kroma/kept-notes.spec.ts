import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import { applyMigration, legacyDatabase, rowsOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { household, job } from './rows.ts';
import { upgradeTo } from './upgraded.ts';

/** What becomes of the issue rows of the cut-over when it is done again. */
const id = '20260221_0025_cut_over';
const afterPhase4 = madeOnceOf(temporaryFolder(), (file) => {
  const db = legacyDatabase(file, { ...household, run_jobs: [job('j'), job('j-lost', { run_id: 'nowhere' })] });
  upgradeTo(db, 4);
  return db;
});

/** @param late what a program wrote between the two times. */
function doneAgain(before: string, late: string): Db {
  const db = afterPhase4();
  unseen(db, before);
  applyMigration(db, id);
  unseen(db, late);
  expect(applyMigration(db, id)?.findings).toEqual([]);
  return db;
}
const issues = (db: Db) =>
  rowsOf(
    db,
    `SELECT source_table || ' ' || source_key || ': ' || reason FROM _phasewise_quarantine
     WHERE backfill_id LIKE '${id}/%' AND source_key <> 'j-lost' ORDER BY 1`,
  ).flat();
/** What their notes hold of a column, from the first to the last. */
const held = (db: Db, table: string, column: string, which = `source_key <> 'j-lost'`) =>
  rowsOf(
    db,
    `SELECT row_json ->> '${column}' FROM _phasewise_quarantine
     WHERE backfill_id GLOB '${id}/${table}*' AND ${which} ORDER BY id`,
  ).flat();

describe('of a row that a program changed', () => {
  /** Some of its values, and a reference that led nowhere, are in its note alone. */
  const noted = `UPDATE run_jobs SET final_asset_id = 'gone', selected_candidate = 3, selected_candidate_index = 1 WHERE id = 'j';
    UPDATE runs SET model_name = 'newer' WHERE id = 'r'`;

  it('has one note of it while that says the same of what is in no row any more', () => {
    const db = doneAgain(
      noted.replace(`final_asset_id = 'gone',`, ''),
      `UPDATE run_jobs SET created_at = 'later'; UPDATE runs SET created_at = 'later'`,
    );
    expect(issues(db)).toEqual(['run_jobs j: old-value-differs', 'runs r: old-value-differs']);
    expect(held(db, 'runs', 'created_at')).toEqual(['later']);
  });

  it('keeps the first where an old value was changed', () => {
    const db = doneAgain(noted, `UPDATE runs SET model = 'another'`);
    expect(held(db, 'runs', 'model')).toEqual(['gpt-image-1', 'another']);
  });

  it('keeps the first where it holds a reference that was emptied', () => {
    const db = doneAgain(noted, `UPDATE run_jobs SET created_at = 'later'`);
    expect(held(db, 'run_jobs', 'final_asset_id')).toEqual(['gone', null]);
  });

  it('has none of a word that was put right', () => {
    const db = doneAgain(`UPDATE runs SET status = 'exploded'`, `UPDATE runs SET status = 'done'`);
    expect(issues(db)).toEqual([]);
  });
});

describe('of a row that has left its table', () => {
  const lost = `source_key = 'j-lost'`;
  const comesBack = `INSERT INTO run_jobs SELECT * FROM set_aside; INSERT INTO runs (id, project_id, run_log_path, run_mode, stage, model_name, status, mode, model, meta_json, created_at)
    SELECT 'nowhere', project_id, 'other.json', run_mode, stage, model_name, status, mode, model, meta_json, created_at FROM runs WHERE id = 'r'`;
  const remembered = `CREATE TABLE set_aside AS SELECT * FROM run_jobs WHERE id = 'j-lost'`;

  it('keeps the note while the row is nowhere else', () => {
    expect(held(doneAgain('', ''), 'run_jobs', 'run_id', lost)).toEqual(['nowhere']);
  });

  it('needs none when it is back as it was', () => {
    const db = doneAgain(remembered, comesBack);

    expect(held(db, 'run_jobs', 'run_id', lost)).toEqual([]);
    expect(rowsOf(db, `SELECT run_id FROM run_jobs WHERE id = 'j-lost'`)).toEqual([['nowhere']]);
  });

  it('keeps the note when another row has its id, even one that has no place, either', () => {
    const another = `INSERT INTO run_jobs SELECT * FROM set_aside; UPDATE run_jobs SET job_key = 'another' WHERE id = 'j-lost'`;
    const db = doneAgain(remembered, another);

    expect(held(db, 'run_jobs', 'job_key', lost).toSorted()).toEqual(['another', 'j-lost']);
    expect(rowsOf(db, `SELECT id FROM run_jobs WHERE id = 'j-lost'`)).toEqual([]);
  });
});

describe('of rows without an id', () => {
  /** Equal ones: only their number tells that another was written. */
  const lost = (rows: number, project = 'nowhere') =>
    `INSERT INTO chat_sessions (id, project_id, user_id, created_at, updated_at) VALUES (NULL, '${project}', 'u', 'T', 'T');`.repeat(
      rows,
    );
  /** Notes of this step, and rows that are in their table. */
  const counted = (db: Db) =>
    rowsOf(
      db,
      `SELECT (SELECT count(*) FROM _phasewise_quarantine WHERE backfill_id GLOB '${id}/chat_sessions*' AND source_key IS NULL),
         (SELECT count(*) FROM chat_sessions WHERE id IS NULL)`,
    ).flat();

  it('has one of each that left, and of an equal one that was written since', () => {
    const db = doneAgain(lost(3), lost(1));
    expect(counted(db)).toEqual([4, 0]);

    unseen(db, lost(2));
    expect(applyMigration(db, id)?.findings).toEqual([]);
    expect(counted(db)).toEqual([6, 0]);
    expect(applyMigration(db, id)?.findings).toEqual([]);
    expect(counted(db)).toEqual([6, 0]);
  });

  it('has one of each that stays in its table, however often it is done', () => {
    const db = doneAgain(lost(3, 'p'), lost(1, 'p'));
    expect(counted(db)).toEqual([4, 4]);
  });

  it('keeps those of rows that left where the equal one has a place by then', () => {
    const found = `INSERT INTO projects (id, user_id, owner_user_id, slug, name, created_at, updated_at)
      VALUES ('nowhere', 'u', 'u', 'found', 'found', 'T', 'T');`;
    expect(counted(doneAgain(lost(3), found + lost(1)))).toEqual([4, 1]);
  });

  /** Stopped before a chunk; the last of all is the one in which the direction turns. */
  const stoppedBefore = (chunk: number, before: string): Db => {
    const db = afterPhase4();
    unseen(db, before);
    expect(applyMigration(db, id, { stopAfterChunks: chunk })).toBeNull();
    return db;
  };
  /** As another run does: no walk is continued. */
  const begunAnew = (db: Db): Db => {
    db.exec(`UPDATE _phasewise_backfills SET state = 'done' WHERE migration_id = '${id}'`);
    expect(applyMigration(db, id)?.findings).toEqual([]);
    return db;
  };

  it('counts none twice where it was stopped before they left', () => {
    const db = stoppedBefore(1, lost(3));
    expect(counted(db)).toEqual([3, 3]);
    unseen(db, lost(1));

    expect(counted(begunAnew(db))).toEqual([4, 0]);
  });

  it('counts none twice where it was stopped before the second time that some left', () => {
    const db = doneAgain(lost(3), '');
    unseen(db, lost(1));
    expect(applyMigration(db, id, { stopAfterChunks: 1 })).toBeNull();
    expect(counted(db)).toEqual([4, 1]);

    expect(counted(begunAnew(db))).toEqual([4, 0]);
  });

  it('counts them when it goes on where it was stopped', () => {
    const before = stoppedBefore(1, lost(3));
    unseen(before, lost(1));
    expect(applyMigration(before, id)?.findings).toEqual([]);
    expect(counted(before)).toEqual([4, 0]);

    const behind = doneAgain(lost(3), '');
    behind.exec(`UPDATE _phasewise_backfills SET state = 'running' WHERE id = '${id}/chat_sessions'`);
    unseen(behind, lost(1));
    applyMigration(behind, id);
    expect(counted(behind)).toEqual([4, 1]);
  });

  it('takes no longer for each of many', () => {
    const many = `INSERT INTO chat_sessions (id, project_id, user_id, title, created_at, updated_at)
      WITH n (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < 4000) SELECT NULL, 'nowhere', 'u', at / 2, 'T', 'T' FROM n`;
    const startedAt = performance.now();

    expect(counted(doneAgain(many, many))).toEqual([8_000, 0]);
    expect(performance.now() - startedAt).toBeLessThan(5_000); // a tenth of it
  });
});
