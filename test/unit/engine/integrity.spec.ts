import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openVerifier } from '@engine/connection.ts';
import { checkIntegrity, keepingWhatIsKnown } from '@engine/integrity.ts';
import type { Db } from '@engine/migration.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** Whether a file is whole: asked once as long as nobody writes, and again as soon as somebody has. */

const folder = temporaryFolder();
let db: Db;
afterEach(() => {
  vi.restoreAllMocks();
  db.close();
});
const open = (): string => {
  const file = makeDatabase(folder, 'CREATE TABLE a (b, c); INSERT INTO a VALUES (1, 2); CREATE INDEX i ON a (b)');
  db = openVerifier(file);
  return file;
};

/** Another program leaves an index that lacks what it should hold. */
function damage(file: string): void {
  const other = new Database(file).unsafeMode();
  other.pragma('writable_schema = 1');
  other.exec(`UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON a (c)' WHERE name = 'i'`);
  other.pragma(`schema_version = ${Number(other.pragma('schema_version', { simple: true })) + 1}`); // or nobody reads it again
  other.close();
}

describe('an answer', () => {
  it('holds until somebody else writes', () => {
    const file = open();
    expect(checkIntegrity(db).isSound).toBe(true);

    damage(file);

    expect(checkIntegrity(db).isSound).toBe(false);
  });

  it('that held no longer is not brought back by writing to tables of ours', () => {
    const file = open();
    expect(checkIntegrity(db).isSound).toBe(true);
    damage(file);

    keepingWhatIsKnown(db, () => {});

    expect(checkIntegrity(db).isSound).toBe(false);
  });
});

/** SQLite gives so many lines. */
function answering(lines: number, text: string): void {
  const really = db.prepare.bind(db);
  const answer = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${lines})
    SELECT '${text}' FROM n WHERE ${lines} > 0`;
  vi.spyOn(db, 'prepare').mockImplementation(((sql: string) =>
    really(sql.includes('integrity_check') ? answer : sql)) as typeof db.prepare);
}

it.each([
  ['no line at all is no answer', 0, 'ok', false, 0],
  ['rows that break a rule are not damage', 9_999, 'NULL value in a.b', true, 9_999],
  ['where SQLite stops listing, nobody knows what follows', 10_000, 'NULL value in a.b', false, 10_000],
  ['any other line is', 1, 'row 1 missing from index i', false, 0],
])('%s', (_, lines, text, isSound, contentFindings) => {
  open();
  answering(lines, text);

  expect(checkIntegrity(db)).toMatchObject({ isSound, contentFindings });
});
