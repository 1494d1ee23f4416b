import { pathKey } from '../oracle/paths.ts';
import { isEmpty, type Row, type Value } from '../oracle/rows.ts';
import type { Memory, Rules } from './memory.ts';

const isBlankJson = (value: Value | undefined) => isEmpty(value) || value === '{}';
const backendOf = (path: Value | undefined) => (pathKey(path).startsWith('s3://') ? 's3' : 'local');

function isTaken(memory: Memory, row: Row, column: 'rel_path' | 'storage_uri', value: Value | undefined): boolean {
  return memory
    .rows('assets')
    .some(
      (other) =>
        other !== row &&
        other['id'] !== row['id'] &&
        other['project_id'] === row['project_id'] &&
        other[column] === value,
    );
}

/** kind and asset_kind, storage_uri and rel_path, metadata_json and meta_json of one row. */
export const assetRules: Partial<Rules> = {
  inserted(memory, table, row) {
    if (table !== 'assets') return;
    const set: Row = {};
    if (isEmpty(row['kind'])) set['kind'] = row['asset_kind'] ?? null;
    else if (isEmpty(row['asset_kind'])) set['asset_kind'] = row['kind'] ?? null;
    if (isEmpty(row['storage_uri'])) {
      if (!isTaken(memory, row, 'storage_uri', row['rel_path'])) set['storage_uri'] = row['rel_path'] ?? null;
    } else if (isEmpty(row['rel_path']) && !isTaken(memory, row, 'rel_path', row['storage_uri']))
      set['rel_path'] = row['storage_uri'] ?? null;
    if (isBlankJson(row['metadata_json']))
      set['metadata_json'] = isEmpty(row['meta_json']) ? '{}' : (row['meta_json'] ?? '{}');
    else if (isBlankJson(row['meta_json'])) set['meta_json'] = row['metadata_json'] ?? '{}';
    if (row['storage_backend'] === 'local')
      set['storage_backend'] = backendOf(isEmpty(row['storage_uri']) ? row['rel_path'] : row['storage_uri']);
    memory.change('assets', row['id'], set);
  },
  updated(memory, table, before, after) {
    if (table !== 'assets') return;
    const changed = (column: string) => before[column] !== after[column];
    const only = (column: string, other: string) =>
      changed(column) && !changed(other) && after[column] !== after[other];
    const set: Row = {};
    if (only('asset_kind', 'kind')) set['kind'] = after['asset_kind'] ?? null;
    if (only('kind', 'asset_kind') && after['kind'] !== null) set['asset_kind'] = after['kind'] ?? null;
    if (only('rel_path', 'storage_uri')) {
      if (!isTaken(memory, after, 'storage_uri', after['rel_path'])) set['storage_uri'] = after['rel_path'] ?? null;
      if (!changed('storage_backend') && backendOf(after['rel_path']) === 's3') set['storage_backend'] = 's3';
      else if (!changed('storage_backend') && backendOf(before['rel_path']) === 's3') set['storage_backend'] = 'local';
    }
    if (
      only('storage_uri', 'rel_path') &&
      after['storage_uri'] !== null &&
      !isTaken(memory, after, 'rel_path', after['storage_uri'])
    )
      set['rel_path'] = after['storage_uri'] ?? null;
    if (only('meta_json', 'metadata_json'))
      set['metadata_json'] = isEmpty(after['meta_json']) ? '{}' : (after['meta_json'] ?? '{}');
    if (only('metadata_json', 'meta_json') && !(isBlankJson(after['metadata_json']) && isBlankJson(after['meta_json'])))
      set['meta_json'] = after['metadata_json'] ?? '{}';
    memory.change('assets', after['id'], set);
  },
};
