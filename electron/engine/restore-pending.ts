import path from 'node:path';
import { coded } from '@shared/errors.ts';
import type { Manifest } from '@shared/manifest.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import type { BackupRecord } from '@shared/run.ts';
import { findDamage } from './backups.ts';
import { passGate } from './gate.ts';
import { readableIntent, readIntent, replacedFolderOf, unfinished } from './intent.ts';
import { PATIENCE_MS, writeLogBack } from './journal-mode.ts';
import { readManifest, recordFrom } from './manifest.ts';
import { isLogTakenIn } from './played-in.ts';
import { withPrivateCopy } from './private-copy.ts';
import { isThere } from './raw-copy.ts';
import { isReplacedWhole } from './replaced-folder.ts';
import { assertPlaced, guarded } from './restore-end.ts';
import { keepForGood, quarantineOf, readyToCarryThrough } from './restore-file.ts';
import { holdsBackup } from './restore-in-place.ts';
import { passPointOfNoReturn, type RestoreDependencies } from './restore-request.ts';

/** A restore that was interrupted: which one it is, and how much of it is done. */

export interface Replaced {
  readonly before: BackupRecord | null;
  readonly replacedFolder: string | null;
}

/** @throws CodedError E_NOTHING_TO_DO; E_RESTORE_UNFINISHED when the note cannot be obeyed. */
export function requireIntent(target: string): RestoreIntent {
  const found = readIntent(target);
  if (found === null) throw coded('E_NOTHING_TO_DO', `No restore of ${path.basename(target)} was interrupted.`);
  if (!found.isReadable) throw unfinished(target, found);
  return found.intent;
}

/** Where it was, or, since folders get moved, where the database's backups are now. */
export function backupOf({ backupPath, sha256 }: RestoreIntent, folder: string): string {
  const moved = path.join(folder, path.basename(backupPath));
  const isIt = (file: string) => manifestOf(file)?.sha256 === sha256;
  return !isIt(backupPath) && isIt(moved) ? moved : backupPath;
}

/** @returns the intent of a restore of this very backup that was interrupted; null when there is none. */
export function pendingFor(target: string, { sha256 }: Pick<Manifest, 'sha256'>): RestoreIntent | null {
  const found = readIntent(target);
  // An unreadable note says nothing that could be carried out; a restore makes the file whole, whatever it meant.
  if (found === null || !found.isReadable) return null;
  const { intent } = found;
  if (intent.source === 'backup' && intent.sha256 === sha256) return intent;
  const isLost =
    intent.source === 'backup' ? !isUsable(intent) : !isReplacedWhole(target, replacedFolderOf(target, intent));
  if (isLost) return null; // only what it copied itself can carry it through
  throw unfinished(target, found, true);
}

/** Whether the backup that was to be put back can be read, whole, at this moment. */
export function isUsable({ backupPath, sha256 }: Pick<RestoreIntent, 'backupPath' | 'sha256'>): boolean {
  const manifest = manifestOf(backupPath);
  try {
    return manifest?.sha256 === sha256 && findDamage(backupPath, manifest) === null;
  } catch {
    return false; // a disk that fails must not stand in the way of another restore
  }
}

/**
 * One by file whose backup is lost, by its own copies beside the database: they may be all that is left of that content.
 * @returns null when there is none, or when those copies are not enough. The note stays.
 */
export async function carryLost(target: string, dependencies: RestoreDependencies): Promise<RestoreIntent | null> {
  const intent = readableIntent(target);
  const carryThrough = intent?.way === 'by-file' ? guarded(() => readyToCarryThrough(target, intent)) : null;
  if (intent === null || carryThrough === null) return null;
  await passPointOfNoReturn(dependencies);
  guarded(carryThrough);
  guarded(() => assertPlaced(target, intent));
  return intent;
}

export function manifestOf(backupPath: string): Manifest | null {
  const read = readManifest(backupPath);
  return read !== undefined && 'manifest' in read ? read.manifest : null;
}

/**
 * Passes the point of no return once it is known that it can go on.
 * @returns null when what is there is not as the interrupted restore left it: then it begins anew.
 */
export async function resume(
  target: string,
  { backup, manifest }: { readonly backup: string; readonly manifest: Manifest },
  intent: RestoreIntent,
  dependencies: RestoreDependencies,
): Promise<Replaced | null> {
  const carryThrough = intent.way === 'by-file' ? guarded(() => readyToCarryThrough(target, intent)) : null;
  if (carryThrough !== null) {
    await passPointOfNoReturn(dependencies);
    guarded(carryThrough);
    guarded(() => assertPlaced(target, manifest));
    return { before: null, replacedFolder: quarantineOf(target, intent) };
  }
  if (!holdsBackup(target, backup) && !(await holdsItInLog(target, backup, intent, dependencies))) return null;
  await passPointOfNoReturn(dependencies);
  return { before: recordAt(intent.beforePath), replacedFolder: guarded(() => keepForGood(target, intent)) };
}

/**
 * Killed right after the commit, all that is new may be in the log still. Over a damaged file it is taken in first: or what
 * the restore itself has put there would pass for what it is to replace. A log of anybody else stays as it is.
 */
async function holdsItInLog(
  target: string,
  backup: string,
  { way, quarantine }: RestoreIntent,
  { patienceMs = PATIENCE_MS }: RestoreDependencies,
): Promise<boolean> {
  if (way !== 'in-place' || quarantine === null || !isThere(target)) return false;
  try {
    const gated = passGate(target);
    const { sidecars, readOnlyReason } = gated;
    const isSafe = readOnlyReason === null && sidecars.isWalRead && !sidecars.isJournalHot;
    if (!isSafe || !isLogTakenIn(target, sidecars)) return false;
    const isIts = await withPrivateCopy(gated, Date.now() + patienceMs, (copy) => holdsBackup(copy, backup));
    return isIts && (await writeLogBack(target, patienceMs)) && holdsBackup(target, backup);
  } catch {
    return false; // then it begins anew, and says what is in its way
  }
}

function recordAt(backupPath: string | null): BackupRecord | null {
  const manifest = backupPath && manifestOf(backupPath);
  return backupPath && manifest ? recordFrom(path.dirname(backupPath), manifest) : null;
}
