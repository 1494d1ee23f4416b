import { addColumns, canonicalRows, NOW, type Work } from './phase1.ts';
import { minified, parsePython, type Json } from './python-json.ts';
import { floatText } from './python-text.ts';
import { byId, fillEmpty, isEmpty, rowsOf, textOf, type Row, type Value } from './rows.ts';

/** Phase 2 without run logs: quality reports (Q1 to Q3, QS), cost events (K1 to K5) and audit events (AU1 to AU3). */
export function expectEvents(work: Work): void {
  expectReports(work);
  expectCosts(work);
  expectAudit(work);
}

function expectReports(work: Work): void {
  const reports = canonicalRows(work, 'quality_reports');
  addColumns(reports, { job_id: null, candidate_id: null, report_type: 'output_guard', summary_json: '{}' });
  for (const report of reports) expectReport(work, report);
  seedReports(work, reports);
}

/** What a person gave: a rating and a note. The original called it the result of a machine (D2). */
function expectReport(work: Work, report: Row): void {
  fillEmpty(report, 'job_id', report['run_job_id']);
  fillEmpty(report, 'candidate_id', report['run_job_candidate_id']);
  const summary = parsePython(textOf(report['summary_json']));
  const isEmptySummary = isEmpty(report['summary_json']) || (summary?.kind === 'object' && summary.entries.size === 0);
  const isGiven = 'rating' in report && (isEmptySummary || isRating(summary));
  if (isGiven) {
    if (isEmptySummary) report['summary_json'] = ratingSummary(report);
    if (isEmpty(report['report_type']) || report['report_type'] === 'output_guard')
      report['report_type'] = 'human_review';
  }
  const missing = rowsOf(work.tables, 'projects').every((project) => project['id'] !== report['project_id']);
  if (missing) work.issue('quality_reports', report, 'project-missing');
}

const isRating = (summary: Json | null): boolean =>
  summary?.kind === 'object' && [...summary.entries.keys()].sort().join() === 'notes,rating';

const ratingSummary = (report: Row): string =>
  `{"rating":${textOf(report['rating'])},"notes":${JSON.stringify(textOf(report['notes']))}}`;

/** QS for every candidate with a job and a run, whether or not a person has rated it (C.4, corrected). */
function seedReports(work: Work, reports: Row[]): void {
  const jobs = byId(rowsOf(work.tables, 'run_jobs'));
  const runs = byId(rowsOf(work.tables, 'runs'));
  const projects = byId(rowsOf(work.tables, 'projects'));
  const judged = new Set(
    reports.filter((row) => row['report_type'] !== 'human_review').map((row) => textOf(row['candidate_id'])),
  );
  for (const candidate of rowsOf(work.tables, 'run_candidates')) {
    const job = jobs.get(textOf(candidate['job_id']));
    const run = job && runs.get(textOf(job['run_id']));
    if (!job || !run || judged.has(textOf(candidate['id'])) || candidate['id'] === null) continue;
    if (!projects.has(textOf(run['project_id']))) {
      work.issue('run_candidates', candidate, 'report-not-made');
      continue;
    }
    const { summary, isReadable } = seededSummary(candidate);
    if (!isReadable) work.issue('run_candidates', candidate, 'rank-unreadable');
    reports.push({
      id: `${textOf(candidate['id'])}:quality`,
      project_id: run['project_id'] ?? null,
      run_id: run['id'] ?? null,
      job_id: job['id'] ?? null,
      candidate_id: candidate['id'] ?? null,
      report_type: 'output_guard',
      summary_json: summary,
      created_at: isEmpty(candidate['created_at']) ? NOW : (candidate['created_at'] ?? null),
    });
  }
}

function seededSummary(candidate: Row): { summary: string; isReadable: boolean } {
  const [hard, soft, chroma] = ['rank_hard_failures', 'rank_soft_warnings', 'rank_avg_chroma_exceed'].map((column) =>
    numberOf(candidate[column]),
  );
  const meta = parsePython(textOf(candidate['meta_json']));
  const guard = meta?.kind === 'object' ? meta.entries.get('output_guard') : undefined;
  const rank = `{"hard_failures":${Math.trunc(hard ?? 0)},"soft_warnings":${Math.trunc(soft ?? 0)},"avg_chroma_exceed":${floatText(chroma ?? 0)}}`;
  const more = guard?.kind === 'object' ? `,"output_guard":${minified(guard)}` : '';
  const status = JSON.stringify(textOf(candidate['status']));
  return {
    summary: `{"status":${status},"rank":${rank},"source":"phase2_backfill"${more}}`,
    isReadable: hard !== null && soft !== null && chroma !== null,
  };
}

/** As Python's int() and float() read a value; null: they refuse it. */
function numberOf(value: Value | undefined): number | null {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (typeof value !== 'string' || !/^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(value)) return null;
  return Number(value);
}

/** D2: what was paid for and how much, instead of 'legacy_event' and 0. */
function expectCosts(work: Work): void {
  const costs = canonicalRows(work, 'cost_events');
  addColumns(costs, {
    provider_code: 'unknown',
    operation_code: 'legacy_event',
    units: 0,
    cost_usd: 0,
    meta_json: '{}',
  });
  for (const cost of costs) {
    if (isEmpty(cost['provider_code'])) cost['provider_code'] = 'unknown';
    const isDefault = isEmpty(cost['operation_code']) || cost['operation_code'] === 'legacy_event';
    if (isDefault) cost['operation_code'] = isEmpty(cost['event_type']) ? 'legacy_event' : (cost['event_type'] ?? null);
    if (Number(cost['cost_usd']) === 0 && 'amount_cents' in cost) cost['cost_usd'] = Number(cost['amount_cents']) / 100;
    const isBare = isEmpty(cost['meta_json']) || cost['meta_json'] === '{}';
    if (isBare && !isEmpty(cost['notes'])) cost['meta_json'] = `{"notes":${JSON.stringify(textOf(cost['notes']))}}`;
    else if (isEmpty(cost['meta_json'])) cost['meta_json'] = '{}';
    if (isEmpty(cost['currency'])) cost['currency'] = 'USD';
  }
}

/** D2 for what happened: the words of the old columns, instead of 'legacy_event' and '{}'. */
function expectAudit(work: Work): void {
  const events = canonicalRows(work, 'audit_events');
  addColumns(events, { actor_user_id: null, event_code: 'legacy_event', payload_json: '{}' });
  for (const event of events) {
    fillEmpty(event, 'actor_user_id', event['user_id']);
    const isDefault = isEmpty(event['event_code']) || event['event_code'] === 'legacy_event';
    if (isDefault) event['event_code'] = isEmpty(event['action']) ? 'legacy_event' : (event['action'] ?? null);
    const isBare = isEmpty(event['payload_json']) || event['payload_json'] === '{}';
    if (isBare) event['payload_json'] = isEmpty(event['details_json']) ? '{}' : (event['details_json'] ?? null);
    const payload = textOf(event['payload_json']);
    if (parsePython(payload) === null) work.issue('audit_events', event, 'details-unreadable');
  }
}
