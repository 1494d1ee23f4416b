import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, type ErrorCode } from '@shared/errors.ts';
import type { Manifest } from '@shared/manifest.ts';
import type { BackupRecord } from '@shared/run.ts';
import { assertOfThatDatabase } from './backup-identity.ts';
import { findDamage, requireManifest } from './backups.ts';
import { removeIfPossible } from './fsync.ts';
import { passGate, type GatedFile } from './gate.ts';
import { readableIntent, readIntent } from './intent.ts';
import { holdersOf } from './lock-holders.ts';
import { recordFrom } from './manifest.ts';
import { isPlayedInWhole } from './played-in.ts';
import type { EngineRequests } from './protocol.ts';
import { finishPutBack } from './put-back.ts';
import { isThere, keepIfPossible, letRawCopyGo, makeRawCopy } from './raw-copy.ts';
import { noteRestore } from './restore-audit.ts';
import { assertPlaced, conclude, guarded, guardedLater } from './restore-end.ts';
import { endPlacing, placeStaged, quarantineOf } from './restore-file.ts';
import { overwrite, saveWhatIsThere, type Saved } from './restore-in-place.ts';
import { keptEarlier, overwriteDamaged } from './restore-over-damage.ts';
import {
  backupOf,
  carryLost,
  isUsable,
  manifestOf,
  pendingFor,
  type Replaced,
  requireIntent,
  resume,
} from './restore-pending.ts';
import { passWith, type RestoreDependencies, type RestoreInput } from './restore-request.ts';
import { stageByFile, sweepIfPossible } from './restore-stage.ts';
import { lockFolderOf, lockRestores, READ_ONLY, refuseFor, resolveTargetFile } from './restore-target.ts';
import { recordOfUnknown } from './restored-record.ts';
import type { Sidecars } from './sidecars.ts';
import { withSpaceFigures } from './space-figures.ts';
import { unsure } from './sqlite-error.ts';

type Restored = EngineRequests['restore']['output'];

/** What the gate says of a file that SQLite cannot work with: there is nothing to back up through SQLite. */
const UNUSABLE: readonly ErrorCode[] = [
  'E_EMPTY',
  'E_NOT_SQLITE',
  'E_ENCRYPTED',
  'E_TRUNCATED',
  'E_SIZE_MISMATCH',
  'E_CORRUPT',
  'E_STALE_WAL',
];

/**
 * Puts a backup back. What it replaces is kept: as a verified backup where SQLite can read it, else byte for byte in a
 * folder beside it. A database that SQLite can lock is overwritten through it in one transaction, so that a kill leaves
 * the old or the new one, and no stale WAL can be played over it; another is renamed over. Asked again for the same backup
 * after an interruption, it carries on.
 * @throws CodedError E_BACKUP_CORRUPT | E_BACKUP_GONE | E_BACKUP_FOREIGN | E_DB_IN_USE | E_DB_BUSY | E_RESTORE_TARGET |
 * E_RESTORE_UNFINISHED | E_RUN_ACTIVE and the gate's with nothing touched; E_RESTORE_FAILED when it did not end well.
 */
export async function restoreBackup(input: RestoreInput, dependencies: RestoreDependencies): Promise<Restored> {
  const backup = path.resolve(input.backupPath);
  const manifest = requireManifest(backup);
  const target = resolveTargetFile(input.path, backup);
  refuseFor([...READ_ONLY, 'E_SIDECAR_UNSAFE'], target);
  const lock = lockRestores(target, lockFolderOf(input));
  let isLostOneCarried = false;
  try {
    const pending = pendingFor(target, manifest);
    const damage = findDamage(backup, manifest);
    if (damage !== null) throw new CodedError(damage);
    const restored = recordFrom(path.dirname(backup), manifest); // now: nothing that may fail comes after the proof
    // What it copied would be swept; this way it is kept like all that is replaced.
    if (pending === null) isLostOneCarried = await carriedIfReadable(target, dependencies);
    const carriedOn = pending === null ? null : await resume(target, { backup, manifest }, pending, dependencies);
    if (carriedOn === null) guarded(() => endPlacing(target, readableIntent(target)));
    const done = carriedOn ?? (await replace(target, backup, manifest, input, dependencies));
    const replacedFolder = ifThere(done.replacedFolder ?? (pending && quarantineOf(target, pending)));
    dependencies.onWork?.({ stage: 'checking', fraction: null, canCancel: false });
    await conclude(target, manifest.journalMode, dependencies);
    sweepIfPossible(target);
    const notNoted = noteRestore(target, manifest, dependencies.packs, dependencies.clock?.() ?? new Date());
    return { restored, before: done.before, replacedFolder, ...(notNoted === null ? {} : { notNoted }) };
  } catch (error) {
    const told = withSpaceFigures(error, path.dirname(target), manifest.sizeBytes);
    throw isLostOneCarried && told instanceof CodedError ? unsure(told) : told;
  } finally {
    lock.release();
  }
}

/** Nobody is sent to a folder that somebody has taken away since. */
const ifThere = (folder: string | null): string | null => (folder !== null && isThere(folder) ? folder : null);

/** @returns whether anything of it may have been put in its place. What cannot be read is no copy, and is in nobody's way. */
async function carriedIfReadable(target: string, dependencies: RestoreDependencies): Promise<boolean> {
  try {
    return (await carryLost(target, dependencies)) !== null;
  } catch (error) {
    if (error instanceof CodedError && error.appError.code === 'E_RESTORE_FAILED') return true;
    throw error;
  }
}

/**
 * Carries an interrupted restore through, from wherever it stopped; again and again, should it be interrupted too.
 * @throws CodedError E_RESTORE_UNFINISHED when the note that lies there cannot be obeyed; E_NOTHING_TO_DO without one;
 * others as restoreBackup.
 */
export async function finishRestore(
  input: EngineRequests['finishRestore']['input'],
  dependencies: RestoreDependencies,
): Promise<Restored> {
  const target = resolveTargetFile(input.path, null);
  if (readIntent(target) === null) lockRestores(target, lockFolderOf(input)).release(); // a killed one may have left its own
  const intent = requireIntent(target);
  if (intent.source === 'replaced') {
    refuseFor(READ_ONLY, target);
    const lock = lockRestores(target, lockFolderOf(input));
    try {
      return await finishPutBack(target, requireIntent(target), dependencies);
    } finally {
      lock.release();
    }
  }
  const backupPath = backupOf(intent, input.backupFolder);
  const isLost = intent.way === 'by-file' && !isUsable({ ...intent, backupPath });
  const finished = isLost ? await finishWithoutBackup(target, backupPath, input, dependencies) : null;
  if (finished !== null) return finished;
  try {
    return await restoreBackup({ ...input, backupPath, allowForeign: false }, dependencies);
  } catch (error) {
    // The try that was interrupted may have replaced it already.
    throw error instanceof CodedError && error.appError.code === 'E_BACKUP_GONE' ? unsure(error) : error;
  }
}

/** @returns null when it cannot be done: then only the backup could help. */
async function finishWithoutBackup(
  target: string,
  backupPath: string,
  input: EngineRequests['finishRestore']['input'],
  dependencies: RestoreDependencies,
): Promise<Restored | null> {
  refuseFor([...READ_ONLY, 'E_SIDECAR_UNSAFE'], target);
  const lock = lockRestores(target, lockFolderOf(input));
  try {
    const intent = await carryLost(target, dependencies);
    if (intent === null) return null;
    dependencies.onWork?.({ stage: 'checking', fraction: null, canCancel: false });
    const manifest = manifestOf(backupPath);
    await conclude(target, manifest?.journalMode ?? 'rollback', dependencies);
    sweepIfPossible(target);
    const restored =
      manifest?.sha256 === intent.sha256
        ? recordFrom(path.dirname(backupPath), manifest)
        : recordOfUnknown(target, intent, backupPath);
    return { restored, before: null, replacedFolder: ifThere(quarantineOf(target, intent)) };
  } finally {
    lock.release();
  }
}

async function replace(
  target: string,
  backup: string,
  manifest: Manifest,
  input: RestoreInput,
  dependencies: RestoreDependencies,
): Promise<Replaced> {
  const byFile = async (raw: string | null): Promise<Replaced> => ({
    before: null,
    replacedFolder: await putInPlaceOf(target, backup, manifest, dependencies, raw),
  });
  const { gated, lockWaitMs } = await passGateAlone(target, dependencies);
  if (gated === null) {
    if (!input.allowForeign) assertOfThatDatabase({ manifest, backup, target, db: null }, dependencies.packs);
    dependencies.onWork?.({ stage: 'saving', fraction: null, canCancel: true });
    return byFile(null);
  }
  const saved = await saveBytesAndRows(gated, backup, manifest, input, { ...dependencies, lockWaitMs });
  if (saved === 'lockable') {
    const { kept, isDone } = await guardedLater(() => overwriteDamaged(target, backup, manifest, input, dependencies));
    return isDone ? { before: null, replacedFolder: kept } : byFile(kept);
  }
  if ('raw' in saved) return byFile(saved.raw);
  const { before, bytes } = saved;
  try {
    await guardedLater(() => overwrite(target, backup, manifest, saved, dependencies));
  } catch (error) {
    throw bytes === null ? error : letRawCopyGo(target, bytes, error);
  }
  return { before, replacedFolder: bytes };
}

/** As long as the lock waits by itself. */
const LOCK_WAIT_MS = 10_000;
const PAUSE_MS = 100;

/**
 * Whoever has the file open may still write to it, and what they write is in no raw copy that was made before: so where
 * one is to be made, they are waited for. Where nobody tells who that is, there is no waiting.
 * @returns lockWaitMs: what is left for the lock.
 */
async function passGateAlone(target: string, { lockWaitMs = LOCK_WAIT_MS, onWork }: RestoreDependencies) {
  const deadline = performance.now() + lockWaitMs;
  let gated = passGateIfThere(target);
  if (gated === null || !isPlayedIn(gated.sidecars) || holdersOf(target).length === 0) return { gated, lockWaitMs };
  onWork?.({ stage: 'saving', fraction: null, canCancel: true });
  while (holdersOf(target).length > 0 && performance.now() < deadline) await sleep(PAUSE_MS);
  gated = passGateIfThere(target);
  return { gated, lockWaitMs: Math.max(0, deadline - performance.now()) };
}

const passGateIfThere = (target: string): GatedFile | null => (isThere(target) ? passGateOrUnusable(target) : null);

const isPlayedIn = ({ walBytes, isJournalHot }: Sidecars): boolean => walBytes > 0 || isJournalHot;

/**
 * A log or journal to be played in makes opening a change, so the bytes are kept until the rows are safe; and for good
 * where not all of what lay there is among the rows.
 * @returns the folder with the bytes: `raw` where the content is too damaged to be saved as rows; null = there is none.
 * lockable: too damaged for that, but SQLite can lock it, and nothing has been played in of which there is no copy.
 */
async function saveBytesAndRows(
  { path: target, sidecars }: GatedFile,
  backup: string,
  manifest: Manifest,
  input: RestoreInput,
  dependencies: RestoreDependencies,
): Promise<
  | (Saved & { readonly before: BackupRecord; readonly bytes: string | null })
  | { readonly raw: string | null }
  | 'lockable'
> {
  dependencies.onWork?.({ stage: 'saving', fraction: null, canCancel: true });
  const raw = isPlayedIn(sidecars) ? makeRawCopy(target) : null;
  let isLocked = false;
  let isLost = true; // until it is known
  try {
    isLost = raw !== null && !isPlayedInWhole(path.join(raw, path.basename(target)));
    const saved = await saveWhatIsThere(target, manifest, input, dependencies, ({ db }) => {
      isLocked = true;
      if (!input.allowForeign) assertOfThatDatabase({ manifest, backup, target, db }, dependencies.packs);
    });
    if (saved === null) {
      const isOwnTry = raw !== null && !isLost && isLocked && keptEarlier(target) !== null;
      if (isOwnTry) removeIfPossible(raw, { recursive: true });
      return isLocked && (raw === null || isOwnTry) ? 'lockable' : { raw };
    }
    // What cannot be removed is swept by a later restore; nothing may come between a lock and whoever lets it go.
    if (raw !== null && !isLost) removeIfPossible(raw, { recursive: true });
    return { ...saved, bytes: raw !== null && isLost ? keepIfPossible(target, raw) : null };
  } catch (error) {
    if (raw === null) throw error;
    // Asking who is in the way may have been the last connection: what was there was played in, as far as it could be.
    if (isLocked || isLost || !isAtWorkOnIt(error)) throw letRawCopyGo(target, raw, error);
    removeIfPossible(raw, { recursive: true });
    throw error;
  }
}

/** Then what has changed was changed by them: SQLite plays nothing in where somebody else has the file open. */
const isAtWorkOnIt = (error: unknown): boolean =>
  error instanceof CodedError && ['E_DB_IN_USE', 'E_DB_BUSY', 'E_RUN_ACTIVE'].includes(error.appError.code);

async function putInPlaceOf(
  target: string,
  backup: string,
  manifest: Manifest,
  dependencies: RestoreDependencies,
  raw: string | null,
): Promise<string | null> {
  const { probe, clock } = dependencies;
  const startedAt = (clock?.() ?? new Date()).toISOString();
  const files = [{ suffix: '' as const, from: backup, sha256: manifest.sha256 }];
  const about = { source: 'backup', backupPath: backup, startedAt } as const;
  const staged = guarded(() => stageByFile(target, files, about, probe, raw));
  await passWith(staged, dependencies);
  return guarded(() => {
    const kept = placeStaged(staged, probe);
    assertPlaced(target, manifest);
    return kept;
  });
}

/** As the gate for writing, but for the note of a restore: this is what ends one. */
function passGateOrUnusable(target: string): GatedFile | null {
  try {
    const gated = passGate(target);
    if (gated.readOnlyReason) throw new CodedError(gated.readOnlyReason);
    return gated;
  } catch (error) {
    if (error instanceof CodedError && UNUSABLE.includes(error.appError.code)) return null;
    throw error;
  }
}
