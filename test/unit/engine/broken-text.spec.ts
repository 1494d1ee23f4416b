import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { ensureBookkeeping } from '@engine/bookkeeping-tables.ts';
import { findSetAside } from '@engine/carried.ts';
import type { Db } from '@engine/migration.ts';
import { setAside } from '@engine/set-aside.ts';

/** Text that its encoding has no characters for: an issue row keeps its bytes, and says that they were text. */

let db: Db;
afterEach(() => void db.close());

/** The table in the backup, and in the file, where its one row is recorded and then leaves. */
function recorded(encoding: string, body: string): string {
  db = new Database(':memory:');
  db.pragma(`encoding = '${encoding}'`);
  db.exec(`ATTACH ':memory:' AS backup`);
  ensureBookkeeping(db);
  for (const schema of ['main', 'backup'])
    db.exec(`CREATE TABLE ${schema}.note (id INTEGER PRIMARY KEY, body TEXT COLLATE NOCASE);
      INSERT INTO ${schema}.note VALUES (1, ${body})`);
  const source = { backfillId: 'one', source: 'note', key: 'id', runId: 'r', now: '2026-01-01' };
  setAside(db, source, { after: null, upTo: 9 }, { reason: 'taken', where: '1', isPlaced: false });
  db.exec('DELETE FROM main.note');
  return db.prepare<[], string>('SELECT row_json FROM _phasewise_quarantine').pluck().get() ?? '';
}
const kept = (): number => findSetAside(db, 'backup', 'note', ['id', 'body']).amongIssues;
const text = (hex: string) => `CAST(x'${hex}' AS TEXT)`;

describe('an issue row', () => {
  it.each([
    ['UTF-16le', '3DD8410042004300'],
    ['UTF-16le', '41003DD8'],
    ['UTF-16be', 'DC000041'],
  ])('of a file in %s keeps half a surrogate pair by its bytes: %s', (encoding, hex) => {
    expect(recorded(encoding, text(hex))).toBe(`{"id":1,"body":{"$brokenText":"${hex}"}}`);
    expect(kept()).toBe(1);
  });

  it.each([
    ['UTF-16le', '3DD800DE', '😀'],
    ['UTF-16be', '004100000042', 'A\0B'],
    ['UTF-8', 'F09F9880', '😀'],
  ])('of a file in %s keeps whole characters as they are: %s', (encoding, hex, said) => {
    expect(JSON.parse(recorded(encoding, text(hex)))).toEqual({ id: 1, body: said });
    expect(kept()).toBe(1);
  });

  it('keeps bytes that are no UTF-8', () => {
    recorded('UTF-8', text('61FF00FE62'));

    expect(kept()).toBe(1);
    expect(db.prepare(`SELECT hex(row_json ->> 'body') FROM _phasewise_quarantine`).pluck().get()).toBe('61FF00FE62');
  });

  it.each([
    ['another character', `x'3DD8410042004300'`, '👁BC'],
    ['other letters, where the column does not tell them apart', `x'41004200'`, 'ab'],
    ['a number', `x'37000000'`, 7],
  ])('that holds %s instead does not hold the row', (_, bytes, said) => {
    recorded('UTF-16le', `CAST(${bytes} AS TEXT)`);
    db.prepare('UPDATE _phasewise_quarantine SET row_json = ?').run(JSON.stringify({ id: 1, body: said }));

    expect(kept()).toBe(0);
  });

  it('tells a blob from a text of the same bytes', () => {
    const row = recorded('UTF-16le', `x'3DD8'`);

    expect(row).toBe('{"id":1,"body":{"$blob":"3DD8"}}');
    expect(kept()).toBe(1);
    db.prepare('UPDATE _phasewise_quarantine SET row_json = ?').run(row.replace('$blob', '$brokenText'));
    expect(kept()).toBe(0);
  });
});
