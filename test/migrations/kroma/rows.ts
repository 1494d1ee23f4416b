import type { Row } from '../../support/kroma/insert.ts';

/** Smallest rows of a legacy database; a spec names only what it is about. */
const T = '2026-02-14T09:31:07Z';

export const user = (id: string, more: Row = {}): Row => ({
  ...{ id, username: id, display_name: `Name of ${id}`, email: null, is_active: 1, created_at: T, updated_at: T },
  ...more,
});
export const project = (id: string, more: Row = {}): Row => ({
  ...{
    id,
    user_id: 'u',
    slug: id,
    name: id,
    description: '',
    status: 'active',
    settings_json: '{}',
    created_at: T,
    updated_at: T,
  },
  ...more,
});
export const run = (id: string, more: Row = {}): Row => ({
  ...{
    id,
    project_id: 'p',
    run_log_path: `runs/${id}.json`,
    mode: 'run',
    stage: 'style',
    model: 'gpt-image-1',
    status: 'ok',
    meta_json: '{}',
    created_at: T,
  },
  ...more,
});
export const job = (id: string, more: Row = {}): Row => ({
  ...{
    id,
    run_id: 'r',
    job_key: id,
    status: 'done',
    selected_candidate: null,
    final_output: null,
    meta_json: '{}',
    created_at: T,
  },
  ...more,
});
export const candidate = (id: string, more: Row = {}): Row => ({
  ...{
    id,
    job_id: 'j',
    candidate_index: 1,
    status: 'done',
    output_path: null,
    final_output_path: null,
    meta_json: '{}',
    created_at: T,
  },
  ...{ rank_hard_failures: 0, rank_soft_warnings: 0, rank_avg_chroma_exceed: 0 },
  ...more,
});
export const asset = (id: string, more: Row = {}): Row => ({
  ...{
    id,
    project_id: 'p',
    run_id: null,
    job_id: null,
    candidate_id: null,
    asset_kind: 'candidate_output',
    rel_path: `out/${id}.png`,
  },
  ...{ sha256: null, meta_json: '{}', created_at: T },
  ...more,
});
export const exported = (id: string, more: Row = {}): Row => ({
  id,
  project_id: 'p',
  export_path: `exports/${id}.tar.gz`,
  export_sha256: null,
  created_at: T,
  ...more,
});
export const secret = (id: string, more: Row = {}): Row => ({
  ...{
    id,
    project_id: 'p',
    provider_code: 'openai',
    secret_name: id,
    secret_ciphertext: 'x',
    key_ref: 'local-master',
    created_at: T,
    updated_at: T,
  },
  ...more,
});

/** A user, a project, a run and a job that everything else may hang on. */
export const household = { users: [user('u')], projects: [project('p')], runs: [run('r')], run_jobs: [job('j')] };
