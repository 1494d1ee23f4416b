import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { defineMigration, inRange, rangeValues, type Backfill, type Migration, type Pack } from '@engine/migration.ts';
import { retryIssues } from '@engine/retry.ts';
import { verifyResult } from '@engine/verify.ts';
import { describe, expect, it } from 'vitest';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { shopMigrations, shopPack } from '../../support/engine/shop-pack.ts';
import { ask, askOne, backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

async function setUp(pack: Pack = shopPack()) {
  const file = makeShop(folder, { members: 30 }); // m000010, m000020 and m000030 have no name
  expect((await upgradeShop(file, { pack })).ok).toBe(true);
  const change = (sql: string) => new Database(file).exec(sql).close();
  const stages = new Set<string>();
  const retry = () =>
    retryIssues(
      {
        ...{ path: file, backupFolder: backupFolderOf(file), lockFolder: path.join(path.dirname(file), 'locks') },
        ...{ appVersion: '0', runId: 'retry-1' },
      },
      [pack],
      ({ stage, canCancel }) => stages.add(`${stage} ${canCancel}`),
    );
  const account = (id = '0001_person/persons') =>
    ask(file, `SELECT expected, moved, already_right, issue_rows FROM _phasewise_backfills WHERE id = '${id}'`)[0];
  const unmet = () =>
    verifyResult({ path: file, toPhase: 1, backupPath: null }, [pack]).checks.filter(({ state }) => state !== 'met');
  const keys = () =>
    ask<{ k: string }>(file, 'SELECT source_key AS k FROM _phasewise_quarantine ORDER BY 1').map(({ k }) => k);
  return { file, change, retry, stages, account, unmet, keys };
}
/** The trigger of the shop places new members only; a name given later is found by trying again. */
const NAMED = `UPDATE member SET name = 'Ann' WHERE id = 'm000010';`;

describe('trying issue rows again', () => {
  it('places what can be placed now, behind a verified backup, and the accounts still close', async () => {
    const { change, retry, stages, account, unmet, keys, file } = await setUp();
    change(NAMED);
    const before = account();

    const report = await retry();
    expect([...stages]).toEqual(['copying true', 'proving true', 'writing true', 'checking false']);

    expect(report).toMatchObject({
      tried: 3,
      cleared: 1,
      left: 2,
      kept: 0,
      backup: { verified: true, runId: 'retry-1' },
    });
    expect(ask(file, `SELECT * FROM person WHERE id = 'm000010'`)).toEqual([
      { id: 'm000010', full_name: 'Ann', town: 'city 3' },
    ]);
    expect([before, account()]).toEqual([
      { expected: 30, moved: 27, already_right: 0, issue_rows: 3 },
      { expected: 30, moved: 28, already_right: 0, issue_rows: 2 },
    ]);
    expect(keys()).toEqual(['m000020', 'm000030']);
    expect(unmet()).toEqual([]);
  });

  it('leaves them alone once a phase that removes something was begun: their rows may have left their tables', async () => {
    const pack = cleanupShop();
    const { file, retry } = await setUp(pack);
    const orphan = `PRAGMA foreign_keys = OFF; UPDATE note SET member_id = 'nobody' WHERE id = 1; ${NAMED}`;
    new Database(file).exec(orphan).close();
    let chunks = 0;
    const probe = (point: string, subject: string) => {
      if (point === 'chunk-committed' && subject === '0003_cut_over/notes' && ++chunks > 2) throw new Error('stopped');
    };
    const input = { toPhase: 2, isRemovalConfirmed: true };
    expect((await upgradeShop(file, { pack, input, more: { tuning: manyChunks, probe } })).ok).toBe(false);
    const issues = () => ask(file, 'SELECT backfill_id, source_key FROM _phasewise_quarantine ORDER BY 1, 2');
    const before = issues();

    expect(await retry()).toMatchObject({ tried: 0, cleared: 0, backup: null });

    expect(issues()).toEqual(before);
  });

  it('counts what a program has placed meanwhile as right already', async () => {
    const { change, retry, account } = await setUp();
    change(`${NAMED} INSERT INTO person VALUES ('m000010', 'Ann', 'city 3');`);

    expect(await retry()).toMatchObject({ cleared: 1 });
    expect(account()).toEqual({ expected: 30, moved: 27, already_right: 1, issue_rows: 2 });
  });

  it('forgets the issue of a row that somebody removed', async () => {
    const { change, retry, account, unmet } = await setUp();
    change(`DELETE FROM member WHERE id = 'm000020'`);

    expect(await retry()).toMatchObject({ tried: 3, cleared: 1, left: 2 });
    expect(account()).toEqual({ expected: 29, moved: 27, already_right: 0, issue_rows: 2 });
    expect(unmet()).toEqual([]);
  });

  it('changes no byte and makes no backup when nothing can be placed', async () => {
    const { retry, file, keys } = await setUp();
    const before = readFileSync(file);
    const backups = ask(file, 'SELECT * FROM _phasewise_quarantine');

    expect(await retry()).toEqual({ tried: 3, cleared: 0, left: 3, kept: 0, backup: null });
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(ask(file, 'SELECT * FROM _phasewise_quarantine')).toEqual(backups);
    expect(keys()).toHaveLength(3);
    expect(existsSync(`${file}-journal`)).toBe(false);
  });

  it('keeps issue rows whose table is gone, and those of a migration that another one replaced', async () => {
    const { change, retry } = await setUp();
    change(`INSERT INTO _phasewise_quarantine (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at)
      VALUES ('0000_old/rows', 'old', 'x', 'no-name', '', 0, '{}', 'r', '2026-01-01')`);
    expect(await retry()).toMatchObject({ tried: 3, kept: 1 });

    const replaced = {
      ...shopMigrations,
      '0003_all': { ...shopMigrations['0002_note_length'], backfills: [], supersedes: ['0001_person'] },
    };
    const again = await setUp(shopPack(replaced));
    again.change(NAMED);
    expect(await again.retry()).toEqual({ tried: 0, cleared: 0, left: 0, kept: 3, backup: null });
  });

  it('leaves rows alone about which no files can be asked', async () => {
    const logs: Backfill = {
      ...{ name: 'logs', title: 'reading logs', source: 'member', key: 'id' },
      chunk(db, range, context) {
        const sql = `SELECT id FROM member WHERE ${inRange(range, 'id')}`;
        const ids = db.prepare<unknown[], string>(sql).pluck().all(rangeValues(range));
        const torn = ids.filter((id) => context.sourceFiles?.read(`logs/${id}`).state === 'unreadable');
        for (const id of torn)
          context.setAside({ reason: 'torn', where: 's.id = :id', params: { id }, isPlaced: true });
        return { moved: ids.length - torn.length, alreadyRight: 0, issueRows: torn.length };
      },
    };
    const readLogs: Migration = defineMigration({
      ...shopMigrations['0002_note_length'],
      backfills: [logs],
      verify: () => [],
    });
    const pack = shopPack({ '0001_person': shopMigrations['0001_person'], '0002_logs': readLogs });
    const { change, retry } = await setUp(pack);
    change(`INSERT INTO _phasewise_quarantine (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at)
        VALUES ('0002_logs/logs', 'member', 'm000001', 'torn', '', 1, '{}', 'r', '2026-01-01');
      UPDATE _phasewise_backfills SET issue_rows = 1, moved = moved - 1 WHERE id = '0002_logs/logs'`);

    expect(await retry()).toMatchObject({ tried: 4, cleared: 0, left: 4, backup: null });
  });

  it('takes everything back when an account would not close', async () => {
    const { change, retry, keys, file } = await setUp();
    change(`${NAMED} UPDATE _phasewise_backfills SET moved = moved + 1 WHERE id = '0001_person/persons'`);

    await expect(retry()).rejects.toThrow('E_ROWS_SKIPPED');
    expect([keys().length, askOne(file, `SELECT count(*) FROM person WHERE id = 'm000010'`)]).toEqual([3, 0]);
  });
});
