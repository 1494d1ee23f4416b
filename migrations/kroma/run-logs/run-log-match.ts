import { columnExists, tableExists, type Db } from '@engine/migration.ts';
import type { RunLog } from './run-log.ts';
import { isObject, MalformedJson, readJson } from './run-log-json.ts';

/** How a run log disagrees with the rows of its run. */
export interface Disagreement {
  /** Completes "The run log …". */
  readonly what: string;
  /** It speaks of another run: nothing may be taken from it. */
  readonly isOther: boolean;
}

/**
 * Compares a log with the jobs and candidates of a run, by their keys: job ids, candidate numbers, the time of the run.
 * In every shape of the database; what else the rows say may have been edited since.
 * @returns null when they agree.
 */
export function disagreementOf(db: Db, runId: string, log: RunLog): Disagreement | null {
  const startedAt = timeOf(db, runId);
  if (startedAt !== null && log.startedAt !== null && startedAt !== log.startedAt)
    return { what: `is of ${log.startedAt}, but the run is of ${startedAt}`, isOther: true };
  const inRows = slotsOf(db, runId);
  const inLog = new Set(
    log.jobs.flatMap(({ key, candidates }) => [jobName(key), ...candidates.map(({ index }) => slotName(key, index))]),
  );
  const onlyLog = [...inLog].filter((slot) => !inRows.has(slot));
  const onlyRows = [...inRows].filter((slot) => !inLog.has(slot));
  if (onlyLog.length + onlyRows.length === 0) return null;
  const parts = [
    onlyLog.length > 0 ? `has ${named(onlyLog)}, which the database has not` : '',
    onlyRows.length > 0 ? `lacks ${named(onlyRows)}, which the database has` : '',
  ];
  return {
    what: parts.filter((part) => part !== '').join(' and '),
    isOther: inRows.size > 0 && onlyRows.length === inRows.size,
  };
}

const jobName = (key: string): string => `job ${key}`;
const slotName = (key: string, index: number): string => `candidate ${index} of job ${key}`;
const named = (slots: readonly string[]): string =>
  slots.slice(0, 3).join(', ') + (slots.length > 3 ? ` and ${slots.length - 3} more` : '');

/** Jobs and candidates of a run as the database has them, under the new names and the old ones. */
function slotsOf(db: Db, runId: string): Set<string> {
  const keys = db.prepare<[string], string>('SELECT job_key FROM run_jobs WHERE run_id = ?').pluck().all(runId);
  const slots = ['run_candidates', 'run_job_candidates']
    .filter((table) => tableExists(db, table))
    .flatMap((table) =>
      db
        .prepare<[string], [string, number]>(
          `SELECT j.job_key, c.candidate_index FROM run_jobs AS j CROSS JOIN ${table} AS c ON c.job_id = j.id WHERE j.run_id = ?`,
        )
        .raw()
        .all(runId),
    );
  return new Set([...keys.map(jobName), ...slots.map(([key, index]) => slotName(key, index))]);
}

/** The time of the run as its settings have it, which came from its log. */
function timeOf(db: Db, runId: string): string | null {
  const columns = ['settings_snapshot_json', 'meta_json'].filter((column) => columnExists(db, 'runs', column));
  for (const column of columns) {
    const text = db.prepare<[string], unknown>(`SELECT ${column} FROM runs WHERE id = ?`).pluck().get(runId);
    const time = typeof text === 'string' ? timeIn(text) : null;
    if (time !== null) return time;
  }
  return null;
}

function timeIn(settings: string): string | null {
  try {
    const value = readJson(settings);
    const time = isObject(value) ? value.get('timestamp') : null;
    return typeof time === 'string' && time !== '' ? time : null;
  } catch (error) {
    if (error instanceof MalformedJson) return null;
    throw error;
  }
}
