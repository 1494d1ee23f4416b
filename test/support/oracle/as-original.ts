import { compareTables, isTimeOfRun, keyById, saySame, withoutOwnEvents, type Difference } from './compare.ts';
import { pathKey } from './paths.ts';
import { byId, copyTables, rowsOf, textOf, type Row, type Tables, type Value } from './rows.ts';
import { settingOf, storagePolicy } from './settings.ts';
import { upgradeAsOriginal } from './original.ts';

/**
 * Why our result may differ from the original's own. D-numbers are the defects of the original that we correct; anything
 * that fits none of them is a mistake of ours.
 */
export type Reason =
  | 'D1'
  | 'D2'
  | 'D3'
  | 'D4'
  | 'D5'
  | 'D6'
  | 'D7'
  | 'D8'
  | 'D9'
  | 'D10'
  | 'D11'
  | 'D15'
  | 'D18'
  | 'D19'
  | 'nested setting'
  /** A person's rating does not stand in for the result of the guard: the original leaves that out. */
  | 'rated candidate'
  | 'unclassified';
export interface Classified extends Difference {
  readonly reason: Reason;
}

const compared = [
  'app_users',
  'projects',
  'project_storage',
  'project_api_secrets',
  'assets',
  'runs',
  'run_jobs',
  'run_candidates',
  'project_exports',
  'quality_reports',
  'cost_events',
  'audit_events',
  'provider_accounts',
  'style_guides',
  'characters',
  'reference_sets',
  'reference_items',
  'prompt_templates',
  'asset_links',
];
const NOW_OF_ORIGINAL = '2026-02-22T10:00:00Z';

/**
 * Compares a file that we upgraded with what the original (`2a0432d`) makes of the same source, value by value. References
 * to assets are compared by the address that they lead to, because ids of new assets are the original's own.
 * @throws OriginalAborts when the original has no result.
 */
export function compareWithOriginal(source: Tables, ours: Tables): Classified[] {
  let ids = 0;
  const original = upgradeAsOriginal(source, {
    version: '2a0432d',
    now: NOW_OF_ORIGINAL,
    newId: () => `original-${(ids += 1)}`,
  });
  const known = byId(rowsOf(source, 'assets'));
  const [theirs, mine] = [withAddresses(original, known), withAddresses(withoutOwnEvents(ours), known)];
  const reports = byId(rowsOf(source, 'quality_reports'));
  const differences = compareTables(theirs, mine, compared, {
    keyOf: (table, row) => {
      if (table === 'assets' && !known.has(textOf(row['id']))) return addressOf(row);
      // Both give their own ids to what they add.
      if (table === 'quality_reports' && !reports.has(textOf(row['id']))) return `of ${textOf(row['candidate_id'])}`;
      return keyById(table, row);
    },
    isSame: ({ expected, actual, table, column }) =>
      (expected === NOW_OF_ORIGINAL && isTimeOfRun(actual)) ||
      (column === 'id' && ['project_storage', 'assets', 'quality_reports', 'asset_links'].includes(table)) ||
      (column === 'summary_json' && saySame(expected, actual)) ||
      // The target has columns that no version of the original ever had, and its seeds leave old columns to their defaults.
      (expected === undefined && ['prompt_templates', 'quality_reports'].includes(table)),
  });
  const context = {
    source: new Map(
      [...source].map(([table, rows]) => [table, new Map(rows.map((row) => [keyById(table, row), row]))]),
    ),
    twins: twinsOf(source),
  };
  return differences.map((difference) => ({ ...difference, reason: classify(difference, context) }));
}

const addressOf = (asset: Row): string => `${textOf(asset['project_id'])} ${pathKey(asset['storage_uri'])}`;

/** References to assets that the upgrade made are replaced by the project and address they stand for. */
function withAddresses(tables: Tables, known: Map<string, Row>): Tables {
  const copy = copyTables(tables);
  const assets = byId(rowsOf(tables, 'assets'));
  const readable = (id: Value | undefined): Value => {
    const asset = known.has(textOf(id)) ? undefined : assets.get(textOf(id));
    return asset ? addressOf(asset) : (id ?? null);
  };
  const references = [['run_candidates', 'output_asset_id'], ['run_candidates', 'final_asset_id'], ['run_jobs', 'final_asset_id'], ['project_exports', 'export_asset_id'], ['asset_links', 'parent_asset_id'], ['asset_links', 'child_asset_id']] as const; // prettier-ignore
  for (const [table, column] of references) for (const row of rowsOf(copy, table)) row[column] = readable(row[column]);
  return copy;
}

interface Context {
  readonly source: Map<string, Map<string, Row>>;
  /** Cleaned addresses whose registered asset is stored uncleaned, so that the original never finds it. */
  readonly twins: Set<string>;
}

function twinsOf(source: Tables): Set<string> {
  const odd = rowsOf(source, 'assets').flatMap((asset) =>
    [asset['storage_uri'], asset['rel_path']]
      .filter((path) => textOf(path) !== pathKey(path))
      .map((path) => `${textOf(asset['project_id'])} ${pathKey(path)}`),
  );
  return new Set(odd);
}

function classify(difference: Difference, { source, twins }: Context): Reason {
  const { table, key, column, expected, actual } = difference;
  const row = source.get(table)?.get(key);
  if (table === 'assets') return classifyAsset(difference, row, twins);
  if (table === 'project_storage') return classifyStorage(difference, source.get('projects')?.get(key));
  if (table === 'runs' && column === 'settings_snapshot_json' && expected === '{}')
    return actual === row?.['meta_json'] ? 'D1' : 'unclassified';
  if (table === 'run_jobs' && column === 'prompt_text' && expected === '') return 'D1';
  if (table === 'run_jobs' && column === 'final_output')
    return actual === row?.['final_output'] ? 'D18' : 'unclassified';
  if (table === 'project_exports' && column === 'format' && expected === 'tar.gz') return 'D9';
  if (table === 'quality_reports' || table === 'cost_events' || table === 'audit_events')
    return classifyEvent(difference, row);
  if (table === 'asset_links' && column === null) return isUnclean(key, source, twins) ? 'D10' : 'unclassified';
  if (['config_json', 'rules_json'].includes(column ?? '') && expected === '' && actual === '{}') return 'D15';
  if (column === 'meta_json' && table === 'provider_accounts')
    return actual === row?.['meta_json'] ? 'D18' : 'unclassified';
  if (column?.endsWith('_asset_id') && twins.has(textOf(expected))) return 'D10';
  return 'unclassified';
}

/** A link of a file that the original never finds, by its address or by its id. */
function isUnclean(key: string, source: Context['source'], twins: Set<string>): boolean {
  const assets = source.get('assets');
  const isUncleanId = key.split(' ').some((id) => {
    const asset = assets?.get(id);
    return asset !== undefined && textOf(asset['rel_path']) !== pathKey(asset['rel_path']);
  });
  return isUncleanId || [...twins].some((twin) => key.includes(twin));
}

function classifyEvent({ table, column, expected, actual }: Difference, row: Row | undefined): Reason {
  if (table === 'quality_reports' && column === null) return actual === 'row' ? 'rated candidate' : 'unclassified';
  if (column === 'report_type')
    return actual === 'human_review' && row?.['rating'] !== undefined ? 'D2' : 'unclassified';
  if (column === 'summary_json' && textOf(expected).includes('NaN')) return 'D7';
  const defaults = ['legacy_event', '{}', 0, ''];
  const isLost = defaults.some((value) => Object.is(value, expected));
  return isLost && actual !== undefined && !isTimeOfRun(actual) ? 'D2' : 'unclassified';
}

function classifyAsset(
  { key, column, expected, actual }: Difference,
  row: Row | undefined,
  twins: Set<string>,
): Reason {
  if (column === null) return expected === 'row' && twins.has(key) ? 'D10' : 'unclassified';
  if (column === 'metadata_json' && expected === '{}' && actual === row?.['meta_json']) return 'D1';
  if (column === 'meta_json' && row && actual === row['meta_json']) return actual === '' ? 'D18' : 'unclassified';
  if (column === 'storage_backend' && expected === 'local' && actual === 's3') return 'D8';
  const isCredit = ['run_id', 'job_id', 'candidate_id', 'kind', 'asset_kind'].includes(column);
  if (isCredit && (!row || row[column] === null || row[column] === ''))
    return row && twins.has(addressOf({ ...row, storage_uri: row['rel_path'] ?? null })) ? 'D10' : 'D11';
  return 'unclassified';
}

function classifyStorage({ column, expected, actual }: Difference, project: Row | undefined): Reason {
  if (column === null || !project) return 'unclassified';
  const corrected = storagePolicy(project['settings_json']).policy[column];
  if (!Object.is(corrected, actual)) return 'unclassified';
  const setting = settingOf(project['settings_json'], column);
  if (column === 's3_enabled') return 'D3';
  if (setting?.kind === 'null' && expected === 'None') return 'D3';
  if (column === 'local_base_dir' && expected === 'var/projects') return 'D4';
  return setting?.kind === 'list' || setting?.kind === 'object' ? 'nested setting' : 'unclassified';
}
