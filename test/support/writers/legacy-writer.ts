import { textOf, type Row } from '../oracle/rows.ts';
import type { Statement } from './statement.ts';
import type { Values } from './values.ts';

/** What the original's first version writes: it knows the old names only. Each function gives statements in order. */
type Write = (values: Values) => Statement[];

export const newUser = (v: Values): Row => ({
  ...{
    id: v.id('u'),
    username: v.username(),
    display_name: v.text(),
    email: v.maybe(),
    is_active: BigInt(v.random.int(0, 1)),
  },
  ...{ created_at: v.time(), updated_at: v.time() },
});
export const newCandidate = (v: Values, job: string): Row => ({
  ...{ id: v.id('c'), job_id: job, candidate_index: v.index(), status: v.random.pick(['done', 'failed', '']) },
  ...{ output_path: v.maybePath(), final_output_path: v.maybePath() },
  ...{ rank_hard_failures: v.index(), rank_soft_warnings: 0n, rank_avg_chroma_exceed: v.random.pick([0, 1.5]) },
  ...{ meta_json: v.json(), created_at: v.time() },
});
export const newJob = (v: Values, run: string): Row => ({
  ...{
    id: v.id('j'),
    run_id: run,
    job_key: `key${v.random.int(0, 9)}`,
    status: 'done',
    selected_candidate: v.maybeIndex(),
  },
  ...{ final_output: v.maybePath(), meta_json: v.jobMeta(), created_at: v.time() },
});
export const newRun = (v: Values, project: string): Row => ({
  ...{
    id: v.id('r'),
    project_id: project,
    run_log_path: `runs/${v.random.int(0, 9)}.json`,
    mode: v.random.pick(['run', 'dry', '']),
  },
  ...{ model: v.maybe(), status: 'ok', meta_json: v.json(), created_at: v.time() },
});
export const newAsset = (v: Values, project: string): Row => ({
  ...{
    id: v.id('a'),
    project_id: project,
    run_id: null,
    asset_kind: v.random.pick(['candidate_output', 'export', '']),
  },
  ...{ rel_path: v.path(), sha256: null, meta_json: v.json(), created_at: v.time() },
});
const newProject = (v: Values, user: string): Row => ({
  ...{ id: v.id('p'), user_id: user, slug: `slug${v.random.int(0, 5)}`, name: v.text(), settings_json: v.settings() },
  ...{ created_at: v.time(), updated_at: v.time() },
});

/** Any way in which a program inserts: plainly, if it is not there, over what is there, or changing what is there. */
export function insertSomehow(
  v: Values,
  table: string,
  row: Row,
  target: readonly string[],
  set: readonly string[],
): Statement {
  const or = v.random.pick([undefined, undefined, 'IGNORE', 'upsert', 'upsert-id'] as const);
  if (or === 'IGNORE') return { kind: 'insert', table, row, or };
  if (or === undefined) return { kind: 'insert', table, row };
  return { kind: 'insert', table, row, upsert: { target: or === 'upsert' ? target : ['id'], set } };
}
/** Where REPLACE is in use: on rows that nothing but their twin hangs on. */
export function insertOrReplace(
  v: Values,
  table: string,
  row: Row,
  target: readonly string[],
  set: readonly string[],
): Statement {
  return v.mayReplace && v.random.chance(0.2)
    ? { kind: 'insert', table, row, or: 'REPLACE' }
    : insertSomehow(v, table, row, target, set);
}
export const update = (v: Values, table: string, set: (row: Row) => Row): Statement[] => {
  const row = v.someRow(table);
  return row ? [{ kind: 'update', table, id: textOf(row['id']), set: v.someOf(set(row)) }] : [];
};
/** The same for rows that nothing but their twin hangs on: now and then over whoever stands in the way. */
export const updateOrReplace = (v: Values, table: string, set: (row: Row) => Row): Statement[] =>
  update(v, table, set).map((statement) =>
    v.mayReplace && statement.kind === 'update' && v.random.chance(0.5) ? { ...statement, or: 'REPLACE' } : statement,
  );
export const remove = (v: Values, table: string): Statement[] => {
  const id = v.some(table);
  return id === null ? [] : [{ kind: 'delete', table, id }];
};
export const below = (v: Values, table: string, make: (parent: string) => Statement[]): Statement[] => {
  const id = v.some(table);
  return id === null ? [] : make(id);
};
/** The row without its id and its keys, as an update or upsert sets it. */
export const without = (row: Row, ...columns: readonly string[]): Row =>
  Object.fromEntries(Object.entries(row).filter(([column]) => !columns.includes(column)));

const candidateColumns = ['status', 'output_path', 'final_output_path', 'rank_hard_failures', 'meta_json'];

export const legacyWrites: readonly Write[] = [
  (v) => [insertOrReplace(v, 'users', newUser(v), ['username'], ['display_name', 'email', 'updated_at'])],
  (v) => updateOrReplace(v, 'users', () => without(newUser(v), 'id', 'created_at')),
  (v) => updateOrReplace(v, 'users', () => ({ username: v.username() })),
  (v) => (v.random.chance(0.3) ? remove(v, 'users') : []),
  (v) => below(v, 'users', (user) => [insertSomehow(v, 'projects', newProject(v, user), ['user_id', 'slug'], ['name', 'settings_json'])]),
  (v) => update(v, 'projects', () => ({ user_id: v.some('users') ?? 'u0', name: v.text(), settings_json: v.settings() })),
  (v) => update(v, 'projects', () => ({ settings_json: v.settings() })),
  (v) => (v.random.chance(0.2) ? remove(v, 'projects') : []),
  (v) => below(v, 'projects', (p) => [insertSomehow(v, 'runs', newRun(v, p), ['project_id', 'run_log_path'], ['mode', 'model', 'meta_json'])]),
  (v) => update(v, 'runs', () => without(newRun(v, ''), 'id', 'project_id', 'run_log_path', 'created_at')),
  (v) => (v.random.chance(0.5) ? remove(v, 'runs') : []),
  (v) => below(v, 'runs', (r) => [insertSomehow(v, 'run_jobs', newJob(v, r), ['run_id', 'job_key'], ['selected_candidate', 'final_output', 'meta_json'])]),
  (v) => update(v, 'run_jobs', () => without(newJob(v, ''), 'id', 'run_id', 'job_key', 'created_at')),
  (v) => update(v, 'run_jobs', () => without(newJob(v, ''), 'id', 'run_id', 'job_key', 'created_at')),
  (v) => (v.random.chance(0.3) ? remove(v, 'run_jobs') : []),
  ...Array.from({ length: 3 }, (): Write => (v) =>
    below(v, 'run_jobs', (j) => [insertOrReplace(v, 'run_job_candidates', newCandidate(v, j), ['job_id', 'candidate_index'], candidateColumns)])),
  (v) => updateOrReplace(v, 'run_job_candidates', () => without(newCandidate(v, v.some('run_jobs') ?? 'j0'), 'id')),
  (v) => update(v, 'run_job_candidates', () => without(newCandidate(v, ''), 'id', 'job_id', 'candidate_index')),
  (v) => updateOrReplace(v, 'run_job_candidates', () => ({ candidate_index: v.index() })),
  (v) => remove(v, 'run_job_candidates'),
  (v) => below(v, 'projects', (p) => [insertSomehow(v, 'assets', newAsset(v, p), ['project_id', 'rel_path'], ['asset_kind', 'meta_json', 'created_at'])]),
  (v) => update(v, 'assets', () => without(newAsset(v, ''), 'id', 'project_id')),
  (v) => (v.random.chance(0.5) ? remove(v, 'assets') : []),
  (v) => below(v, 'projects', (project_id) => [{ kind: 'insert', table: 'project_exports', row: {
    ...{ id: v.id('e'), project_id, export_path: v.random.pick([v.path(), '']), export_sha256: v.maybe(), created_at: v.time() },
  } }]),
  (v) => update(v, 'project_exports', () => ({ export_path: v.path(), export_sha256: v.maybe() })),
  (v) => remove(v, 'project_exports'),
  (v) => below(v, 'projects', (project_id) => [insertSomehow(v, 'project_api_secrets', {
    ...{ id: v.id('k'), project_id, provider_code: 'openai', secret_name: v.text(), secret_ciphertext: 'sample-not-a-key' },
    ...{ key_ref: v.random.pick(['local-master', 'vault/7', '']), created_at: v.time(), updated_at: v.time() },
  }, ['project_id', 'provider_code', 'secret_name'], ['key_ref', 'updated_at'])]),
  (v) => update(v, 'project_api_secrets', () => ({ key_ref: v.random.pick(['local-master', 'vault/8', '']) })),
  (v) => remove(v, 'project_api_secrets'),
  ingestAgain,
]; // prettier-ignore

/** A log is ingested again: its run goes, and comes back with new ids. */
function ingestAgain(v: Values): Statement[] {
  const old = v.someRow('runs');
  if (!old) return [];
  const run = { ...newRun(v, textOf(old['project_id'])), id: v.id('r'), run_log_path: old['run_log_path'] ?? '' };
  const jobs = [0, 1].map((n) => ({ ...newJob(v, run.id), id: `${run.id}-${n}`, job_key: `key${n}` }));
  const candidates: Row[] = jobs.flatMap((job) =>
    [1n, 2n].map((index) => ({ ...newCandidate(v, job.id), id: `${job.id}-${index}`, candidate_index: index })),
  );
  const assets = candidates
    .filter(({ output_path }) => textOf(output_path).trim() !== '')
    .map((candidate): Statement => ({
      ...{
        kind: 'insert',
        table: 'assets',
        row: { ...newAsset(v, textOf(old['project_id'])), rel_path: candidate.output_path ?? '' },
      },
      upsert: { target: ['project_id', 'rel_path'], set: ['asset_kind', 'meta_json', 'created_at'] },
    }));
  return [
    { kind: 'delete', table: 'runs', id: textOf(old['id']) },
    { kind: 'insert', table: 'runs', row: run },
    ...jobs.map((row): Statement => ({ kind: 'insert', table: 'run_jobs', row })),
    ...candidates.map((row): Statement => ({ kind: 'insert', table: 'run_job_candidates', row })),
    ...assets,
  ];
}
