import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { csvCell, exportIssues, maskedRow, sensitiveColumns } from '@engine/issues-export.ts';
import type { Pack } from '@engine/migration.ts';
import { describe, expect, it } from 'vitest';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { askOne, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const person: Pack['canonical'][number] = {
  ...{ name: 'person', legacyName: 'member', group: 'G', priority: 'must-now', phase: 1 },
  columns: [{ name: 'town', type: 'TEXT', notNull: false, legacyName: 'city', isSensitive: true, phase: 1 }],
  uniques: [],
  indexes: [],
  sensitiveLegacyColumns: ['PHOTO'],
};
const pack: Pack = { ...shopPack(), canonical: [person] };

/** An upgraded shop with three members that have no name. */
async function setUp(extra = '') {
  const file = makeShop(folder, { members: 30, extra });
  expect((await upgradeShop(file)).ok).toBe(true);
  const write = async (name: string, format: 'csv' | 'json') => {
    const target = path.join(path.dirname(file), name);
    const answer = await exportIssues({ path: file, target, partial: `${target}.part`, format }, [pack]);
    return { ...answer, target, text: readFileSync(target, 'utf8') };
  };
  return { file, write };
}

describe('the export of issue rows', () => {
  it('says where each is, why in words, and gives the whole row with sensitive values masked', async () => {
    const { write } = await setUp();

    const { rows, text, target } = await write('issues.json', 'json');

    expect(rows).toBe(3);
    const issues = JSON.parse(text) as Record<string, unknown>[];
    expect(issues[0]).toEqual({
      ...{ id: 1, table: 'member', key: 'm000010', reason: 'no-name', explanation: 'The member has no name' },
      ...{ detail: '', isPlaced: false, backfill: '0001_person/persons' },
      recordedAt: expect.stringMatching(/Z$/) as string,
      row: { id: 'm000010', name: null, city: '(not exported)', photo: '(not exported)' },
    });
    expect(statSync(target).mode & 0o077).toBe(0);
  });

  it('as CSV has a line per row, and no cell that a spreadsheet takes for a formula', async () => {
    const { file, write } = await setUp(
      `DELETE FROM note; UPDATE member SET id = '=cmd|''/C calc''!A0' WHERE id = 'm000010';`,
    );
    const db = new Database(file);
    db.exec(`UPDATE _phasewise_quarantine SET detail = 'names "x",' || char(10) || 'which is gone' WHERE id = 2`);
    db.close();

    const { text } = await write('issues.csv', 'csv');

    const lines = text.split('\r\n');
    expect(lines[0]).toBe('"id","table","key","reason","explanation","detail","placed","backfill","recorded_at","row"');
    expect(text).toContain(`"'=cmd|'/C calc'!A0"`);
    expect(text).toContain('"names ""x"",\nwhich is gone"');
    expect(text).not.toContain('city 3');
    expect(lines).toHaveLength(5);
    expect(['-1', '=1+1', ' @x', '-x', '12', '+49 30', '\tx', 'a-b'].map(csvCell)).toEqual([
      ...['"-1"', `"'=1+1"`, `"' @x"`, `"'-x"`, '"12"', `"'+49 30"`, `"'\tx"`, '"a-b"'],
    ]);
  });

  it('never overwrites, leaves nothing half written, and takes no name of the database itself', async () => {
    const { file, write } = await setUp();
    const home = path.dirname(file);
    writeFileSync(path.join(home, 'mine.csv'), 'mine');
    const to = (target: string) =>
      codeOfPromise(exportIssues({ path: file, target, partial: `${target}.part`, format: 'csv' }, [pack]));

    expect(await to(path.join(home, 'mine.csv'))).toBe('E_FILE_EXISTS');
    expect(readFileSync(path.join(home, 'mine.csv'), 'utf8')).toBe('mine');
    expect(await to(`${file}-wal`)).toBe('E_PATH_UNSUPPORTED');
    expect(await to(path.join(home, 'no', 'folder.csv'))).toBe('E_NOT_FOUND');
    expect(await to(path.join(home, `${'x'.repeat(300)}.csv`))).toBe('E_PATH_UNSUPPORTED');
    const db = new Database(file);
    db.exec(`UPDATE _phasewise_quarantine SET row_json = '{torn' WHERE id = 2`);
    db.close();
    expect(JSON.parse((await write('torn.json', 'json')).text)).toMatchObject([{}, { row: null }, {}]);
    expect(readdirSync(home).filter((name) => name.endsWith('csv'))).toEqual(['mine.csv']);
  });

  it('of a database that was never upgraded is an empty list', async () => {
    const file = makeShop(folder);
    const target = path.join(path.dirname(file), 'none.json');

    expect(await exportIssues({ path: file, target, partial: `${target}.part`, format: 'json' }, [pack])).toEqual({
      path: target,
      rows: 0,
    });
    expect(JSON.parse(readFileSync(target, 'utf8'))).toEqual([]);
    expect(askOne(file, 'SELECT count(*) FROM member')).toBe(30);
  });

  it('keeps every digit of a number', () => {
    const row = maskedRow('{"n":12345678901234567890,"r":0.10,"s":"x","e":"","z":null}', new Set(['s', 'e', 'z']));
    expect(JSON.stringify(row)).toBe('{"n":12345678901234567890,"r":0.10,"s":"(not exported)","e":"","z":null}');
  });

  it('masks under the old and the new name of a table and of a column', () => {
    const known = sensitiveColumns(kroma);
    expect([...(known.get('project_api_secrets') ?? [])]).toEqual(
      expect.arrayContaining(['secret_ciphertext', 'kms_key_ref', 'key_ref']),
    );
    expect(known.get('users')).toEqual(known.get('app_users'));
    expect(known.get('users')?.has('email')).toBe(true);
  });
});
