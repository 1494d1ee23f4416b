import {
  addColumn,
  columnExists,
  defineMigration,
  expectNone,
  inRange,
  isRecorded,
  missingColumns,
  rangeValues,
  tableExists,
} from '@engine/migration.ts';
import type { BackfillContext, Db, KeyRange } from '@engine/migration.ts';
import { isFilledByOriginal } from './ledger.ts';
import { writeQuietly } from './triggers/mirror.ts';
import { ensureMirrors, wrongMirrors } from './triggers/mirror-triggers.ts';
import {
  isSetting,
  policyColumns,
  policyNames as columns,
  policyOf,
  policyOfRow,
  problemDetail,
  settingOf,
  stripped,
  type PolicyColumn as Column,
} from './rules/storage-policy.ts';
import { rowId, storageFollowTriggers, storageTriggers } from './triggers/storage-triggers.ts';

/**
 * Gives every project a row in project_storage, read from the JSON in projects.settings_json (rule ST, C.2).
 * Why: where a project's files lie was hidden in a JSON text that every program read in its own way.
 * The JSON is read as Python reads it, because Python wrote it: NaN counts, of double keys the last wins, a byte-order
 * mark does not. JSON null means absent, not the word None; a text such as "false" is understood by its meaning (D3).
 * A project without a base directory keeps generated/projects: that is where its files are (D4).
 * Rows that the original's own backfill, or this one, has filled are never overwritten (D5).
 */
const id = '20260221_0003_project_storage_table';

const createProjectStorage = `
  CREATE TABLE project_storage (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL UNIQUE REFERENCES projects(id) ON DELETE CASCADE,
    ${columns.map((column) => `${column} ${policyColumns[column]}`).join(',\n    ')},
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  )`;

/** The word None that the original wrote for a JSON null. `d` is the storage row, `n` what its settings say. */
const isNone = (column: Column) => (isSetting(column) ? `(d.${column} IS 'None' AND n.${column}_is_null)` : '0');
const isDifferent = { fill: (column: Column) => `d.${column} IS NOT n.${column}`, keep: isNone };

/** Writes the storage of the projects of a range; settings that can't be understood are reported. */
function fillStorage(db: Db, range: KeyRange, context: BackfillContext) {
  const differs = isDifferent[context.facts['mode'] === 'keep' || isRecorded(db, id) ? 'keep' : 'fill'];
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const policies = policyOf(
    `SELECT s.id AS project_id, CAST(s.settings_json AS TEXT) AS settings FROM projects AS s WHERE ${inChunk}`,
  );
  const needsChange = columns.map((column) => `(${differs(column)})`).join(' OR ');
  const count = db
    .prepare<unknown[], { issueRows: number; moved: number; alreadyRight: number }>(
      `SELECT count(*) FILTER (WHERE problem) AS issueRows, count(*) FILTER (WHERE NOT problem AND change) AS moved,
         count(*) FILTER (WHERE NOT problem AND NOT change) AS alreadyRight
       FROM (SELECT n.problem IS NOT NULL AS problem, d.project_id IS NULL OR ${needsChange} AS change
         FROM (${policies}) AS n JOIN projects AS s ON s.id = n.project_id
         LEFT JOIN project_storage AS d ON d.project_id = s.id)`,
    )
    .get(values) ?? { issueRows: 0, moved: 0, alreadyRight: 0 };
  for (const reason of ['settings-unreadable', 'settings-wrong-type']) {
    const where = `${inChunk} AND (SELECT problem FROM (${policyOfRow('s')})) = '${reason}'`;
    context.setAside({ reason, detailSql: problemDetail, where, params: values, isPlaced: true });
  }
  db.prepare(
    `UPDATE project_storage AS d SET
       ${columns.map((column) => `${column} = CASE WHEN ${differs(column)} THEN n.${column} ELSE d.${column} END`).join(', ')},
       updated_at = :now
     FROM (${policies}) AS n JOIN projects AS s ON s.id = n.project_id
     WHERE d.project_id = n.project_id AND (${needsChange})`,
  ).run({ ...values, now: context.now });
  db.prepare(
    `INSERT INTO project_storage (id, project_id, ${columns.join(', ')}, created_at, updated_at)
     SELECT ${rowId('n.project_id')}, n.project_id, ${columns.map((column) => `n.${column}`).join(', ')}, :now, :now
     FROM (${policies}) AS n WHERE NOT EXISTS (SELECT 1 FROM project_storage AS d WHERE d.project_id = n.project_id)`,
  ).run({ ...values, now: context.now });
  return count;
}

const pathOfSettings = Object.entries(settingOf).map(
  ([column, [object, key]]) => [column, `$.storage.${object}.${key}`] as const,
);
const typeAt = (path: string) => `CASE WHEN json_valid(s.settings_json) THEN json_type(s.settings_json, '${path}') END`;
const hasNoDoubleKeys = `(SELECT count(*) = count(DISTINCT fullkey)
  FROM json_tree(CASE WHEN json_valid(s.settings_json) THEN s.settings_json END))`;

export default defineMigration({
  phase: 1,
  kind: 'expand',
  title: 'Give every project a row in project_storage',
  what: [
    'The table project_storage says where the files of each project lie; it is filled from the settings of the project.',
    'Projects that name no folder keep generated/projects, where their files are. The settings themselves stay as they are.',
  ],
  effect: { grows: ['project_storage'], changes: { project_storage: [...columns, 'updated_at'] } },

  up(db) {
    const wasComplete =
      tableExists(db, 'project_storage') && missingColumns(db, 'project_storage', columns).length === 0;
    const mode = wasComplete && (isFilledByOriginal(db) || isRecorded(db, id)) ? 'keep' : 'fill';
    if (!tableExists(db, 'project_storage')) db.exec(createProjectStorage);
    for (const column of columns) addColumn(db, 'project_storage', column, policyColumns[column]);
    if (columnExists(db, 'projects', 'user_id')) ensureMirrors(db, storageTriggers, storageFollowTriggers);
    return { mode };
  },

  backfills: [
    {
      name: 'storage',
      title: 'reading where the files of every project lie',
      source: 'projects',
      key: 'id',
      chunk: (db, range, context) => writeQuietly(db, ['project_storage'], () => fillStorage(db, range, context)),
    },
  ],

  shape: (db) => [
    ...missingColumns(db, 'project_storage', ['id', 'project_id', ...columns, 'created_at', 'updated_at']).map(
      (column) => `project_storage has no column ${column}`,
    ),
    ...(columnExists(db, 'projects', 'user_id') ? wrongMirrors(db, storageTriggers, storageFollowTriggers) : []),
  ],

  verify: (db, proof) => [
    ...expectNone(
      db,
      'projects without exactly one row in project_storage',
      `
      SELECT p.id FROM projects AS p LEFT JOIN project_storage AS d ON d.project_id = p.id
      WHERE p.id IS NOT NULL GROUP BY p.id HAVING count(d.project_id) <> 1`,
    ),
    ...expectNone(
      db,
      'projects whose storage says None for a setting that is null',
      `
      SELECT s.id FROM projects AS s JOIN project_storage AS d ON d.project_id = s.id
      WHERE ${pathOfSettings
        .map(([column, path]) => `(d.${column} IS 'None' AND ${typeAt(path)} = 'null' AND ${hasNoDoubleKeys})`)
        .join(' OR ')}`,
    ),
    ...(isFilledByOriginal(db) || proof?.mayBeEdited === true ? [] : differingTexts(db)),
  ],
});

/** Looks the plain texts of the settings up by their path, where no key is written twice. */
function differingTexts(db: Db) {
  return pathOfSettings.flatMap(([column, path]) =>
    expectNone(
      db,
      `projects whose ${column} is not what their settings say`,
      `
      SELECT s.id FROM projects AS s JOIN project_storage AS d ON d.project_id = s.id
      WHERE ${typeAt(path)} = 'text' AND ${hasNoDoubleKeys}
        AND d.${column} IS NOT coalesce(nullif(${stripped(`json_extract(s.settings_json, '${path}')`)}, ''),
          ${column === 'local_base_dir' ? `'generated/projects'` : 'NULL'})`,
    ),
  );
}
