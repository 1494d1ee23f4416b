import type Database from 'better-sqlite3';
import { createRandom } from '../../../migrations/kroma/sample/random.ts';
import { OriginalAborts, upgradeAsOriginal } from '../oracle/original.ts';
import { readTables } from '../oracle/rows.ts';
import { addDualColumns, createDualIndexes, createDualTables } from './dual.ts';
import { insertRows, replaceRows, withoutForeignKeys } from './insert.ts';
import { path } from './random-legacy.ts';
import { baselineColumns, baselineIndexes, baselineMarkers, baselineTables } from './schema-baseline.ts';
import { dualColumns, dualMarkers } from './schema-dual.ts';

const T = '2026-01-21T00:12:57Z';

/** What can be made of a legacy file of random rows. Each leaves it as one of the shapes in which files are found. */
export const randomShapes: Readonly<Record<string, (db: Database.Database, seed: number) => void>> = {
  legacy: () => {},
  baseline(db) {
    for (const statement of baselineTables) db.exec(statement);
    for (const column of baselineColumns) db.exec(`ALTER TABLE ${column}`);
    for (const index of baselineIndexes) db.exec(index);
    insertRows(
      db,
      'schema_migrations',
      baselineMarkers.map(([version, note]) => ({ version, note, applied_at: T })),
    );
  },
  interrupted(db, seed) {
    createDualTables(db);
    const columns = seed % (dualColumns.length + 1);
    addDualColumns(db, columns);
    if (columns === dualColumns.length) createDualIndexes(db);
  },
  dual(db, seed) {
    createDualTables(db);
    addDualColumns(db);
    createDualIndexes(db);
    withoutForeignKeys(db, () => {
      // The original would give up on files of missing projects; what it could not have upgraded is no dual file.
      db.exec(
        `DELETE FROM runs WHERE project_id NOT IN (SELECT id FROM projects); DELETE FROM project_exports WHERE project_id NOT IN (SELECT id FROM projects)`,
      );
      let ids = 0;
      const version = seed % 2 ? '6125739' : '2a0432d';
      const result = upgradeOrNothing(() =>
        upgradeAsOriginal(readTables(db), { version, now: T, newId: () => `o${(ids += 1)}` }),
      );
      if (result)
        replaceRows(db, result, [
          'projects',
          'assets',
          'runs',
          'run_jobs',
          'project_exports',
          'project_api_secrets',
          'app_users',
          'project_storage',
          'run_candidates',
        ]);
      insertRows(
        db,
        'schema_migrations',
        [...baselineMarkers, ...dualMarkers].map(([version, note]) => ({ version, note, applied_at: T })),
      );
      disagree(db, seed);
    });
  },
};

function upgradeOrNothing<T>(upgrade: () => T): T | null {
  try {
    return upgrade();
  } catch (error) {
    if (error instanceof OriginalAborts) return null;
    throw error;
  }
}

/** Changes canonical values by chance, so that the halves disagree; what a unique index refuses is left alone. */
function disagree(db: Database.Database, seed: number): void {
  const random = createRandom(seed + 7_000);
  const edits: readonly (readonly [string, string, () => unknown])[] = [
    ['assets', 'storage_uri', () => random.pick([null, path(random)])],
    ['assets', 'kind', () => random.pick([null, '', 'final'])],
    ['assets', 'metadata_json', () => random.pick(['{}', '', '{"b":2}'])],
    ['assets', 'storage_backend', () => random.pick(['s3', 'local'])],
    ['runs', 'run_mode', () => random.pick([null, '', 'x'])],
    ['runs', 'model_name', () => random.pick([null, '', 'x'])],
    ['runs', 'settings_snapshot_json', () => random.pick(['', '{}', '{"b":2}'])],
    ['run_jobs', 'selected_candidate_index', () => random.pick([null, 0, 1, 2])],
    ['run_jobs', 'final_asset_id', () => random.pick([null, ''])],
    ['run_jobs', 'prompt_text', () => random.pick(['', 'edited'])],
    ['run_candidates', 'output_asset_id', () => null],
    ['run_candidates', 'final_asset_id', () => null],
    ['run_candidates', 'status', () => random.pick(['', 'edited'])],
    ['project_exports', 'export_asset_id', () => random.pick([null, ''])],
    ['project_exports', 'sha256', () => random.pick([null, ''])],
    ['project_exports', 'format', () => random.pick(['tgz', 'zip', ''])],
    ['project_api_secrets', 'kms_key_ref', () => random.pick([null, '', 'edited'])],
    ['projects', 'owner_user_id', () => random.pick([null, '', 'u0', 'u-gone'])],
    ['projects', 'settings_json', () => '{"storage":{"s3":{"bucket":null,"enabled":"no"}}}'],
    ['app_users', 'email', () => random.pick([null, ''])],
    ['app_users', 'display_name', () => random.pick(['', 'edited'])],
    ['app_users', 'username', () => `renamed${random.int(0, 99)}`],
    ['project_storage', 's3_bucket', () => random.pick(['None', 'edited', null])],
    ['project_storage', 'local_base_dir', () => random.pick(['None', 'edited', ''])],
  ];
  for (const [table, column, value] of edits) {
    const ids = db.prepare<[], string>(`SELECT id FROM ${table} ORDER BY id`).pluck().all();
    const update = db.prepare(`UPDATE OR IGNORE ${table} SET ${column} = ? WHERE id = ?`);
    for (const id of ids) if (random.chance(0.15)) update.run(value(), id);
  }
  for (const table of ['run_candidates', 'app_users', 'project_storage']) {
    for (const id of db.prepare<[], string>(`SELECT id FROM ${table} ORDER BY id`).pluck().all()) {
      if (random.chance(0.1)) db.prepare(`DELETE FROM ${table} WHERE id = ?`).run(id);
    }
  }
}
