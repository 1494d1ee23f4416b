import { compareTexts } from './instants.ts';
import { strip } from './python-text.ts';
import { upgradeEventsAsOriginal } from './original-later.ts';
import { byId, copyTables, isEmpty, rowsOf, textOf, type Row, type Tables, type Value } from './rows.ts';
import { originalPolicy } from './settings.ts';

/**
 * What the original program's own upgrade makes of the same rows, its defects included (C.1 to C.3, C.5), for two of its
 * versions: `6125739` leaves unknown paths alone, `2a0432d` registers an asset for each and links them.
 */
export interface OriginalOptions {
  readonly version: '6125739' | '2a0432d';
  readonly now: string;
  newId(): string;
}

/** The original gives up and rolls everything back: a name clash, or an asset for a project that does not exist (D6, D7). */
export class OriginalAborts extends Error {}

export function upgradeAsOriginal(source: Tables, options: OriginalOptions): Tables {
  const tables = copyTables(source);
  for (const name of ['app_users', 'run_candidates', 'project_storage']) if (!tables.has(name)) tables.set(name, []);
  addDualColumns(tables);
  copyUsers(tables);
  for (const row of rowsOf(tables, 'projects')) fill(row, 'owner_user_id', row['user_id']);
  for (const row of rowsOf(tables, 'assets')) copyAsset(row);
  for (const row of rowsOf(tables, 'runs')) {
    fill(row, 'run_mode', row['mode']);
    fill(row, 'model_name', row['model']);
  }
  for (const row of rowsOf(tables, 'run_jobs')) row['selected_candidate_index'] ??= row['selected_candidate'] ?? null;
  for (const row of rowsOf(tables, 'project_exports')) fill(row, 'sha256', row['export_sha256']);
  for (const row of rowsOf(tables, 'project_api_secrets')) fill(row, 'kms_key_ref', row['key_ref']);
  copyStorage(tables, options);
  const files = new OriginalFiles(tables, options);
  copyCandidates(tables, files);
  if (options.version === '2a0432d') resolveJobsAndExports(tables, files);
  upgradeEventsAsOriginal(tables, options);
  return tables;
}

function addDualColumns(tables: Tables): void {
  const columns: Record<string, Record<string, Value>> = {
    projects: { owner_user_id: null },
    runs: {
      run_mode: null,
      model_name: null,
      settings_snapshot_json: '{}',
      provider_code: null,
      started_at: null,
      finished_at: null,
    },
    run_jobs: { selected_candidate_index: null, final_asset_id: null, prompt_text: '' },
    assets: {
      kind: null,
      storage_uri: null,
      metadata_json: '{}',
      storage_backend: 'local',
      mime_type: null,
      width: null,
      height: null,
    },
    project_exports: { export_asset_id: null, sha256: null, format: 'tar.gz' },
    project_api_secrets: { kms_key_ref: null },
  };
  for (const [table, added] of Object.entries(columns)) {
    for (const row of rowsOf(tables, table))
      for (const [column, value] of Object.entries(added)) if (!(column in row)) row[column] = value;
  }
}

function fill(row: Row, column: string, value: Value | undefined): void {
  if (isEmpty(row[column]) && value !== null && value !== undefined) row[column] = value;
}

function copyUsers(tables: Tables): void {
  const canonical = rowsOf(tables, 'app_users');
  const present = byId(canonical);
  for (const user of rowsOf(tables, 'users')) {
    const twin = present.get(textOf(user['id']));
    const clash = canonical.some((row) => row['username'] === user['username'] && row['id'] !== user['id']);
    if (clash) throw new OriginalAborts(`username of ${textOf(user['id'])} is used twice`);
    if (twin) Object.assign(twin, { ...user, created_at: twin['created_at'] });
    else canonical.push({ ...user });
  }
}

/** Fills both ways: empty legacy columns are written too (D18). */
function copyAsset(row: Row): void {
  fill(row, 'kind', row['asset_kind']);
  fill(row, 'storage_uri', row['rel_path']);
  fill(row, 'asset_kind', row['kind']);
  fill(row, 'rel_path', row['storage_uri']);
  if (isEmpty(row['meta_json']) || row['meta_json'] === '{}') row['meta_json'] = row['metadata_json'] ?? '{}';
}

function copyStorage(tables: Tables, { version, now, newId }: OriginalOptions): void {
  const storage = rowsOf(tables, 'project_storage');
  const byProject = new Map(storage.map((row) => [textOf(row['project_id']), row]));
  const quota: Row = storage.some((row) => 'total_bytes' in row) ? { total_bytes: 0n, used_bytes: 0n } : {};
  for (const project of rowsOf(tables, 'projects')) {
    const policy = originalPolicy(
      project['settings_json'],
      version === '6125739' ? 'generated/projects' : 'var/projects',
    );
    const row = byProject.get(textOf(project['id']));
    if (row) Object.assign(row, policy, { updated_at: now });
    else
      storage.push({
        id: newId(),
        project_id: project['id'] ?? null,
        ...quota,
        ...policy,
        created_at: now,
        updated_at: now,
      });
  }
}

type Credit = { run_id: Value; job_id: Value; candidate_id: Value };

class OriginalFiles {
  private readonly tables: Tables;
  private readonly options: OriginalOptions;
  private readonly byPath = new Map<string, Row[]>();
  private readonly projects: Map<string, Row>;

  constructor(tables: Tables, options: OriginalOptions) {
    this.tables = tables;
    this.options = options;
    this.projects = byId(rowsOf(tables, 'projects'));
    for (const asset of rowsOf(tables, 'assets')) this.remember(asset);
  }

  resolve(projectId: string, path: Value | undefined, kind: string, credit: Credit): Value {
    const cleaned = clean(path);
    if (cleaned === '') return null;
    const found = [...(this.byPath.get(`${projectId}\0${cleaned}`) ?? [])];
    const hit = found.sort((a, b) => compareTexts(textOf(b['created_at']), textOf(a['created_at'])))[0];
    if (this.options.version === '6125739') return hit?.['id'] ?? null;
    return (hit ? this.credit(hit, credit) : this.register(projectId, cleaned, kind, credit))['id'] ?? null;
  }

  private credit(asset: Row, credit: Credit): Row {
    for (const [column, value] of Object.entries(credit)) if (isEmpty(asset[column])) asset[column] = value;
    const mark = '{"source":"phase3_backfill"}';
    for (const column of ['meta_json', 'metadata_json']) if (isEmpty(asset[column])) asset[column] = mark;
    return asset;
  }

  private register(projectId: string, path: string, kind: string, credit: Credit): Row {
    if (!this.projects.has(projectId)) throw new OriginalAborts(`no project ${projectId} for a new asset`);
    const mark = '{"source":"phase3_backfill"}';
    const { now } = this.options;
    const asset: Row = {
      id: this.options.newId(), project_id: projectId, ...credit, asset_kind: kind, rel_path: path, sha256: null, meta_json: mark, created_at: now,
      kind, storage_uri: path, metadata_json: mark, storage_backend: 'local', mime_type: null, width: null, height: null,
    }; // prettier-ignore
    rowsOf(this.tables, 'assets').push(asset);
    this.remember(asset);
    return asset;
  }

  /** Addresses are compared as they are stored, uncleaned (D10). */
  private remember(asset: Row): void {
    for (const address of new Set([asset['storage_uri'], asset['rel_path']])) {
      const key = `${textOf(asset['project_id'])}\0${textOf(address)}`;
      this.byPath.set(key, [...(this.byPath.get(key) ?? []), asset]);
    }
  }
}

const clean = (path: Value | undefined): string => strip(textOf(path).replaceAll('\\', '/'));

function copyCandidates(tables: Tables, files: OriginalFiles): void {
  const jobs = byId(rowsOf(tables, 'run_jobs'));
  const runs = byId(rowsOf(tables, 'runs'));
  const canonical = rowsOf(tables, 'run_candidates');
  const twins = byId(canonical);
  for (const legacy of rowsOf(tables, 'run_job_candidates')) {
    const run = runs.get(textOf(jobs.get(textOf(legacy['job_id']))?.['run_id']));
    if (!run) continue;
    const credit = { run_id: run['id'] ?? null, job_id: legacy['job_id'] ?? null, candidate_id: legacy['id'] ?? null };
    const projectId = textOf(run['project_id']);
    const { output_path, final_output_path, ...copied } = legacy;
    const output_asset_id = files.resolve(projectId, output_path, 'candidate_output', credit);
    const final_asset_id = files.resolve(projectId, final_output_path, 'candidate_final_output', credit);
    const twin = twins.get(textOf(legacy['id']));
    if (twin) Object.assign(twin, copied, { output_asset_id, final_asset_id, created_at: twin['created_at'] });
    else canonical.push({ ...copied, output_asset_id, final_asset_id });
  }
}

function resolveJobsAndExports(tables: Tables, files: OriginalFiles): void {
  const runs = byId(rowsOf(tables, 'runs'));
  const slots = new Map(
    rowsOf(tables, 'run_candidates').map((row) => [`${textOf(row['job_id'])}\0${textOf(row['candidate_index'])}`, row]),
  );
  const assets = byId(rowsOf(tables, 'assets'));
  for (const job of rowsOf(tables, 'run_jobs')) {
    const run = runs.get(textOf(job['run_id']));
    if (!run) continue;
    const index = job['selected_candidate_index'] ?? null;
    const chosen = index === null ? undefined : slots.get(`${textOf(job['id'])}\0${textOf(index)}`);
    const credit = { run_id: run['id'] ?? null, job_id: job['id'] ?? null, candidate_id: null };
    if (isEmpty(job['final_asset_id'])) {
      job['final_asset_id'] =
        chosen?.['final_asset_id'] ??
        chosen?.['output_asset_id'] ??
        files.resolve(textOf(run['project_id']), job['final_output'], 'job_final_output', credit);
    }
    const asset = assets.get(textOf(job['final_asset_id']));
    if (asset && isEmpty(job['final_output'])) job['final_output'] = asset['storage_uri'] ?? null;
  }
  const none = { run_id: null, job_id: null, candidate_id: null };
  for (const row of rowsOf(tables, 'project_exports')) {
    if (isEmpty(row['export_asset_id']))
      row['export_asset_id'] = files.resolve(textOf(row['project_id']), row['export_path'], 'export', none);
  }
}
