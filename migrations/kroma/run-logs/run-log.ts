import { compactJson, isList, isObject, MalformedJson, readJson, type Json, type JsonObject } from './run-log-json.ts';
import { cleanPath, firstText, numberOf, textOf, wholeNumber, wholeSeconds } from './run-log-values.ts';
import { costsOf, type LogCost } from './run-log-costs.ts';

export { pythonFloat } from './run-log-json.ts';
export { wholeSeconds } from './run-log-values.ts';
export type { LogCost } from './run-log-costs.ts';

/**
 * What a run log says, read as the original program reads it (section D.3 of its facts). Pure: the history's backfill
 * and the ingestion of new logs share it, so that both take the same from the same file.
 * Every text named …Json is compact JSON, letters outside ASCII as they are; paths are cleaned, null = none.
 */
export interface RunLog {
  /** The project's short name, null where the log names none. */
  readonly project: string | null;
  /** These seven are '' where the log says nothing; JSON null says nothing. */
  readonly runMode: string;
  readonly stage: string;
  readonly timeOfDay: string;
  readonly weather: string;
  readonly model: string;
  readonly imageSize: string;
  readonly imageQuality: string;
  /** As the log has it, e.g. 2026-03-04T05:06:07.089Z; null for what is no time. `wholeSeconds` makes a created_at of it. */
  readonly startedAt: string | null;
  readonly status: 'ok' | 'failed' | 'partial' | 'unknown';
  /** {timestamp, generation, postprocess, output_guard}: the run's settings. */
  readonly settingsJson: string;
  readonly jobs: readonly LogJob[];
  readonly costs: readonly LogCost[];
  readonly projectRoot: string | null;
}

export interface LogJob {
  /** Unique within the log. */
  readonly key: string;
  readonly status: string;
  readonly prompt: string;
  readonly selectedCandidate: number | null;
  readonly finalOutput: string | null;
  /** The whole job. */
  readonly metaJson: string;
  readonly candidates: readonly LogCandidate[];
}

export interface LogCandidate {
  /** Unique within the job. */
  readonly index: number;
  readonly status: string;
  readonly output: string | null;
  readonly finalOutput: string | null;
  readonly hardFailures: number;
  readonly softWarnings: number;
  readonly avgChromaExceed: number;
  /** The whole candidate. */
  readonly metaJson: string;
  /** The guard's result and that of the other checker as compact JSON, null where the log has no object there. */
  readonly outputGuard: string | null;
  readonly qa: string | null;
}

/** `reason` completes "This log can't be read: …". */
export type ParsedLog = { readonly ok: true; readonly log: RunLog } | { readonly ok: false; readonly reason: string };

/** Never throws for what a text says. */
export function parseRunLog(text: string): ParsedLog {
  try {
    const top = readJson(text);
    if (!isObject(top)) return { ok: false, reason: 'it is not a run log, its JSON is not an object' };
    return { ok: true, log: runOf(top) };
  } catch (error) {
    if (error instanceof MalformedJson) return { ok: false, reason: error.message };
    throw error;
  }
}

function runOf(log: JsonObject): RunLog {
  const text = (key: string) => textOf(log.get(key));
  const jobs = jobsOf(log.get('jobs'));
  const storage = log.get('storage');
  const timestamp = log.get('timestamp');
  const settings = ['timestamp', 'generation', 'postprocess', 'output_guard'] as const;
  return {
    project: text('project').trim() || null,
    runMode: text('mode'),
    stage: text('stage'),
    timeOfDay: text('time'),
    weather: text('weather'),
    model: text('model'),
    imageSize: text('size'),
    imageQuality: text('quality'),
    startedAt: typeof timestamp === 'string' && wholeSeconds(timestamp) !== null ? timestamp : null,
    status: isList(log.get('jobs')) ? statusOf(jobs) : 'unknown',
    settingsJson: compactJson(new Map<string, Json>(settings.map((key) => [key, log.get(key) ?? null]))),
    jobs,
    costs: costsOf(log),
    projectRoot: isObject(storage) ? cleanPath(storage.get('project_root')) : null,
  };
}

function statusOf(jobs: readonly LogJob[]): RunLog['status'] {
  const words = jobs.map(({ status }) => status.trim().toLowerCase());
  if (words.some((word) => word.startsWith('failed'))) return 'failed';
  return words.length > 0 && words.every((word) => word === 'done' || word === 'planned') ? 'ok' : 'partial';
}

function jobsOf(value: Json | undefined): LogJob[] {
  if (!isList(value)) return [];
  const keys = new Set<string>();
  let candidatesSoFar = 0;
  const jobs: LogJob[] = [];
  for (const [index, job] of value.entries()) {
    if (!isObject(job)) continue;
    const key = firstText(job, 'id') || `job_${index + 1}`;
    if (keys.has(key)) throw new MalformedJson(`two of its jobs are called “${key}”`);
    keys.add(key);
    const candidates = candidatesOf(job, key, candidatesSoFar);
    candidatesSoFar += candidates.length;
    jobs.push(jobOf(job, key, candidates));
  }
  return jobs;
}

function jobOf(job: JsonObject, key: string, candidates: readonly LogCandidate[]): LogJob {
  const selected = job.get('selected_candidate');
  return {
    key,
    status: textOf(job.get('status')),
    prompt: firstText(job, 'prompt', 'prompt_text'),
    // A whole number only: 2.0 and "2" choose nobody. true is 1, as in Python.
    selectedCandidate: typeof selected === 'bigint' || typeof selected === 'boolean' ? wholeNumber(selected) : null,
    finalOutput: cleanPath(job.get('final_output')),
    metaJson: compactJson(job),
    candidates,
  };
}

/** A job without a list of candidates has one that stands for it. */
function candidatesOf(job: JsonObject, key: string, before: number): LogCandidate[] {
  const list = job.get('candidates');
  if (!isList(list) || list.length === 0) return [candidateOf(standInOf(job), 1)];
  const indexes = new Set<number>();
  return list.filter(isObject).map((candidate, position) => {
    const given = candidate.get('candidate_index') ?? null;
    const index = given === null ? before + position + 1 : wholeNumber(given);
    if (index === null) throw new MalformedJson(`a candidate of its job “${key}” has no readable number`);
    if (indexes.has(index)) throw new MalformedJson(`two candidates of its job “${key}” have the number ${index}`);
    indexes.add(index);
    return candidateOf(candidate, index);
  });
}

const standInOf = (job: JsonObject): JsonObject =>
  new Map<string, Json>([
    ['candidate_index', 1n],
    ['status', textOf(job.get('status'))],
    ['output', job.get('output') ?? null],
    ['final_output', job.get('final_output') ?? null],
    ['rank', new Map<string, Json>([['hard_failures', 0n], ['soft_warnings', 0n], ['avg_chroma_exceed', 0]])],
  ]); // prettier-ignore

function candidateOf(candidate: JsonObject, index: number): LogCandidate {
  const rank = candidate.get('rank');
  const ranks: JsonObject = isObject(rank) ? rank : new Map();
  const objectAt = (key: string) => {
    const value = candidate.get(key);
    return isObject(value) ? compactJson(value) : null;
  };
  return {
    index,
    status: textOf(candidate.get('status')),
    output: cleanPath(candidate.get('output')),
    finalOutput: cleanPath(candidate.get('final_output')),
    hardFailures: wholeNumber(ranks.get('hard_failures')) ?? 0,
    softWarnings: wholeNumber(ranks.get('soft_warnings')) ?? 0,
    avgChromaExceed: numberOf(ranks.get('avg_chroma_exceed')) ?? 0,
    metaJson: compactJson(candidate),
    outputGuard: objectAt('output_guard'),
    qa: objectAt('qa'),
  };
}
