import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { unlikeColumns } from '../../../migrations/kroma/rules/affinity.ts';
import { insertRows, type Row } from '../../support/kroma/insert.ts';
import { reshape } from '../../support/kroma/reshape.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { applyMigration, applyUpTo, legacyDatabase, rowsOf, valueOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { asset, exported, household, project, user } from './rows.ts';
import { upgradeTo } from './upgraded.ts';

/** Columns that somebody declared with another collation or another type than the program does. */
const folder = temporaryFolder();
let files = 0;
type Shape = readonly [table: string, from: string, to: string];
function open(shapes: readonly Shape[], rows: Record<string, readonly Row[]> = {}): Db {
  const db = legacyDatabase(path.join(folder, `${(files += 1)}.db`));
  for (const shape of shapes) reshape(db, ...shape);
  for (const [table, list] of Object.entries({ ...household, ...rows })) insertRows(db, table, list);
  return db;
}
const nocase = (table: string, column: string): Shape => [table, `${column} TEXT`, `${column} TEXT COLLATE NOCASE`];

describe('an id that differs from another only in case', () => {
  const both = [nocase('users', 'id')];
  const people = { users: [user('U1', { display_name: 'Ada' })], projects: [project('p', { user_id: 'u1' })] };
  const names = (db: Db, table: string) => rowsOf(db, `SELECT id, display_name FROM ${table} ORDER BY id`);

  it('makes a stand-in beside the user, who stays', () => {
    const db = open(both, people);
    upgradeTo(db, 4);

    applyMigration(db, '20260221_0025');

    expect(names(db, 'users')).toEqual([['U1', 'Ada']]);
    expect(names(db, 'app_users')).toEqual([
      ['U1', 'Ada'],
      ['u1', 'Missing owner'],
    ]);
  });

  it('is nobody else to a program that writes the other table', () => {
    const db = open(both, people);
    applyUpTo(db, '20260221_0001');

    db.exec(`INSERT INTO app_users VALUES ('u1', 'other', 'Other', NULL, 1, '', ''); UPDATE app_users SET email = 'x' WHERE id = 'u1';
      DELETE FROM app_users WHERE id = 'u1'`);

    expect(names(db, 'users')).toEqual([['U1', 'Ada']]);
  });
});

describe('an old value that differs in case or in blanks at its end is kept with an issue row:', () => {
  it.each<[string, string, Shape, string]>([
    [
      'a kind',
      'assets',
      nocase('assets', 'asset_kind'),
      `UPDATE assets SET asset_kind = 'Candidate_Output' WHERE id = 'a'`,
    ],
    ['a model', 'runs', ['runs', 'model TEXT', 'model TEXT COLLATE RTRIM'], `UPDATE runs SET model = model || '  '`],
    [
      'the path of an export',
      'project_exports',
      ['assets', 'storage_uri" TEXT', 'storage_uri" TEXT COLLATE NOCASE'],
      `UPDATE project_exports SET export_path = upper(export_path)`,
    ],
    [
      'the name of a user',
      'users',
      nocase('app_users', 'display_name'),
      `UPDATE users SET display_name = upper(display_name)`,
    ],
  ])('%s', (_, table, shape, change) => {
    const db = open([], { assets: [asset('a')], project_exports: [exported('e')] });
    upgradeTo(db, 4);
    reshape(db, ...shape);
    unseen(db, change);

    applyMigration(db, '20260221_0025');

    expect(rowsOf(db, `SELECT source_table FROM _phasewise_quarantine WHERE reason = 'old-value-differs'`)).toEqual([
      [table],
    ]);
  });
});

describe('a value that a new column keeps under another type', () => {
  it('is not carried back to a user', () => {
    const db = open([['users', 'updated_at TEXT', 'updated_at']]);
    db.exec(`UPDATE users SET updated_at = 5`);

    applyUpTo(db, '20260221_0001');
    db.exec(`UPDATE app_users SET email = 'ada@example.org'`);

    expect(rowsOf(db, 'SELECT updated_at, email FROM users')).toEqual([[5, 'ada@example.org']]);
    expect(valueOf(db, 'SELECT updated_at FROM app_users')).toBe('5');
  });

  it.each<[Shape, string, string]>([
    [['users', 'display_name TEXT', 'display_name'], '20260221_0001', 'users.display_name is without a type, not TEXT'],
    [
      ['run_jobs', 'selected_candidate INTEGER', 'selected_candidate TEXT'],
      '20260221_0010',
      'run_jobs.selected_candidate is TEXT, not INTEGER',
    ],
    [['assets', 'asset_kind TEXT', 'asset_kind'], '20260221_0007', 'assets.asset_kind is without a type, not TEXT'],
    [['runs', 'model TEXT', 'model NUMERIC'], '20260221_0009', 'runs.model is NUMERIC, not TEXT'],
  ])('stops the step before anything is made: %s', (shape, step, message) => {
    const db = open([shape]);

    expect(() => applyUpTo(db, step)).toThrow(message);

    expect(
      valueOf(
        db,
        `SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = '${shape[0]}' AND name LIKE '%${step.slice(-4)}%'`,
      ),
    ).toBe(0);
  });
});

describe('a table is not copied into columns that would change its values:', () => {
  it.each<[Shape, string]>([
    [['chat_messages', 'created_at TEXT', 'created_at INTEGER'], 'chat_messages.created_at is INTEGER, not TEXT'],
    [['chat_sessions', 'title TEXT', 'title JSON'], 'chat_sessions.title is JSON, not TEXT'],
    [['agent_instructions', 'priority INTEGER', 'priority TEXT'], 'agent_instructions.priority is TEXT, not INTEGER'],
  ])('%s', (shape, message) => {
    const db = open([shape]);

    expect(() => upgradeTo(db, 5)).toThrow(message);
  });

  it('types that keep values alike are no matter', () => {
    const db = open([
      ['chat_sessions', 'title TEXT', 'title VARCHAR(80)'],
      ['agent_instructions', 'requires_confirmation INTEGER', 'requires_confirmation BOOLEAN'],
    ]);

    expect(unlikeColumns(db, 'chat_sessions', { title: 'TEXT' })).toEqual([]);
    expect(() => upgradeTo(db, 5)).not.toThrow();
  });
});
