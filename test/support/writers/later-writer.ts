import type { Row } from '../oracle/rows.ts';
import { below, remove, update } from './legacy-writer.ts';
import type { Statement } from './statement.ts';
import type { Values } from './values.ts';

/**
 * What programs write into the tables of later phases: under the old names where the file has them, under the new ones,
 * or under both, as it comes.
 */
type Write = (values: Values) => Statement[];
type Make = (values: Values, project: string) => { always: Row; old: Row; canonical: Row };

const tables: Readonly<Record<string, Make>> = {
  cost_events: (v, project_id) => ({
    always: {
      project_id,
      run_id: v.random.chance(0.4) ? null : v.some('runs'),
      currency: v.random.pick(['USD', 'EUR', '']),
      created_at: v.time(),
    },
    old: {
      amount_cents: BigInt(v.random.pick([0, 7, -7, 1999])),
      event_type: v.random.pick(['', 'image', 'legacy_event']),
      notes: v.text(),
    },
    canonical: {
      provider_code: 'openai',
      operation_code: v.random.pick(['', 'image', 'upscale']),
      cost_usd: v.random.pick([0, 0.07, 19.99, 2]),
      meta_json: v.random.pick(['{}', '{"notes":"a"}', '{"x":1}', '{"x":1,"notes":"b"}']),
    },
  }),
  audit_events: (v, project_id) => ({
    always: { project_id: v.random.chance(0.3) ? null : project_id, created_at: v.time() },
    old: {
      user_id: v.random.chance(0.4) ? null : v.some('users'),
      action: v.random.pick(['', 'run.ingested']),
      details_json: v.json(),
    },
    canonical: {
      actor_user_id: v.random.chance(0.4) ? null : v.some('app_users'),
      event_code: v.random.pick(['legacy_event', 'run.ingested', 'character.created']),
      payload_json: v.random.pick(['{}', '{"p":1}']),
    },
  }),
  provider_accounts: (v, project_id) => ({
    always: {
      project_id,
      provider_code: v.random.pick(['openai', 'removebg', 'photoroom']),
      created_at: v.time(),
      updated_at: v.time(),
    },
    old: { api_key: '', meta_json: v.json() },
    canonical: { config_json: v.json(), is_enabled: 1n },
  }),
  style_guides: (v, project_id) => ({
    always: { project_id, name: v.text(), created_at: v.time(), updated_at: v.time() },
    old: { specs_json: v.json() },
    canonical: { rules_json: v.json(), is_default: 0n },
  }),
  reference_sets: (v, project_id) => ({
    always: { project_id, created_at: v.time(), updated_at: v.time() },
    old: { title: v.text(), notes: v.text() },
    canonical: { name: v.text(), kind: 'other', metadata_json: v.json() },
  }),
};

export const laterWrites: readonly Write[] = Object.entries(tables).flatMap(([table, make]): Write[] => {
  /** The columns that the file has, of the names that a program knows. */
  const rowFor = (v: Values, project: string, knows: readonly ('old' | 'canonical')[], isNew: boolean): Row => {
    const { defaults = {}, notNull = [] } = v.memory.shapes.get(table) ?? {};
    const { always, old, canonical } = make(v, project);
    const known: Row = {
      ...always,
      ...(knows.includes('old') ? old : {}),
      ...(knows.includes('canonical') ? canonical : {}),
    };
    // An old column that must be named gets an empty value from a program that does not know it.
    const blank = {
      amount_cents: 0n,
      event_type: '',
      action: '',
      title: '',
      api_key: '',
      name: '',
      event_code: '',
      operation_code: '',
      kind: 'other',
    };
    for (const [column, value] of Object.entries(blank))
      if (isNew && notNull.includes(column) && defaults[column] === null) known[column] ??= value;
    return Object.fromEntries(Object.entries(known).filter(([column]) => column in defaults));
  };
  /** A table that the upgrade made has no old columns, and no program that knows only those. */
  const someNames = (v: Values) => {
    const hasOld = Object.keys(make(v, '').old).some(
      (column) => column in (v.memory.shapes.get(table)?.defaults ?? {}),
    );
    return hasOld ? v.random.pick([['old'], ['canonical'], ['old', 'canonical']] as const) : (['canonical'] as const);
  };
  const add: Write = (v) =>
    below(v, 'projects', (project) => {
      const row = { id: v.id(table.slice(0, 2)), ...rowFor(v, project, someNames(v), true) };
      return [{ kind: 'insert', table, row, ...(v.random.chance(0.2) ? { or: 'IGNORE' as const } : {}) }];
    });
  const edit: Write = (v) =>
    update(v, table, (row) => {
      const {
        project_id: _project,
        provider_code: _provider,
        created_at: _made,
        ...set
      } = rowFor(v, String(row['project_id']), someNames(v), false);
      return Object.keys(set).length > 0 ? set : { created_at: v.time() };
    });
  return [add, add, edit, edit, (v) => (v.random.chance(0.3) ? remove(v, table) : [])];
});

/** Reports by hand and by machine; what they must agree on is asked of the file itself. */
export const reportWrites: readonly Write[] = [
  (v) =>
    below(v, 'run_candidates', (candidate) => {
      const row = v.memory.row('run_candidates', candidate);
      const job = v.memory.row('run_jobs', row?.['job_id']);
      const run = v.memory.row('runs', job?.['run_id']);
      if (!run || !v.memory.row('projects', run['project_id'])) return [];
      const place = { project_id: run['project_id'] ?? '', run_id: run['id'] ?? null, created_at: v.time() };
      const isOld = v.hasOldReports && v.random.chance(0.5);
      const mine = isOld
        ? {
            run_job_id: job?.['id'] ?? null,
            run_job_candidate_id: v.memory.row('run_job_candidates', candidate) ? candidate : null,
            rating: BigInt(v.random.int(0, 5)),
            notes: v.text(),
          }
        : {
            job_id: job?.['id'] ?? null,
            candidate_id: candidate,
            report_type: v.random.pick(['output_guard', 'human_review']),
            summary_json: v.random.pick(['{"ok":true}', '{"rating":3,"notes":"a"}']),
          };
      return [{ kind: 'insert', table: 'quality_reports', row: { id: v.id('q'), ...place, ...mine } }];
    }),
];
