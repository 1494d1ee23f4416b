import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { appError, coded, toAppError, type AppError } from '@shared/errors.ts';
import type { Manifest } from '@shared/manifest.ts';
import type { BackupRecord } from '@shared/run.ts';
import { createBackup, type BackupRequest } from './backup.ts';
import { openEngine, openInspector } from './connection.ts';
import { markConnected, sha256File } from './fsync.ts';
import { passGate } from './gate.ts';
import { checkIntegrity } from './integrity.ts';
import { backupFile, manifestIds, readManifest, recordFrom, writeCheck } from './manifest.ts';
import type { Db, Pack } from './migration.ts';
import type { EngineRequests } from './protocol.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { phaseReached } from './target.ts';

/** Backups by hand, the list of backups, and reading one again. */

/**
 * A verified backup of a database that others may go on using meanwhile.
 * @throws CodedError of the gate and of createBackup.
 */
export async function backupDatabase(
  input: EngineRequests['backup']['input'],
  packs: readonly Pack[],
): Promise<BackupRecord> {
  const { path: file, readOnlyReason } = passGate(input.path);
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
    return { packId: pack.id, variantTitle: variant.title, phase: phaseReached(db, pack, new Set()) };
  } catch {
    return { packId: '', variantTitle: 'Not recognised', phase: null };
  }
}

/** Backups with a manifest in these folders, newest first. A copy without a manifest was never finished. */
export function listBackups({ folders, databasePath }: EngineRequests['listBackups']['input']): BackupRecord[] {
  const records = new Set(folders)
    .values()
    .flatMap((folder) => manifestIds(folder).flatMap((id) => listed(folder, id)));
  return [...records]
    .filter((record) => databasePath === null || record.databasePath === databasePath)
    .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id));
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
 * @throws CodedError E_BACKUP_FOREIGN when it has no manifest, E_BACKUP_CORRUPT when that cannot be read.
 */
export function verifyBackup({ backupPath }: EngineRequests['verifyBackup']['input']): BackupRecord {
  const folder = path.dirname(path.resolve(backupPath));
  const manifest = requireManifest(backupPath);
  const error = findDamage(backupFile(folder, manifest.id), manifest);
  const check = { at: new Date().toISOString(), ok: error === null, error };
  try {
    writeCheck(folder, manifest.id, check);
  } catch {
    // A backup on a read-only medium can be checked all the same; it is only not noted.
  }
  return withCheck(folder, manifest, check);
}

/** @throws CodedError E_BACKUP_FOREIGN | E_BACKUP_CORRUPT | E_BACKUP_GONE */
export function requireManifest(backupPath: string): Manifest {
  const read = readManifest(path.resolve(backupPath));
  if (read === undefined) {
    const isThere = fs.existsSync(backupPath);
    const name = path.basename(backupPath);
    throw isThere
      ? coded('E_BACKUP_FOREIGN', `${name} has no manifest beside it, so it is not known to be a finished backup.`)
      : coded('E_BACKUP_GONE', `${name} is not there.`);
  }
  if ('manifest' in read) return read.manifest;
  const { code, message, details } = read.error;
  throw coded(code, message, details);
}

/** Compares length, bytes and structure with what was noted. null = it is as it was. */
export function findDamage(file: string, manifest: Manifest): AppError | null {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile())
    return appError('E_BACKUP_GONE', `The file ${path.basename(file)} is missing.`, { backup: manifest.id });
  const changed = appError('E_BACKUP_CORRUPT', 'Its content is not what was saved.', { backup: manifest.id });
  if (stat.size !== manifest.sizeBytes) return changed;
  try {
    if (sha256File(file) !== manifest.sha256) return changed;
    const db = new Database(file, { fileMustExist: true });
    try {
      db.pragma('query_only = 1');
      const { isSound, lines } = checkIntegrity(db);
      return isSound
        ? null
        : appError('E_BACKUP_CORRUPT', `The integrity check says: ${lines[0] ?? 'nothing'}.`, { backup: manifest.id });
    } finally {
      db.close();
    }
  } catch (error) {
    return appError('E_BACKUP_CORRUPT', `It could not be read: ${toAppError(error).message}`, { backup: manifest.id });
  }
}

function withCheck(folder: string, manifest: Manifest, check: NonNullable<BackupRecord['lastCheck']>): BackupRecord {
  const record = recordFrom(folder, manifest);
  const state = check.ok ? 'verified' : record.state === 'missing' ? 'missing' : 'broken';
  return { ...record, lastCheck: check, verified: check.ok, state };
}
