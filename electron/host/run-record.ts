import { type AppError, toAppError, untouchedText } from '@shared/errors.ts';
import type { RunSnapshot } from '@shared/run.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import type { EngineChild } from './engine-process.ts';
import type { RunJournal } from './run-journal.ts';

/** What of a run goes into its journal, and what happens when it cannot. */
export interface RecordedRun {
  readonly snapshot: RunSnapshot;
  readonly child: EngineChild | null;
  journalError: AppError | null;
}

/** A line for every event that has happened for good. */
export function writeDown(run: RecordedRun, journal: RunJournal, event: EngineRunEvent): void {
  const at = new Date().toISOString();
  if (event.type === 'steps') {
    // Once: from then on 'applied' lines tell how far it came.
    if (run.snapshot.steps.length > 0) return;
    const steps = event.steps.map(({ migrationId, title, state }) => ({
      migrationId,
      title,
      isApplied: state === 'applied',
    }));
    record(run, journal, { type: 'steps', at, steps });
  } else if (event.type === 'backup') {
    const { path: backupPath, sha256, verified } = event.backup;
    record(run, journal, { type: 'backup', at, backupPath, sha256, verified, record: event.backup });
  } else if (event.type === 'applied') {
    record(run, journal, { type: 'applied', at, migrationId: event.migrationId, ms: event.ms });
  } else if (event.type === 'checkpoint') record(run, journal, { type: 'checkpoint', at, phase: event.phase });
}

/** A journal that cannot be written stops the run at its next safe boundary: nothing goes on unrecorded. */
export function record(run: RecordedRun, journal: RunJournal, line: Parameters<RunJournal['write']>[0]): void {
  try {
    journal.write(line);
  } catch (cause) {
    run.journalError ??= toAppError(cause);
    run.child?.control('cancel');
  }
}

/** Nothing has happened yet, so there are no completed steps and no backup to speak of. */
export function notStarted(cause: unknown): AppError {
  const error = toAppError(cause);
  const message = `The run journal could not be written, so nothing was started: ${error.message}`;
  return { ...error, message, safety: untouchedText(error.code) };
}

/** Why a run was stopped: its journal. What is kept is what the stop says. */
export function unrecorded(error: AppError, stopped: AppError): AppError {
  const message = `The run journal could not be written: ${error.message} ${stopped.message}`;
  return { ...error, message, safety: stopped.safety };
}
