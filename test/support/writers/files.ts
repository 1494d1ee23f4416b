import { AssetIndex, pathKey } from '../oracle/paths.ts';
import { isEmpty, textOf, type Row, type Value } from '../oracle/rows.ts';
import type { Memory } from './memory.ts';

/** Values that only the file itself knows: times of the moment, ends made by chance. Taken over when rows are compared. */
export const SOME_TIME = '<some time>';
export const someId = (start: string): string => `${start}:<by chance>`;

export const projectOfRun = (memory: Memory, run: Value | undefined): string | null => {
  const project = memory.row('runs', run)?.['project_id'];
  return project === undefined ? null : textOf(project);
};
export const projectOfJob = (memory: Memory, job: Value | undefined): string | null => {
  const run = memory.row('run_jobs', job)?.['run_id'];
  return run === undefined ? null : projectOfRun(memory, run);
};

/** The asset that a path names in its project, or null. */
export function findFile(memory: Memory, project: string | null, path: Value | undefined): Value {
  const key = pathKey(path);
  if (project === null || key === '') return null;
  return new AssetIndex(memory.rows('assets')).find(project, key)?.['id'] ?? null;
}

/** An asset is named by a path that equals one of its two, once cleaned. */
export function isNamedBy(memory: Memory, asset: Value | undefined, path: Value | undefined): boolean {
  const row = memory.row('assets', asset);
  const key = pathKey(path);
  return row !== undefined && key !== '' && [row['storage_uri'], row['rel_path']].some((own) => pathKey(own) === key);
}

export function addressOf(memory: Memory, asset: Value | undefined): Value {
  const row = memory.row('assets', asset);
  const address = row && (isEmpty(row['storage_uri']) ? row['rel_path'] : row['storage_uri']);
  return isEmpty(address) ? null : (address ?? null);
}

/** The old path once the asset was changed under the new name. */
export function pathAfter(memory: Memory, asset: Value | undefined, project: string | null, path: Value): Value {
  if (!isEmpty(asset)) return isNamedBy(memory, asset, path) ? path : (addressOf(memory, asset) ?? path);
  const key = pathKey(path);
  const isNamed = memory
    .rows('assets')
    .some((row) => row['project_id'] === project && (row['rel_path'] === key || row['storage_uri'] === key));
  return isNamed ? null : path;
}

interface NewFile {
  readonly id: string;
  readonly project: string | null;
  readonly path: Value | undefined;
  readonly kind: string;
  readonly owners: Row;
}

/** A path that no asset of the project goes by gets one. */
export function registerFile(memory: Memory, { id, project, path, kind, owners }: NewFile): void {
  const key = pathKey(path);
  if (project === null || key === '' || !memory.row('projects', project)) return;
  if (findFile(memory, project, key) !== null) return;
  const mark = '{"source":"phase3_backfill"}';
  memory.put('assets', {
    ...memory.shapes.get('assets')?.defaults,
    ...{ id: memory.row('assets', id) ? someId(id) : id, project_id: project },
    ...{ run_id: null, job_id: null, candidate_id: null, ...owners },
    ...{ kind, asset_kind: kind, storage_uri: key, rel_path: key, metadata_json: mark, meta_json: mark },
    ...{ storage_backend: key.startsWith('s3://') ? 's3' : 'local', created_at: SOME_TIME },
  });
}
