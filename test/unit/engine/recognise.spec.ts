import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { toAppError, type AppError } from '@shared/errors.ts';
import { recogniseOrRefuse } from '@engine/recognise.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { createLegacySchema } from '../../../migrations/kroma/sample/schema.ts';

function refusalAfter(sql: string): AppError | null {
  const db = new Database(':memory:');
  createLegacySchema(db);
  db.exec(sql);
  try {
    recogniseOrRefuse(db, [kroma]);
    return null;
  } catch (error) {
    return toAppError(error);
  } finally {
    db.close();
  }
}

it.each([
  ['a table', 'DROP TABLE project_exports', 'project_exports'],
  ['a column', 'ALTER TABLE runs DROP COLUMN mode', 'mode'],
])('a known database that lacks %s is not sent away as one of another program', (_, sql, named) => {
  const error = refusalAfter(sql);

  expect(error).toMatchObject({ code: 'E_FOREIGN_DATABASE', message: expect.stringContaining(named) as string });
  expect(error?.nextStep).toMatch(/^Restore a backup in which nothing is missing, or ask support\./);
});

it('one that no program makes is', () => {
  const tables =
    'PRAGMA foreign_keys = 0; DROP TABLE users; DROP TABLE projects; DROP TABLE runs; DROP TABLE run_jobs;';

  expect(refusalAfter(tables)?.nextStep).toBe('Choose a database of a supported program.');
});
