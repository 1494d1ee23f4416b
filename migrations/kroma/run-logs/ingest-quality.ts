import { quoteName } from '@engine/migration.ts';
import { compactJson, isList, isObject, readJson, type Json, type JsonObject } from './run-log-json.ts';
import { pythonFloat, type LogCandidate, type LogCost } from './run-log.ts';
import { idOf, type Rows } from './ingest-rows.ts';

/** What a log says about quality and cost, beside what the database has of it already. */

export interface ReportOf {
  readonly project: string;
  readonly run: string;
  readonly job: string;
  readonly candidate: string;
  readonly now: string;
}

/** Nothing to do; no report of the guard yet; or the one that is there, with what its summary should say. */
export type ReportGap = 'none' | 'missing' | { readonly id: string; readonly summary: string };

/**
 * Looks at the guard's report of a candidate. One by hand is another matter and does not stand in for it.
 * @param isNew the candidate was added just now: what a trigger wrote about it is then ours to complete.
 */
export function reportGap(rows: Rows, candidate: string, says: LogCandidate, isNew: boolean): ReportGap {
  const known = rows.one<{ id: string; summary: string }>(
    `SELECT id, summary_json AS summary FROM quality_reports
     WHERE candidate_id = :candidate AND report_type = 'output_guard' AND id IS NOT NULL ORDER BY created_at, id LIMIT 1`,
    { candidate },
  );
  if (known === undefined) return 'missing';
  if (isNew) return known.summary === summaryOf(says) ? 'none' : { id: known.id, summary: summaryOf(says) };
  const summary = parsed(known.summary);
  const wanted = new Map([...entriesOf(says)].filter(([key]) => key === 'status' || !key.endsWith('_path')));
  const isRight = [...wanted].every(([key, value]) => same(summary.get(key), value));
  return isRight ? 'none' : { id: known.id, summary: compactJson(new Map([...summary, ...wanted])) };
}

/** @see reportGap: only where it says `missing`. */
export function addReport(rows: Rows, of: ReportOf, says: LogCandidate): void {
  const id = `${of.candidate}:quality`;
  const isTaken = rows.one(`SELECT 1 FROM quality_reports WHERE id = :id`, { id }) !== undefined;
  rows.insert('quality_reports', {
    id: isTaken ? idOf('report', of.candidate) : id,
    project_id: of.project,
    run_id: of.run,
    job_id: of.job,
    run_job_id: of.job,
    candidate_id: of.candidate,
    // run_job_candidate_id stays NULL: the row that it would refer to is only a mirror of the candidate's.
    report_type: 'output_guard',
    summary_json: summaryOf(says),
    rating: 0,
    notes: '',
    created_at: of.now,
  });
}

/** As the original writes it at ingestion; the candidate's paths are part of it. */
const summaryOf = (says: LogCandidate): string => compactJson(entriesOf(says));

const entriesOf = (says: LogCandidate): JsonObject =>
  new Map<string, Json>([
    ['status', says.status],
    [
      'rank',
      new Map<string, Json>([
        ['hard_failures', BigInt(says.hardFailures)],
        ['soft_warnings', BigInt(says.softWarnings)],
        ['avg_chroma_exceed', says.avgChromaExceed],
      ]),
    ],
    ['output_path', says.output],
    ['final_output_path', says.finalOutput],
    ...(says.outputGuard === null ? [] : [['output_guard', readJson(says.outputGuard)] as const]),
    ...(says.qa === null ? [] : [['qa', readJson(says.qa)] as const]),
  ]);

function parsed(text: string): JsonObject {
  try {
    const value = readJson(text);
    return isObject(value) ? value : new Map();
  } catch {
    return new Map(); // not readable: replaced by what the log says
  }
}

/** Whether two texts are the same JSON; keys in any order, 1 and 1.0 are one number. */
export function sameJson(a: unknown, b: string): boolean {
  if (a === b) return true;
  if (typeof a !== 'string') return false;
  try {
    return same(readJson(a), readJson(b));
  } catch {
    return false;
  }
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  // Neither above nor below: so a bigint and a number are compared exactly.
  if (isNumber(a) && isNumber(b)) return (a >= b && a <= b) || (Number.isNaN(a) && Number.isNaN(b));
  if (isList(a) && isList(b)) return a.length === b.length && a.every((item, at) => same(item, b[at]));
  if (!isObject(a) || !isObject(b)) return false;
  return a.size === b.size && [...a].every(([key, item]) => b.has(key) && same(item, b.get(key)));
}
const isNumber = (value: Json | undefined): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

interface KnownCost {
  readonly provider: string;
  readonly operation: string;
  readonly units: number;
  readonly cost: number;
  readonly currency: string;
}

/** Costs of the log that the run has not: the same one twice in the log is twice in the database. */
export function missingCosts(rows: Rows, run: string, costs: readonly LogCost[]): { id: string; cost: LogCost }[] {
  if (costs.length === 0) return [];
  const columns = ['provider_code', 'operation_code', 'units', 'cost_usd', 'currency'].map(quoteName);
  const names = ['provider', 'operation', 'units', 'cost', 'currency'];
  const list = columns.map((column, at) => `${column} AS ${names[at] ?? ''}`).join(', ');
  const left = rows.all<KnownCost>(`SELECT ${list} FROM cost_events WHERE run_id = :run`, { run }).map(costKey);
  const missing: { id: string; cost: LogCost }[] = [];
  for (const [at, cost] of costs.entries()) {
    const known = left.indexOf(costKey(asKnown(cost)));
    if (known !== -1) left.splice(known, 1);
    else missing.push({ id: freeCostId(rows, run, at + 1), cost });
  }
  return missing;
}

const asKnown = ({ providerCode, operationCode, units, costUsd, currency }: LogCost): KnownCost => ({
  ...{ provider: providerCode, operation: operationCode, units, cost: costUsd, currency },
});
const costKey = ({ provider, operation, units, cost, currency }: KnownCost): string =>
  JSON.stringify([provider, operation, pythonFloat(Number(units)), pythonFloat(Number(cost)), currency]);

function freeCostId(rows: Rows, run: string, number: number): string {
  const id = `${run}:cost:${number}`;
  const isTaken = rows.one(`SELECT 1 FROM cost_events WHERE id = :id`, { id }) !== undefined;
  return isTaken ? idOf('cost', run, number) : id;
}
