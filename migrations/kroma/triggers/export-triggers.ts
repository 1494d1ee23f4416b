import { astrayTrigger } from './astray-triggers.ts';
import { isQuiet, quietly } from './mirror.ts';
import { mayBreakRuleOf, valueMayBreakRuleOf } from '../rules/own-rule.ts';
import { addressOf, assetOf, cleaned, isNamedBy, pathAfter, registerFiles } from '../rules/path-rule.ts';

/**
 * Keeps the old and the new columns of exports in step. Part of the exports' migration and as immutable as it is. NEW
 * says what the program's statement did; a trigger that somebody added later fires first, so what is written comes from
 * the row as it stands.
 */
export const isEmpty = (value: string): string => `ifnull(${value}, '') = ''`;
const hasEnding = (path: string, ending: string) => `substr(lower(${path}), -${ending.length}) = '${ending}'`;
export const formatOf = (
  path: string,
): string => `CASE WHEN ${hasEnding(path, '.tar.gz')} OR ${hasEnding(path, '.tgz')} THEN 'tar.gz'
      WHEN ${hasEnding(path, '.zip')} THEN 'zip' ELSE 'folder' END`;

const registerExport = registerFiles(
  {
    id: `(NEW.id || ':export')`,
    otherwise: 'lower(hex(randomblob(8)))',
    project: 'NEW.project_id',
    run: 'NULL',
    job: 'NULL',
    candidate: 'NULL',
    kind: `'export'`,
    path: 'k.path',
    now: `strftime('%Y-%m-%dT%H:%M:%SZ', 'now')`,
  },
  `FROM (SELECT ${cleaned('e.export_path')} AS path FROM project_exports AS e
        WHERE e.rowid = NEW.rowid AND e.export_asset_id IS NEW.export_asset_id) AS k WHERE NEW.id IS NOT NULL`,
);
const isFreeHash = `NOT ${valueMayBreakRuleOf('project_exports', 'sha256', 'project_exports.export_sha256')}`;
/** Unless somebody has chosen a file since, or made it unique. */
const nameFile = quietly(
  'project_exports',
  `
    UPDATE project_exports SET export_asset_id = (SELECT ${assetOf('NEW.project_id', 'k.path')}
        FROM (SELECT ${cleaned('project_exports.export_path')} AS path) AS k)
      WHERE rowid = NEW.rowid AND export_asset_id IS NEW.export_asset_id
        AND NOT ${mayBreakRuleOf('project_exports', ['export_asset_id'])};`,
);

export const exportTriggers: Readonly<Record<string, string>> = {
  _phasewise_0015_exports_insert: `CREATE TRIGGER _phasewise_0015_exports_insert AFTER INSERT ON project_exports
  BEGIN
    UPDATE project_exports SET
        sha256 = CASE WHEN ${isEmpty('sha256')} AND ${isFreeHash} THEN export_sha256 ELSE sha256 END,
        format = CASE WHEN format IN ('', 'tar.gz') AND (${isEmpty('NEW.export_asset_id')} OR ${cleaned('NEW.export_path')} <> '') THEN ${formatOf(cleaned('export_path'))} ELSE format END
      WHERE rowid = NEW.rowid;
  END`,
  _phasewise_0015_exports_file: `CREATE TRIGGER _phasewise_0015_exports_file AFTER INSERT ON project_exports
  WHEN ${isEmpty('NEW.export_asset_id')}
  BEGIN${registerExport};${nameFile}
  END`,
  _phasewise_0015_exports_update: `CREATE TRIGGER _phasewise_0015_exports_update AFTER UPDATE OF export_path, export_sha256 ON project_exports
  WHEN NOT ${isQuiet('project_exports')}
  BEGIN
    UPDATE project_exports SET
        sha256 = CASE WHEN NEW.export_sha256 IS NOT OLD.export_sha256 AND sha256 IS OLD.sha256 AND ${isFreeHash} THEN export_sha256 ELSE sha256 END,
        format = CASE WHEN NEW.export_path IS NOT OLD.export_path AND format IS OLD.format
          THEN ${formatOf(cleaned('export_path'))} ELSE format END
      WHERE rowid = NEW.rowid;
  END`,
  _phasewise_0015_exports_moved: `CREATE TRIGGER _phasewise_0015_exports_moved AFTER UPDATE OF export_path ON project_exports
  WHEN NEW.export_path IS NOT OLD.export_path AND NEW.export_asset_id IS OLD.export_asset_id AND NOT ${isQuiet('project_exports')}
    AND NOT ${isNamedBy('NEW.export_asset_id', cleaned('NEW.export_path'))}
  BEGIN${registerExport};${nameFile}
  END`,
  _phasewise_0015_exports_astray: astrayTrigger(
    '_phasewise_0015_exports_astray',
    '20260221_0015_project_exports_cols',
    {
      table: 'project_exports',
      columns: ['export_asset_id'],
      others: ['project_id', 'export_path', 'export_sha256', 'sha256', 'format', 'created_at'],
    },
  ),
};

export const exportFollowTriggers: Readonly<Record<string, string>> = {
  _phasewise_0015_exports_insert_follows: `CREATE TRIGGER _phasewise_0015_exports_insert_follows AFTER INSERT ON project_exports
  WHEN (${isEmpty('NEW.export_path')} AND NOT ${isEmpty('NEW.export_asset_id')})
    OR (${isEmpty('NEW.export_sha256')} AND NOT ${isEmpty('NEW.sha256')})
  BEGIN${quietly(
    'project_exports',
    `
    UPDATE project_exports SET
        export_path = CASE WHEN ${isEmpty('export_path')} THEN coalesce(${addressOf('project_exports.export_asset_id')}, export_path) ELSE export_path END,
        export_sha256 = CASE WHEN ${isEmpty('export_sha256')} AND NOT ${isEmpty('sha256')} THEN sha256 ELSE export_sha256 END
      WHERE rowid = NEW.rowid;`,
  )}
  END`,
  // An export has a path whatever happens: without an asset the old one stays.
  _phasewise_0015_exports_update_follows: `CREATE TRIGGER _phasewise_0015_exports_update_follows AFTER UPDATE OF export_asset_id, sha256 ON project_exports
  WHEN NOT ${isQuiet('project_exports')}
    AND ((NEW.export_asset_id IS NOT OLD.export_asset_id AND NEW.export_path IS OLD.export_path)
      OR (NEW.sha256 IS NOT OLD.sha256 AND NEW.export_sha256 IS OLD.export_sha256 AND NEW.export_sha256 IS NOT NEW.sha256))
  BEGIN${quietly(
    'project_exports',
    `
    UPDATE project_exports SET
        export_path = CASE WHEN NEW.export_asset_id IS NOT OLD.export_asset_id AND export_path IS OLD.export_path
          THEN ifnull(${pathAfter('project_exports.export_asset_id', 'NEW.project_id', 'project_exports.export_path')}, export_path) ELSE export_path END,
        export_sha256 = CASE WHEN NEW.sha256 IS NOT OLD.sha256 AND export_sha256 IS OLD.export_sha256 THEN sha256 ELSE export_sha256 END
      WHERE rowid = NEW.rowid;`,
  )}
  END`,
};
