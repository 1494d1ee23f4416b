import fs from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { CodedError, coded } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import type { CheckResult } from '@shared/status.ts';
import { requireAlone } from './backup-alone.ts';
import { hashCheck, met, pagesCheck, restoreCheck, unverified } from './backup-checks.ts';
import {
  backupError,
  prepareFolder,
  removeUnfinished,
  requireSpace,
  reserveName,
  sweepUnfinished,
} from './backup-folder.ts';
import { comparableColumns, compareTable, countRows, schemaFacts, schemaText, storedTables } from './compare.ts';
import { attachBackup, isWal, openCopy } from './connection.ts';
import type { RunControl } from './control.ts';
import { fsyncFile, fsyncFolder, removeIfPossible, renameWithRetry, sha256File, sha256Text } from './fsync.ts';
import { behindDamage } from './damage.ts';
import { checkIntegrity, requireCheckable, stateOf, vouchFor } from './integrity.ts';
import { backupFile, manifestFile, nextSequence, recordFrom, readManifest, writeManifest } from './manifest.ts';
import type { Db } from './migration.ts';
import type { EngineWork } from './protocol.ts';
import { withSpaceFigures } from './space-figures.ts';

/** Copied between two looks at the deadline; large enough to be one step for most files. */
const STEP_BYTES = 64 << 20;
/** A backup that does not advance for this long is given up. */
const STARVED_MS = 30_000;

/** What of the whole is behind us at each point: measured over 500 MB, where comparing and proving read again. */
const SHARE = { copied: 0.35, compared: 0.65, hashed: 0.8, trialCopied: 0.85, trialHashed: 0.9, trialChecked: 0.95 };

export interface BackupRequest {
  /** Real path of the database that `db` has open. */
  readonly path: string;
  /** Made (0700) when missing. */
  readonly folder: string;
  /** "before phase 1", "by hand", "before restore" */
  readonly reason: string;
  readonly runId: string | null;
  readonly appVersion: string;
  /** What the file is; null-safe for a file nobody could recognise. */
  readonly content: {
    readonly packId: string;
    readonly variantTitle: string;
    readonly phase: number | null;
    readonly identity?: string[];
  };
  readonly starvedMs?: number;
  /** Looked at between parts of the work; what was begun is removed when nobody wants it any more (E_CANCELLED). */
  readonly control?: Pick<RunControl, 'stopPoint' | 'assertWanted'>;
  /** How far it is, for whoever waits. */
  readonly onWork?: (work: EngineWork) => void;
  /** Called at named points; tests kill or meddle there. */
  readonly probe?: (point: BackupPoint, file: string) => void;
}
export type BackupPoint = 'reserved' | 'copied' | 'compared' | 'hashed' | 'rehearsed' | 'renamed' | 'listed';

/**
 * Copies the database and proves the copy: every page counted, every row of every table compared with the original,
 * a scratch restore opened and checked, SHA-256 taken; the manifest is written last.
 * Reads the original only. Until this returns there is no backup: what was begun is removed again.
 * @param db open on `request.path`; the backup is of one moment, whether or not `db` holds the exclusive lock.
 * @throws CodedError E_BACKUP_FOLDER | E_BACKUP_NO_SPACE | E_BACKUP_BUSY | E_BACKUP_STARVED | E_BACKUP_UNVERIFIED | E_CANCELLED;
 * E_HOSTILE_SCHEMA where nobody here could prove one.
 */
export async function createBackup(db: Db, request: BackupRequest): Promise<BackupRecord> {
  requireCheckable(db);
  const folder = prepareFolder(request.folder);
  sweepUnfinished(folder);
  const needBytes = requireSpace(db, folder);
  const createdAt = new Date();
  const tellName = (partial: string) => request.onWork?.({ stage: 'copying', fraction: 0, canCancel: true, partial });
  const { id, partial } = reserveName(folder, request, createdAt, tellName);
  try {
    return await copyAndProve(db, { ...request, folder }, { id, partial, createdAt });
  } catch (error) {
    // The manifest first: it must never promise a backup that is gone.
    removeIfPossible(manifestFile(folder, id));
    removeUnfinished(partial);
    const ofSource = sourceError(db, error);
    if (ofSource !== null) throw ofSource;
    throw withSpaceFigures(backupError(error, folder), folder, needBytes);
  }
}

/** A copy of a damaged database is damaged too, and so is one that could not be read: then it is not the backup's fault. */
function sourceError(db: Db, error: unknown): CodedError | null {
  const code = error instanceof CodedError ? error.appError.code : errorCode(error);
  if (code !== 'E_BACKUP_UNVERIFIED' && !code.startsWith('SQLITE_CORRUPT') && code !== 'SQLITE_NOTADB') return null;
  const found = behindDamage(db);
  if (found === 'sound') return null;
  if (found === 'damaged')
    return coded('E_CORRUPT', 'The database itself is damaged, so no sound backup of it can be made.');
  const { code: why, message: told, details } = found.appError;
  if (why !== 'E_IO') return coded(why, told, details, { safety: 'untouched' });
  const message = 'The disk reported an error while the database was read, so no backup of it was made.';
  return new CodedError(coded('E_IO', message, {}, { safety: 'untouched' }).appError, { cause: found });
}

interface Reserved {
  readonly id: string;
  readonly partial: string;
  readonly createdAt: Date;
}

async function copyAndProve(
  db: Db,
  request: BackupRequest,
  { id, partial, createdAt }: Reserved,
): Promise<BackupRecord> {
  const { folder, probe, control } = request;
  const assertOwn = ownFile(partial);
  probe?.('reserved', partial);
  await control?.stopPoint();
  const isOuter = db.inTransaction;
  // One read transaction around copy and comparison: both see the same moment even while others write.
  if (!isOuter) db.exec('BEGIN');
  let pages: number;
  let content: ContentProof;
  let state: string;
  try {
    db.prepare(`SELECT count(*) FROM sqlite_schema`).get();
    state = stateOf(db);
    pages = await copyPages(db, partial, request);
    probe?.('copied', partial);
    assertOwn(partial);
    request.onWork?.({ stage: 'proving', fraction: SHARE.copied, canCancel: true });
    content = await compareContent(db, partial, request);
  } finally {
    if (!isOuter && db.inTransaction) db.exec('COMMIT');
    detachCopy(db);
    db.pragma('shrink_memory'); // the trial restore has a connection, and a cache, of its own
  }
  probe?.('compared', partial);
  await control?.stopPoint();
  request.onWork?.({ stage: 'proving', fraction: SHARE.compared, canCancel: true });
  fsyncFile(partial);
  await control?.stopPoint();
  const sha256 = sha256File(partial);
  probe?.('hashed', partial);
  request.onWork?.({ stage: 'proving', fraction: SHARE.hashed, canCancel: true });
  await control?.stopPoint();
  const rehearsal = rehearseRestore(partial, sha256, content, {
    onSound: (restored) => vouchFor(db, state, restored),
    onPart: (fraction) => request.onWork?.({ stage: 'proving', fraction, canCancel: true }),
  });
  probe?.('rehearsed', partial);
  await control?.stopPoint();
  assertOwn(partial);
  const file = backupFile(folder, id);
  renameWithRetry(partial, file);
  assertOwn(file);
  const isFolderFlushed = fsyncFolder(folder);
  probe?.('renamed', file);
  writeManifest(folder, {
    format: 'phasewise-backup 1',
    id,
    databaseName: path.basename(request.path),
    databasePath: request.path,
    createdAt: createdAt.toISOString(),
    sequence: nextSequence(folder),
    reason: request.reason,
    ...request.content,
    sizeBytes: fs.statSync(file).size,
    sha256,
    pages,
    runId: request.runId,
    checks: [pagesCheck(pages), content.check, hashCheck(sha256, isFolderFlushed), rehearsal],
    appVersion: request.appVersion,
    sqliteVersion: db.prepare<[], string>(`SELECT sqlite_version()`).pluck().get() ?? '',
    journalMode: isWal(db) ? 'wal' : 'rollback',
    pageSizeBytes: Number(content.facts['page_size']),
    encoding: String(content.facts['encoding']),
    schemaSha256: content.schemaSha256,
    tableRows: content.tableRows,
  });
  probe?.('listed', file);
  const written = readManifest(file);
  if (written === undefined || 'error' in written) throw unverified('its manifest could not be read back');
  const record = recordFrom(folder, written.manifest);
  if (!record.verified) throw unverified('it could not be looked at again');
  return record;
}

/**
 * SQLite and the system follow links: where another program puts one in the place of our copy, they would write to, and
 * prove, a file elsewhere.
 * @returns what throws CodedError E_BACKUP_UNVERIFIED when another file has its name by now.
 */
function ownFile(made: string): (file: string) => void {
  const own = fs.lstatSync(made);
  return (file) => {
    const now = fs.lstatSync(file, { throwIfNoEntry: false });
    if (now?.isFile() !== true || now.ino !== own.ino || now.dev !== own.dev || now.nlink !== 1)
      throw unverified('another program has put something in its place');
  };
}

/** @throws CodedError E_BACKUP_BUSY | E_BACKUP_STARVED. Never trusts the promise: a locked file "succeeds" with 0 pages. */
async function copyPages(
  db: Db,
  partial: string,
  { starvedMs = STARVED_MS, control, onWork }: Pick<BackupRequest, 'starvedMs' | 'control' | 'onWork'>,
): Promise<number> {
  const stepPages = Math.ceil(STEP_BYTES / (db.pragma('page_size', { simple: true }) as number));
  let left = Number.POSITIVE_INFINITY;
  let deadline = performance.now() + starvedMs;
  const result = await db.backup(partial, {
    progress: ({ totalPages, remainingPages }) => {
      control?.assertWanted();
      const copied = totalPages === 0 ? 0 : (totalPages - remainingPages) / totalPages;
      onWork?.({ stage: 'copying', fraction: SHARE.copied * copied, canCancel: true });
      if (remainingPages < left) deadline = performance.now() + starvedMs;
      left = remainingPages;
      if (performance.now() > deadline) throw coded('E_BACKUP_STARVED', 'Copying did not advance any more.');
      return stepPages;
    },
  });
  if (!(result.totalPages > 0 && result.remainingPages === 0)) {
    throw coded('E_BACKUP_BUSY', 'A lock kept the backup from copying anything.');
  }
  return result.totalPages;
}

interface ContentProof {
  readonly check: CheckResult;
  readonly facts: Record<string, string | number>;
  readonly schemaSha256: string;
  readonly tableRows: Record<string, number>;
}

/** Attaches the copy to the connection of the original and compares everything, row by row, in SQL. */
async function compareContent(
  db: Db,
  partial: string,
  { control, onWork }: Pick<BackupRequest, 'control' | 'onWork'>,
): Promise<ContentProof> {
  // A rollback header, so that looking at a backup later leaves no -wal and -shm beside it.
  const copy = openCopy(partial, { to: 'write' });
  try {
    if (copy.pragma('journal_mode = DELETE', { simple: true }) !== 'delete')
      throw unverified('its journal mode could not be set');
  } finally {
    copy.close();
  }
  attachBackup(db, partial, 'backup_copy');
  const facts = schemaFacts(db, 'main');
  const copied = schemaFacts(db, 'backup_copy');
  const differing = Object.keys(facts).find((name) => facts[name] !== copied[name]);
  if (differing !== undefined) throw unverified(`its ${differing} is not the original's`);
  const tables = storedTables(db, 'main');
  if (tables.length === 0) throw unverified('there was no table to compare');
  const tableRows: Record<string, number> = {};
  for (const [at, { name }] of tables.entries()) {
    await control?.stopPoint();
    const compared = (SHARE.compared - SHARE.copied) * (at / tables.length);
    onWork?.({ stage: 'proving', fraction: SHARE.copied + compared, canCancel: true });
    const columns = comparableColumns(db, 'main', name);
    const result = compareTable(db, { before: 'main', after: 'backup_copy' }, name, columns);
    const isEqual = result.kept === result.rowsBefore && result.rowsAfter === result.rowsBefore;
    if (!isEqual) throw unverified(`table ${name} differs from the original`);
    tableRows[name] = result.rowsBefore;
  }
  const rows = Object.values(tableRows).reduce((sum, count) => sum + count, 0);
  const schemaSha256 = sha256Text(String(facts['schema']));
  return {
    facts,
    schemaSha256,
    tableRows,
    check: met(
      'content',
      'Every row equals the original',
      `${tables.length} tables with ${rows} rows were compared value by value.`,
      [
        ['Tables compared', String(tables.length)],
        ['Rows compared', String(rows)],
        ['Schema SHA-256', schemaSha256],
      ],
    ),
  };
}

/**
 * Restores the copy to a scratch file and looks at that: what we prove is that putting it back works.
 * @param listeners `onPart` hears how far it is: of a large file each part takes minutes, in which nothing else is told.
 */
function rehearseRestore(
  partial: string,
  sha256: string,
  content: ContentProof,
  { onSound, onPart }: { onSound: (restored: Db) => void; onPart: (fraction: number) => void },
): CheckResult {
  const scratch = `${partial}.scratch`;
  try {
    fs.rmSync(scratch, { force: true }); // of a failed backup of this very second and name, which is ours now
    fs.copyFileSync(partial, scratch, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
    onPart(SHARE.trialCopied);
    if (sha256File(scratch) !== sha256) throw unverified('a restored copy of it has other bytes');
    onPart(SHARE.trialHashed);
    requireAlone(scratch);
    const restored = openCopy(scratch, { to: 'prove' });
    try {
      requireCheckable(restored); // here CHECK constraints count, too: whoever may only read the original has not seen them
      const integrity = checkIntegrity(restored);
      onPart(SHARE.trialChecked);
      if (!integrity.isSound) throw unverified(`integrity_check says: ${integrity.lines[0] ?? 'nothing'}`);
      if (sha256Text(schemaText(restored, 'main')) !== content.schemaSha256)
        throw unverified('a restored copy has another schema');
      for (const [table, rows] of Object.entries(content.tableRows)) {
        if (countRows(restored, 'main', table) !== rows)
          throw unverified(`a restored copy has another number of rows in ${table}`);
      }
      onSound(restored);
      return restoreCheck(integrity.contentFindings, Object.keys(content.tableRows).length);
    } finally {
      restored.close();
    }
  } finally {
    removeIfPossible(scratch);
  }
}

function detachCopy(db: Db): void {
  const isAttached = (db.pragma('database_list') as { name: string }[]).some(({ name }) => name === 'backup_copy');
  if (isAttached) db.exec('DETACH backup_copy');
}
