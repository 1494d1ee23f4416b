import type { BackupRecord, RetryReport } from '@shared/run.ts';
import { createBackup } from './backup.ts';
import { describeContent } from './backups.ts';
import { checkBookkeeping, readApplied, readBackfills } from './bookkeeping.ts';
import { assertForeignKeysNotWorse, fkCensus } from './census.ts';
import { checkCold, requireMet, rowCounts, type Expected } from './cold-check.ts';
import { passGateForWriting } from './gate.ts';
import { assertNoTriggerMisled } from './hidden-rows.ts';
import { inOrder, readCheckedRecords } from './ledger.ts';
import type { MaintenanceLock } from './lock.ts';
import { tryOnCopy } from './look.ts';
import type { Db, IdentifiedMigration, Pack, SourceFiles } from './migration.ts';
import { assertOwnNames } from './own-objects.ts';
import type { EngineRequests } from './protocol.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { keepingWhatIsLost } from './recovery-copy.ts';
import { openRetry, retryMigration, type Retried } from './retry-rows.ts';
import { inTransaction, rollBack } from './session.ts';
import { resolveSource } from './source-coverage.ts';
import { fromSqlite } from './sqlite-error.ts';
import { onlyTell, type OnWork, tellChecking, type Telling, underMaintenanceLock, writing } from './small-change.ts';

type Input = EngineRequests['retryIssues']['input'];

/**
 * Tries to place issue rows again, after a person has put right what was wrong: for each, the backfill's own work on
 * exactly that row. Behind a verified backup, which is made only when a trial says that something will change.
 * Issue rows of migrations that a later one replaced, of removed tables, and of phases that remove something are kept.
 * @throws CodedError of the gate and the lock; those of the backup; E_ROWS_SKIPPED, E_INVARIANT, E_VERIFY_FAILED.
 */
export async function retryIssues(
  input: Input,
  packs: readonly Pack[],
  onWork: OnWork = () => {},
  beforeChange = onlyTell(onWork),
): Promise<RetryReport> {
  const gated = passGateForWriting(input.path);
  await tryOnCopy(gated, ({ db }) => recogniseOrRefuse(db, packs));
  const work = (lock: MaintenanceLock) => underLock(lock, input, packs, { onWork, beforeChange });
  return keepingWhatIsLost(gated, input.backupFolder, async () => {
    const { report, expected } = await underMaintenanceLock(gated, input.lockFolder, onWork, work);
    if (expected !== null) {
      tellChecking(onWork);
      requireMet(checkCold(gated.path, expected), 'After trying the issue rows');
    }
    return report;
  });
}

async function underLock(
  lock: MaintenanceLock,
  input: Input,
  packs: readonly Pack[],
  { onWork, beforeChange }: Telling,
): Promise<{ report: RetryReport; expected: Expected | null }> {
  const { db } = lock;
  checkBookkeeping(db);
  const { pack, schema } = recogniseOrRefuse(db, packs);
  assertNoTriggerMisled(schema, pack);
  assertOwnNames(db, pack); // a step may make its working tables anew
  const migrations = retryable(db, pack);
  const sourceFiles = resolveSource(db, pack, input.source, lock.path).files;
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const work: Work = { lock, pack, migrations, input, now, sourceFiles };
  const trial = tryAll(work);
  if (trial.changed === 0) return { report: reportOf(db, trial, null), expected: null };
  const before = fkCensus(db);
  const backup = await backUp(work, packs, onWork);
  await beforeChange(writing(0, migrations.length));
  const result = migrations.reduce<Retried>((sum, migration, at) => {
    onWork(writing(at, migrations.length));
    const retried = inTransaction(lock, migration.id, () => retryOne(work, migration));
    return add(sum, retried);
  }, nothing);
  assertForeignKeysNotWorse(before, fkCensus(db));
  return { report: reportOf(db, result, backup), expected: { rows: rowCounts(db), foreignKeys: before } };
}

/** Applied, not replaced by a later one, and not begun to be removed. */
function retryable(db: Db, pack: Pack): IdentifiedMigration[] {
  const applied = new Set(readCheckedRecords(db, pack).map(({ id }) => id));
  // One that was stopped has taken rows out of their tables already, and is recorded only at its end.
  const begun = new Set([...applied, ...readBackfills(db).map(({ migrationId }) => migrationId)]);
  if (pack.migrations.some(({ id, kind }) => kind === 'contract' && begun.has(id))) return [];
  const replaced = new Set(
    pack.migrations.filter(({ id }) => applied.has(id)).flatMap(({ supersedes = [] }) => supersedes),
  );
  return inOrder(pack).filter(({ id, kind }) => kind !== 'contract' && applied.has(id) && !replaced.has(id));
}

interface Work {
  readonly lock: MaintenanceLock;
  readonly pack: Pack;
  readonly migrations: readonly IdentifiedMigration[];
  readonly input: Input;
  readonly now: string;
  /** null = no folder is known; rows about which files would be asked stay as they are. */
  readonly sourceFiles: SourceFiles | null;
}

const nothing: Retried = { tried: 0, cleared: 0, changed: 0 };
const add = (a: Retried, b: Retried): Retried => ({
  tried: a.tried + b.tried,
  cleared: a.cleared + b.cleared,
  changed: a.changed + b.changed,
});

function retryOne({ lock: { db }, pack, input, now, sourceFiles }: Work, migration: IdentifiedMigration): Retried {
  return retryMigration(openRetry({ db, pack, migration, runId: input.runId, now, sourceFiles }));
}

/** All of it in one transaction that is taken back: a later migration sees what an earlier one would place. */
function tryAll(work: Work): Retried {
  const { db } = work.lock;
  db.pragma('cache_spill = 0');
  db.exec('BEGIN IMMEDIATE');
  try {
    return work.migrations.reduce<Retried>((sum, migration) => add(sum, retryOne(work, migration)), nothing);
  } catch (error) {
    throw fromSqlite(error, 'trying the issue rows', 'untouched');
  } finally {
    rollBack(db);
    db.pragma('cache_spill = 1');
  }
}

function backUp({ lock, input }: Work, packs: readonly Pack[], onWork: OnWork): Promise<BackupRecord> {
  return createBackup(lock.db, {
    path: lock.path,
    folder: input.backupFolder,
    reason: 'before trying issue rows again',
    runId: input.runId,
    appVersion: input.appVersion,
    content: describeContent(lock.db, packs),
    onWork,
  });
}

function reportOf(db: Db, { tried, cleared }: Retried, backup: BackupRecord | null): RetryReport {
  const all = readApplied(db).length === 0 ? 0 : countIssueRows(db) + (backup === null ? 0 : cleared);
  return { tried, cleared, left: tried - cleared, kept: Math.max(0, all - tried), backup };
}

const countIssueRows = (db: Db): number =>
  db.prepare<[], number>(`SELECT count(*) FROM _phasewise_quarantine`).pluck().get() ?? 0;
