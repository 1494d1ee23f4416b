import { fieldsOf, memberOf, type ApiResource } from './api-contract-types.ts';

/** Quality reports and cost events. The rating and the notes that a person gave are members of the JSON now. */
const q = fieldsOf('q');
const k = fieldsOf('k');

export const eventResources: readonly ApiResource[] = [
  {
    id: 'quality-reports',
    paths: ['GET /quality-reports'],
    answer: 'quality_reports',
    phase: 3,
    table: 'quality_reports',
    from: 'quality_reports AS q',
    key: 'q.id',
    scope: 'q.project_id',
    scopeTable: 'projects',
    order: 'q.created_at DESC, q.id',
    limit: { usual: 500, most: 2000 },
    fields: [
      q.text('id'),
      q.text('project_id'),
      q.optionalText('run_id'),
      q.optionalText('job_id'),
      q.optionalText('candidate_id'),
      q.text('report_type'),
      q.object('summary_json'),
      q.number('rating', memberOf('q.summary_json', 'rating', '0')),
      q.text('notes', memberOf('q.summary_json', 'notes', `''`)),
      q.text('created_at'),
    ],
  },
  {
    id: 'cost-events',
    paths: ['GET /cost-events'],
    answer: 'cost_events',
    phase: 3,
    table: 'cost_events',
    from: 'cost_events AS k',
    key: 'k.id',
    scope: 'k.project_id',
    scopeTable: 'projects',
    order: 'k.created_at DESC, k.id',
    limit: { usual: 500, most: 2000 },
    fields: [
      k.text('id'),
      k.text('project_id'),
      k.optionalText('run_id'),
      k.text('provider_code'),
      k.text('operation_code'),
      k.number('units'),
      k.number('cost_usd'),
      k.text('currency'),
      k.json('meta_json'),
      k.integer('amount_cents', 'CAST(round(k.cost_usd * 100) AS INTEGER)'),
      k.text('event_type', 'k.operation_code'),
      k.text('notes', memberOf('k.meta_json', 'notes', `''`)),
      k.text('created_at'),
    ],
  },
];
