import type { OriginalOptions } from './original.ts';
import { minified, parsePython } from './python-json.ts';
import { floatText } from './python-text.ts';
import { byId, isEmpty, rowsOf, textOf, type Row, type Tables, type Value } from './rows.ts';

/**
 * The later passes of the original's own upgrade, defects included: events and quality (C.4), creative and provider columns
 * (C.1), links (C.5.4). Follows `upgradeAsOriginal`.
 */
export function upgradeEventsAsOriginal(tables: Tables, options: OriginalOptions): void {
  for (const [table, columns] of Object.entries(added)) {
    if (!tables.has(table)) tables.set(table, []);
    for (const row of rowsOf(tables, table))
      for (const [column, value] of Object.entries(columns)) if (!(column in row)) row[column] = value;
  }
  for (const report of rowsOf(tables, 'quality_reports')) copyReport(report);
  seed(tables, options);
  for (const event of rowsOf(tables, 'audit_events')) event['actor_user_id'] ??= event['user_id'] ?? null;
  for (const row of rowsOf(tables, 'provider_accounts')) copyJson(row, 'meta_json', 'config_json');
  for (const row of rowsOf(tables, 'style_guides')) copyJson(row, 'specs_json', 'rules_json');
  for (const row of rowsOf(tables, 'reference_sets')) copySet(row);
  if (options.version === '2a0432d') link(tables, options);
}

const added: Record<string, Record<string, Value>> = {
  quality_reports: { job_id: null, candidate_id: null, report_type: 'output_guard', summary_json: '{}' },
  cost_events: { provider_code: 'unknown', operation_code: 'legacy_event', units: 0, cost_usd: 0, meta_json: '{}' },
  audit_events: { actor_user_id: null, event_code: 'legacy_event', payload_json: '{}' },
  provider_accounts: { is_enabled: 1n, config_json: '{}' },
  style_guides: { rules_json: '{}', is_default: 0n },
  characters: { identity_constraints_json: '{}' },
  reference_sets: { name: null, kind: 'other', metadata_json: '{}' },
  reference_items: { weight: 1 },
  prompt_templates: {},
  asset_links: {},
};

function copyReport(report: Row): void {
  report['job_id'] ??= report['run_job_id'] ?? null;
  report['candidate_id'] ??= report['run_job_candidate_id'] ?? null;
  if (isEmpty(report['summary_json']) || report['summary_json'] === '{}')
    report['summary_json'] =
      `{"rating":${textOf(report['rating'])},"notes":${JSON.stringify(textOf(report['notes']))}}`;
}

function seed(tables: Tables, { now, newId }: OriginalOptions): void {
  const reports = rowsOf(tables, 'quality_reports');
  const judged = new Set(reports.map((row) => textOf(row['candidate_id'])));
  const jobs = byId(rowsOf(tables, 'run_jobs'));
  const runs = byId(rowsOf(tables, 'runs'));
  for (const candidate of rowsOf(tables, 'run_job_candidates')) {
    const job = jobs.get(textOf(candidate['job_id']));
    const run = job && runs.get(textOf(job['run_id']));
    if (!job || !run || judged.has(textOf(candidate['id']))) continue;
    const meta = parsePython(textOf(candidate['meta_json']));
    const guard = meta?.kind === 'object' ? meta.entries.get('output_guard') : undefined;
    const rank = (column: string): number => Number(candidate[column]);
    const summary =
      `{"status":${JSON.stringify(textOf(candidate['status']))},"rank":{"hard_failures":${Math.trunc(rank('rank_hard_failures'))},` +
      `"soft_warnings":${Math.trunc(rank('rank_soft_warnings'))},"avg_chroma_exceed":${floatText(rank('rank_avg_chroma_exceed'))}},` +
      `"source":"phase2_backfill"${guard?.kind === 'object' ? `,"output_guard":${minified(guard)}` : ''}}`;
    reports.push({
      id: newId(),
      project_id: run['project_id'] ?? null,
      run_id: run['id'] ?? null,
      job_id: job['id'] ?? null,
      candidate_id: candidate['id'] ?? null,
      report_type: 'output_guard',
      summary_json: summary,
      created_at: isEmpty(candidate['created_at']) ? now : (candidate['created_at'] ?? null),
    });
  }
}

/** V1 and G1: '' replaces the valid '{}' (D15). */
function copyJson(row: Row, from: string, to: string): void {
  if ((isEmpty(row[to]) || row[to] === '{}') && row[from] !== null && row[from] !== undefined) row[to] = row[from];
}

function copySet(row: Row): void {
  if (isEmpty(row['name']) && row['title'] !== null && row['title'] !== undefined) row['name'] = row['title'];
  const isBare = isEmpty(row['metadata_json']) || row['metadata_json'] === '{}';
  if (isBare && !isEmpty(row['notes'])) row['metadata_json'] = `{"notes":${JSON.stringify(textOf(row['notes']))}}`;
}

function link(tables: Tables, { now, newId }: OriginalOptions): void {
  const links = rowsOf(tables, 'asset_links');
  const edge = (row: Row): string =>
    [row['parent_asset_id'], row['child_asset_id'], row['link_type']].map(textOf).join('\0');
  const present = new Set(links.map(edge));
  const runs = byId(rowsOf(tables, 'runs'));
  const jobs = byId(rowsOf(tables, 'run_jobs'));
  const candidates = rowsOf(tables, 'run_candidates');
  const add = (job: Row | undefined, parent: Value | undefined, child: Value | undefined): void => {
    const run = job && runs.get(textOf(job['run_id']));
    if (!run || isEmpty(parent) || isEmpty(child) || parent === child) return;
    const row: Row = { id: newId(), project_id: run['project_id'] ?? null, parent_asset_id: parent ?? null, child_asset_id: child ?? null, link_type: 'derived_from', created_at: now }; // prettier-ignore
    if (present.has(edge(row))) return;
    present.add(edge(row));
    links.push(row);
  };
  for (const row of candidates) add(jobs.get(textOf(row['job_id'])), row['output_asset_id'], row['final_asset_id']);
  const slots = new Map(candidates.map((row) => [`${textOf(row['job_id'])}\0${textOf(row['candidate_index'])}`, row]));
  for (const job of jobs.values()) {
    const chosen = slots.get(`${textOf(job['id'])}\0${textOf(job['selected_candidate_index'])}`);
    if (job['selected_candidate_index'] !== null)
      add(job, chosen?.['final_asset_id'] ?? chosen?.['output_asset_id'], job['final_asset_id']);
  }
}
