import { isUnique, valueMayBreakRuleOf } from '../rules/own-rule.ts';
import { strictlyCleaned as cleaned } from '../rules/path-rule.ts';

/**
 * Keeps the old and the new columns of assets in step. Part of the assets' migration and as immutable as it is. Without
 * notes of any kind: what is equal already is never written, so one direction does not set off the other.
 * SQLite fires the newest trigger first. One that somebody added later may have changed the row already, so NEW says only
 * what the program's own statement did; what is written is taken from the row as it stands.
 */
export const isEmpty = (value: string): string => `ifnull(${value}, '') = ''`;
const isBlankJson = (text: string) => `ifnull(${text}, '') IN ('', '{}')`;
/** uq_assets_project_storage_uri: filling an address must not make two assets of a project share it. */
export const uriTaken = (projectId: string, uri: string, rowid: string): string =>
  `EXISTS (SELECT 1 FROM assets AS other WHERE other.project_id = ${projectId} AND other.storage_uri = ${uri} AND other.rowid <> ${rowid})`;
/** Another file of the project has this address or path already, or any file where they are unique in the whole table. */
const isTaken = (column: 'storage_uri' | 'rel_path', value: string) => {
  const other = `SELECT 1 FROM assets AS other WHERE other.${column} = ${value} AND other.rowid <> NEW.rowid`;
  return `(EXISTS (${other} AND other.project_id = assets.project_id) OR (${isUnique(column)} AND EXISTS (${other})))`;
};
export const backendOf = (uri: string, backend: string): string =>
  `CASE WHEN ${backend} = 'local' AND substr(${cleaned(uri)}, 1, 5) = 's3://' THEN 's3' ELSE ${backend} END`;
export const jsonOf = (text: string): string => `CASE WHEN ${isEmpty(text)} THEN '{}' ELSE ${text} END`;
/** Nobody made it unique, or no other file of the project says the same. */
const isFreeText = `NOT ${valueMayBreakRuleOf('assets', 'metadata_json', jsonOf('assets.meta_json'))}`;

export const assetTriggers: Readonly<Record<string, string>> = {
  _phasewise_0007_assets_insert: `CREATE TRIGGER _phasewise_0007_assets_insert AFTER INSERT ON assets
  BEGIN
    UPDATE assets SET
        kind = CASE WHEN ${isEmpty('kind')} THEN asset_kind ELSE kind END,
        storage_uri = CASE WHEN ${isEmpty('storage_uri')} AND NOT ${isTaken('storage_uri', 'assets.rel_path')}
          THEN rel_path ELSE storage_uri END,
        metadata_json = CASE WHEN metadata_json IN ('', '{}') AND ${isFreeText} THEN ${jsonOf('meta_json')} ELSE metadata_json END,
        storage_backend = ${backendOf(`CASE WHEN ${isEmpty('storage_uri')} THEN rel_path ELSE storage_uri END`, 'storage_backend')}
      WHERE rowid = NEW.rowid;
  END`,
  _phasewise_0007_assets_update: `CREATE TRIGGER _phasewise_0007_assets_update AFTER UPDATE OF asset_kind, rel_path, meta_json ON assets
  BEGIN
    UPDATE assets SET
        kind = CASE WHEN NEW.asset_kind IS NOT OLD.asset_kind AND kind IS OLD.kind THEN asset_kind ELSE kind END,
        storage_uri = CASE WHEN NEW.rel_path IS NOT OLD.rel_path AND storage_uri IS OLD.storage_uri
          AND NOT ${isTaken('storage_uri', 'assets.rel_path')} THEN rel_path ELSE storage_uri END,
        metadata_json = CASE WHEN NEW.meta_json IS NOT OLD.meta_json AND metadata_json IS OLD.metadata_json
          AND meta_json IS NOT metadata_json AND ${isFreeText} THEN ${jsonOf('meta_json')} ELSE metadata_json END,
        storage_backend = CASE WHEN NEW.rel_path IS OLD.rel_path OR NEW.storage_uri IS NOT OLD.storage_uri
            OR storage_backend IS NOT OLD.storage_backend OR NEW.storage_uri IS NEW.rel_path THEN storage_backend
          WHEN substr(${cleaned('rel_path')}, 1, 5) = 's3://' THEN 's3'
          WHEN substr(${cleaned('OLD.rel_path')}, 1, 5) = 's3://' THEN 'local' ELSE storage_backend END
      WHERE rowid = NEW.rowid;
  END`,
};

export const assetFollowTriggers: Readonly<Record<string, string>> = {
  _phasewise_0007_assets_insert_follows: `CREATE TRIGGER _phasewise_0007_assets_insert_follows AFTER INSERT ON assets
  WHEN (${isEmpty('NEW.asset_kind')} AND NOT ${isEmpty('NEW.kind')}) OR (${isEmpty('NEW.rel_path')} AND NOT ${isEmpty('NEW.storage_uri')})
    OR (${isBlankJson('NEW.meta_json')} AND NOT ${isBlankJson('NEW.metadata_json')})
  BEGIN
    UPDATE assets SET
        asset_kind = CASE WHEN ${isEmpty('asset_kind')} THEN ifnull(kind, asset_kind) ELSE asset_kind END,
        rel_path = CASE WHEN ${isEmpty('rel_path')} AND NOT ${isEmpty('storage_uri')} AND NOT ${isTaken('rel_path', 'assets.storage_uri')}
          THEN storage_uri ELSE rel_path END,
        meta_json = CASE WHEN ${isBlankJson('meta_json')} AND NOT ${isBlankJson('metadata_json')}
          THEN metadata_json ELSE meta_json END
      WHERE rowid = NEW.rowid;
  END`,
  _phasewise_0007_assets_update_follows: `CREATE TRIGGER _phasewise_0007_assets_update_follows
  AFTER UPDATE OF kind, storage_uri, metadata_json ON assets
  WHEN (NEW.kind IS NOT OLD.kind AND NEW.asset_kind IS NOT NEW.kind)
    OR (NEW.storage_uri IS NOT OLD.storage_uri AND NEW.rel_path IS NOT NEW.storage_uri)
    OR (NEW.metadata_json IS NOT OLD.metadata_json AND NEW.meta_json IS NOT NEW.metadata_json)
  BEGIN
    UPDATE assets SET
        asset_kind = CASE WHEN NEW.kind IS NOT OLD.kind AND asset_kind IS OLD.asset_kind
          THEN ifnull(kind, asset_kind) ELSE asset_kind END,
        rel_path = CASE WHEN NEW.storage_uri IS NOT OLD.storage_uri AND rel_path IS OLD.rel_path
          AND storage_uri IS NOT NULL AND NOT ${isTaken('rel_path', 'assets.storage_uri')} THEN storage_uri ELSE rel_path END,
        meta_json = CASE WHEN NEW.metadata_json IS NOT OLD.metadata_json AND meta_json IS OLD.meta_json
          AND NOT (${isBlankJson('metadata_json')} AND ${isBlankJson('meta_json')})
          THEN metadata_json ELSE meta_json END
      WHERE rowid = NEW.rowid;
  END`,
};
