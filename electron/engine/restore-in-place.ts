import path from 'node:path';
import { errorWords } from '@shared/error-code.ts';
import { CodedError, coded, safetyText } from '@shared/errors.ts';
import type { Manifest } from '@shared/manifest.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import type { BackupRecord } from '@shared/run.ts';
import { createBackup } from './backup.ts';
import { requireAlone } from './backup-alone.ts';
import { describeContent } from './backups.ts';
import { isWal, must, openInspector } from './connection.ts';
import { fsyncFile, fsyncFolder } from './fsync.ts';
import { identify, isUnchanged, type Identity } from './identity.ts';
import { type FoundIntent, held, readIntent, removeIntent, writeIntent } from './intent.ts';
import { PATIENCE_MS, setMode, writeLogBack } from './journal-mode.ts';
import { lockForMaintenance, type MaintenanceLock } from './lock.ts';
import { overwritePages } from './overwrite-pages.ts';
import { pause } from './pause.ts';
import { finalName, isThere } from './raw-copy.ts';
import { keepForGood, quarantineOf } from './restore-file.ts';
import { passPointOfNoReturn, type RestoreDependencies, type RestoreInput } from './restore-request.ts';
import { lockFolderOf } from './restore-target.ts';
import { assertSameBytes } from './same-bytes.ts';
import { readSidecars } from './sidecars.ts';
import { fromSqlite, sqliteCode, unsure } from './sqlite-error.ts';

const STARVED_MS = 10_000;

export interface Saved {
  /** null = none can be made of it; then its bytes are kept. */
  readonly before: BackupRecord | null;
  /** The folder with the bytes of what cannot be read as a whole; null = there is a backup. */
  readonly kept: string | null;
  /** Still held; `overwrite` lets it go. */
  readonly lock: MaintenanceLock;
}

/**
 * Under the exclusive lock, which also proves that nobody else has the file open: a verified backup of what is there.
 * @returns null when its content is too damaged for that; the lock is let go then.
 */
export async function saveWhatIsThere(
  target: string,
  manifest: Manifest,
  input: RestoreInput,
  dependencies: RestoreDependencies,
  assertOfThatDatabase: (lock: MaintenanceLock) => void,
): Promise<(Saved & { readonly before: BackupRecord }) | null> {
  const { packs, lockWaitMs } = dependencies;
  let lock;
  try {
    lock = await lockForMaintenance({
      path: target,
      identity: identify(target),
      lockFolder: lockFolderOf(input),
      ...(lockWaitMs === undefined ? {} : { waitMs: lockWaitMs }),
    });
  } catch (error) {
    if (error instanceof CodedError && error.appError.code === 'E_CORRUPT') return null;
    throw error;
  }
  const { db } = lock;
  try {
    assertOfThatDatabase(lock);
    const content = describeContent(db, packs);
    const before = await createBackup(db, {
      path: target,
      folder: input.backupFolder,
      reason: 'before restore',
      runId: null,
      appVersion: input.appVersion,
      content,
      ...saving(dependencies),
    });
    dependencies.probe?.('saved', before.path);
    dependencies.onWork?.({ stage: 'saving', fraction: null, canCancel: true, backup: before });
    return { before, kept: null, lock };
  } catch (error) {
    const isDamaged = error instanceof CodedError && error.appError.code === 'E_CORRUPT';
    try {
      lock.release();
    } catch (closing) {
      if (!isDamaged) throw closing;
    }
    if (isDamaged) return null;
    throw error;
  }
}

/**
 * Overwrites a database through SQLite, in one transaction: where it is undone, every byte of the body is as it was, whether
 * or not SQLite can read it. The intent lies beside it while it is not known which of the two it holds; the caller removes
 * it when the new content is proven. Lets the lock of `saved` go.
 * @throws CodedError E_STATE_CHANGED | E_DB_IN_USE | E_NO_SPACE | E_RESTORE_TARGET | E_CANCELLED with every row as it was and no intent;
 * E_RESTORE_HELD with the intent beside the new content; any other that says the data is unknown, with the intent too.
 */
export async function overwrite(
  target: string,
  backup: string,
  manifest: Manifest,
  saved: Saved,
  dependencies: RestoreDependencies,
): Promise<void> {
  const { probe, onWork } = dependencies;
  const patienceMs = dependencies.patienceMs ?? PATIENCE_MS;
  let earlier: FoundIntent | null;
  try {
    await passPointOfNoReturn(dependencies);
    // Of an attempt that was killed: what it left half done is not undone by this one being refused.
    earlier = readIntent(target);
  } catch (error) {
    saved.lock.release();
    throw error;
  }
  const prepared = { state: null as Identity | null, isSwitched: false, isCopied: false };
  try {
    prepareUnderLock(target, backup, manifest, saved, earlier, dependencies, prepared);
    const { state } = prepared;
    probe?.('unlocked', target);
    // The copy needs a connection of its own, so the lock had to go: whoever slipped in must not be overwritten unseen.
    const sidecars = readSidecars(target);
    if (state === null || !isUnchanged(state, identify(target)) || sidecars.walBytes > 0)
      throw coded('E_STATE_CHANGED', 'Another program wrote to the database just now.');
    if (sidecars.hasWal || sidecars.isJournalHot)
      throw coded('E_DB_IN_USE', 'Another program has just opened the database.');
    probe?.('copying', target);
    await copyThroughSqlite(backup, target, dependencies.starvedMs ?? STARVED_MS, () => {
      if (isUnchanged(state, identify(target)) && readSidecars(target).walBytes === 0) return;
      throw coded('E_STATE_CHANGED', 'Another program wrote to the database just now.');
    });
    prepared.isCopied = true; // as long as this look does not say otherwise
    // Whoever keeps a commit from happening also makes it "succeed", with all pages counted: then nothing was written.
    prepared.isCopied =
      !isUnchanged(state, identify(target)) || readSidecars(target).walBytes > 0 || holdsBackup(target, backup);
    if (!prepared.isCopied) throw coded('E_DB_IN_USE', 'Another program has the database open.');
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    // The look that failed has changed nothing, but the copying before it has.
    if (prepared.isCopied) throw unsure(error);
    // Nor does anybody know what the disk took while all was being prepared.
    if (error.appError.code === 'E_IO' || error.appError.safety === safetyText.unknown) throw unsure(error);
    throw await undoPrepared(target, error, prepared.isSwitched, earlier, patienceMs);
  }
  probe?.('copied', target);
  onWork?.({ stage: 'checking', fraction: null, canCancel: false });
  try {
    await requireLogWrittenBack(target, patienceMs);
  } catch (error) {
    throw error instanceof CodedError ? unsure(error) : error;
  }
  fsyncFile(target);
  fsyncFolder(path.dirname(target));
  assertSameBytes(backup, target);
}

/** The last acts under the lock: first the intent, then what makes the overwriting safe. Lets the lock go, come what may. */
function prepareUnderLock(
  target: string,
  backup: string,
  manifest: Manifest,
  { before, kept, lock }: Saved,
  earlier: FoundIntent | null,
  { probe, clock }: RestoreDependencies,
  prepared: { state: Identity | null; isSwitched: boolean },
): void {
  const { db } = lock;
  try {
    noteIntent(target, {
      format: 'phasewise-restore 1',
      startedAt: (clock?.() ?? new Date()).toISOString(),
      databaseName: path.basename(target),
      way: 'in-place',
      source: 'backup',
      backupPath: backup,
      sha256: manifest.sha256,
      files: [],
      quarantine: kept === null ? quarantineNotedBy(earlier, target) : path.basename(finalName(target, kept)),
      beforePath: before?.path ?? null,
    });
    probe?.('intended', target);
    // A WAL database of another page size refuses to be overwritten; the end of the restore sets the mode back.
    const isSamePage = db.pragma('page_size', { simple: true }) === manifest.pageSizeBytes;
    if (isWal(db) && !isSamePage) must(db, 'journal_mode', 'delete');
    // A larger file is cut after its journal was deleted, and SQLite does not flush the folder in between: a power cut
    // could keep the cut and bring the journal back. A log has no such moment.
    prepared.isSwitched = !isWal(db) && isSamePage;
    if (prepared.isSwitched) must(db, 'journal_mode', 'wal');
    // Closing would write the log back: done now, so that after this line nobody of ours changes the file.
    if (isWal(db)) db.pragma('wal_checkpoint(TRUNCATE)');
    probe?.('switched', target);
    pauseForClock(identify(target)); // looks at the name only; opening the file would drop the lock
    prepared.state = identify(target);
  } catch (error) {
    throw fromSqlite(error, `preparing ${path.basename(target)}`, 'untouched');
  } finally {
    lock.release();
  }
}

/**
 * Whatever is written to the file after this pause has another time than the last write before it. Many systems take
 * that time from a clock that ticks every few milliseconds; some disks note whole seconds (HFS+), or every other (FAT).
 */
export function pauseForClock({ mtimeNs }: Identity): void {
  pause(mtimeNs.endsWith('000000000') ? COARSE_TICK_MS : TICK_MS);
}

const TICK_MS = 20;
const COARSE_TICK_MS = 2_100;

/** What a try before this one has kept of a damaged file is told of in the end, where this one makes a backup. */
function quarantineNotedBy(earlier: FoundIntent | null, target: string): string | null {
  if (earlier?.isReadable !== true || earlier.intent.way !== 'in-place') return null;
  const kept = quarantineOf(target, earlier.intent);
  return kept !== null && isThere(kept) ? earlier.intent.quarantine : null;
}

/** @returns what is to be thrown: what went wrong first, whatever goes wrong here. */
async function undoPrepared(
  target: string,
  error: CodedError,
  isSwitched: boolean,
  earlier: FoundIntent | null,
  patienceMs: number,
): Promise<CodedError> {
  try {
    const isBack = !isSwitched || (await setMode(target, 'delete', patienceMs));
    if (earlier === null) removeIntent(target);
    else if (earlier.isReadable) writeIntent(target, earlier.intent);
    return isBack ? error : stillInLogMode(error);
  } catch {
    return unsure(error); // the note may lie there still
  }
}

const stillInLogMode = ({ appError: { code, message, details } }: CodedError): CodedError =>
  coded(code, `${message} It has kept the file in write-ahead mode, which changes no row of it.`, {
    ...details,
    journalMode: 'wal',
  });

/** A reader does not keep a commit from happening under a log, but from getting out of the log into the file. */
async function requireLogWrittenBack(target: string, patienceMs: number): Promise<void> {
  if (await writeLogBack(target, patienceMs)) return;
  fsyncFile(`${target}-wal`); // until then no power cut may take it
  fsyncFolder(path.dirname(target));
  throw held(target, 'unknown');
}

function noteIntent(target: string, intent: RestoreIntent): void {
  try {
    writeIntent(target, intent);
    keepForGood(target, intent);
  } catch (error) {
    throw coded('E_RESTORE_TARGET', `Nothing can be written beside ${path.basename(target)}: ${errorWords(error)}`);
  }
}

/** Whether the file holds the backup already, so that nothing needs to be copied any more. */
export function holdsBackup(target: string, backup: string): boolean {
  if (!isThere(target)) return false;
  const { walBytes, isJournalHot } = readSidecars(target);
  if (walBytes > 0 || isJournalHot) return false;
  try {
    assertSameBytes(backup, target);
    return true;
  } catch {
    return false;
  }
}

/** The copying and proving of the backup of what is there are all "saving" for a restore. */
function saving({ onWork }: RestoreDependencies) {
  return onWork === undefined
    ? {}
    : { onWork: (work: Parameters<typeof onWork>[0]) => onWork({ ...work, stage: 'saving' as const }) };
}

/**
 * One SQLite transaction over the live file. Never trusts the promise: a locked target "succeeds" with 0 pages.
 * @param assertAsBefore is asked once SQLite has locked the target, with nothing written yet; may look at names only.
 */
async function copyThroughSqlite(
  backup: string,
  target: string,
  starvedMs: number,
  assertAsBefore: () => void,
): Promise<void> {
  requireAlone(backup); // saving what is there may have taken long since it was looked at
  const source = openInspector(backup, 5_000);
  try {
    let left = Number.POSITIVE_INFINITY;
    let deadline = performance.now() + starvedMs;
    let isFirst = true;
    const { totalPages, remainingPages } = await overwritePages(source, target, ({ remainingPages: now }) => {
      if (isFirst) assertAsBefore();
      isFirst = false;
      // A process that was stopped for a minute has not been starved by anybody.
      if (now < left) deadline = performance.now() + starvedMs;
      left = now;
      if (performance.now() > deadline) throw coded('E_DB_IN_USE', 'Another program kept the database locked.');
    });
    if (!(totalPages > 0 && remainingPages === 0)) throw coded('E_DB_IN_USE', 'Another program has the database open.');
  } catch (error) {
    // After a disk error in the middle of a commit nobody knows yet which of the two the file holds.
    const isKnown = !(sqliteCode(error) ?? '').startsWith('SQLITE_IOERR');
    const wrapped = fromSqlite(error, `restoring ${path.basename(target)}`, isKnown ? 'untouched' : 'unknown');
    throw wrapped.appError.code === 'E_DB_BUSY'
      ? coded('E_DB_IN_USE', 'Another program has the database open.')
      : wrapped;
  } finally {
    source.close();
  }
}
