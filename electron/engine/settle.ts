import { backupFolderBeside } from '@shared/beside.ts';
import { inTransaction } from './session.ts';
import { removeUnfinished } from './backup-folder.ts';
import { checkBookkeeping, finishRun, readApplied, readBackfills, readCheckpoints, readRuns } from './bookkeeping.ts';
import { type GatedFile, passGateForWriting } from './gate.ts';
import { removeEmptiedJournal } from './journal-mode.ts';
import { letGoChanged, lockForMaintenance, type MaintenanceLock } from './lock.ts';
import type { Db, Pack } from './migration.ts';
import type { EngineRequests, Settled } from './protocol.ts';
import { keepingWhatIsLost } from './recovery-copy.ts';
import { clearDeadRestore } from './restore-dead.ts';
import { wholeStepProblem } from './whole-step.ts';

/** Whoever has the file in use by now was there before us, or came the moment the other process was gone. */
const WAIT_MS = 500;

const NOTHING: Settled = { phase: null, applied: [], begun: null };

/**
 * Puts right what an ended process left open. The opening lets SQLite take an unfinished transaction back or play the
 * log in; the closing leaves nothing beside the file. Nothing that was committed is touched.
 * @throws CodedError as `passGateForWriting` and `lockForMaintenance`; unfinished copies that can be
 * removed, and what a dead restore has left, are gone even then.
 */
export async function settle(input: EngineRequests['settle']['input'], packs: readonly Pack[] = []): Promise<Settled> {
  for (const file of input.partials ?? []) removeUnfinished(file);
  clearDeadRestore(input.path, input.lockFolder);
  if (input.isBesideOnly === true) return NOTHING;
  const gated = passGateForWriting(input.path);
  return keepingWhatIsLost(gated, backupFolderBeside(gated.path), () => settleUnderLock(gated, input, packs));
}

async function settleUnderLock(
  { path, identity }: GatedFile,
  input: EngineRequests['settle']['input'],
  packs: readonly Pack[],
): Promise<Settled> {
  const lock = await lockForMaintenance({ path, identity, lockFolder: input.lockFolder, waitMs: WAIT_MS });
  let settled: Settled;
  try {
    if (input.runId !== undefined) noteStopped(lock, input.runId);
    const { db } = lock;
    const proof = input.proves && { problem: wholeStepProblem(db, packs, input.proves.applied) };
    settled = { ...whatIsThere(db), ...proof };
  } finally {
    letGoChanged(lock);
  }
  removeEmptiedJournal(path);
  return settled;
}

/** The next run would say that it failed; it was asked to stop. On a full disk it stays as it is. */
function noteStopped(lock: MaintenanceLock, runId: string): void {
  try {
    const isRunning = readRuns(lock.db).some(({ id, state }) => id === runId && state === 'running');
    const now = new Date().toISOString();
    if (isRunning) inTransaction(lock, 'the record of this run', () => finishRun(lock.db, runId, 'cancelled', now));
  } catch {
    // as above
  }
}

function whatIsThere(db: Db): Settled {
  try {
    checkBookkeeping(db);
    const applied = readApplied(db).map(({ id }) => id);
    const rows = readBackfills(db).filter(
      ({ state, migrationId }) => state === 'running' && !applied.includes(migrationId),
    );
    const [first] = rows;
    const ofFirst = rows.filter(({ migrationId }) => migrationId === first?.migrationId);
    const sum = (value: (row: (typeof rows)[number]) => number) => ofFirst.reduce((all, row) => all + value(row), 0);
    return {
      phase: readCheckpoints(db).reduce<number | null>((most, { phase }) => Math.max(most ?? phase, phase), null),
      applied,
      begun: first
        ? {
            migrationId: first.migrationId,
            rowsDone: sum((row) => row.moved + row.alreadyRight + row.issueRows),
            rowsTotal: sum((row) => row.expected),
          }
        : null,
    };
  } catch {
    return NOTHING; // not a file of ours; it is settled all the same
  }
}
