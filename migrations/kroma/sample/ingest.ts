import type { Clock } from './clock.ts';
import type { Random } from './random.ts';
import { json, type WriteRow } from './rows.ts';
import type { LogCandidate, LogJob, RunLog } from './run-log.ts';

export interface IngestedRun {
  readonly id: string;
  readonly jobIds: readonly string[];
}

/** A file written again keeps its row: the row then tells of the last run that wrote it. */
const overwriteAsset = `ON CONFLICT(project_id, rel_path) DO UPDATE SET run_id = excluded.run_id, job_id = excluded.job_id,
  candidate_id = excluded.candidate_id, asset_kind = excluded.asset_kind, sha256 = excluded.sha256, meta_json = excluded.meta_json,
  created_at = excluded.created_at`;

/** Writes one run with its jobs, candidates and files, as the program does when it reads a run log. */
export function ingestRun(
  write: WriteRow,
  random: Random,
  clock: Clock,
  projectId: string,
  path: string,
  log: RunLog,
): IngestedRun {
  const runId = random.uuid();
  const now = clock.now();
  const { timestamp, generation, postprocess, output_guard } = log;
  write('runs', {
    id: runId,
    project_id: projectId,
    run_log_path: path,
    mode: log.mode,
    stage: log.stage,
    time_of_day: log.time,
    weather: log.weather,
    model: log.model ?? 'None', // the program turns a JSON null into this word
    image_size: log.size,
    image_quality: log.quality,
    status: runStatus(log.jobs),
    meta_json: json({ timestamp, generation, postprocess, output_guard }),
    created_at: now,
  });
  const asset = (jobId: string, candidateId: string | null, kind: string, path: string | null, more: object): void => {
    if (path === null) return;
    const exists = random.chance(0.7);
    const owner = { run_id: runId, job_id: jobId, candidate_id: candidateId };
    const file = { asset_kind: kind, rel_path: path, sha256: exists && random.chance(0.4) ? random.hex(64) : null };
    const row = {
      id: random.uuid(),
      project_id: projectId,
      ...owner,
      ...file,
      meta_json: json({ path_exists: exists, ...more }),
      created_at: now,
    };
    write('assets', row, overwriteAsset);
  };
  const jobIds = log.jobs.map((job) => {
    const jobId = random.uuid();
    const selected = job.selected_candidate ?? null;
    const final = cleaned(job.final_output);
    const row = { id: jobId, run_id: runId, job_key: job.id, status: job.status, selected_candidate: selected };
    write('run_jobs', { ...row, final_output: final, meta_json: json(job), created_at: now });
    for (const candidate of job.candidates?.length ? job.candidates : [standIn(job)]) {
      const candidateId = random.uuid();
      const [output, last] = [cleaned(candidate.output), cleaned(candidate.final_output)];
      writeCandidate(write, candidateId, jobId, candidate, now);
      asset(jobId, candidateId, 'candidate_output', output, {});
      if (last !== output) asset(jobId, candidateId, 'candidate_final_output', last, {});
    }
    asset(jobId, null, 'job_final_output', final, { selected_candidate: selected });
    return jobId;
  });
  return { id: runId, jobIds };
}

function writeCandidate(write: WriteRow, id: string, jobId: string, candidate: LogCandidate, now: string): void {
  write('run_job_candidates', {
    id,
    job_id: jobId,
    candidate_index: candidate.candidate_index,
    status: candidate.status,
    output_path: cleaned(candidate.output),
    final_output_path: cleaned(candidate.final_output),
    rank_hard_failures: candidate.rank.hard_failures,
    rank_soft_warnings: candidate.rank.soft_warnings,
    rank_avg_chroma_exceed: candidate.rank.avg_chroma_exceed,
    meta_json: json(candidate),
    created_at: now,
  });
}

/** A job without candidates gets one all the same. */
const standIn = (job: LogJob): LogCandidate => ({
  candidate_index: 1,
  output: typeof job['output'] === 'string' ? job['output'] : '',
  status: job.status,
  rank: { hard_failures: 0, soft_warnings: 0, avg_chroma_exceed: 0 },
});

const cleaned = (path: string | null | undefined): string | null => path?.replaceAll('\\', '/').trim() || null;

function runStatus(jobs: readonly LogJob[]): string {
  if (jobs.some(({ status }) => status.startsWith('failed'))) return 'failed';
  return jobs.length > 0 && jobs.every(({ status }) => status === 'done' || status === 'planned') ? 'ok' : 'partial';
}
