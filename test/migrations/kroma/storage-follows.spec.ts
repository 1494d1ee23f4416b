import { expect, it } from 'vitest';
import { madeOnceOf } from '../../support/made-once.ts';
import { applyUpTo, legacyDatabase, rowsOf, valueOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { household, project } from './rows.ts';

const folder = temporaryFolder();
const upgraded = madeOnceOf(folder, (file, settings: string) => {
  const projects = [project('p', { settings_json: settings })];
  const db = legacyDatabase(file, { ...household, projects });
  applyUpTo(db, '20260221_0017');
  return db;
});
const settingsOf = (db: ReturnType<typeof upgraded>) => valueOf(db, 'SELECT settings_json FROM projects');

it.each([
  ['{}', '{"storage":{"s3":{"enabled":true,"bucket":"b"}}}'],
  ['{"a": 1, "storage": null}', '{"a":1,"storage":{"s3":{"enabled":true,"bucket":"b"}}}'],
  [
    '{"storage":{"s3":{"bucket":"x","extra":[1]},"local":{}}}',
    '{"storage":{"s3":{"bucket":"b","extra":[1],"enabled":true},"local":{}}}',
  ],
  // What cannot be written without destroying something, or would not be read back, stays.
  ['no json', 'no json'],
  ['', ''],
  ['[1]', '[1]'],
  ['{"storage":[1]}', '{"storage":[1]}'],
  [
    '{"storage":{"s3":{"bucket":"x","bucket":"y","enabled":true}}}',
    '{"storage":{"s3":{"bucket":"x","bucket":"y","enabled":true}}}',
  ],
])('writes changed columns of project_storage into the settings %s', (settings, expected) => {
  const db = upgraded(settings);

  db.exec(`UPDATE project_storage SET s3_enabled = 1, s3_bucket = 'b', updated_at = 'then'`);

  expect(settingsOf(db)).toBe(expected);
  expect(rowsOf(db, 'SELECT s3_enabled, s3_bucket, updated_at FROM project_storage')).toEqual([[1, 'b', 'then']]);
});

it('leaves the settings to the letter when they say the same already, in their own words', () => {
  const settings = '{ "storage": {"s3": {"enabled": "yes", "bucket": " b "}} }';
  const db = upgraded(settings);

  db.exec(`UPDATE project_storage SET s3_enabled = 0, s3_bucket = NULL`);
  db.exec(`UPDATE projects SET settings_json = '${settings}'`);
  db.exec(`UPDATE project_storage SET s3_enabled = 1, s3_bucket = 'b', updated_at = 'then'`);

  expect(settingsOf(db)).toBe(settings);
});

it('says nothing as an empty text, which every reader takes for nothing', () => {
  const db = upgraded('{"storage":{"s3":{"bucket":"b"}}}');

  db.exec(`UPDATE project_storage SET s3_bucket = NULL, s3_prefix = NULL`);

  expect(settingsOf(db)).toBe('{"storage":{"s3":{"bucket":"","prefix":""}}}');
  expect(rowsOf(db, 'SELECT s3_bucket, s3_prefix FROM project_storage')).toEqual([[null, null]]);
});
