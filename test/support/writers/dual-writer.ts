import { pathKey } from '../oracle/paths.ts';
import { textOf, type Row } from '../oracle/rows.ts';
import { findFile, projectOfJob, projectOfRun } from './files.ts';
import { below, newAsset, newCandidate, newJob, newRun, newUser, update, without } from './legacy-writer.ts';
import type { Statement } from './statement.ts';
import type { Values } from './values.ts';

/** What the original's later versions write: everything under both names, the tables in either order. */
type Write = (values: Values) => Statement[];

const inEitherOrder = (v: Values, one: Statement, other: Statement): Statement[] =>
  v.random.chance(0.5) ? [one, other] : [other, one];
const insert = (table: string, row: Row): Statement => ({ kind: 'insert', table, row });

function bothCandidates(v: Values, job: string): Statement[] {
  const old = newCandidate(v, job);
  const project = projectOfJob(v.memory, job);
  const files = {
    output_asset_id: findFile(v.memory, project, old['output_path']),
    final_asset_id: findFile(v.memory, project, old['final_output_path']),
  };
  const row = { ...without(old, 'output_path', 'final_output_path'), ...files };
  return inEitherOrder(v, insert('run_job_candidates', old), insert('run_candidates', row));
}

const withBoth = (row: Row, names: readonly (readonly [string, string])[]): Row => ({
  ...row,
  ...Object.fromEntries(names.map(([old, name]) => [name, row[old] ?? null])),
});
const ofRun = [['mode', 'run_mode'], ['model', 'model_name'], ['meta_json', 'settings_snapshot_json']] as const; // prettier-ignore
const ofAsset = [['asset_kind', 'kind'], ['rel_path', 'storage_uri'], ['meta_json', 'metadata_json']] as const; // prettier-ignore

const jobWithBoth = (v: Values, row: Row, run: string): Row => ({
  ...withBoth(row, [['selected_candidate', 'selected_candidate_index']]),
  final_asset_id: findFile(v.memory, projectOfRun(v.memory, run), row['final_output']),
  prompt_text: 'both',
});

export const dualWrites: readonly Write[] = [
  (v) => {
    const row = newUser(v);
    return inEitherOrder(v, insert('users', row), insert('app_users', row));
  },
  // On every start it writes all users anew under their new name.
  (v) => {
    const row = v.someRow('users');
    const set = ['username', 'display_name', 'email', 'is_active', 'updated_at'];
    return row ? [{ kind: 'insert', table: 'app_users', row: { ...row }, upsert: { target: ['id'], set } }] : [];
  },
  (v) => {
    const row = v.someRow('users');
    const set = { display_name: v.text(), email: null, updated_at: v.time() };
    const statement = (table: string): Statement => ({ kind: 'update', table, id: textOf(row?.['id']), set });
    return row ? inEitherOrder(v, statement('users'), statement('app_users')) : [];
  },
  ...Array.from({ length: 4 }, (): Write => (v) => below(v, 'run_jobs', (job) => bothCandidates(v, job))),
  (v) => below(v, 'projects', (p) => [insert('runs', withBoth(newRun(v, p), ofRun))]),
  (v) => update(v, 'runs', () => withBoth(without(newRun(v, ''), 'id', 'project_id', 'run_log_path'), ofRun)),
  (v) => below(v, 'runs', (r) => [insert('run_jobs', jobWithBoth(v, newJob(v, r), r))]),
  (v) => {
    const row = v.someRow('run_jobs');
    const values = jobWithBoth(v, newJob(v, ''), textOf(row?.['run_id']));
    const set = without(values, 'id', 'run_id', 'job_key', 'created_at');
    return row ? [{ kind: 'update', table: 'run_jobs', id: textOf(row['id']), set }] : [];
  },
  (v) =>
    below(v, 'projects', (project) => {
      const asset = newAsset(v, project);
      const row = withBoth({ ...asset, rel_path: pathKey(asset['rel_path']) }, ofAsset);
      const set = ['asset_kind', 'kind', 'storage_uri', 'meta_json', 'metadata_json', 'created_at'];
      return [{ kind: 'insert', table: 'assets', row, upsert: { target: ['project_id', 'rel_path'], set } }];
    }),
  (v) =>
    below(v, 'projects', (project_id) => {
      const path = v.path();
      const asset = { export_path: path, export_asset_id: findFile(v.memory, project_id, path) };
      return [
        insert('project_exports', {
          id: v.id('e'),
          project_id,
          ...asset,
          export_sha256: 'f',
          sha256: 'f',
          format: 'tgz',
          created_at: v.time(),
        }),
      ];
    }),
  // A new project and its storage; a change of the settings writes both, too.
  (v) =>
    below(v, 'users', (user) => {
      const id = v.id('p');
      const project = {
        id,
        user_id: user,
        owner_user_id: user,
        slug: `slug${v.random.int(0, 9)}`,
        name: 'n',
        settings_json: '{}',
        created_at: 't',
        updated_at: 't',
      };
      const storage = {
        id: v.id('s'),
        project_id: id,
        local_base_dir: 'var/projects',
        s3_prefix: 'iat-projects',
        created_at: 't',
        updated_at: 't',
      };
      return v.memory.row('projects', id) ? [] : [insert('projects', project), insert('project_storage', storage)];
    }),
];
