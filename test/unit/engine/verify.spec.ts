import fs from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { backupDatabase } from '@engine/backups.ts';
import { verifyResult } from '@engine/verify.ts';
import { safetyText, toAppError } from '@shared/errors.ts';
import type { CheckResult } from '@shared/status.ts';
import { backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

/** An upgraded shop and the path of the backup made before. */
async function upgraded(extra = ''): Promise<{ file: string; backupPath: string | null }> {
  const file = makeShop(folder, { extra });
  const report = await upgradeShop(file);
  expect(report.error).toBeUndefined();
  return { file, backupPath: report.backup?.path ?? null };
}

const unmet = (checks: CheckResult[]): string[] => checks.filter(({ state }) => state !== 'met').map(({ id }) => id);
const summaryOf = (checks: CheckResult[], id: string): string => checks.find((check) => check.id === id)?.summary ?? '';

function change(file: string, sql: string): void {
  const db = new Database(file);
  db.pragma('foreign_keys = OFF');
  db.exec(sql);
  db.close();
}

/** Every row can still be read; only integrity_check compares this number with the list. */
function miscountFreePages(file: string): void {
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, Buffer.from([0, 0, 0, 77]), 0, 4, 36);
  fs.closeSync(handle);
}

describe('the verdict', () => {
  it('is met for an upgraded file, and says how much was compared', async () => {
    const { file, backupPath } = await upgraded();

    const { checks } = verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]);

    expect(unmet(checks)).toEqual([]);
    expect(checks.map(({ id }) => id)).toEqual([
      ...[
        'integrity',
        'recorded',
        'migration:0001_person',
        'migration:0002_note_length',
        'members',
        'all-placed',
        'accounts',
        'references',
        'backup',
        'kept',
      ],
    ]);
    expect(summaryOf(checks, 'kept')).toBe('All 122 rows in 4 tables of the backup are still there, value for value.');
  });

  it.each([
    ['a deleted row', `DELETE FROM note WHERE id = 7`, '1 of 90 rows of note are missing or were changed'],
    [
      'a changed legacy value',
      `UPDATE member SET city = 'elsewhere' WHERE id = 'm000004'; UPDATE person SET town = 'elsewhere' WHERE id = 'm000004'`,
      '1 of 30 rows of member are',
    ],
    [
      'a value that only changed its type',
      `UPDATE note SET body = CAST(body AS BLOB) WHERE id = 3`,
      '1 of 90 rows of note',
    ],
    ['a value in a table without rowids', `UPDATE setting SET value = 'eur'`, '1 of 1 rows of setting'],
    ['a dropped table', `DROP TABLE setting`, 'table setting is gone'],
    ['a dropped column', `ALTER TABLE member DROP COLUMN photo`, 'member has lost photo'],
    [
      'a row in a table that was not to grow',
      `INSERT INTO setting VALUES ('new', 'x')`,
      'setting has 1 rows that were not planned',
    ],
    ['rows in a new table', `CREATE TABLE strange AS SELECT 1 AS one`, 'the new table strange has rows'],
    [
      'a removed ledger row',
      `DELETE FROM schema_migrations WHERE version = 'shop_1'`,
      '1 of 1 rows of schema_migrations',
    ],
    ['a removed index', `DROP INDEX by_city`, 'index by_city was changed or removed'],
  ])('notices %s', async (_, sql, problem) => {
    const { file, backupPath } = await upgraded('CREATE INDEX by_city ON member (city);');
    change(file, sql);

    const { checks } = verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]);

    expect(unmet(checks)).toContain('kept');
    expect(summaryOf(checks, 'kept')).toContain(problem);
  });

  it('speaks of a phase without steps, and of large numbers, as a person would', async () => {
    const { file, backupPath } = await upgraded(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
       INSERT INTO setting SELECT 's' || i, i FROM n;`,
    );

    const { checks } = verifyResult({ path: file, toPhase: 0, backupPath }, [shopPack()]);

    expect(summaryOf(checks, 'recorded')).toBe('No step belongs to this phase.');
    expect(summaryOf(checks, 'kept')).toMatch(/^All 2,122 rows in 4 tables/);
  });

  it('notices an account that no longer closes', async () => {
    const { file, backupPath } = await upgraded();
    change(file, `DELETE FROM _phasewise_quarantine WHERE id = 1`);

    const { checks } = verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]);

    expect(unmet(checks)).toEqual(['accounts']);
  });

  it.each([
    ['an account that is not finished', `UPDATE _phasewise_backfills SET state = 'running'`, 'accounts'],
    ['an account that is gone', `DELETE FROM _phasewise_backfills`, 'accounts'],
    ['a step that is not recorded', `DELETE FROM _phasewise_migrations WHERE id = '0002_note_length'`, 'recorded'],
    ['a column that is gone again', `ALTER TABLE note DROP COLUMN touched`, 'migration:0002_note_length'],
  ])('notices %s', async (_, sql, check) => {
    const { file, backupPath } = await upgraded();
    change(file, sql);

    const { checks } = verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]);

    expect(unmet(checks)).toEqual([check]);
  });

  it.each([
    ['a run that is no longer recorded', `DELETE FROM _phasewise_runs`, '_phasewise_runs has lost records'],
    [
      'a row that only the issue rows held',
      `DELETE FROM _phasewise_quarantine WHERE source_key = 'm000010'`,
      '1 row of member that only the issue rows held is gone',
    ],
    [
      'numbers that would be given out again',
      `UPDATE sqlite_sequence SET seq = 1 WHERE name = 'ticket'`,
      'ticket would give out numbers that were used before',
    ],
  ])('compared with a later backup, notices %s', async (_, sql, problem) => {
    const tickets = `CREATE TABLE ticket (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO ticket VALUES (7);`;
    const { file } = await upgraded(tickets);
    change(file, `DELETE FROM note WHERE member_id = 'm000010'; DELETE FROM member WHERE id = 'm000010'`);
    const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
    const { path: backupPath } = await backupDatabase(made, [shopPack()]);
    change(file, sql);

    const { checks } = verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]);

    expect(unmet(checks)).toContain('kept');
    expect(summaryOf(checks, 'kept')).toContain(problem);
  });

  it.each([
    [`('ticket', NULL)`, null],
    [`(NULL, 1)`, null],
    [`('ticket', 'abc')`, null],
    [`('ticket', 5), ('ticket', 9)`, `DELETE FROM sqlite_sequence WHERE seq = 9`],
    [`('ticket', 9), ('ticket', 5)`, `UPDATE sqlite_sequence SET seq = 12 WHERE seq = 9`],
  ])('is not irritated by numbers that others wrote as %s', async (rows, sql) => {
    const tickets = `CREATE TABLE ticket (id INTEGER PRIMARY KEY AUTOINCREMENT);
      DELETE FROM sqlite_sequence; INSERT INTO sqlite_sequence VALUES ${rows};`;
    const { file, backupPath } = await upgraded(tickets);
    if (sql !== null) change(file, sql);

    expect(unmet(verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]).checks)).toEqual([]);
  });

  it('of two numbers that others wrote for a table, watches the one that SQLite goes on from', async () => {
    const tickets = `CREATE TABLE ticket (id INTEGER PRIMARY KEY AUTOINCREMENT);
      INSERT INTO sqlite_sequence VALUES ('ticket', 9), ('ticket', 5);`;
    const { file, backupPath } = await upgraded(tickets);
    change(file, `DELETE FROM sqlite_sequence WHERE seq = 9`);

    const { checks } = verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]);

    expect(unmet(checks)).toEqual(['kept']);
  });

  it('notices damage that no row shows', async () => {
    const { file, backupPath } = await upgraded();
    miscountFreePages(file);

    const { checks } = verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]);

    expect(unmet(checks)).toEqual(['integrity']);
    expect(summaryOf(checks, 'integrity')).toBe('SQLite found damage.');
  });

  it('notices a migration that is recorded but not true, and a criterion that is not met', async () => {
    const { file, backupPath } = await upgraded();
    change(file, `DELETE FROM person WHERE id = 'm000001'`);

    const { checks } = verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]);

    expect(unmet(checks)).toEqual(['migration:0001_person', 'all-placed']);
  });

  it('does not believe a backup whose bytes changed', async () => {
    const { file, backupPath } = await upgraded();
    change(backupPath ?? '', `UPDATE setting SET value = 'eur'`);

    const { checks } = verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]);

    expect(unmet(checks)).toEqual(['backup', 'kept']);
  });

  it.each<[string, string, (file: string) => Database.Database | void]>([
    ['is held by another program', 'E_DB_BUSY', (file) => new Database(file).exec('BEGIN EXCLUSIVE')],
    ['is gone', 'E_NOT_FOUND', (file) => fs.rmSync(file)],
    ['is none of ours', 'E_FOREIGN_DATABASE', (file) => change(file, 'DROP TABLE person; DROP TABLE member')],
  ])('does not say that nothing was changed where the file %s', async (_, code, act) => {
    const { file, backupPath } = await upgraded();
    const held = act(file);

    let thrown: unknown;
    try {
      verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]);
    } catch (error) {
      thrown = error;
    }
    if (held) held.close();

    expect(toAppError(thrown)).toMatchObject({ code, safety: safetyText.unknown });
  });

  it('says so when the backup is gone and only its manifest is left', async () => {
    const { file, backupPath } = await upgraded();
    fs.rmSync(backupPath ?? '');

    const { checks } = verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]);

    expect(unmet(checks)).toEqual(['backup', 'kept']);
    expect(summaryOf(checks, 'backup')).toBe('It could not be checked: ENOENT: no such file or directory');
  });
});
