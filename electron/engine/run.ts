import { setImmediate } from 'node:timers/promises';
import { CodedError, coded, type AppError } from '@shared/errors.ts';
import type { BackupRecord, RunReport } from '@shared/run.ts';
import { createBackup, type BackupRequest } from './backup.ts';
import { checkBookkeeping, ensureBookkeeping, readApplied, finishRun, insertRun, type RunRow } from './bookkeeping.ts';
import { assertForeignKeysNotWorse, fkCensus, takeCensus } from './census.ts';
import { phasesUpTo, reachCheckpoint } from './checkpoint.ts';
import type { RunControl } from './control.ts';
import { passGateForWriting } from './gate.ts';
import { checkIntegrity } from './integrity.ts';
import { inOrder } from './ledger.ts';
import { lockForMaintenance, type MaintenanceLock } from './lock.ts';
import { lookAt } from './look.ts';
import type { Db, Pack } from './migration.ts';
import { createMigrator } from './migrator.ts';
import { createProgress, type Progress } from './progress.ts';
import type { EngineRequests, EngineRunEvent } from './protocol.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { reportOf } from './report.ts';
import { fromSqlite } from './sqlite-error.ts';
import { defaultTuning, inTransaction, stepError, type RunPoint, type RunSession, type RunTuning } from './session.ts';
import { findUntrue, phaseReached, refuseWhenReached, resolveTarget } from './target.ts';

export type RunInput = EngineRequests['run']['input'];

export interface RunDependencies {
  readonly packs: readonly Pack[];
  readonly emit: (event: EngineRunEvent) => void;
  readonly control: RunControl;
  /** Refuses, under the lock, what the plan would refuse. @throws CodedError */
  readonly assertPlan?: (lock: MaintenanceLock, pack: Pack, target: number, input: RunInput) => void;
  readonly tuning?: Partial<RunTuning>;
  readonly lockWaitMs?: number;
  readonly probe?: (point: RunPoint, subject: string) => void;
  readonly backupProbe?: NonNullable<BackupRequest['probe']>;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/**
 * Takes the database to a phase: gate, lock, verified backup, migrations, checkpoints, integrity; then lets go.
 * @returns the report; `ok: false` with an error when it stopped after the backup, at a whole step. Never `verified`:
 * only a fresh process that reopens the file can say that.
 * @throws CodedError when it refused before anything was changed.
 */
export async function runUpgrade(input: RunInput, dependencies: RunDependencies): Promise<RunReport> {
  const { emit, packs } = dependencies;
  const startedAt = dependencies.clock?.() ?? Date.now();
  emit({ type: 'state', state: 'starting', now: 'Making sure that nobody else uses the file', safeToStop: true });
  const gated = passGateForWriting(input.path);
  // Opening a file with a log or journal to be played in changes it, so what can refuse is asked on a copy first.
  if (gated.sidecars.walBytes > 0 || gated.sidecars.isJournalHot) {
    await lookAt(gated.path, ({ db }) => assessStart(db, input, packs));
  }
  const lock = await lockForMaintenance({
    path: gated.path,
    identity: gated.identity,
    lockFolder: input.lockFolder,
    ...(dependencies.lockWaitMs === undefined ? {} : { waitMs: dependencies.lockWaitMs }),
  });
  try {
    dependencies.probe?.('locked', '');
    const start = takeStock(lock, input, packs, dependencies);
    const backup = await backUp(lock, input, start, dependencies);
    emit({ type: 'backup', backup });
    dependencies.probe?.('backed-up', backup.path);
    return await migrate(lock, input, dependencies, { ...start, backup, startedAt });
  } catch (error) {
    letGo(lock);
    throw fromSqlite(error, 'preparing the upgrade', 'untouched');
  }
}

interface Assessment {
  readonly pack: Pack;
  readonly variantTitle: string;
  readonly target: number;
  readonly fromPhase: number | null;
  readonly untrue: Set<string>;
}

interface Start extends Assessment {
  readonly rowsBefore: RunSession['census'];
  readonly foreignKeys: ReadonlyMap<string, number>;
}

/** Everything that can refuse, and S0: asked under the lock, so that it stays true. Reads only. */
function takeStock(
  lock: MaintenanceLock,
  input: RunInput,
  packs: readonly Pack[],
  dependencies: RunDependencies,
): Start {
  const { db } = lock;
  const start = assessStart(db, input, packs);
  dependencies.assertPlan?.(lock, start.pack, start.target, input);
  return { ...start, rowsBefore: takeCensus(db), foreignKeys: fkCensus(db) };
}

/** What the file is and how far it has come. @throws CodedError for everything that makes a run impossible or pointless. */
function assessStart(db: Db, input: RunInput, packs: readonly Pack[]): Assessment {
  checkBookkeeping(db);
  const { pack, variant } = recogniseOrRefuse(db, packs);
  const target = resolveTarget(pack, input.toPhase);
  const untrue = findUntrue(db, pack);
  const fromPhase = phaseReached(db, pack, untrue);
  refuseWhenReached(db, pack, fromPhase, target);
  return { pack, variantTitle: variant.title, target, fromPhase, untrue };
}

function backUp(
  lock: MaintenanceLock,
  input: RunInput,
  start: Start,
  { emit, backupProbe }: RunDependencies,
): Promise<BackupRecord> {
  emit({
    type: 'state',
    state: 'backing-up',
    now: 'Making a backup and checking that it can be put back',
    safeToStop: true,
  });
  return createBackup(lock.db, {
    path: lock.path,
    folder: input.backupFolder,
    reason: `before phase ${start.target}`,
    runId: input.runId,
    appVersion: input.appVersion,
    content: { packId: start.pack.id, variantTitle: start.variantTitle, phase: start.fromPhase },
    ...(backupProbe ? { probe: backupProbe } : {}),
  });
}

interface Prepared extends Start {
  readonly backup: BackupRecord;
  readonly startedAt: number;
}

/** From here on the file changes; whatever happens is reported, not thrown. */
async function migrate(
  lock: MaintenanceLock,
  input: RunInput,
  dependencies: RunDependencies,
  prepared: Prepared,
): Promise<RunReport> {
  const { emit, clock = Date.now } = dependencies;
  const { pack, target } = prepared;
  const steps = inOrder(pack).filter(({ phase }) => phase <= target);
  const recorded = new Set(readApplied(lock.db).map(({ id }) => id));
  const isApplied = (id: string) => recorded.has(id) && !prepared.untrue.has(id);
  const progress = createProgress(steps, emit, isApplied);
  const session = openSession(lock, input, dependencies, prepared, progress);
  const applied: RunReport['migrations'] = [];
  const migrator = createMigrator(session, (migration, ms) => {
    applied.push({ id: migration.id, title: migration.title, ms });
    emit({ type: 'applied', migrationId: migration.id, ms });
  });
  let error: AppError | undefined;
  try {
    await session.boundary(null);
    inTransaction(session, 'the record of this run', () => beginRun(session, input, prepared));
    session.probe('recorded', input.runId);
    for (const phase of phasesUpTo(pack, target)) {
      const pending = new Set(await migrator.pending());
      await migrator.apply(
        steps.filter((step) => step.phase === phase.number && pending.has(step.id)).map(({ id }) => id),
      );
      // Before the checkpoint is recorded: a file that fails here must not say that it has reached its target.
      if (phase.number === target) {
        progress.state('migrating', 'Checking the whole file', true);
        await setImmediate();
        checkWhole(session, prepared);
        session.probe('checked', '');
      }
      reachCheckpoint(session, phase);
      emit({ type: 'checkpoint', phase: phase.number });
    }
  } catch (thrown) {
    error = stepError(thrown, 'the upgrade').appError;
  }
  error = endRun(session, error, new Date(clock()).toISOString()) ?? error;
  const report = reportOf(session, { ...prepared, path: lock.path, applied, finishedAt: clock() }, error);
  try {
    lock.release();
  } catch (thrown) {
    return { ...report, ok: false, error: report.error ?? stepError(thrown, 'closing the file').appError };
  }
  return report;
}

function openSession(
  lock: MaintenanceLock,
  input: RunInput,
  dependencies: RunDependencies,
  prepared: Prepared,
  progress: Progress,
): RunSession {
  const { control, probe = () => {} } = dependencies;
  return {
    db: lock.db,
    pack: prepared.pack,
    runId: input.runId,
    now: new Date(prepared.startedAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    tuning: { ...defaultTuning, ...dependencies.tuning },
    progress,
    untrue: prepared.untrue,
    census: prepared.rowsBefore,
    assertSameFile: lock.assertSameFile,
    boundary: (migration) => {
      const now = migration === null ? 'Upgrading' : migration.title;
      return control.boundary((state) => progress.state(state === 'resumed' ? 'migrating' : state, now, true));
    },
    probe,
  };
}

function beginRun(session: RunSession, input: RunInput, prepared: Prepared): void {
  ensureBookkeeping(session.db);
  session.progress.state('migrating', 'Upgrading', true);
  // A run that was killed could not say so itself.
  session.db.prepare(`UPDATE main._phasewise_runs SET state = 'failed' WHERE state = 'running'`).run();
  insertRun(session.db, {
    id: input.runId,
    startedAt: session.now,
    fromPhase: prepared.fromPhase,
    toPhase: prepared.target,
    appVersion: input.appVersion,
    backupSha256: prepared.backup.sha256,
  });
}

/** The error that is on its way matters more than one of closing a file that was only read. */
function letGo(lock: MaintenanceLock): void {
  try {
    lock.release();
  } catch {
    // as above
  }
}

/** @throws CodedError E_VERIFY_FAILED | E_INVARIANT */
function checkWhole(session: RunSession, prepared: Prepared): void {
  const integrity = checkIntegrity(session.db);
  if (!integrity.isSound)
    throw coded('E_VERIFY_FAILED', `The integrity check says: ${integrity.lines[0] ?? 'nothing'}.`);
  assertForeignKeysNotWorse(prepared.foreignKeys, fkCensus(session.db));
}

/**
 * Notes how the run ended; after a disk error nothing more is written.
 * @returns an error when a run that went well could not be noted.
 */
function endRun(session: RunSession, error: AppError | undefined, finishedAt: string): AppError | undefined {
  if (error?.code === 'E_IO') return undefined;
  const state: RunRow['state'] =
    error === undefined ? 'completed' : error.code === 'E_CANCELLED' ? 'cancelled' : 'failed';
  try {
    inTransaction(session, 'the record of this run', () => finishRun(session.db, session.runId, state, finishedAt));
    session.probe('finished', state);
    return undefined;
  } catch (thrown) {
    return error === undefined && thrown instanceof CodedError ? thrown.appError : undefined;
  }
}
