import { isPlainJson } from './plain-json.ts';
import { textOf, type Row, type Value } from '../oracle/rows.ts';
import {
  below,
  insertOrReplace,
  newAsset,
  newCandidate,
  newJob,
  newRun,
  newUser,
  remove,
  update,
  updateOrReplace,
  without,
} from './legacy-writer.ts';
import type { Statement } from './statement.ts';
import type { Values } from './values.ts';

/** What programs write that know the new names only. Old columns that must have a value get an empty one. */
type Write = (values: Values) => Statement[];

const someAsset = (v: Values): Value => (v.random.chance(0.2) ? null : v.some('assets'));
const storage = (v: Values): Row => ({
  local_base_dir: v.random.pick(['art', 'var/projects', 'generated/projects']),
  local_project_root: v.random.pick([null, 'root', '']),
  s3_enabled: BigInt(v.random.int(0, 1)),
  s3_bucket: v.random.pick([null, 'one', `it's`]),
  s3_prefix: v.random.pick([null, 'iat-projects', 'other']),
  s3_region: v.random.pick([null, 'eu']),
  s3_profile: null,
  s3_endpoint_url: v.random.pick([null, 'https://s3.example']),
});
const canonicalCandidate = (v: Values, job: string): Row => ({
  ...without(newCandidate(v, job), 'output_path', 'final_output_path'),
  ...{ output_asset_id: someAsset(v), final_asset_id: someAsset(v) },
});
const canonicalRun = (v: Values): Row => ({
  run_mode: v.maybe(),
  model_name: v.maybe(),
  settings_snapshot_json: v.json(),
});
const canonicalAsset = (v: Values): Row => ({
  kind: v.maybe(),
  storage_uri: v.random.chance(0.1) ? null : v.path(),
  metadata_json: v.json(),
});
const canonicalJob = (v: Values): Row => ({
  selected_candidate_index: v.maybeIndex(),
  final_asset_id: someAsset(v),
  prompt_text: v.text(),
});

/** The storage of a project whose settings can be written back to the letter. */
const storedProject = (v: Values): Row | undefined => {
  const row = v.someRow('project_storage');
  return row && isPlainJson(textOf(v.memory.row('projects', row['project_id'])?.['settings_json'])) ? row : undefined;
};

export const canonicalWrites: readonly Write[] = [
  (v) => [insertOrReplace(v, 'app_users', newUser(v), ['username'], ['display_name', 'email', 'updated_at'])],
  (v) => updateOrReplace(v, 'app_users', () => without(newUser(v), 'id')),
  (v) => updateOrReplace(v, 'app_users', () => ({ username: v.username() })),
  (v) => (v.random.chance(0.3) ? remove(v, 'app_users') : []),
  (v) => update(v, 'projects', () => ({ owner_user_id: v.some('app_users') ?? 'u0' })),
  (v) => below(v, 'app_users', (owner_user_id) => [{ kind: 'insert', table: 'projects', row: {
    ...{ id: v.id('p'), user_id: '', owner_user_id, slug: `slug${v.random.int(0, 5)}`, name: 'n', created_at: v.time(), updated_at: v.time() },
  } }]),
  ...Array.from({ length: 3 }, (): Write => (v) => {
    const row = storedProject(v);
    return row ? [{ kind: 'update', table: 'project_storage', id: textOf(row['id']), set: v.someOf(storage(v)) }] : [];
  }),
  (v) => {
    const row = storedProject(v);
    const own = { id: v.id('s'), project_id: row?.['project_id'] ?? '', ...v.someOf(storage(v)), created_at: 't', updated_at: 't' };
    return row ? [{ kind: 'insert', table: 'project_storage', row: own }] : [];
  },
  (v) => update(v, 'runs', () => canonicalRun(v)),
  (v) => below(v, 'projects', (p) => [{ kind: 'insert', table: 'runs', row: { ...without(newRun(v, p), 'model', 'meta_json'), mode: '', ...canonicalRun(v) } }]),
  (v) => update(v, 'run_jobs', () => canonicalJob(v)),
  (v) => update(v, 'run_jobs', () => canonicalJob(v)),
  (v) => below(v, 'runs', (r) => [{ kind: 'insert', table: 'run_jobs', row: { ...without(newJob(v, r), 'selected_candidate', 'final_output'), ...canonicalJob(v) } }]),
  ...Array.from({ length: 3 }, (): Write => (v) =>
    below(v, 'run_jobs', (j) => [insertOrReplace(v, 'run_candidates', canonicalCandidate(v, j), ['job_id', 'candidate_index'], ['status', 'output_asset_id', 'final_asset_id', 'meta_json'])])),
  (v) => updateOrReplace(v, 'run_candidates', () => without(canonicalCandidate(v, v.some('run_jobs') ?? 'j0'), 'id')),
  (v) => update(v, 'run_candidates', () => ({ output_asset_id: someAsset(v), final_asset_id: someAsset(v) })),
  (v) => updateOrReplace(v, 'run_candidates', () => ({ candidate_index: v.index() })),
  (v) => remove(v, 'run_candidates'),
  (v) => update(v, 'assets', () => canonicalAsset(v)),
  (v) => below(v, 'projects', (p) => [{ kind: 'insert', table: 'assets', row: { ...without(newAsset(v, p), 'meta_json'), asset_kind: '', rel_path: '', ...canonicalAsset(v) } }]),
  (v) => update(v, 'project_exports', () => ({ export_asset_id: someAsset(v), sha256: v.maybe(), format: 'zip' })),
  (v) => below(v, 'projects', (project_id) => [{ kind: 'insert', table: 'project_exports', row: {
    ...{ id: v.id('e'), project_id, export_path: '', export_asset_id: someAsset(v), sha256: v.maybe(), created_at: v.time() },
  } }]),
  (v) => update(v, 'project_api_secrets', () => ({ kms_key_ref: v.random.pick([null, '', 'vault/9']) })),
  (v) => below(v, 'projects', (project_id) => [{ kind: 'insert', table: 'project_api_secrets', row: {
    ...{ id: v.id('k'), project_id, provider_code: 'removebg', secret_name: v.text(), secret_ciphertext: 'sample-not-a-key' },
    ...{ kms_key_ref: v.random.pick(['vault/1', 'local-master']), created_at: v.time(), updated_at: v.time() },
  } }]),
]; // prettier-ignore
