import { addColumn, defineMigration, expectNone, missingColumns, tableExists } from '@engine/migration.ts';
import { fillingOf, itsProject } from './rules/knowledge-backfill.ts';

/**
 * Gives prompt_templates its canonical columns: stage, version and is_active.
 * Why: the target has them; no version of the original ever filled them. No source knows the stage of an old template,
 * so it stays '' instead of a guess; each is its first version and in use. updated_at stays where it is.
 */
const table = 'prompt_templates';

const createPromptTemplates = `
  CREATE TABLE prompt_templates (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    stage TEXT NOT NULL,
    template_text TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    is_active INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL
  )`;
/** Beside old columns they need a default: programs that know only those name none of the new ones. */
const columns = {
  stage: `TEXT NOT NULL DEFAULT ''`,
  version: 'INTEGER NOT NULL DEFAULT 1',
  is_active: 'INTEGER NOT NULL DEFAULT 1',
};

export default defineMigration({
  phase: 4,
  kind: 'expand',
  title: 'Give prompt templates their canonical columns',
  what: [
    'The table prompt_templates is added, or gets stage, version and is_active.',
    'Templates that are there are version 1 and in use; their stage stays empty, because nothing says which it was.',
  ],
  effect: { grows: [], changes: { [table]: Object.keys(columns) } },

  up(db) {
    if (!tableExists(db, table)) db.exec(createPromptTemplates);
    for (const [column, definition] of Object.entries(columns)) addColumn(db, table, column, definition);
  },

  backfills: [
    fillingOf({ table, title: 'looking through the prompt templates', values: () => ({}), parents: [itsProject] }),
  ],

  shape: (db) => missingColumns(db, table, Object.keys(columns)).map((column) => `${table} has no column ${column}`),

  verify: (db) =>
    expectNone(
      db,
      'prompt templates without a stage, a version or a switch',
      `SELECT coalesce(id, '') FROM prompt_templates WHERE stage IS NULL OR version IS NULL OR is_active IS NULL`,
    ),
});
