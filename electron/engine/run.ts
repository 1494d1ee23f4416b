import type { AppError } from '@shared/errors.ts';
import type { BackupRecord, RunReport } from '@shared/run.ts';
import { assessStart, type Assessment } from './assessment.ts';
import { createBackup, type BackupRequest } from './backup.ts';
import { identityOf } from './backup-identity.ts';
import { ensureBookkeeping, insertRun, readApplied, readFileRuns } from './bookkeeping.ts';
import { fkCensus, takeCensus } from './census.ts';
import { phasesUpTo, reachCheckpoint } from './checkpoint.ts';
import type { RunControl } from './control.ts';
import { passGateForWriting } from './gate.ts';
import { keepingWhatIsKnown } from './integrity.ts';
import { inOrder } from './ledger.ts';
import { lockForMaintenance, type MaintenanceLock } from './lock.ts';
import { tryOnCopy } from './look.ts';
import type { Pack, Phase } from './migration.ts';
import { createMigrator } from './migrator.ts';
import { openSession } from './open-session.ts';
import { createProgress } from './progress.ts';
import type { EngineRequests, EngineRunEvent } from './protocol.ts';
import { holdsWhatIsLost, keepBeforeRecovery, tellingKept } from './recovery-copy.ts';
import { referencesOfOthers } from './references.ts';
import { reportOf } from './report.ts';
import { assertNothingGates, removingPhases } from './removal-gate.ts';
import { checkWhole, endRun, notClosed, withCause } from './run-end.ts';
import { whenBackupFits, whenThereIsRoom } from './space-pause.ts';
import { fromSqlite } from './sqlite-error.ts';
import type { BeforeChange } from './small-change.ts';
import { inTransaction, stepError, type RunPoint, type RunSession, type RunTuning } from './session.ts';

export type RunInput = EngineRequests['run']['input'];

export interface RunDependencies {
  readonly packs: readonly Pack[];
  readonly emit: (event: EngineRunEvent) => void;
  readonly control: RunControl;
  /** Called between two long parts, where no event tells that it lives. */
  readonly onSign?: () => void;
  /** As of the small changes. */
  readonly beforeChange?: BeforeChange;
  /** Refuses, under the lock, what the plan would refuse. @throws CodedError */
  readonly assertPlan?: (lock: MaintenanceLock, pack: Pack, target: number, input: RunInput) => void;
  readonly tuning?: Partial<RunTuning>;
  readonly lockWaitMs?: number;
  readonly probe?: (point: RunPoint, subject: string) => void;
  readonly backupProbe?: NonNullable<BackupRequest['probe']>;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

const BACKING_UP = 'Making a backup and checking that it can be put back';
const WAITING = 'Waiting for an earlier process of Phasewise, which was ended, to let go of the file';

/**
 * Takes the database to a phase: gate, lock, verified backup, migrations, checkpoints, integrity; then lets go.
 * @returns the report; `ok: false` with an error when it stopped after the backup, at a whole step. Never `verified`:
 * only a fresh process that reopens the file can say that.
 * @throws CodedError when it refused before anything was changed.
 */
export async function runUpgrade(input: RunInput, dependencies: RunDependencies): Promise<RunReport> {
  const { emit, packs } = dependencies;
  const startedAt = dependencies.clock?.() ?? Date.now();
  emit({ type: 'state', state: 'starting', now: 'Making sure that nobody else uses the file' });
  const gated = passGateForWriting(input.path);
  await tryOnCopy(gated, ({ db }) => assessStart(db, input, packs));
  dependencies.onSign?.();
  const asFound = keepBeforeRecovery(gated, input.backupFolder);
  const lock = await lockForMaintenance({
    path: gated.path,
    identity: gated.identity,
    lockFolder: input.lockFolder,
    stopPoint: dependencies.control.stopPoint,
    onWait: () => emit({ type: 'state', state: 'starting', now: WAITING }),
    ...(dependencies.lockWaitMs === undefined ? {} : { waitMs: dependencies.lockWaitMs }),
  }).catch((error: unknown) => {
    throw tellingKept(asFound, gated, error);
  });
  // A proven result makes up for a journal that was played back whole, and for nothing that was left out.
  const kept = asFound !== null && holdsWhatIsLost(asFound, gated) ? { keptIn: asFound } : {};
  if (asFound !== null && kept.keptIn === undefined) emit({ type: 'recovery-copy', folder: asFound });
  try {
    dependencies.probe?.('locked', '');
    const start = takeStock(lock, input, packs, dependencies);
    await dependencies.control.stopPoint();
    const backup = await whenBackupFits(lock, dependencies, BACKING_UP, () => backUp(lock, input, start, dependencies));
    await dependencies.beforeChange?.({ stage: 'writing', fraction: null, canCancel: true });
    return { ...(await migrate(lock, input, dependencies, { ...start, backup, startedAt })), ...kept };
  } catch (error) {
    letGo(lock);
    throw tellingKept(asFound, gated, fromSqlite(error, 'preparing the upgrade', 'untouched'));
  }
}

interface Start extends Assessment {
  readonly rowsBefore: RunSession['census'];
  readonly foreignKeys: ReadonlyMap<string, number>;
  readonly references: RunSession['references'];
}

/** Everything that can refuse, and S0: asked under the lock, so that it stays true. Reads only. */
function takeStock(
  lock: MaintenanceLock,
  input: RunInput,
  packs: readonly Pack[],
  dependencies: RunDependencies,
): Start {
  const { db } = lock;
  const { onSign = () => {} } = dependencies;
  onSign();
  const start = assessStart(db, input, packs);
  onSign();
  dependencies.assertPlan?.(lock, start.pack, start.target, input);
  onSign();
  const references = referencesOfOthers(db, start.pack);
  onSign();
  const rowsBefore = takeCensus(db);
  onSign();
  return { ...start, rowsBefore, foreignKeys: fkCensus(db), references };
}

/** @param content what the file is by now, where that is not what it was at the start. */
async function backUp(
  lock: MaintenanceLock,
  input: RunInput,
  start: Start,
  { control, emit, onSign, probe, backupProbe }: RunDependencies,
  content: { readonly reason: string; readonly phase: number | null } = {
    reason: `before phase ${start.target}`,
    phase: start.fromPhase,
  },
): Promise<BackupRecord> {
  emit({
    type: 'state',
    state: 'backing-up',
    now: BACKING_UP,
  });
  const backup = await createBackup(lock.db, {
    path: lock.path,
    folder: input.backupFolder,
    reason: content.reason,
    runId: input.runId,
    appVersion: input.appVersion,
    content: {
      packId: start.pack.id,
      variantTitle: start.variantTitle,
      phase: content.phase,
      identity: identityOf(start.pack, lock.db),
    },
    control,
    onWork({ partial }) {
      if (partial === undefined) onSign?.();
      else emit({ type: 'partial', file: partial });
    },
    ...(backupProbe ? { probe: backupProbe } : {}),
  });
  emit({ type: 'backup', backup });
  probe?.('backed-up', backup.path);
  return backup;
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
  const backups = [prepared.backup];
  const removing = new Set(removingPhases(pack, prepared.fromPhase, target));
  const steps = inOrder(pack).filter(({ phase }) => phase <= target);
  const recorded = new Set(readApplied(lock.db).map(({ id }) => id));
  const earlierRuns = readFileRuns(lock.db);
  const knownRuns = new Set(earlierRuns.map(({ runId }) => runId));
  // Another file may have been put in its place since: a part that the file does not know left nothing in it.
  const continues = (input.continues ?? []).filter((id) => knownRuns.has(id));
  const isApplied = (id: string) => recorded.has(id) && !prepared.untrue.has(id);
  const progress = createProgress(steps, emit, isApplied);
  const { control, tuning, probe } = dependencies;
  const session = openSession({ lock, runId: input.runId, progress, control, prepared, tuning, probe });
  const applied: RunReport['migrations'] = [];
  const migrator = createMigrator(session, (migration, ms) => {
    applied.push({ id: migration.id, title: migration.title, ms });
    emit({ type: 'applied', migrationId: migration.id, ms });
  });
  let error: AppError | undefined;
  try {
    await session.boundary(null);
    await whenThereIsRoom(session, async () =>
      keepingWhatIsKnown(session.db, () =>
        inTransaction(session, 'the record of this run', () => beginRun(session, input, prepared)),
      ),
    );
    session.probe('recorded', input.runId);
    const phases = phasesUpTo(pack, target);
    // Reached before this run: asked again at its end, not now, when a later step may stand half-way.
    const reached = phases.filter(({ number }) => number <= (prepared.fromPhase ?? -1) && number < target);
    const savedFor = new Set<Phase>();
    for (const phase of phases.slice(reached.length)) {
      // Once more after a full disk: what was committed stays, and the rest follows behind it.
      await whenThereIsRoom(session, async () => {
        const pending = new Set(await migrator.pending());
        if (removing.has(phase) && !savedFor.has(phase)) {
          await session.boundary(null);
          assertNothingGates(lock.db, pack);
          if (applied.length > 0) backups.push(await backUpBefore(phase, lock, input, dependencies, prepared));
          savedFor.add(phase);
        }
        await migrator.apply(
          steps.filter((step) => step.phase === phase.number && pending.has(step.id)).map(({ id }) => id),
        );
        // Before the checkpoint is recorded: a file that fails here must not say that it has reached its target.
        if (phase.number === target) {
          progress.state('migrating', 'Checking the whole file');
          await session.boundary(null);
          checkWhole(session, prepared.foreignKeys);
          session.probe('checked', '');
          for (const earlier of reached) {
            await session.boundary(null);
            reachCheckpoint(session, earlier);
          }
        }
        await session.boundary(null);
        reachCheckpoint(session, phase);
      });
      emit({ type: 'checkpoint', phase: phase.number });
    }
  } catch (thrown) {
    error = withCause(stepError(thrown, 'the upgrade').appError, lock.db);
  }
  error = endRun(session, error, new Date(clock()).toISOString());
  const parts = { backups, continues, earlierRuns };
  const report = reportOf(session, { ...prepared, ...parts, path: lock.path, applied, finishedAt: clock() }, error);
  try {
    const leftAs = lock.release();
    return leftAs === null ? report : { ...report, leftAs };
  } catch (thrown) {
    return { ...report, ok: false, error: notClosed(report.error, stepError(thrown, 'closing the file').appError) };
  }
}

/**
 * The very state before a phase that removes something, where this run has changed the file since its first backup:
 * what is removed can be had back without giving up the phases before.
 */
async function backUpBefore(
  phase: Phase,
  lock: MaintenanceLock,
  input: RunInput,
  dependencies: RunDependencies,
  prepared: Prepared,
): Promise<BackupRecord> {
  const before = prepared.pack.phases.filter(({ number }) => number < phase.number).map(({ number }) => number);
  const reached = Math.max(...before);
  const backup = await backUp(lock, input, prepared, dependencies, {
    reason: `before phase ${phase.number} removes anything`,
    phase: Number.isFinite(reached) ? reached : null,
  });
  dependencies.emit({ type: 'state', state: 'migrating', now: 'Upgrading' });
  return backup;
}

function beginRun(session: RunSession, input: RunInput, prepared: Prepared): void {
  ensureBookkeeping(session.db);
  session.progress.state('migrating', 'Upgrading');
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
