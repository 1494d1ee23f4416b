import { coded, CodedError } from '@shared/errors.ts';
import type { BackupRecord, IngestReport } from '@shared/run.ts';
import { createBackup } from './backup.ts';
import { describeContent } from './backups.ts';
import { checkBookkeeping } from './bookkeeping.ts';
import { assertForeignKeysNotWorse, fkCensus } from './census.ts';
import { checkCold, requireMet, rowCounts, type Expected } from './cold-check.ts';
import { passGateForWriting } from './gate.ts';
import { assertNoTriggerMisled } from './hidden-rows.ts';
import { expandFiles, isOwnFile, readIngestFile, type NamedFile } from './ingest-files.ts';
import type { MaintenanceLock } from './lock.ts';
import { tryOnCopy } from './look.ts';
import type { Db, Ingest, IngestVerdict, Pack } from './migration.ts';
import type { EngineRequests } from './protocol.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { keepingWhatIsLost } from './recovery-copy.ts';
import { inTransaction, rollBack } from './session.ts';
import { onlyTell, type OnWork, tellChecking, type Telling, underMaintenanceLock, writing } from './small-change.ts';
import { fromSqlite } from './sqlite-error.ts';
import { findUntrue, phaseReached } from './target.ts';

type Input = EngineRequests['ingest']['input'];
type Entry = IngestReport['files'][number];

/**
 * Takes files of a program into an upgraded database: one transaction per file, all behind one verified backup, which
 * is made only when a trial says that something has to be written. A trial is the same work taken back again.
 * Files that are refused do not stop the others. What was written is looked at again on a fresh connection.
 * @throws CodedError of the gate and the lock; E_INGEST_PHASE, E_INGEST_NOTHING, E_SOURCE_FOLDER; those of the backup;
 * E_VERIFY_FAILED when the file is not as it should be afterwards.
 */
export async function ingestFiles(
  input: Input,
  packs: readonly Pack[],
  onWork: OnWork = () => {},
  beforeChange = onlyTell(onWork),
): Promise<IngestReport> {
  const gated = passGateForWriting(input.path);
  await tryOnCopy(gated, ({ db }) => recogniseOrRefuse(db, packs));
  const work = (lock: MaintenanceLock) => underLock(lock, input, packs, { onWork, beforeChange });
  return keepingWhatIsLost(gated, input.backupFolder, async () => {
    const { report, expected } = await underMaintenanceLock(gated, input.lockFolder, onWork, work);
    if (expected === null) return report;
    tellChecking(onWork);
    const checks = checkCold(gated.path, expected);
    requireMet(checks, 'After taking the files in');
    return { ...report, checks };
  });
}

interface Done {
  readonly report: IngestReport;
  /** What must be found on the disk afterwards; null = nothing was written. */
  readonly expected: Expected | null;
}

async function underLock(
  lock: MaintenanceLock,
  input: Input,
  packs: readonly Pack[],
  { onWork, beforeChange }: Telling,
): Promise<Done> {
  const { db } = lock;
  const { pack, ingest } = readyFor(db, packs);
  const named = expandFiles(input.files, ingest.extension);
  const work = { lock, ingest, files: named, project: input.project, now: wholeSecond() };
  const { files, trial } = withoutOwn(named, tryAll(work), ingest.extension);
  const report: IngestReport = { title: ingest.title, files: trial, backup: null, isTrial: input.isTrial, checks: [] };
  const isPointless = trial.every(({ state }) => state === 'known' || state === 'refused');
  if (input.isTrial || isPointless) return { report, expected: null };
  const before = { foreignKeys: fkCensus(db), rows: rowCounts(db) };
  const backup = await backUp(lock, input, packs, onWork);
  await beforeChange(writing(0, files.length));
  const taken = files.map((file, at) => {
    onWork(writing(at, files.length));
    return sayingHowFar(at, file, () => takeOne(work, file));
  });
  assertForeignKeysNotWorse(before.foreignKeys, fkCensus(db));
  const rows = rowCounts(db);
  assertGrown(before.rows, rows, pack);
  return { report: { ...report, files: taken, backup }, expected: { rows, foreignKeys: before.foreignKeys } };
}

/**
 * Without what we wrote into the folder ourselves. Only what was refused is asked: nothing else is read twice.
 * @throws CodedError E_INGEST_NOTHING when nothing is left.
 */
function withoutOwn(named: readonly NamedFile[], tried: readonly Entry[], extension: string) {
  const isLeft = named.map((file, at) => tried[at]?.state !== 'refused' || !isOwnFile(file));
  const files = named.filter((_, at) => isLeft[at]);
  if (files.length === 0)
    throw coded('E_INGEST_NOTHING', `There is no ${extension} file in what was chosen, apart from our own.`);
  return { files, trial: tried.filter((_, at) => isLeft[at]) };
}

/** @throws CodedError E_INGEST_PHASE */
function readyFor(db: Db, packs: readonly Pack[]): { pack: Pack; ingest: Ingest } {
  checkBookkeeping(db);
  const { pack, schema } = recogniseOrRefuse(db, packs);
  assertNoTriggerMisled(schema, pack);
  const { ingest } = pack;
  if (ingest === undefined) throw coded('E_INGEST_PHASE', `${pack.title} takes no files in.`);
  const reached = phaseReached(db, pack, findUntrue(db, pack));
  if ((reached ?? -1) < ingest.fromPhase) {
    throw coded(
      'E_INGEST_PHASE',
      `A ${ingest.title} can be taken in from phase ${ingest.fromPhase} on; this database has reached ${reached === null ? 'none' : `phase ${reached}`}.`,
      { reached, fromPhase: ingest.fromPhase },
    );
  }
  return { pack, ingest };
}

interface Work {
  readonly lock: MaintenanceLock;
  readonly ingest: Ingest;
  readonly files: readonly NamedFile[];
  readonly project: string | null;
  readonly now: string;
}

/** Files tried together; what they would change is held in memory. */
const TRIAL_FILES = 500;

/** In transactions that are taken back: later files see what earlier ones would leave. */
function tryAll({ lock: { db }, ingest, files, project, now }: Work): Entry[] {
  // Nothing of it may reach the file, not even pages that would be written back again.
  db.pragma('cache_spill = 0');
  try {
    return Array.from({ length: Math.ceil(files.length / TRIAL_FILES) }).flatMap((_, batch) => {
      db.exec('BEGIN IMMEDIATE');
      const some = files.slice(batch * TRIAL_FILES, (batch + 1) * TRIAL_FILES);
      const entries = some.map((file) => entryOf(file, () => takeInSavepoint(db, ingest, file, { now, project })));
      db.exec('ROLLBACK');
      return entries;
    });
  } catch (error) {
    throw fromSqlite(error, 'trying the files', 'untouched');
  } finally {
    rollBack(db);
    db.pragma('cache_spill = 1');
  }
}

/** Says of an error which files it concerns: each one before is in, known or refused, as it would have been without it. */
function sayingHowFar<T>(at: number, { name }: NamedFile, take: () => T): T {
  try {
    return take();
  } catch (error) {
    if (!(error instanceof CodedError) || at === 0) throw error;
    const message = `${error.appError.message} ${name} and the files after it were not taken in; those before it were dealt with.`;
    throw new CodedError({ ...error.appError, message }, { cause: error.cause ?? error });
  }
}

/** One file, in a transaction of its own. Known and refused ones leave no trace. */
function takeOne({ lock, ingest, project, now }: Work, file: NamedFile): Entry {
  return entryOf(file, () =>
    inTransaction(lock, file.name, () => takeInSavepoint(lock.db, ingest, file, { now, project })),
  );
}

function takeInSavepoint(
  db: Db,
  ingest: Ingest,
  file: NamedFile,
  options: { now: string; project: string | null },
): IngestVerdict {
  const read = readIngestFile(file);
  if ('reason' in read) return { state: 'refused', reason: read.reason };
  db.exec('SAVEPOINT pw_file');
  const verdict = ingest.take(db, read, options);
  if (verdict.state === 'refused' || verdict.state === 'known') db.exec('ROLLBACK TO pw_file');
  db.exec('RELEASE pw_file');
  return verdict;
}

function entryOf({ name, isFound }: NamedFile, take: () => IngestVerdict): Entry {
  const verdict = take();
  return verdict.state === 'refused'
    ? { name, state: 'refused', reason: verdict.reason, isNamed: !isFound, project: null, counts: {} }
    : { name, state: verdict.state, reason: null, project: verdict.project, counts: { ...verdict.counts } };
}

function backUp(
  { db, path: file }: MaintenanceLock,
  input: Input,
  packs: readonly Pack[],
  onWork: OnWork,
): Promise<BackupRecord> {
  return createBackup(db, {
    path: file,
    folder: input.backupFolder,
    reason: 'before taking files in',
    runId: input.runId,
    appVersion: input.appVersion,
    content: describeContent(db, packs),
    onWork,
  });
}

/** Taking in only adds and changes; a table with fewer rows would be a loss. @throws CodedError E_INVARIANT */
function assertGrown(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>, pack: Pack): void {
  for (const [table, rows] of before) {
    const now = after.get(table) ?? 0;
    // Working notes of triggers come and go.
    if (now >= rows || table.startsWith('_phasewise_')) continue;
    throw coded('E_INVARIANT', `${table} of ${pack.title} has ${rows - now} rows less than before.`, { table });
  }
}

const wholeSecond = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z');
