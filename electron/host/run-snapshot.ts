import { type AppError, assertNever, safetyText, untouchedText } from '@shared/errors.ts';
import { type RunReport, type RunSnapshot, type RunState, type RunStep, wasRefused } from '@shared/run.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';

/** A run as it looks before its engine has said anything. */
export const firstSnapshot = (
  start: Pick<RunSnapshot, 'runId' | 'handle' | 'fromPhase' | 'toPhase' | 'startedAt'>,
): RunSnapshot => ({
  ...start,
  kind: 'upgrade',
  state: 'starting',
  now: 'Looking at the file before anything is changed',
  steps: [],
  progress: null,
  backup: null,
  attention: null,
  error: null,
  report: null,
});

/** The snapshot after `event`. Pure: events of one run in their order always give the same picture. */
export function afterEvent(run: RunSnapshot, event: EngineRunEvent): RunSnapshot {
  switch (event.type) {
    case 'state':
      return {
        ...run,
        state: nextState(run.state, event.state),
        now: event.now,
        attention: event.attention ?? null,
      };
    case 'steps':
      return { ...run, steps: event.steps, now: begun(run.steps, event.steps)?.title ?? run.now };
    case 'partial':
    case 'recovery-copy':
      return run;
    case 'backup':
      return { ...run, backup: event.backup };
    case 'progress': {
      const { rowsDone, rowsTotal, issueRows, rowsPerSecond, etaSeconds } = event;
      const step: Partial<RunStep> = { state: 'running', rowsDone, rowsTotal, issueRows };
      return {
        ...run,
        now: event.now,
        steps: withStep(run.steps, event.migrationId, step),
        progress: { rowsDone, rowsTotal, rowsPerSecond, etaSeconds },
      };
    }
    case 'applied':
      return {
        ...run,
        steps: withStep(run.steps, event.migrationId, { state: 'applied', ms: event.ms }),
        progress: null,
      };
    case 'checkpoint':
      return { ...run, now: `Phase ${event.phase} is complete`, progress: null };
    default:
      return assertNever(event);
  }
}

/** What a person asked for stays on screen until the engine confirms it, whatever the engine was just about to say. */
function nextState(now: RunState, told: RunState): RunState {
  if (now === 'cancelling') return 'cancelling';
  if (now === 'pausing' && told === 'migrating') return 'pausing';
  return told;
}

/** The step that was not running before: until it tells of its rows, its title says what is happening. */
const begun = (before: readonly RunStep[], after: readonly RunStep[]): RunStep | undefined =>
  after.find(
    ({ migrationId, state }) =>
      state === 'running' && before.find((step) => step.migrationId === migrationId)?.state !== 'running',
  );

const withStep = (steps: RunStep[], migrationId: string, change: Partial<RunStep>): RunStep[] =>
  steps.map((step) => (step.migrationId === migrationId ? { ...step, ...change } : step));

/** The end of a run. completed only for a report that a fresh process has verified. */
export function finished(run: RunSnapshot, report: RunReport): RunSnapshot {
  const error = report.error ?? null;
  const state: RunState =
    error === null && report.ok && report.verified
      ? 'completed'
      : error?.code === 'E_CANCELLED'
        ? 'cancelled'
        : 'failed';
  const stopped = state !== 'completed';
  return {
    ...run,
    state,
    now: wasRefused(report)
      ? 'Not started'
      : { completed: 'Done and verified', cancelled: 'Stopped at your request', failed: 'Stopped' }[state],
    attention: null,
    progress: null,
    backup: report.backup ?? run.backup,
    steps: run.steps.map((step) =>
      stopped && (step.state === 'running' || step.state === 'failed')
        ? { ...step, state: state === 'failed' ? 'failed' : 'waiting' } // a step that was stopped has not failed
        : step,
    ),
    error,
    report,
  };
}

/** The report of a run whose engine ended with an error: what its events have told is all there is to say. */
export function reportOfError(run: RunSnapshot, fileName: string, packId: string, error: AppError): RunReport {
  return {
    runId: run.runId,
    ok: false,
    fileName,
    packId,
    fromPhase: run.fromPhase,
    toPhase: run.toPhase ?? 0,
    startedAt: run.startedAt,
    finishedAt: new Date().toISOString(),
    migrations: run.steps
      .filter((step) => step.state === 'applied')
      .map((step) => ({ id: step.migrationId, title: step.title, ms: step.ms ?? 0 })),
    backfills: [],
    backup: run.backup,
    verified: false,
    checks: [],
    issues: [],
    tables: [],
    error: run.backup === null ? withoutBackup(error) : error,
  };
}

const SPEAKS_OF_A_BACKUP: readonly string[] = [safetyText.unknown, safetyText['whole-step'], safetyText['moved-away']];

/** Before the backup exists nothing is changed; no message may speak of a backup then. */
function withoutBackup(error: AppError): AppError {
  return SPEAKS_OF_A_BACKUP.includes(error.safety) ? { ...error, safety: untouchedText(error.code) } : error;
}
