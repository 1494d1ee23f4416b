import {
  addColumn,
  defineMigration,
  ensureTriggers,
  expectNone,
  inRange,
  isRecorded,
  missingColumns,
  rangeValues,
  tableExists,
  wrongTriggers,
} from '@engine/migration.ts';
import type { BackfillContext, Db, KeyRange } from '@engine/migration.ts';
import { isFilledByOriginal } from './ledger.ts';

/**
 * Gives every project a row in project_storage, read from the JSON in projects.settings_json (rule ST, C.2).
 * Why: where a project's files lie was hidden in a JSON text that every program read in its own way.
 * The JSON is read as Python reads it, because Python wrote it: NaN counts, of double keys the last wins, a byte-order
 * mark does not. JSON null means absent, not the word None; a text such as "false" is understood by its meaning (D3).
 * A project without a base directory keeps generated/projects: that is where its files are (D4).
 * Rows that the original's own backfill, or this one, has filled are never overwritten (D5).
 */
const id = '20260221_0003_project_storage_table';

const definitions = {
  local_base_dir: `TEXT NOT NULL DEFAULT 'var/projects'`,
  local_project_root: 'TEXT',
  s3_enabled: 'INTEGER NOT NULL DEFAULT 0',
  s3_bucket: 'TEXT',
  s3_prefix: 'TEXT',
  s3_region: 'TEXT',
  s3_profile: 'TEXT',
  s3_endpoint_url: 'TEXT',
};
type Column = keyof typeof definitions;
const columns = Object.keys(definitions) as Column[];

const createProjectStorage = `
  CREATE TABLE project_storage (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL UNIQUE REFERENCES projects(id) ON DELETE CASCADE,
    ${columns.map((column) => `${column} ${definitions[column]}`).join(',\n    ')},
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  )`;

/** The object and the key in the settings that a text column comes from. */
const settingOf = {
  local_base_dir: ['local', 'base_dir'],
  local_project_root: ['local', 'project_root'],
  s3_bucket: ['s3', 'bucket'],
  s3_prefix: ['s3', 'prefix'],
  s3_region: ['s3', 'region'],
  s3_profile: ['s3', 'profile'],
  s3_endpoint_url: ['s3', 'endpoint_url'],
} as const;
const isSetting = (column: Column): column is keyof typeof settingOf => column in settingOf;
const keysOf = (object: 'local' | 's3') =>
  Object.values(settingOf).flatMap(([from, key]) => (from === object ? [key] : []));
const localKeys = keysOf('local');
const s3Keys = keysOf('s3');

/** What Python's str.strip() removes. */
const blanks = `char(9,10,11,12,13,28,29,30,31,32,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288)`;
const stripped = (text: string) => `trim(${text}, ${blanks})`;

/** The last of equal keys, as a value computed from json_each's columns; NULL when the key is absent. */
const lastOf = (object: string, key: string, value: string) =>
  `(SELECT ${value} FROM json_each(${object}) WHERE key = '${key}' ORDER BY id DESC LIMIT 1)`;
const objectAt = (object: string, key: string) => lastOf(object, key, `CASE type WHEN 'object' THEN value END`);
const isNested = (object: string, key: string) => lastOf(object, key, `type IN ('array', 'object')`);
const isJsonNull = (object: string, key: string) => `coalesce(${lastOf(object, key, `type = 'null'`)}, 0)`;
const isMistyped = (object: string, key: string) => lastOf(object, key, `type NOT IN ('object', 'null')`);
/** As Python's str() writes a value; JSON null counts as absent. Lists and objects stay JSON. */
const textAt = (object: string, key: string) =>
  lastOf(
    object,
    key,
    `CASE type WHEN 'null' THEN NULL WHEN 'true' THEN 'True' WHEN 'false' THEN 'False'
        WHEN 'real' THEN replace(CAST(value AS TEXT), '.0e', 'e') ELSE CAST(value AS TEXT) END`,
  );
const filledTextAt = (object: string, key: string) => `nullif(${stripped(textAt(object, key))}, '')`;
const switchAt = (object: string, key: string) =>
  lastOf(
    object,
    key,
    `CASE type WHEN 'true' THEN 1 WHEN 'text' THEN lower(${stripped('value')}) NOT IN ('', '0', 'false', 'no', 'off')
        WHEN 'integer' THEN value <> 0 WHEN 'real' THEN value <> 0
        WHEN 'array' THEN value <> '[]' WHEN 'object' THEN value <> '{}' ELSE 0 END`,
  );

/** Python accepts three literals that JSON has not. As texts they read the same. */
const literals = (text: string, [nan, minus, plus]: readonly [string, string, string]) =>
  `replace(replace(replace(${text}, '-Infinity', '${minus}'), 'Infinity', '${plus}'), 'NaN', '${nan}')`;
const readable = (text: string) => {
  const asTexts = literals(text, ['"nan"', '"-inf"', '"inf"']);
  return `CASE WHEN json_valid(${text}) THEN ${text} WHEN json_valid(${asTexts}) THEN ${asTexts}
    WHEN json_valid(${literals(text, ['0', '0', '0'])}) THEN ${text} END`;
};

/**
 * The eight columns for settings texts, and `problem`, an issue reason or NULL. Backfill and triggers share it.
 * Nested queries, because triggers know no WITH.
 * @param texts a query of project_id and settings.
 */
const policyOf = (texts: string) => `
  SELECT project_id, coalesce(${filledTextAt('local', 'base_dir')}, 'generated/projects') AS local_base_dir,
    ${filledTextAt('local', 'project_root')} AS local_project_root,
    coalesce(${switchAt('s3', 'enabled')}, 0) AS s3_enabled,
    ${filledTextAt('s3', 'bucket')} AS s3_bucket,
    CASE WHEN ${textAt('s3', 'prefix')} IS NULL THEN 'iat-projects' ELSE ${filledTextAt('s3', 'prefix')} END AS s3_prefix,
    ${filledTextAt('s3', 'region')} AS s3_region,
    ${filledTextAt('s3', 'profile')} AS s3_profile,
    ${filledTextAt('s3', 'endpoint_url')} AS s3_endpoint_url,
    CASE WHEN doc IS NULL AND settings <> '' THEN 'settings-unreadable'
      WHEN json_type(doc) NOT IN ('object', 'null') OR ${isMistyped('top', 'storage')}
        OR ${isMistyped('storage', 'local')} OR ${isMistyped('storage', 's3')}
        OR ${localKeys.map((key) => isNested('local', key)).join(' OR ')}
        OR ${s3Keys.map((key) => isNested('s3', key)).join(' OR ')}
      THEN 'settings-wrong-type' END AS problem,
    ${Object.entries(settingOf)
      .map(([column, [object, key]]) => `${isJsonNull(object, key)} AS ${column}_is_null`)
      .join(',\n    ')}
  FROM (SELECT *, ${objectAt('storage', 'local')} AS local, ${objectAt('storage', 's3')} AS s3
    FROM (SELECT *, ${objectAt('top', 'storage')} AS storage
      FROM (SELECT *, CASE json_type(doc) WHEN 'object' THEN doc END AS top
        FROM (SELECT *, ${readable('settings')} AS doc FROM (${texts})))))`;
const policyOfRow = (row: 'NEW' | 'OLD' | 's') =>
  policyOf(`SELECT ${row}.id AS project_id, CAST(${row}.settings_json AS TEXT) AS settings`);

const rowId = (projectId: string) =>
  `CASE WHEN EXISTS (SELECT 1 FROM project_storage WHERE id = ${projectId}) THEN ${projectId} || ':storage' ELSE ${projectId} END`;

const utcNow = `strftime('%Y-%m-%dT%H:%M:%SZ', 'now')`;

const insertMissing = `INSERT INTO project_storage (id, project_id, ${columns.join(', ')}, created_at, updated_at)
      SELECT ${rowId('NEW.id')}, NEW.id, ${columns.map((column) => `n.${column}`).join(', ')}, ${utcNow}, ${utcNow}
      FROM (${policyOfRow('NEW')}) AS n
      WHERE NEW.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM project_storage WHERE project_id = NEW.id);
    INSERT INTO _phasewise_mirrored (mirror, key)
      SELECT 'project_storage', NEW.id WHERE changes() = 1
        AND NOT EXISTS (SELECT 1 FROM _phasewise_mirrored WHERE mirror = 'project_storage' AND key = NEW.id);`;

const triggers = {
  _phasewise_0003_projects_insert: `CREATE TRIGGER _phasewise_0003_projects_insert AFTER INSERT ON projects
  BEGIN
    ${insertMissing}
  END`,
  // Only what the change of the settings changes: other columns may have been set in project_storage itself.
  _phasewise_0003_projects_update: `CREATE TRIGGER _phasewise_0003_projects_update AFTER UPDATE OF settings_json ON projects
  WHEN NEW.settings_json IS NOT OLD.settings_json
  BEGIN
    UPDATE project_storage SET (${columns.join(', ')}) = (
        SELECT ${columns.map((column) => `CASE WHEN n.${column} IS NOT o.${column} THEN n.${column} ELSE project_storage.${column} END`).join(',\n          ')}
        FROM (${policyOfRow('NEW')}) AS n, (${policyOfRow('OLD')}) AS o),
        updated_at = ${utcNow}
      WHERE project_id = NEW.id;
    ${insertMissing}
  END`,
  _phasewise_0003_projects_delete: `CREATE TRIGGER _phasewise_0003_projects_delete AFTER DELETE ON projects
  BEGIN
    DELETE FROM project_storage WHERE project_id = OLD.id;
    DELETE FROM _phasewise_mirrored WHERE mirror = 'project_storage' AND key = OLD.id;
  END`,
  _phasewise_0003_project_storage_yield: `CREATE TRIGGER _phasewise_0003_project_storage_yield BEFORE INSERT ON project_storage
  WHEN EXISTS (SELECT 1 FROM _phasewise_mirrored WHERE mirror = 'project_storage' AND key = NEW.project_id)
  BEGIN
    DELETE FROM project_storage WHERE project_id = NEW.project_id;
    DELETE FROM _phasewise_mirrored WHERE mirror = 'project_storage' AND key = NEW.project_id;
  END`,
};

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
    context.setAside({ reason, where, params: values, isPlaced: true });
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
    for (const column of columns) addColumn(db, 'project_storage', column, definitions[column]);
    ensureTriggers(db, triggers);
    return { mode };
  },

  backfills: [
    {
      name: 'storage',
      title: 'reading where the files of every project lie',
      source: 'projects',
      key: 'id',
      chunk: fillStorage,
    },
  ],

  shape: (db) => [
    ...missingColumns(db, 'project_storage', ['id', 'project_id', ...columns, 'created_at', 'updated_at']).map(
      (column) => `project_storage has no column ${column}`,
    ),
    ...wrongTriggers(db, triggers),
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
