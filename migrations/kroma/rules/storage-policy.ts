import { readableAsTexts } from './readable-json.ts';

/**
 * How projects.settings_json is read into the columns of project_storage (C.2), as SQL that backfill and triggers share.
 * The JSON is read as Python reads it, because Python wrote it: NaN counts, of double keys the last wins, a byte-order
 * mark does not. Part of the storage migration and as immutable as it is.
 */
export const policyColumns = {
  local_base_dir: `TEXT NOT NULL DEFAULT 'var/projects'`,
  local_project_root: 'TEXT',
  s3_enabled: 'INTEGER NOT NULL DEFAULT 0',
  s3_bucket: 'TEXT',
  s3_prefix: 'TEXT',
  s3_region: 'TEXT',
  s3_profile: 'TEXT',
  s3_endpoint_url: 'TEXT',
};
export type PolicyColumn = keyof typeof policyColumns;
export const policyNames = Object.keys(policyColumns) as PolicyColumn[];

/** The object and the key in the settings that a text column comes from. */
export const settingOf = {
  local_base_dir: ['local', 'base_dir'],
  local_project_root: ['local', 'project_root'],
  s3_bucket: ['s3', 'bucket'],
  s3_prefix: ['s3', 'prefix'],
  s3_region: ['s3', 'region'],
  s3_profile: ['s3', 'profile'],
  s3_endpoint_url: ['s3', 'endpoint_url'],
} as const;
export const isSetting = (column: PolicyColumn): column is keyof typeof settingOf => column in settingOf;
const keysOf = (object: 'local' | 's3') =>
  Object.values(settingOf).flatMap(([from, key]) => (from === object ? [key] : []));
const localKeys = keysOf('local');
const s3Keys = keysOf('s3');

/** The same for every column. */
export const placeOf = (column: PolicyColumn): readonly ['local' | 's3', string] =>
  isSetting(column) ? settingOf[column] : ['s3', 'enabled'];

/** What Python's str.strip() removes. */
const blanks = `char(9,10,11,12,13,28,29,30,31,32,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288)`;
export const stripped = (text: string): string => `trim(${text}, ${blanks})`;

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

/** Settings texts taken apart: `doc`, what of it is readable, and `top`, `storage`, `local`, `s3`, its objects. */
const parsed = (
  texts: string,
) => `SELECT *, ${objectAt('storage', 'local')} AS local, ${objectAt('storage', 's3')} AS s3
    FROM (SELECT *, ${objectAt('top', 'storage')} AS storage
      FROM (SELECT *, CASE json_type(doc) WHEN 'object' THEN doc END AS top
        FROM (SELECT *, ${readableAsTexts('settings')} AS doc FROM (${texts}))))`;

/**
 * The eight columns for settings texts, and `problem`, an issue reason or NULL. Backfill and triggers share it.
 * Nested queries, because triggers know no WITH.
 * @param texts a query of project_id and settings.
 */
export const policyOf = (texts: string): string => `
  SELECT project_id, ${policyNames.map((column) => `${valueAt(column, ...placeOf(column))} AS ${column}`).join(',\n    ')},
    CASE WHEN doc IS NULL AND settings <> '' THEN 'settings-unreadable'
      WHEN json_type(doc) NOT IN ('object', 'null') OR ${isMistyped('top', 'storage')}
        OR ${isMistyped('storage', 'local')} OR ${isMistyped('storage', 's3')}
        OR ${localKeys.map((key) => isNested('local', key)).join(' OR ')}
        OR ${s3Keys.map((key) => isNested('s3', key)).join(' OR ')}
      THEN 'settings-wrong-type' END AS problem,
    ${Object.entries(settingOf)
      .map(([column, [object, key]]) => `${isJsonNull(object, key)} AS ${column}_is_null`)
      .join(',\n    ')}
  FROM (${parsed(texts)})`;
export const policyOfRow = (row: 'NEW' | 'OLD' | 's'): string =>
  policyOf(`SELECT ${row}.id AS project_id, CAST(${row}.settings_json AS TEXT) AS settings`);

/** What one column is for a settings text; `settings` is SQL. */
export const settingAt = (settings: string, column: PolicyColumn): string => {
  const [object, key] = placeOf(column);
  return `(SELECT ${valueAt(column, object, key)} FROM (SELECT ${objectAt('storage', object)} AS ${object}
        FROM (SELECT ${objectAt('top', 'storage')} AS storage FROM (SELECT ${settings} AS top))))`;
};
/** True where a settings text says nothing about a column. */
export const isUnset = (settings: string, column: PolicyColumn): string => {
  const [object, key] = placeOf(column);
  return `(SELECT coalesce(${lastOf(object, key, `type = 'null'`)}, 1) FROM (SELECT ${objectAt('storage', object)} AS ${object}
        FROM (SELECT ${objectAt('top', 'storage')} AS storage FROM (SELECT ${settings} AS top))))`;
};

function valueAt(column: PolicyColumn, object: string, key: string): string {
  if (column === 's3_enabled') return `coalesce(${switchAt(object, key)}, 0)`;
  if (column === 'local_base_dir') return `coalesce(${filledTextAt(object, key)}, 'generated/projects')`;
  if (column !== 's3_prefix') return filledTextAt(object, key);
  return `CASE WHEN ${textAt(object, key)} IS NULL THEN 'iat-projects' ELSE ${filledTextAt(object, key)} END`;
}

const kindOf = (
  type: string,
) => `CASE ${type} WHEN 'array' THEN 'a list' WHEN 'object' THEN 'an object' WHEN 'text' THEN 'a text'
    WHEN 'true' THEN 'a switch' WHEN 'false' THEN 'a switch' ELSE 'a number' END`;
const complaint = (name: string, object: string, key: string, isWrong: string) =>
  `WHEN ${isWrong} THEN '${name} is ' || ${lastOf(object, key, kindOf('type'))}`;
/** For an issue row of project `s`: what cannot be understood, without what it says: settings may hold secrets. */
export const problemDetail = `(SELECT CASE WHEN doc IS NULL THEN CASE json_error_position(settings) WHEN 0
      THEN 'the settings hold what JSON does not allow' ELSE 'the settings are no JSON from character ' || json_error_position(settings) || ' on' END
    WHEN json_type(doc) <> 'object' THEN 'the settings are ' || ${kindOf('json_type(doc)')}
    ${complaint('storage', 'top', 'storage', isMistyped('top', 'storage'))}
    ${(['local', 's3'] as const).map((object) => complaint(`storage.${object}`, 'storage', object, isMistyped('storage', object))).join('\n    ')}
    ${Object.values(settingOf)
      .map(([object, key]) => complaint(`storage.${object}.${key}`, object, key, isNested(object, key)))
      .join('\n    ')} END
  FROM (${parsed(`SELECT s.id AS project_id, CAST(s.settings_json AS TEXT) AS settings`)}))`;
