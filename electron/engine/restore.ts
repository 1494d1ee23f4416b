import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { CodedError, coded, type ErrorCode } from '@shared/errors.ts';
import type { Manifest } from '@shared/manifest.ts';
import type { BackupRecord } from '@shared/run.ts';
import { createBackup } from './backup.ts';
import { describeContent, findDamage, requireManifest } from './backups.ts';
import { isWal, must, openEngine, openVerifier } from './connection.ts';
import { fsyncFile, fsyncFolder } from './fsync.ts';
import { passGateForWriting, type GatedFile } from './gate.ts';
import { identify, isSameFile, isUnchanged, requireSafePath, type Identity } from './identity.ts';
import { checkIntegrity } from './integrity.ts';
import { lockForMaintenance } from './lock.ts';
import { recordFrom } from './manifest.ts';
import type { Pack } from './migration.ts';
import type { EngineRequests } from './protocol.ts';
import { noteRestore } from './restore-audit.ts';
import { keepRawCopy, putInPlaceOf } from './restore-file.ts';
import { assertSameBytes } from './same-bytes.ts';
import { readSidecars } from './sidecars.ts';
import { fromSqlite, sqliteCode } from './sqlite-error.ts';

export type RestoreInput = EngineRequests['restore']['input'] & { readonly lockFolder?: string };
type Restored = EngineRequests['restore']['output'];

export interface RestoreDependencies {
  readonly packs: readonly Pack[];
  readonly lockWaitMs?: number;
  readonly starvedMs?: number;
  readonly clock?: () => Date;
  readonly probe?: (point: 'saved' | 'unlocked' | 'copied', file: string) => void;
}

const STARVED_MS = 10_000;
/** What the gate says of a file that SQLite cannot work with: there is nothing to back up through SQLite. */
const UNUSABLE: readonly ErrorCode[] = [
  'E_EMPTY',
  'E_NOT_SQLITE',
  'E_ENCRYPTED',
  'E_TRUNCATED',
  'E_SIZE_MISMATCH',
  'E_CORRUPT',
];

/**
 * Puts a backup back. What it replaces is kept: as a verified backup where SQLite can read it, else byte for byte in a
 * folder beside it. A readable database is overwritten through SQLite in one transaction, so that a kill leaves the old
 * or the new one, and no stale WAL can be played over it.
 * @throws CodedError E_BACKUP_CORRUPT | E_BACKUP_GONE | E_BACKUP_FOREIGN | E_DB_IN_USE | E_DB_BUSY | E_RESTORE_TARGET and
 * the gate's with nothing touched; E_RESTORE_FAILED when it did not end well.
 */
export async function restoreBackup(input: RestoreInput, dependencies: RestoreDependencies): Promise<Restored> {
  const manifest = requireManifest(input.backupPath);
  const backup = path.resolve(input.backupPath);
  const damage = findDamage(backup, manifest);
  if (damage !== null) throw new CodedError(damage);
  const restored = recordFrom(path.dirname(backup), manifest);
  const target = resolveTargetFile(input.path, backup);
  const end = (before: BackupRecord | null): Restored => {
    const notNoted = noteRestore(target, manifest, dependencies.packs, dependencies.clock?.() ?? new Date());
    return { restored, before, ...(notNoted === null ? {} : { notNoted }) };
  };
  if (!fs.existsSync(target)) {
    putInPlaceOf(target, backup, manifest);
    finish(target, manifest);
    return end(null);
  }
  assertOfThatDatabase(input, target, manifest);
  return end(await restoreOver(target, backup, manifest, input, dependencies));
}

/** @returns the backup of what was replaced; null when only its bytes could be kept. */
async function restoreOver(
  target: string,
  backup: string,
  manifest: Manifest,
  input: RestoreInput,
  dependencies: RestoreDependencies,
): Promise<BackupRecord | null> {
  const gated = passGateOrUnusable(target);
  const saved = gated === null ? null : await saveBytesAndRows(gated, manifest, input, dependencies);
  if (saved === null) {
    putInPlaceOf(target, backup, manifest);
    finish(target, manifest);
    return null;
  }
  dependencies.probe?.('unlocked', target);
  // The copy needs a connection of its own, so the lock had to go: whoever slipped in must not be overwritten unseen.
  if (!isUnchanged(saved.state, identify(target)) || readSidecars(target).walBytes > 0)
    throw coded('E_STATE_CHANGED', 'Another program wrote to the database just now.');
  await copyThroughSqlite(backup, target, dependencies.starvedMs ?? STARVED_MS);
  dependencies.probe?.('copied', target);
  try {
    fsyncFile(target);
    fsyncFolder(path.dirname(target));
    assertSameBytes(backup, target);
    finish(target, manifest);
  } catch (error) {
    throw failed(error);
  }
  return saved.before;
}

interface Saved {
  readonly before: BackupRecord;
  /** Of the file, as the lock was still held. */
  readonly state: Identity;
}

/** A log or journal to be played in makes opening a change, so the bytes are kept until the rows are safe. */
async function saveBytesAndRows(
  { path: target, sidecars }: GatedFile,
  manifest: Manifest,
  input: RestoreInput,
  dependencies: RestoreDependencies,
): Promise<Saved | null> {
  const raw = sidecars.walBytes > 0 || sidecars.isJournalHot ? keepRawCopy(target) : null;
  let isKept = false;
  try {
    const saved = await saveWhatIsThere(target, manifest, input, dependencies);
    isKept = saved === null;
    return saved;
  } finally {
    if (raw !== null && !isKept) fs.rmSync(raw, { recursive: true, force: true });
  }
}

function passGateOrUnusable(target: string): ReturnType<typeof passGateForWriting> | null {
  try {
    return passGateForWriting(target);
  } catch (error) {
    if (error instanceof CodedError && UNUSABLE.includes(error.appError.code)) return null;
    throw error;
  }
}

/**
 * Under the exclusive lock, which also proves that nobody else has the file open: a verified backup of what is there.
 * @returns null when its content is too damaged for that.
 */
async function saveWhatIsThere(
  target: string,
  manifest: Manifest,
  input: RestoreInput,
  dependencies: RestoreDependencies,
): Promise<Saved | null> {
  const { packs, lockWaitMs } = dependencies;
  const lockFolder = input.lockFolder ?? path.join(input.backupFolder, '.locks');
  let lock;
  try {
    lock = await lockForMaintenance({
      path: target,
      identity: identify(target),
      lockFolder,
      ...(lockWaitMs === undefined ? {} : { waitMs: lockWaitMs }),
    });
  } catch (error) {
    if (error instanceof CodedError && error.appError.code === 'E_CORRUPT') return null;
    throw error;
  }
  const { db } = lock;
  try {
    const content = describeContent(db, packs);
    const before = await createBackup(db, {
      path: target,
      folder: input.backupFolder,
      reason: 'before restore',
      runId: null,
      appVersion: input.appVersion,
      content,
    });
    dependencies.probe?.('saved', before.path);
    // A WAL database of another page size refuses to be overwritten; finish() sets the mode back.
    if (isWal(db) && db.pragma('page_size', { simple: true }) !== manifest.pageSizeBytes)
      must(db, 'journal_mode', 'delete');
    // Closing would write the log back: done now, so that after this line nobody of ours changes the file.
    if (isWal(db)) db.pragma('wal_checkpoint(TRUNCATE)');
    const state = identify(target); // a look at the name only; opening the file would drop the lock
    lock.release();
    return { before, state };
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

/** One SQLite transaction over the live file. Never trusts the promise: a locked target "succeeds" with 0 pages. */
async function copyThroughSqlite(backup: string, target: string, starvedMs: number): Promise<void> {
  const source = new Database(backup, { readonly: true, fileMustExist: true });
  try {
    const deadline = performance.now() + starvedMs;
    const { totalPages, remainingPages } = await source.backup(target, {
      progress: () => {
        if (performance.now() > deadline) throw coded('E_DB_IN_USE', 'Another program kept the database locked.');
        return 0x7fff_ffff; // all at once: either the whole backup is in, or nothing of it
      },
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

/** The journal mode the original had, and a last look with fresh eyes. */
function finish(target: string, manifest: Manifest): void {
  try {
    const db = openEngine(target);
    try {
      const wanted = manifest.journalMode === 'wal';
      if (isWal(db) !== wanted) must(db, 'journal_mode', wanted ? 'wal' : 'delete');
    } finally {
      db.close();
    }
    const verifier = openVerifier(target);
    try {
      const { isSound, lines } = checkIntegrity(verifier);
      if (!isSound) throw coded('E_RESTORE_FAILED', `The integrity check says: ${lines[0] ?? 'nothing'}.`);
    } finally {
      verifier.close();
    }
  } catch (error) {
    throw failed(error);
  }
}

function resolveTargetFile(given: string, backup: string): string {
  requireSafePath(given);
  const absolute = path.resolve(given);
  const folder = path.dirname(absolute);
  const folderStat = fs.statSync(folder, { throwIfNoEntry: false });
  if (!folderStat?.isDirectory()) throw coded('E_RESTORE_TARGET', `The folder ${folder} does not exist.`);
  if (!fs.lstatSync(absolute, { throwIfNoEntry: false }))
    return path.join(fs.realpathSync(folder), path.basename(absolute));
  const target = fs.existsSync(absolute) ? fs.realpathSync(absolute) : absolute;
  if (!fs.statSync(target, { throwIfNoEntry: false })?.isFile())
    throw coded('E_RESTORE_TARGET', `${target} is not a file.`);
  if (isSameFile(identify(target), identify(fs.realpathSync(backup))))
    throw coded('E_RESTORE_TARGET', 'That is the backup itself.');
  return target;
}

/** By path or name: putting a backup over another project's database is how people lose one. */
function assertOfThatDatabase({ allowForeign }: RestoreInput, target: string, manifest: Manifest): void {
  if (allowForeign || manifest.databasePath === target || manifest.databaseName === path.basename(target)) return;
  throw coded('E_BACKUP_FOREIGN', `This is a backup of ${manifest.databaseName}, not of ${path.basename(target)}.`, {
    backup: manifest.id,
  });
}

const failed = (error: unknown): CodedError =>
  error instanceof CodedError && error.appError.code === 'E_RESTORE_FAILED'
    ? error
    : new CodedError(
        coded(
          'E_RESTORE_FAILED',
          `The restored file did not pass its checks: ${error instanceof Error ? error.message : String(error)}`,
        ).appError,
        { cause: error },
      );
