import {
  completeFromMoved,
  givesWay,
  isChanged,
  isLeftTo,
  isQuiet,
  note,
  quietly,
  removeMoved,
  yieldPlace,
  type Twin,
} from './mirror.ts';
import { mayBreakRuleOf } from '../rules/own-rule.ts';
import {
  isUnset,
  placeOf,
  policyNames,
  policyOfRow,
  settingAt,
  stripped,
  type PolicyColumn,
} from '../rules/storage-policy.ts';

/**
 * Keeps project_storage in step with the JSON in projects.settings_json, and the JSON with project_storage. Part of the
 * storage migration and as immutable as it is.
 */
export const rowId = (projectId: string): string =>
  `CASE WHEN EXISTS (SELECT 1 FROM project_storage WHERE id = ${projectId}) THEN ${projectId} || ':storage' ELSE ${projectId} END`;

const utcNow = `strftime('%Y-%m-%dT%H:%M:%SZ', 'now')`;

/** Settings that say something about a column of NEW, a row of project_storage. */
const areSaid = (column: PolicyColumn) => `EXISTS (SELECT 1 FROM projects
        WHERE id = NEW.project_id AND CASE WHEN json_valid(settings_json) THEN NOT ${isUnset('settings_json', column)} END)`;
/** What a row of ours says where the settings say nothing: a program that leaves the column empty means just that. */
const unsaid: Readonly<Record<string, string>> = { local_base_dir: 'generated/projects', s3_prefix: 'iat-projects' };

function isLeftToSettings(there: string, column: string): string {
  if (!isPolicy(column)) return '0';
  const isLeft =
    column === 'local_base_dir'
      ? `(NEW.local_base_dir IN ('', 'var/projects') AND ${there}.local_base_dir <> '')`
      : isLeftTo(there, column);
  if (!(column in unsaid)) return isLeft;
  return `(${isLeft} AND (${there}.${column} <> '${unsaid[column]}' OR ${areSaid(column)}))`;
}
const isPolicy = (column: string): column is PolicyColumn => policyNames.some((name) => name === column);

const storage: Twin = {
  table: 'project_storage',
  key: 'project_id',
  slot: ['id'],
  notNull: ['id', 'local_base_dir', 's3_enabled', 'created_at', 'updated_at'],
  columns: ['id', ...policyNames, 'created_at', 'updated_at'],
  isLeftTo: isLeftToSettings,
};

const ruled = ['project_id', ...policyNames, 'created_at', 'updated_at'];
/**
 * The settings are still those of NEW, a project; others were read when a trigger of somebody else wrote them. Where
 * somebody made more of the table unique than the program does, nothing is carried over.
 */
const isStill = `NOT ${mayBreakRuleOf('project_storage', ruled)} AND EXISTS (SELECT 1 FROM projects AS s WHERE s.id = NEW.id AND s.settings_json IS NEW.settings_json COLLATE BINARY)`;

const insertMissing = `
    INSERT INTO project_storage (id, project_id, ${policyNames.join(', ')}, created_at, updated_at)
      SELECT ${rowId('NEW.id')}, NEW.id, ${policyNames.map((column) => `n.${column}`).join(', ')}, ${utcNow}, ${utcNow}
      FROM (${policyOfRow('NEW')}) AS n
      WHERE NEW.id IS NOT NULL AND ${isStill} AND NOT EXISTS (SELECT 1 FROM project_storage WHERE project_id = NEW.id);${note('project_storage', 'NEW.id', 'changes() = 1')}`;

export const storageTriggers: Readonly<Record<string, string>> = {
  // A project that was put in the place of itself by REPLACE may have other settings.
  _phasewise_0003_projects_insert: `CREATE TRIGGER _phasewise_0003_projects_insert AFTER INSERT ON projects
  BEGIN${quietly(
    'project_storage',
    `
    UPDATE project_storage SET (${policyNames.join(', ')}) = (
        SELECT ${policyNames.map((column) => `n.${column}`).join(', ')} FROM (${policyOfRow('NEW')}) AS n), updated_at = ${utcNow}
      WHERE project_id = NEW.id AND ${isStill};${insertMissing}`,
  )}
  END`,
  // Only what the change of the settings changes: other columns may have been set in project_storage itself.
  _phasewise_0003_projects_update: `CREATE TRIGGER _phasewise_0003_projects_update AFTER UPDATE OF settings_json ON projects
  WHEN NEW.settings_json IS NOT OLD.settings_json AND NOT ${isQuiet('projects')}
  BEGIN${quietly(
    'project_storage',
    `
    UPDATE project_storage SET (${policyNames.join(', ')}) = (
        SELECT ${policyNames.map((column) => `CASE WHEN n.${column} IS NOT o.${column} THEN n.${column} ELSE project_storage.${column} END`).join(',\n          ')}
        FROM (${policyOfRow('NEW')}) AS n, (${policyOfRow('OLD')}) AS o),
        updated_at = ${utcNow}
      WHERE project_id = NEW.id AND ${isStill};${insertMissing}`,
  )}
  END`,
  _phasewise_0003_projects_delete: `CREATE TRIGGER _phasewise_0003_projects_delete AFTER DELETE ON projects
  BEGIN
    DELETE FROM project_storage WHERE project_id = OLD.id;
    DELETE FROM _phasewise_mirrored WHERE mirror = 'project_storage' AND key = OLD.id;
  END`,
  _phasewise_0003_project_storage_yield: `CREATE TRIGGER _phasewise_0003_project_storage_yield BEFORE INSERT ON project_storage
  WHEN ${givesWay(storage)}
  BEGIN${yieldPlace(storage)}
  END`,
};

/** What the settings are to say for a column of NEW, a row of project_storage; as they would be read. */
const wanted = (column: PolicyColumn): string => {
  const text = `nullif(${stripped(`CAST(NEW.${column} AS TEXT)`)}, '')`;
  if (column === 's3_enabled') return `CASE WHEN NEW.s3_enabled THEN 1 ELSE 0 END`;
  return column === 'local_base_dir' ? `coalesce(${text}, 'generated/projects')` : text;
};

/** The settings with one key set; null in the place of an object counts as absent, as it does in reading. */
const withKey = (column: PolicyColumn): string => {
  const [object, key] = placeOf(column);
  const value =
    column === 's3_enabled'
      ? `json(CASE WHEN NEW.s3_enabled THEN 'true' ELSE 'false' END)`
      : `ifnull(CAST(NEW.${column} AS TEXT), '')`;
  const withoutNull = (text: string, path: string) =>
    `CASE WHEN json_type(${text}, '${path}') = 'null' THEN json_remove(${text}, '${path}') ELSE ${text} END`;
  return `(SELECT json_set(${withoutNull('w', `$.storage.${object}`)}, '$.storage.${object}.${key}', ${value})
        FROM (SELECT ${withoutNull('v', '$.storage')} AS w FROM (SELECT settings_json AS v)))`;
};

/** A trigger of somebody else that changed the row since has had its own answer. */
const isAsWritten = (column: PolicyColumn) => `EXISTS (SELECT 1 FROM project_storage AS s
        WHERE s.project_id = NEW.project_id AND s.${column} IS NEW.${column} COLLATE BINARY)`;

/**
 * Writes a column of NEW into the settings, where they say something else, are a JSON object, and say what they are to
 * say afterwards: double keys and values of another type are not touched.
 */
const setKey = (column: PolicyColumn, condition: string): string => `
    UPDATE projects SET settings_json = ${withKey(column)}
      WHERE id = NEW.project_id AND ${condition} AND ${isAsWritten(column)} AND json_valid(settings_json) AND CASE WHEN json_valid(settings_json) THEN
        json_type(settings_json) = 'object' AND ${settingAt('settings_json', column)} IS NOT ${wanted(column)}
        AND ${settingAt(withKey(column), column)} IS ${wanted(column)} END;`;

export const storageFollowTriggers: Readonly<Record<string, string>> = {
  // What the settings say was said by the same program, or by us; only what they leave open comes from here.
  _phasewise_0003_project_storage_insert_follows: `CREATE TRIGGER _phasewise_0003_project_storage_insert_follows AFTER INSERT ON project_storage
  WHEN NOT ${isQuiet('project_storage')}
  BEGIN${quietly('project_storage', completeFromMoved(storage))}${removeMoved(storage)}${quietly('projects', policyNames.map((column) => setKey(column, `CASE WHEN json_valid(settings_json) THEN ${isUnset('settings_json', column)} END`)).join(''))}
  END`,
  _phasewise_0003_project_storage_update_follows: `CREATE TRIGGER _phasewise_0003_project_storage_update_follows
  AFTER UPDATE OF ${policyNames.join(', ')} ON project_storage
  WHEN NEW.project_id IS OLD.project_id AND ${isChanged(policyNames)} AND NOT ${isQuiet('project_storage')}
  BEGIN${quietly('projects', policyNames.map((column) => setKey(column, `NEW.${column} IS NOT OLD.${column}`)).join(''))}
  END`,
};
