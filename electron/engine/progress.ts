import type { AppError } from '@shared/errors.ts';
import type { RunStep } from '@shared/run.ts';
import type { IdentifiedMigration } from './migration.ts';
import type { EngineRunEvent } from './protocol.ts';

/** Ten times a second is as often as anybody can read. */
const EVERY_MS = 100;
/** An estimate from less than this says nothing. */
const ESTIMATE_AFTER_MS = 2_000;
const ESTIMATE_AFTER_SHARE = 0.03;
/** The rate follows the last seconds, not the whole run. */
const WINDOW_MS = 5_000;

type Emit = (event: EngineRunEvent) => void;

/** Turns what the run does into events: the list of steps, and progress at a bearable pace. */
export interface Progress {
  /** @param attention why it paused by itself. */
  state(state: Extract<EngineRunEvent, { type: 'state' }>['state'], now: string, attention?: AppError | null): void;
  /** The step begins with `now`; `rowsTotal` source rows lie ahead, `rowsDone` of them were done by an earlier run. */
  stepStarted(migrationId: string, now: string, rowsDone: number, rowsTotal: number): void;
  rows(migrationId: string, now: string, moved: { rows: number; issueRows: number }): void;
  /** The bound was raised: more rows than thought. */
  rowsAdded(migrationId: string, rows: number): void;
  stepEnded(migrationId: string, state: 'applied' | 'failed', ms: number): void;
}

export function createProgress(
  migrations: readonly IdentifiedMigration[],
  emit: Emit,
  isApplied: (id: string) => boolean,
  clock = () => performance.now(),
): Progress {
  const steps = new Map<string, RunStep>(
    migrations.map(({ id, title, phase }) => [
      id,
      {
        migrationId: id,
        title,
        phase,
        state: isApplied(id) ? 'applied' : 'waiting',
        ms: null,
        rowsDone: 0,
        rowsTotal: 0,
        issueRows: 0,
      },
    ]),
  );
  const publish = () => emit({ type: 'steps', steps: [...steps.values()].map((step) => ({ ...step })) });
  const patch = (id: string, change: Partial<RunStep>) => {
    const step = steps.get(id);
    if (step) Object.assign(step, change);
    return step;
  };
  let lastAt = Number.NEGATIVE_INFINITY;
  let samples: { at: number; rows: number }[] = [];
  let startedAt = 0;
  publish();
  return {
    state: (state, now, attention = null) => emit({ type: 'state', state, now, attention }),
    stepStarted(id, now, rowsDone, rowsTotal) {
      samples = [];
      startedAt = clock();
      lastAt = Number.NEGATIVE_INFINITY;
      const step = patch(id, { state: 'running', rowsDone, rowsTotal });
      // Before the list: the words of the step before must never stand beside the rows of this one.
      if (step && rowsTotal > 0) emit({ type: 'progress', migrationId: id, now, ...noRate(step) });
      publish();
    },
    rows(id, now, moved) {
      const step = steps.get(id);
      if (!step) return;
      step.rowsDone += moved.rows;
      step.issueRows += moved.issueRows;
      const at = clock();
      samples.push({ at, rows: step.rowsDone });
      if (at - lastAt < EVERY_MS) return;
      lastAt = at;
      samples = samples.filter((sample) => at - sample.at <= WINDOW_MS);
      const rowsPerSecond = rateOf(samples);
      const isTelling = at - startedAt >= ESTIMATE_AFTER_MS && step.rowsDone >= step.rowsTotal * ESTIMATE_AFTER_SHARE;
      emit({
        type: 'progress',
        migrationId: id,
        now,
        rowsDone: step.rowsDone,
        rowsTotal: step.rowsTotal,
        issueRows: step.issueRows,
        rowsPerSecond,
        etaSeconds: isTelling ? etaOf(step.rowsTotal - step.rowsDone, rowsPerSecond) : null,
      });
    },
    rowsAdded(id, rows) {
      const step = steps.get(id);
      if (step) step.rowsTotal += rows;
    },
    stepEnded(id, state, ms) {
      patch(id, { state, ms });
      publish();
    },
  };
}

/** A step's rows before anything is known of its pace. */
const noRate = ({ rowsDone, rowsTotal, issueRows }: RunStep) => ({
  ...{ rowsDone, rowsTotal, issueRows },
  rowsPerSecond: null,
  etaSeconds: null,
});

/** Rows per second between the first and the last sample; null before there are two. */
function rateOf(samples: readonly { at: number; rows: number }[]): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < 200) return null;
  return Math.round(((last.rows - first.rows) * 1000) / (last.at - first.at));
}

/** A range, because disks and rows differ: from a fifth faster to half as slow again. */
function etaOf(rowsLeft: number, rowsPerSecond: number | null): { min: number; max: number } | null {
  if (rowsPerSecond === null || rowsPerSecond <= 0) return null;
  const seconds = rowsLeft / rowsPerSecond;
  return { min: Math.floor(seconds * 0.8), max: Math.ceil(seconds * 1.5) };
}
