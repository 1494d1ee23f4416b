import { addColumn, columnExists, defineMigration, missingColumns, tableExists } from '@engine/migration.ts';
import { filled, leftBehind, pairTriggers, type ColumnPair } from './triggers/column-pairs.ts';
import { fillingOf, itsProject } from './rules/knowledge-backfill.ts';
import { ensureMirrors, wrongMirrors } from './triggers/mirror-triggers.ts';

/**
 * Gives provider_accounts its canonical columns: is_enabled, and config_json from meta_json (rules V1 and V3).
 * Why: config_json is what the interface answers. An empty meta_json becomes '{}' there, because '' is no JSON (D15);
 * text that is no JSON at all is copied as it is and reported.
 * api_key stays where it is, in plain text: its owner alone decides about it (D16). A new table does not get it.
 */
const table = 'provider_accounts';

const createProviderAccounts = `
  CREATE TABLE provider_accounts (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    provider_code TEXT NOT NULL,
    is_enabled INTEGER NOT NULL DEFAULT 1,
    config_json TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (project_id, provider_code)
  )`;
const columns = { is_enabled: 'INTEGER NOT NULL DEFAULT 1', config_json: `TEXT NOT NULL DEFAULT '{}'` };

const config: ColumnPair = { table, legacy: 'meta_json', canonical: 'config_json', kind: 'json' };
const { carried, following } = pairTriggers('_phasewise_0004_provider_accounts', config);

export default defineMigration({
  phase: 4,
  kind: 'expand',
  title: 'Give provider accounts their canonical columns',
  what: [
    'The table provider_accounts is added, or gets is_enabled and config_json, filled from meta_json.',
    'Keys that stand there in plain text stay as they are, and nothing shows them.',
    'Old and new columns follow each other, whichever of them a program writes.',
  ],
  effect: { grows: [], changes: { [table]: Object.keys(columns) } },

  up(db) {
    if (!tableExists(db, table)) db.exec(createProviderAccounts);
    for (const [column, definition] of Object.entries(columns)) addColumn(db, table, column, definition);
    if (columnExists(db, table, config.legacy)) ensureMirrors(db, carried, following);
  },

  backfills: [
    fillingOf({
      table,
      title: 'filling the canonical columns of provider accounts',
      values: (db) => ({
        config_json: columnExists(db, table, config.legacy)
          ? filled(config)
          : `coalesce(nullif(s.config_json, ''), '{}')`,
      }),
      json: ['config_json'],
      parents: [itsProject],
    }),
  ],

  shape: (db) => [
    ...missingColumns(db, table, Object.keys(columns)).map((column) => `${table} has no column ${column}`),
    ...(columnExists(db, table, config.legacy) ? wrongMirrors(db, carried, following) : []),
  ],

  verify: (db) => (columnExists(db, table, config.legacy) ? leftBehind(db, config) : []),
});
