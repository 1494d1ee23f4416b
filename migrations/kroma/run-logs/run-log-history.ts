import { allRight, columnExists, inRange, rangeValues } from '@engine/migration.ts';
import type { BackfillContext, ChunkCount, Db, KeyRange, SourceFiles } from '@engine/migration.ts';
import { isObject } from '../rules/quality-summary.ts';
import { parseRunLog, pythonFloat, wholeSeconds, type LogCost, type RunLog } from './run-log.ts';
import { disagreementOf, type Disagreement } from './run-log-match.ts';

/**
 * Takes from the run logs what the rows do not say: when a run started, what the checks of its images found, what it
 * cost. Part of the cost events' migration. Nothing is invented and nothing is added that is there: a log is the history
 * of rows that exist, new ones are for ingestion. Whatever is read twice changes nothing the second time.
 */

/** Which runs have a log, for the account of the phase: one row per run that was looked for. It stays in the file. */
export const createRunLogs = `
  CREATE TABLE IF NOT EXISTS _phasewise_run_logs (
    run_id TEXT PRIMARY KEY,
    -- agrees, differs, unreadable or missing
    state TEXT NOT NULL,
    file_name TEXT
  ) WITHOUT ROWID`;

interface Run {
  readonly id: string;
  readonly project: string;
  readonly path: unknown;
  readonly createdAt: string;
}
interface Found {
  readonly state: 'agrees' | 'differs' | 'unreadable' | 'missing';
  readonly file: string | null;
  /** Completes "The run log …", where something is wrong with it. */
  readonly problem?: string;
  /** Only where something may be taken from it. */
  readonly log?: RunLog;
}

/** Reads the logs of the runs of a range. Without a folder there is nothing to take, and nothing to complain of. */
export function takeRunLogs(db: Db, range: KeyRange, context: BackfillContext): ChunkCount {
  const files = context.sourceFiles ?? null;
  if (files === null) return allRight(db, range, 'runs', 'id');
  const runs = db
    .prepare<unknown[], Run>(
      `SELECT id, project_id AS project, run_log_path AS path, created_at AS createdAt FROM runs WHERE ${inRange(range, 'id')}`,
    )
    .all(rangeValues(range));
  const note = db.prepare(`INSERT OR REPLACE INTO _phasewise_run_logs (run_id, state, file_name) VALUES (?, ?, ?)`);
  const count: ChunkCount = { moved: 0, alreadyRight: 0, issueRows: 0 };
  for (const run of runs) {
    const found = findLog(db, files, run);
    note.run(run.id, found.state, found.file);
    const changes = found.log ? take(db, run, found.log, context.now) : 0;
    if (found.problem !== undefined) count.issueRows += report(context, run, found);
    else if (changes > 0) count.moved += 1;
    else count.alreadyRight += 1;
  }
  return count;
}

function findLog(db: Db, files: SourceFiles, run: Run): Found {
  if (typeof run.path !== 'string' || run.path.trim() === '') return { state: 'missing', file: null };
  const read = files.read(run.path, (text) => {
    const parsed = parseRunLog(text);
    return parsed.ok && disagreementOf(db, run.id, parsed.log) === null;
  });
  if (read.state === 'missing') return { state: 'missing', file: null };
  if (read.state === 'unreadable')
    return { state: 'unreadable', file: read.file, problem: `cannot be read: ${read.reason}` };
  const parsed = parseRunLog(read.text);
  if (!parsed.ok) return { state: 'unreadable', file: read.file, problem: `cannot be read: ${parsed.reason}` };
  const disagreement: Disagreement | null = disagreementOf(db, run.id, parsed.log);
  if (disagreement === null) return { state: 'agrees', file: read.file, log: parsed.log };
  const taken = disagreement.isOther ? {} : { log: parsed.log };
  return { state: 'differs', file: read.file, problem: disagreement.what, ...taken };
}

const report = (context: BackfillContext, run: Run, { state, file, problem }: Found): number =>
  context.setAside({
    reason: state === 'unreadable' ? 'log-unreadable' : 'log-differs',
    detail: `the run log ${file ?? ''} ${problem ?? ''}`.slice(0, 1_000),
    where: 's.id = :run',
    params: { run: run.id },
    isPlaced: true,
  });

/** @returns how many rows changed or were added. */
function take(db: Db, run: Run, log: RunLog, now: string): number {
  return takeStart(db, run, log) + takeResults(db, run, log) + takeCosts(db, run, log, now);
}

function takeStart(db: Db, run: Run, { startedAt }: RunLog): number {
  if (startedAt === null) return 0;
  const sql = `UPDATE runs SET started_at = ? WHERE id = ? AND ifnull(started_at, '') = ''`;
  return db.prepare(sql).run(startedAt, run.id).changes;
}

/** Adds what the checks found to the guard's reports that do not tell it; a report without it knew no better. */
function takeResults(db: Db, run: Run, log: RunLog): number {
  const checked = new Map<string, { guard: string | null; qa: string | null }>(
    log.jobs.flatMap(({ key, candidates }) =>
      candidates
        .filter(({ outputGuard, qa }) => outputGuard !== null || qa !== null)
        .map(({ index, outputGuard, qa }) => [`${index} ${key}`, { guard: outputGuard, qa }]),
    ),
  );
  if (checked.size === 0) return 0;
  const candidates = db
    .prepare<[string], { id: string; slot: string }>(
      `SELECT c.id, c.candidate_index || ' ' || j.job_key AS slot
       FROM run_jobs AS j CROSS JOIN run_candidates AS c ON c.job_id = j.id WHERE j.run_id = ? AND c.id IS NOT NULL`,
    )
    .all(run.id);
  const add = db.prepare(addResults);
  return candidates.reduce((changes, { id, slot }) => {
    const result = checked.get(slot);
    return result ? changes + add.run({ candidate: id, ...result }).changes : changes;
  }, 0);
}

const withMember = (summary: string, member: string, value: string) =>
  `CASE WHEN ${value} IS NULL THEN ${summary} ELSE json_insert(${summary}, '$.${member}', json(${value})) END`;
const addResults = `
  UPDATE quality_reports SET summary_json = ${withMember(`(${withMember('summary_json', 'output_guard', ':guard')})`, 'qa', ':qa')}
  WHERE candidate_id = :candidate AND report_type = 'output_guard' AND ${isObject('summary_json')}
    AND json_type(summary_json, '$.output_guard') IS NULL AND (:guard IS NOT NULL OR json_type(summary_json, '$.qa') IS NULL)`;

/** Adds the costs that the run has not: the same one twice in the log is twice in the database. */
function takeCosts(db: Db, run: Run, log: RunLog, now: string): number {
  if (log.costs.length === 0 || !exists(db, 'projects', run.project)) return 0;
  const known = db
    .prepare<[string], LogCost>(
      `SELECT provider_code AS providerCode, operation_code AS operationCode, units, cost_usd AS costUsd, currency
       FROM cost_events WHERE run_id = ?`,
    )
    .all(run.id)
    .map(sameCost);
  let added = 0;
  for (const [at, cost] of log.costs.entries()) {
    const place = known.indexOf(sameCost(cost));
    if (place !== -1) known.splice(place, 1);
    else {
      addCost(db, run, at + 1, cost, wholeSeconds(log.startedAt) ?? (run.createdAt || now));
      added += 1;
    }
  }
  return added;
}

const sameCost = ({ providerCode, operationCode, units, costUsd, currency }: Omit<LogCost, 'metaJson'>): string =>
  JSON.stringify([providerCode, operationCode, pythonFloat(units), pythonFloat(costUsd), currency]);

function addCost(db: Db, run: Run, number: number, cost: LogCost, createdAt: string): void {
  const base = `${run.id}:cost:${number}`;
  let id = base;
  for (let copy = 2; exists(db, 'cost_events', id); copy++) id = `${base}:${copy}`;
  const legacy: Record<string, string | number> = columnExists(db, 'cost_events', 'amount_cents')
    ? { amount_cents: Math.round(cost.costUsd * 100), event_type: cost.operationCode, notes: '' }
    : {};
  const row: Record<string, string | number> = {
    id,
    project_id: run.project,
    run_id: run.id,
    provider_code: cost.providerCode,
    operation_code: cost.operationCode,
    units: cost.units,
    cost_usd: cost.costUsd,
    currency: cost.currency,
    meta_json: cost.metaJson,
    created_at: createdAt,
    ...legacy,
  };
  const names = Object.keys(row);
  const values = names.map((name) => `:${name}`).join(', ');
  db.prepare(`INSERT INTO cost_events (${names.join(', ')}) VALUES (${values})`).run(row);
}

const exists = (db: Db, table: string, id: string): boolean =>
  db.prepare(`SELECT 1 FROM ${table} WHERE id = ?`).get(id) !== undefined;
