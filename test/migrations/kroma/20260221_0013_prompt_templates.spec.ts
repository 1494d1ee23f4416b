import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyMigration, contentOf, findingsOf, issuesOf, rowsOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import type { Row } from '../../support/kroma/insert.ts';
import { fieldsOf, known, laterDatabase, type Shape } from './baseline-file.ts';

const id = '20260221_0013_prompt_templates';
const folder = temporaryFolder();
let files = 0;
const open = (shape: Shape, prompt_templates: Row[] = []) =>
  laterDatabase(path.join(folder, `${(files += 1)}.db`), shape, { prompt_templates });
const template = (name: string, more: Row = {}) => known(name, { name, template_text: '{subject}', ...more });

describe('filling', () => {
  it('makes the table in its final form where it is missing', () => {
    const db = open('missing');

    expect(applyMigration(db, id)).toEqual({ accounts: { prompt_templates: '0 / 0 / 0' }, findings: [] });

    expect(fieldsOf(db, 'prompt_templates')).toEqual([
      'id TEXT',
      'project_id TEXT NOT NULL -> projects CASCADE',
      'name TEXT NOT NULL',
      'stage TEXT NOT NULL',
      'template_text TEXT NOT NULL',
      'version INTEGER NOT NULL DEFAULT 1',
      'is_active INTEGER NOT NULL DEFAULT 1',
      'created_at TEXT NOT NULL',
    ]);
  });

  it('gives old templates version 1, in use, of no stage; updated_at stays', () => {
    const db = open('first', [template('a'), template('b', { project_id: 'gone' })]);

    expect(applyMigration(db, id)).toEqual({ accounts: { prompt_templates: '0 / 1 / 1' }, findings: [] });

    expect(rowsOf(db, 'SELECT id, stage, version, is_active, updated_at FROM prompt_templates ORDER BY id')).toEqual([
      ['a', '', 1, 1, '2026-02-14T09:31:07Z'],
      ['b', '', 1, 1, '2026-02-14T09:31:07Z'],
    ]);
    expect(issuesOf(db, 'prompt_templates')).toEqual(['b: project-missing']);
    expect(fieldsOf(db, 'prompt_templates').slice(-3)).toEqual([
      `stage TEXT NOT NULL DEFAULT ''`,
      'version INTEGER NOT NULL DEFAULT 1',
      'is_active INTEGER NOT NULL DEFAULT 1',
    ]);
  });

  it('continues after a kill behind any chunk, and applied again it changes nothing', () => {
    const rows = [template('a'), template('b', { project_id: 'gone' })];
    const whole = open('first', rows);
    applyMigration(whole, id);
    for (let chunks = 0; chunks <= rows.length; chunks++) {
      const db = open('first', rows);
      expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();
      expect(applyMigration(db, id, { chunkRows: 1 })?.accounts).toEqual({ prompt_templates: '0 / 1 / 1' });
      applyMigration(db, id);
      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('is found out when a column is missing', () => {
    const db = open('first');
    applyMigration(db, id);
    db.exec('ALTER TABLE prompt_templates DROP COLUMN version');

    expect(() => findingsOf(db, id)).toThrow(/version/);
  });
});

it('lets programs that know only the old names add templates', () => {
  const db = open('first');
  applyMigration(db, id);

  db.exec(
    `INSERT INTO prompt_templates (id, project_id, name, template_text, created_at, updated_at) VALUES ('a', 'p', 'n', 'x', 't', 't')`,
  );

  expect(rowsOf(db, 'SELECT stage, version, is_active FROM prompt_templates')).toEqual([['', 1, 1]]);
});
