import { defineMigration, expectNone, quoteName, tableExists, type Db } from '@engine/migration.ts';
import { canonical } from './schema/canonical.ts';
import { assertNothingLate } from './cleanup/came-late.ts';
import { removedIndexes } from './cleanup/final-indexes.ts';
import { notFinal } from './cleanup/final-shape.ts';
import { ensureAuditTriggers, outlives, switchTable } from './cleanup/final-triggers.ts';

/**
 * Removes what is left of the old names: users, run_job_candidates, their indexes, and our own working tables and
 * triggers that kept both sides in step.
 * Why last: until here every step could be continued by a program that knows both names. What somebody wrote into an old
 * table after the direction was turned stops this step: it is nowhere else until the cut-over is done again.
 */
const removed: Readonly<Record<string, string>> = { users: 'app_users', run_job_candidates: 'run_candidates' };
const workingTables = ['_phasewise_mirrored', switchTable];

const leftOver = (db: Db) =>
  Object.entries(removed).flatMap(([table, successor]) =>
    tableExists(db, table)
      ? expectNone(
          db,
          `rows of ${table} that are neither in ${successor} nor among the issue rows`,
          `SELECT id FROM ${table} WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM ${successor} WHERE id IS NOT NULL)
             AND id NOT IN (SELECT source_key FROM _phasewise_quarantine
               WHERE source_table = '${table}' AND is_placed = 0 AND source_key IS NOT NULL)`,
        )
      : [],
  );

const ownTriggers = (db: Db): string[] =>
  db
    .prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_phasewise_*'`)
    .pluck()
    .all()
    .filter((name) => !outlives(name));

export default defineMigration({
  phase: 5,
  kind: 'contract',
  title: 'Remove the old names',
  what: [
    'The tables users and run_job_candidates are removed; their rows are in app_users and run_candidates.',
    'The triggers and working tables that kept old and new names in step are removed.',
  ],
  effect: { grows: [], changes: {}, removes: removed, removesIndexes: removedIndexes },
  supersedes: [
    ...['20260221_0001_rename_users', '20260221_0002_projects_owner_col', '20260221_0003_project_storage_table'],
    ...['20260221_0005_secrets_key_ref', '20260221_0007_assets_columns', '20260221_0009_runs_columns'],
    ...['20260221_0010_run_jobs_columns', '20260221_0011_rename_candidates', '20260221_0015_project_exports_cols'],
    ...['20260221_0017_index_updates', '20260221_0012_quality_reports', '20260221_0014_cost_events'],
    ...['20260221_0016_audit_events', '20260221_0004_provider_accounts', '20260221_0006_creative_knowledge'],
    ...['20260221_0008_asset_links', '20260221_0013_prompt_templates', '20260221_0025_cut_over'],
    ...['20260221_0026_final_core', '20260221_0027_final_rest'],
  ],

  up(db, { runId }) {
    if (db.pragma('foreign_keys', { simple: true }) !== 0) throw new Error('foreign keys are on');
    assertNothingLate(db, runId);
    const [late] = leftOver(db);
    if (late) throw new Error(`${late.count} ${late.what}: ${late.sampleKeys.join(', ')}`);
    for (const name of ownTriggers(db)) db.exec(`DROP TRIGGER ${quoteName(name)}`);
    for (const table of [...Object.keys(removed), ...workingTables]) db.exec(`DROP TABLE IF EXISTS ${table}`);
    ensureAuditTriggers(db);
  },

  shape: (db) => [
    ...Object.keys(removed)
      .filter((table) => tableExists(db, table))
      .map((table) => `the table ${table} is still there`),
    ...ownTriggers(db).map((name) => `the trigger ${name} is still there`),
    ...canonical.flatMap((table) => (tableExists(db, table.name) ? notFinal(db, table) : missing(table))),
  ],

  // Removing rows is proved against the backup, by the engine and by the pack's own account of what was carried over.
  verify: () => [],
});

const missing = ({ name, isExtension }: { name: string; isExtension?: boolean }): string[] =>
  isExtension === true ? [] : [`the table ${name} is missing`];
