import fs from 'node:fs';
import path from 'node:path';
import { backupFolderBeside } from '@shared/beside.ts';
import { errorWords } from '@shared/error-code.ts';
import { appError, coded, type AppError, CodedError, untouchedText } from '@shared/errors.ts';
import type { Manifest } from '@shared/manifest.ts';
import type { BackupRecord } from '@shared/run.ts';
import { createBackup, type BackupRequest } from './backup.ts';
import { requireAlone } from './backup-alone.ts';
import { realFolder } from './backup-folder.ts';
import { identityOf, isMovedAlong, ofTheSameDatabase } from './backup-identity.ts';
import { openCopy, openEngine, openInspector } from './connection.ts';
import { markConnected, sha256File } from './fsync.ts';
import { type GatedFile, passGate } from './gate.ts';
import { checkIntegrity } from './integrity.ts';
import { requireNoIntent } from './intent.ts';
import { tryOnCopy } from './look.ts';
import { backupFile, manifestIds, readManifest, recordFrom, writeCheck } from './manifest.ts';
import type { Db, Pack } from './migration.ts';
import type { EngineRequests } from './protocol.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { keepingWhatIsLost } from './recovery-copy.ts';
import { newestFirst } from './retention.ts';
import { fromSqlite, isReadFailure, isUnanswered } from './sqlite-error.ts';
import { phaseReached } from './target.ts';

/** Backups by hand, the list of backups, and reading one again. */

/**
 * A verified backup of a database that others may go on using meanwhile.
 * @throws CodedError of the gate and of createBackup.
 */
export async function backupDatabase(
  input: EngineRequests['backup']['input'],
  packs: readonly Pack[],
  onWork?: BackupRequest['onWork'],
): Promise<BackupRecord> {
  const gated = passGate(input.path);
  requireNoIntent(gated.path);
  await tryOnCopy(gated);
  const work = () => backUp(gated, input, packs, onWork);
  // Where nothing can be written, nothing is thrown away either.
  return gated.readOnlyReason === null ? keepingWhatIsLost(gated, input.folder, work) : work();
}

async function backUp(
  { path: file, readOnlyReason }: GatedFile,
  input: EngineRequests['backup']['input'],
  packs: readonly Pack[],
  onWork?: BackupRequest['onWork'],
): Promise<BackupRecord> {
  const unmark = markConnected(file);
  let db: Db | undefined;
  try {
    db = readOnlyReason === null ? openEngine(file) : openInspector(file);
    const { folder, reason, runId, appVersion } = input;
    return await createBackup(db, {
      path: file,
      folder,
      reason,
      runId,
      appVersion,
      content: describeContent(db, packs),
      ...(onWork ? { onWork } : {}),
    });
  } finally {
    db?.close();
    unmark();
  }
}

/** What the file is, as far as anybody can tell: a backup of an unknown file is a backup all the same. */
export function describeContent(db: Db, packs: readonly Pack[]): BackupRequest['content'] {
  try {
    const { pack, variant } = recogniseOrRefuse(db, packs);
    const identity = identityOf(pack, db);
    return { packId: pack.id, variantTitle: variant.title, phase: phaseReached(db, pack, new Set()), identity };
  } catch (error) {
    if (isUnanswered(error)) throw error;
    return { packId: '', variantTitle: 'Not recognised', phase: null };
  }
}

/**
 * Backups with a manifest in these folders, newest first, at their places with links resolved. A copy without a manifest
 * was never finished.
 */
export function listBackups({ folders, databasePath }: EngineRequests['listBackups']['input']): BackupRecord[] {
  const records = eachOnce(folders).flatMap((folder) => manifestIds(folder).flatMap((id) => listed(folder, id)));
  return newestFirst(records.filter((record) => databasePath === null || record.databasePath === databasePath));
}

/** One file listed under two names would be kept under the one and deleted under the other. */
const eachOnce = (folders: readonly string[]): string[] => [...new Set(folders.map(realFolder))];

/**
 * As `listBackups`, with those from when the database lay at another place, and behind them those of a file that is gone
 * and had other names than this one (`madeOfGone`): told by what is in them.
 */
export async function listAllBackups(
  input: EngineRequests['listBackups']['input'],
  packs: readonly Pack[],
): Promise<BackupRecord[]> {
  const { folders, databasePath, otherFolders = [] } = input;
  const own = listBackups(input);
  if (databasePath === null) return own;
  const moved = await listMoved(folders, otherFolders, databasePath, packs);
  const along = moved.filter(({ madeOfGone }) => !madeOfGone);
  const former = moved.filter(({ madeOfGone }) => madeOfGone);
  return [...newestFirst([...own, ...along]), ...newestFirst(former)];
}

/** In the own folders too: a folder that was renamed with its database is the database's own. */
async function listMoved(
  folders: readonly string[],
  otherFolders: readonly string[],
  databasePath: string,
  packs: readonly Pack[],
): Promise<BackupRecord[]> {
  const own = realFolder(backupFolderBeside(databasePath));
  const found = eachOnce([...folders, ...otherFolders]).flatMap((folder) =>
    manifestIds(folder).flatMap((id) => {
      const read = readManifest(backupFile(folder, id));
      const isOther = read !== undefined && 'manifest' in read && read.manifest.databasePath !== databasePath;
      return isOther ? [{ folder, manifest: read.manifest, isInOwnFolder: folder === own }] : [];
    }),
  );
  const kin = await ofTheSameDatabase(found, databasePath, packs);
  return kin.map((each) => {
    const record = recordFrom(each.folder, each.manifest);
    return isMovedAlong(each, databasePath) ? record : { ...record, madeOfGone: true };
  });
}

function listed(folder: string, id: string): BackupRecord[] {
  const read = readManifest(backupFile(folder, id));
  if (read === undefined) return [];
  if ('manifest' in read) return [recordFrom(folder, read.manifest)];
  return read.changed
    ? [withCheck(folder, read.changed, { at: read.changed.createdAt, ok: false, error: read.error })]
    : [];
}

/**
 * Reads the whole backup again and notes the result beside it.
 * @returns the record; state 'broken' or 'missing' with the error in `lastCheck` when it is no longer good.
 * @throws CodedError E_BACKUP_FOREIGN when it has no manifest, E_BACKUP_CORRUPT when that is none of ours; as findDamage
 * when either could not be read: nothing is noted then.
 */
export function verifyBackup({ backupPath, isNoted = true }: EngineRequests['verifyBackup']['input']): BackupRecord {
  const folder = path.dirname(path.resolve(backupPath));
  const manifest = requireManifest(backupPath);
  const error = findDamage(backupFile(folder, manifest.id), manifest);
  const check = { at: new Date().toISOString(), ok: error === null, error };
  try {
    if (isNoted) writeCheck(folder, manifest.id, check);
  } catch {
    // A backup on a read-only medium can be checked all the same; it is only not noted.
  }
  return withCheck(folder, manifest, check);
}

/** @throws CodedError E_BACKUP_FOREIGN | E_BACKUP_CORRUPT | E_BACKUP_GONE; the system's when it could not be read. */
export function requireManifest(backupPath: string): Manifest {
  const read = readManifest(path.resolve(backupPath));
  if (read === undefined) {
    const isThere = fs.existsSync(backupPath);
    const name = path.basename(backupPath);
    const id = path.basename(name, '.db');
    throw isThere
      ? coded(
          'E_BACKUP_FOREIGN',
          `${name} has no manifest beside it, so it is not known to be a finished backup.`,
          undefined,
          {
            nextStep: `If it is a backup, put the file ${id}.json that was made with it beside it again. Keep it: it may be whole.`,
          },
        )
      : coded('E_BACKUP_GONE', `${name} is not there.`);
  }
  if ('manifest' in read) return read.manifest;
  throw new CodedError(read.error);
}

/**
 * Compares length, bytes and structure with what was noted. null = it is as it was, and nothing lies beside it that
 * SQLite would change it with.
 * @throws CodedError E_IO | E_NO_PERMISSION | … when it could not be read: then nobody knows, and nothing may be noted.
 */
export function findDamage(file: string, manifest: Manifest): AppError | null {
  try {
    return compare(file, manifest);
  } catch (error) {
    // What lies beside it is no failure to read it: it is known, and is noted.
    if (error instanceof CodedError && error.appError.code === 'E_BACKUP_CORRUPT') return error.appError;
    if (error instanceof CodedError)
      throw new CodedError({ ...error.appError, safety: untouchedText(error.appError.code) }, { cause: error });
    if (!isReadFailure(error) || isUnanswered(error))
      throw fromSqlite(error, `reading the backup ${path.basename(file)}`, 'untouched');
    return appError('E_BACKUP_CORRUPT', `SQLite says: ${errorWords(error)}.`, { backup: manifest.id });
  }
}

function compare(file: string, manifest: Manifest): AppError | null {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile())
    return appError('E_BACKUP_GONE', `The file ${path.basename(file)} is missing.`, { backup: manifest.id });
  const changed = appError('E_BACKUP_CORRUPT', 'Its content is not what was saved.', { backup: manifest.id });
  if (stat.size !== manifest.sizeBytes) return changed;
  if (sha256File(file) !== manifest.sha256) return changed;
  requireAlone(file);
  const db = openCopy(file, { to: 'prove' });
  try {
    const { isSound, lines } = checkIntegrity(db);
    return isSound
      ? null
      : appError('E_BACKUP_CORRUPT', `The integrity check says: ${lines[0] ?? 'nothing'}.`, { backup: manifest.id });
  } finally {
    db.close();
  }
}

function withCheck(folder: string, manifest: Manifest, check: NonNullable<BackupRecord['lastCheck']>): BackupRecord {
  const record = recordFrom(folder, manifest);
  const state = check.ok ? 'verified' : record.state === 'missing' ? 'missing' : 'broken';
  return { ...record, lastCheck: check, verified: check.ok, state };
}
