import { addColumns, type Work } from './phase1.ts';
import { pathKey } from './paths.ts';
import { byId, fillEmpty, groupBy, isEmpty, rowsOf, textOf, type Row, type Value } from './rows.ts';

/** A1 to A5: kind, address, metadata and backend of the assets that are there; claims on them come later. */
export function expectAssets(work: Work): void {
  const assets = rowsOf(work.tables, 'assets');
  const projects = byId(rowsOf(work.tables, 'projects'));
  addColumns(assets, {
    kind: null,
    storage_uri: null,
    metadata_json: '{}',
    storage_backend: 'local',
    mime_type: null,
    width: null,
    height: null,
  });
  const address = (asset: Row, uri: Value | undefined): string => `${textOf(asset['project_id'])}\0${textOf(uri)}`;
  const taken = new Set(
    assets.filter((asset) => !isEmpty(asset['storage_uri'])).map((asset) => address(asset, asset['storage_uri'])),
  );
  for (const asset of assets) {
    fillEmpty(asset, 'kind', asset['asset_kind']);
    if (isEmpty(asset['storage_uri'])) {
      if (taken.has(address(asset, asset['rel_path']))) work.issue('assets', asset, 'address-taken');
      else asset['storage_uri'] = asset['rel_path'] ?? null;
    }
    asset['metadata_json'] = movedJson(asset['metadata_json'], asset['meta_json']);
    if (asset['storage_backend'] === 'local') asset['storage_backend'] = backendOf(pathKey(asset['storage_uri']));
    if (!projects.has(textOf(asset['project_id']))) work.issue('assets', asset, 'project-missing');
  }
  reportTwins(work, assets);
}

/** D8. */
export const backendOf = (address: string): string => (address.startsWith('s3://') ? 's3' : 'local');

/** D1 with D15: legacy JSON, verbatim, where the canonical side is still the default; '' becomes '{}'. */
export function movedJson(canonical: Value | undefined, legacy: Value | undefined): Value {
  if (!isEmpty(canonical) && canonical !== '{}') return canonical as Value;
  return isEmpty(legacy) ? '{}' : (legacy as Value);
}

/** D10: rows of one project that are the same path once cleaned; all stay and all are reported. */
function reportTwins(work: Work, assets: readonly Row[]): void {
  const groups = groupBy(
    assets,
    (asset) => `${textOf(asset['project_id'])}\0${pathKey(asset['storage_uri'] ?? asset['rel_path'])}`,
  );
  for (const group of groups.values())
    if (group.length > 1) for (const asset of group) work.issue('assets', asset, 'same-path-after-cleaning');
}
