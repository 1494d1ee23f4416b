import { mkdtempSync, realpathSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { createControl } from '@engine/control.ts';
import { runUpgrade } from '@engine/run.ts';
import { buildSample } from '@engine/sample.ts';
import { verifyResult } from '@engine/verify.ts';
import { packs } from '../../../migrations/index.ts';
import { ask, askOne } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

async function makeSample() {
  const own = mkdtempSync(path.join(realpathSync(folder), 'kroma-'));
  const file = path.join(own, 'sample.db');
  buildSample({ path: file, packId: 'kroma', seed: 3 }, packs);
  const upgrade = async (runId: string) => {
    const folders = { backupFolder: path.join(own, 'backups'), lockFolder: path.join(own, 'locks') };
    const report = await runUpgrade(
      { path: file, toPhase: null, fingerprint: null, runId, appVersion: '0', ...folders },
      { packs, control: createControl(), emit: () => {} },
    );
    expect(report.error).toBeUndefined();
    const { checks } = verifyResult({ path: file, toPhase: 4, backupPath: report.backup?.path ?? null }, packs);
    expect(checks.filter(({ state }) => state !== 'met')).toEqual([]);
    return report;
  };
  return { file, upgrade };
}

/** What no program could do, because the triggers carry every change to the other names: they stand aside meanwhile. */
function change(file: string, sql: string): void {
  const db = new Database(file);
  db.pragma('foreign_keys = 0');
  db.pragma('ignore_check_constraints = 1');
  const triggers = db
    .prepare<[], { name: string; sql: string }>(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`)
    .all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER "${name}"`);
  db.exec(sql);
  for (const trigger of triggers) db.exec(trigger.sql);
  db.close();
}

it('a repair restores what is missing and keeps what newer programs wrote since', async () => {
  const { file, upgrade } = await makeSample();
  await upgrade('first');
  change(
    file,
    `UPDATE app_users SET display_name = 'edited'; UPDATE project_storage SET local_base_dir = 'edited';
     UPDATE run_candidates SET status = 'edited' WHERE rowid <> (SELECT max(rowid) FROM run_candidates);
     UPDATE runs SET model_name = 'edited' WHERE model_name <> '';
     DELETE FROM app_users WHERE rowid = (SELECT max(rowid) FROM app_users);
     DELETE FROM project_storage WHERE rowid = (SELECT max(rowid) FROM project_storage);
     DELETE FROM run_candidates WHERE rowid = (SELECT max(rowid) FROM run_candidates);
     UPDATE runs SET run_mode = NULL WHERE rowid = 1`,
  );
  const rows = {
    users: askOne(file, `SELECT count(*) FROM app_users`),
    before: ask(file, `SELECT id FROM users`).length,
  };

  const report = await upgrade('second');

  expect(report.migrations.map(({ id }) => id.slice(9, 13))).toEqual(['0001', '0003', '0009', '0011']);
  expect(askOne(file, `SELECT count(*) FROM app_users`)).toBe(Number(rows.users) + 1);
  expect(askOne(file, `SELECT count(*) FROM app_users WHERE display_name <> 'edited'`)).toBe(1);
  expect(askOne(file, `SELECT count(*) FROM project_storage WHERE local_base_dir <> 'edited'`)).toBe(1);
  expect(askOne(file, `SELECT count(*) FROM run_candidates WHERE status <> 'edited'`)).toBe(1);
  expect(askOne(file, `SELECT count(*) FROM runs WHERE model_name NOT IN ('edited', '')`)).toBe(0);
});

it('rows that break a rule of their own table are no damage, and do not stand in the way', async () => {
  const { file, upgrade } = await makeSample();
  change(file, `CREATE TABLE extra (a INTEGER CHECK (a > 0)); INSERT INTO extra VALUES (-1), (-2)`);

  const report = await upgrade('first');

  const whole = report.checks.find(({ id }) => id === 'file-whole');
  expect(whole?.summary).toContain('2 rows break a rule of their own table');
  expect(askOne(file, `SELECT sum(a) FROM extra`)).toBe(-3);
});

it("right after a run, every value is held against the old one; later, an edit is nobody's fault", async () => {
  const { file, upgrade } = await makeSample();
  const { backup } = await upgrade('first');
  change(file, `UPDATE app_users SET display_name = 'edited' WHERE rowid = 1`);
  const unmet = (backupPath: string | null) =>
    verifyResult({ path: file, toPhase: 4, backupPath }, packs).checks.flatMap(({ id, state }) =>
      state === 'met' ? [] : [id],
    );
  expect(unmet(backup?.path ?? null)).toEqual(['migration:20260221_0001_rename_users', 'kept']);
  expect(unmet(null)).toEqual([]);
});
