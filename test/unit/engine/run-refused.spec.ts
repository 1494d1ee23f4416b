import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { safetyText } from '@shared/errors.ts';
import { createControl } from '@engine/control.ts';
import type { RunPoint } from '@engine/session.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { folderState } from '../../support/folder-state.ts';
import { otherProgram } from '../../support/other-program.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const chunked = { more: { tuning: manyChunks } };
const change = (file: string, sql: string) => new Database(file).exec(sql).close();

describe('a refusal touches nothing', () => {
  it.each(['facts_json', 'added_json'])('where %s, from which steps go on, cannot be read', async (column) => {
    const file = makeShop(folder);
    const probe = (point: RunPoint) => {
      if (point === 'chunk-committed') throw new Error('stopped on purpose');
    };
    expect((await upgradeShop(file, { more: { ...chunked.more, probe } })).ok).toBe(false);
    change(file, `UPDATE _phasewise_backfills SET ${column} = '{"tables'`);
    const before = fs.readFileSync(file);
    const backups = fs.readdirSync(backupFolderOf(file));

    await expect(upgradeShop(file)).rejects.toMatchObject({
      appError: {
        code: 'E_LEDGER_TAMPERED',
        safety: safetyText.untouched,
        nextStep: expect.stringContaining('_phasewise_backfills') as string,
      },
    });

    expect(fs.readFileSync(file).equals(before)).toBe(true);
    expect(fs.readdirSync(backupFolderOf(file))).toEqual(backups);
  });

  it.each<[string, string, Parameters<typeof upgradeShop>[1], string]>([
    ['a phase that this version does not have', '', { input: { toPhase: 2 } }, 'E_PHASE_UNAVAILABLE'],
    ['a database of nobody known', 'DROP TABLE note; DROP TABLE member;', {}, 'E_FOREIGN_DATABASE'],
    ['a view where our table should be', 'CREATE VIEW _phasewise_runs AS SELECT 1 AS id;', {}, 'E_NAME_COLLISION'],
    [
      'a plan that no longer fits',
      '',
      {
        more: {
          assertPlan: () => {
            throw new Error('changed');
          },
        },
      },
      '',
    ],
  ])('%s', async (_, extra, run, code) => {
    const file = makeShop(folder, { extra });
    const before = folderState(path.dirname(file));

    await expect(upgradeShop(file, run)).rejects.toThrow(code);

    expect(folderState(path.dirname(file))['shop.db']).toEqual(before['shop.db']);
    expect(isThere(backupFolderOf(file))).toBe(false);
  });

  it.each([
    ['reads', false, `db.exec('BEGIN'); db.prepare('SELECT count(*) FROM note').get()`, 'E_DB_IN_USE'],
    ['is about to write', false, `db.exec('BEGIN IMMEDIATE')`, 'E_DB_BUSY'],
    ['writes', false, `db.exec('BEGIN EXCLUSIVE')`, 'E_DB_BUSY'],
    ['merely has it open in WAL mode', true, `db.prepare('SELECT count(*) FROM note').get()`, 'E_DB_IN_USE'],
    ['writes in WAL mode', true, `db.exec("BEGIN IMMEDIATE")`, 'E_DB_BUSY'],
  ])('while another program %s', async (_, wal, body, code) => {
    const file = makeShop(folder, { wal });
    const other = await otherProgram(file, body);
    const state = () => ({ ...folderState(path.dirname(file)), '.': '', locks: '' }); // where our own lock was
    const before = state();

    await expect(upgradeShop(file)).rejects.toMatchObject({
      appError: { code, message: expect.stringContaining('process ') },
    });

    expect(isThere(backupFolderOf(file))).toBe(false);
    expect(state()).toEqual(before);
    await other.kill();
    expect((await upgradeShop(file)).ok).toBe(true);
  });

  it('when it is damaged', async () => {
    const file = makeShop(folder, { members: 200 });
    const handle = fs.openSync(file, 'r+');
    fs.writeSync(handle, Buffer.alloc(3_000, 0x5a), 0, 3_000, 8_192);
    fs.closeSync(handle);
    const bytes = fs.readFileSync(file);

    expect(await codeOfPromise(upgradeShop(file))).toBe('E_CORRUPT');

    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    expect(isThere(backupFolderOf(file)) ? fs.readdirSync(backupFolderOf(file)) : []).toEqual([]);
  });

  it('also of the log that a killed program left', async () => {
    const file = makeShop(folder, { wal: true, extra: 'DROP TABLE note; DROP TABLE member;' });
    const other = await otherProgram(file, `db.exec("INSERT INTO setting VALUES ('left', 'behind')")`);
    await other.kill();
    const before = folderState(path.dirname(file));

    expect(await codeOfPromise(upgradeShop(file))).toBe('E_FOREIGN_DATABASE');

    expect(folderState(path.dirname(file))).toEqual(before);
  });

  it('while this program is working on it already', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const locked = Promise.withResolvers<void>();
    const probe = (point: RunPoint) => {
      if (point !== 'locked') return;
      control.request('pause'); // longer than anybody waits for a process that is about to end
      locked.resolve();
    };
    const first = upgradeShop(file, { control, more: { probe } });
    await locked.promise;

    const second = await codeOfPromise(upgradeShop(file));
    control.request('resume');
    await first;

    expect(second).toBe('E_RUN_ACTIVE');
  });

  it('when the backup cannot be verified: the run does not start', async () => {
    const file = makeShop(folder);
    const bytes = fs.readFileSync(file);
    const spoil = (point: string, copy: string) => point === 'hashed' && fs.appendFileSync(copy, 'x');

    expect(await codeOfPromise(upgradeShop(file, { more: { backupProbe: spoil } }))).toBe('E_BACKUP_UNVERIFIED');

    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    expect(fs.readdirSync(backupFolderOf(file))).toEqual([]);
  });
});
