import { readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { passGate } from '@engine/gate.ts';
import { toAppError, type AppError } from '@shared/errors.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
let files = 0;

/** A database with a journal of its own whose header is this. */
function beside(change: Partial<Record<'pages' | 'sectorSizeBytes' | 'pageSizeBytes', number>>): string {
  const file = makeDatabase(folder, 'CREATE TABLE t (a); INSERT INTO t VALUES (1)', `project-${(files += 1)}.db`);
  const header = Buffer.alloc(512 + 4096 + 8, 'noise');
  header.write('d9d505f920a163d7', 0, 'hex');
  const { pages = 2, sectorSizeBytes = 512, pageSizeBytes = 4096 } = change;
  [1, 0, pages, sectorSizeBytes, pageSizeBytes].forEach((value, at) => header.writeUInt32BE(value, 8 + 4 * at));
  writeFileSync(`${file}-journal`, header);
  return file;
}

function errorOf(act: () => unknown): AppError | null {
  try {
    act();
    return null;
  } catch (error) {
    return toAppError(error);
  }
}

it('a journal that SQLite would not play back is not called damage of the file, and what to do with it is said', () => {
  const file = beside({ pages: 3_490_474_301, pageSizeBytes: 378_437_854 });

  const error = errorOf(() => passGate(file));

  expect(error).toMatchObject({ code: 'E_CORRUPT', details: { pages: 3_490_474_301 } });
  expect(error?.message).toMatch(
    /-journal beside the file is damaged, .* would put nothing back .* itself looks untouched/,
  );
  expect(error?.nextStep).toMatch(/move it to another folder and keep it; then try again/);
  // That is so: SQLite reads the file, and the journal is gone.
  const db = new Database(file);
  expect(db.prepare('SELECT a FROM t').pluck().all()).toEqual([1]);
  db.close();
  expect(() => readFileSync(`${file}-journal`)).toThrow('ENOENT');
});

it('one that SQLite would play back, and make the file huge, leaves the file in doubt', () => {
  const error = errorOf(() => passGate(beside({ pages: 2 ** 30 })));

  expect(error?.code).toBe('E_CORRUPT');
  expect(error?.message).toMatch(/says that the file was 4398046511104 bytes long.* may hold half of that write/);
  expect(error?.nextStep).toMatch(/^Restore a backup of it\..* ask support\.$/);
});

it('one that can be that of the file is left to SQLite', () => {
  expect(errorOf(() => passGate(beside({})))).toBeNull();
});
