import { sha256 } from '@engine/migration.ts';
import type { Ingest, IngestFile, IngestVerdict } from '@engine/migration.ts';
import { takeCandidate } from './ingest-candidates.ts';
import { placeOf, type Place } from './ingest-place.ts';
import { missingCosts, sameJson } from './ingest-quality.ts';
import { idOf, isEmpty, openRows, type Rows, type Values } from './ingest-rows.ts';
import { change, file as fileAt, link, type Counts, type Taking } from './ingest-taking.ts';
import { parseRunLog, wholeSeconds, type LogJob, type RunLog } from './run-log.ts';

/**
 * Takes a run log in, by the original's rules (D.3) without their losses (D17): what is there keeps its id and whatever
 * people gave it, what is missing is added, and values that the pipeline owns (status, choice, ranks, details) become
 * those of the log. Nothing is ever deleted. The settings of the guard are no quality report (D21).
 */
export const ingest: Ingest = {
  title: 'run log',
  fromPhase: 4,
  extension: '.json',
  take(db, file, { now, project }) {
    const parsed = parseRunLog(file.text);
    if (!parsed.ok) return { state: 'refused', reason: parsed.reason };
    const { log } = parsed;
    if (log.runMode === '' && log.startedAt === null && log.jobs.length === 0)
      return { state: 'refused', reason: 'it is not a run log, it has no mode, no time and no jobs' };
    const rows = openRows(db);
    const place = placeOf(rows, log, file, project);
    if (!place.ok) return { state: 'refused', reason: place.reason };
    try {
      return takeInto(rows, log, file, place.value, now);
    } catch (error) {
      // A rule of the database that the log's words break, e.g. a status that no program is known to write.
      if (!isConstraint(error)) throw error;
      return { state: 'refused', reason: `the database does not take it: ${error.message}` };
    }
  },
};

const isConstraint = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_CONSTRAINT');

function takeInto(rows: Rows, log: RunLog, file: IngestFile, place: Place, now: string): IngestVerdict {
  const counts: Counts = {
    runs: 0,
    jobs: 0,
    candidates: 0,
    files: 0,
    links: 0,
    qualityReports: 0,
    costEvents: 0,
    updated: 0,
  };
  const taking = { rows, project: place.project.id, run: place.runId ?? place.newRunId, now, counts };
  takeRun(taking, log, place);
  for (const job of log.jobs) takeJob(taking, job);
  takeCosts(taking, log);
  const written = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (written > 0) recordEvent(taking, place, file);
  const state = counts.runs > 0 ? 'new' : written > 0 ? 'changed' : 'known';
  return { state, project: place.project.slug, counts };
}

function takeRun({ rows, project, run, now, counts }: Taking, log: RunLog, { runId, logPath }: Place): void {
  const described = {
    run_mode: log.runMode,
    stage: log.stage,
    time_of_day: log.timeOfDay,
    weather: log.weather,
    model_name: log.model,
    image_size: log.imageSize,
    image_quality: log.imageQuality,
    started_at: log.startedAt,
  };
  if (runId === null) {
    rows.insert('runs', {
      id: run,
      project_id: project,
      run_log_path: logPath,
      ...described,
      mode: log.runMode,
      model: log.model,
      status: log.status,
      settings_snapshot_json: log.settingsJson,
      meta_json: log.settingsJson,
      created_at: now,
    });
    counts.runs++;
    return;
  }
  const found = rows.one<Values>(`SELECT * FROM runs WHERE id = :run`, { run }) ?? {};
  const missing = Object.entries(described).filter(([name, value]) => !isEmpty(value) && isEmpty(found[name]));
  change({ rows, counts }, 'runs', run, {
    ...Object.fromEntries(missing),
    ...(found['status'] === log.status ? {} : { status: log.status }),
    ...(sameJson(found['settings_snapshot_json'], log.settingsJson)
      ? {}
      : { settings_snapshot_json: log.settingsJson }),
  });
}

interface KnownJob {
  readonly id: string;
  readonly status: string;
  readonly selected: number | null;
  readonly final: string | null;
  readonly prompt: string;
  readonly meta: string;
}

function takeJob(taking: Taking, job: LogJob): void {
  const { rows, run, counts } = taking;
  const known = rows.one<KnownJob>(
    `SELECT id, status, selected_candidate_index AS selected, final_asset_id AS final, prompt_text AS prompt, meta_json AS meta
     FROM run_jobs WHERE run_id = :run AND job_key = :key AND id IS NOT NULL`,
    { run, key: job.key },
  );
  const id = known?.id ?? idOf('job', run, job.key);
  // Before its candidates, so that a file that is both bears the job's word for it, as the original leaves it.
  const final = fileAt(taking, job.finalOutput, {
    job: id,
    candidate: null,
    kind: 'job_final_output',
    selected: job.selectedCandidate,
  });
  if (known === undefined) {
    addJob(taking, id, job, final);
    counts.jobs++;
  }
  for (const candidate of job.candidates) takeCandidate(taking, id, candidate);
  const chosen = chosenFile(rows, id, job.selectedCandidate);
  const kept = known === undefined ? final : changeJob(taking, known, job, final, chosen);
  link(taking, `${id}:link`, chosen, kept);
}

function addJob({ rows, run, now }: Taking, id: string, job: LogJob, final: string | null): void {
  rows.insert('run_jobs', {
    id,
    run_id: run,
    job_key: job.key,
    status: job.status,
    prompt_text: job.prompt,
    selected_candidate_index: job.selectedCandidate,
    selected_candidate: job.selectedCandidate,
    final_asset_id: final,
    final_output: job.finalOutput,
    meta_json: job.metaJson,
    created_at: now,
  });
}

/** @returns the job's final file. */
function changeJob(
  taking: Taking,
  known: KnownJob,
  job: LogJob,
  final: string | null,
  chosen: string | null,
): string | null {
  // For jobs of old runs the chosen candidate's file was taken where it differs from the job's own path: both are right.
  const isFinalRight = final === null || known.final === final || (known.final !== null && known.final === chosen);
  change(taking, 'run_jobs', known.id, {
    ...(known.status === job.status ? {} : { status: job.status }),
    ...(job.selectedCandidate === null || known.selected === job.selectedCandidate
      ? {}
      : { selected_candidate_index: job.selectedCandidate }),
    ...(isFinalRight ? {} : { final_asset_id: final }),
    ...(isEmpty(known.prompt) && job.prompt !== '' ? { prompt_text: job.prompt } : {}),
    ...(sameJson(known.meta, job.metaJson) ? {} : { meta_json: job.metaJson }),
  });
  return isFinalRight ? known.final : final;
}

const chosenFile = (rows: Rows, job: string, index: number | null): string | null =>
  index === null
    ? null
    : (rows.one<{ file: string | null }>(
        `SELECT coalesce(nullif(final_asset_id, ''), nullif(output_asset_id, '')) AS file FROM run_candidates
         WHERE job_id = :job AND candidate_index = :index`,
        { job, index },
      )?.file ?? null);

function takeCosts({ rows, project, run, now, counts }: Taking, log: RunLog): void {
  for (const { id, cost } of missingCosts(rows, run, log.costs)) {
    rows.insert('cost_events', {
      id,
      project_id: project,
      run_id: run,
      provider_code: cost.providerCode,
      operation_code: cost.operationCode,
      event_type: cost.operationCode,
      units: cost.units,
      cost_usd: cost.costUsd,
      amount_cents: Math.round(cost.costUsd * 100),
      currency: cost.currency,
      meta_json: cost.metaJson,
      created_at: wholeSeconds(log.startedAt) ?? now,
    });
    counts.costEvents++;
  }
}

/** The original's own word for it; the same log taken in on two machines leaves the same event. */
function recordEvent({ rows, project, run, now, counts }: Taking, { logPath }: Place, { text }: IngestFile): void {
  const id = idOf('run.ingested', run, sha256(text), ...Object.values(counts));
  if (!rows.has('audit_events') || rows.one(`SELECT 1 FROM audit_events WHERE id = :id`, { id }) !== undefined) return;
  const payload = JSON.stringify({ run_id: run, run_log_path: logPath, ...counts, recorded_by: 'phasewise' });
  rows.insert('audit_events', {
    id,
    project_id: project,
    event_code: 'run.ingested',
    action: 'run.ingested',
    payload_json: payload,
    details_json: payload,
    target_type: 'run',
    target_id: run,
    created_at: now,
  });
}
