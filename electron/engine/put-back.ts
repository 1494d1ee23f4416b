import path from 'node:path';
import { CodedError, coded } from '@shared/errors.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import { sha256File } from './fsync.ts';
import { readIntent, removeIntent, replacedFolderOf, unfinished, writeIntent } from './intent.ts';
import type { EngineRequests } from './protocol.ts';
import { isThere, SIDECARS } from './raw-copy.ts';
import { isReplacedWhole } from './replaced-folder.ts';
import { guarded } from './restore-end.ts';
import { endPlacing, keepForGood, placeStaged, quarantineOf, readyToCarryThrough } from './restore-file.ts';
import { backupOf, isUsable } from './restore-pending.ts';
import { passPointOfNoReturn, passWith, type PutBackDependencies } from './restore-request.ts';
import { type NewFile, stageByFile, sweepIfPossible } from './restore-stage.ts';
import { lockFolderOf, lockRestores, READ_ONLY, refuseFor, resolveTargetFile } from './restore-target.ts';
import { recordOfUnknown } from './restored-record.ts';

type PutBack = EngineRequests['putBack'];

/**
 * Undoes a restore: the files that it set aside or kept come back byte for byte, damaged as they may be. What is there
 * now is set aside in the same way, so that this can be undone too; the files stay in their folder as well. Up to its point
 * of no return it has only made copies. One in place that was interrupted can be undone once its backup is lost: then it
 * can come to no other end.
 * @throws CodedError E_RESTORE_TARGET | E_DB_IN_USE | E_RESTORE_UNFINISHED | E_MULTI_LINK and the gate's for a file that is
 * read-only, with nothing touched; E_RESTORE_FAILED when it did not end well.
 */
export async function putBackReplaced(
  input: PutBack['input'],
  dependencies: PutBackDependencies = {},
): Promise<PutBack['output']> {
  const target = resolveTargetFile(input.path, null);
  const folder = requireReplacedFolder(target, input.folder);
  refuseFor(READ_ONLY, target);
  const lock = lockRestores(target, lockFolderOf(input));
  try {
    const found = readIntent(target);
    if (found === null) return { replacedFolder: await putBack(target, folder, dependencies) };
    if (!found.isReadable) throw unfinished(target, found);
    const { intent } = found;
    if (intent.source === 'replaced' && replacedFolderOf(target, intent) === folder) {
      const { replacedFolder } = await finishPutBack(target, intent, dependencies);
      return { replacedFolder };
    }
    if (!keepsIn(intent, folder)) throw unfinished(target, found);
    if (isUsable({ ...intent, backupPath: backupOf(intent, input.backupFolder) }))
      throw unfinished(target, found, true);
    return { replacedFolder: await undoUnfinished(target, folder, intent, dependencies) };
  } finally {
    lock.release();
  }
}

/** Carries an interrupted one through. */
export async function finishPutBack(target: string, intent: RestoreIntent, dependencies: PutBackDependencies) {
  const folder = replacedFolderOf(target, intent);
  const restored = () => ({ restored: recordOfUnknown(target, intent, folder), before: null });
  // By the copies that it made itself; what they were made of may be gone by now.
  const carryThrough = guarded(() => readyToCarryThrough(target, intent, dependencies.probe));
  if (carryThrough !== null) {
    await passPointOfNoReturn(dependencies);
    guarded(carryThrough);
    guarded(() => conclude(target, intent.files));
    return { ...restored(), replacedFolder: quarantineOf(target, intent) };
  }
  requireReplacedFolder(target, folder);
  guarded(() => endPlacing(target, intent));
  const replacedFolder = await putBack(target, folder, dependencies);
  return { ...restored(), replacedFolder };
}

/** A restore of a backup over a damaged file, which it has kept there. */
const keepsIn = ({ source, way, quarantine }: RestoreIntent, folder: string): boolean =>
  source === 'backup' && way === 'in-place' && quarantine === path.basename(folder);

/** Its note stays until that of the undoing takes its place, so that a kill leaves one of the two. */
async function undoUnfinished(
  target: string,
  folder: string,
  intent: RestoreIntent,
  dependencies: PutBackDependencies,
): Promise<string | null> {
  guarded(() => keepForGood(target, intent)); // without its name for good it would be swept
  requireReplacedFolder(target, folder);
  try {
    return await putBack(target, folder, dependencies);
  } catch (error) {
    if (error instanceof CodedError && error.appError.code === 'E_STATE_CHANGED') noteAgain(target, intent);
    throw error;
  }
}

/** One that is refused in its last moment takes its own note away; what it was to undo is as unfinished as before. */
function noteAgain(target: string, intent: RestoreIntent): void {
  try {
    if (readIntent(target) === null) writeIntent(target, intent);
  } catch {
    // the first error is the one to be told; the folder stays, and can be put back without a note
  }
}

async function putBack(target: string, folder: string, dependencies: PutBackDependencies): Promise<string | null> {
  refuseFor(['E_MULTI_LINK'], target); // until here one of two names may have been ours
  const { probe, onWork } = dependencies;
  onWork?.({ stage: 'saving', fraction: null, canCancel: true });
  const files = filesIn(target, folder);
  const startedAt = new Date().toISOString();
  const about = { source: 'replaced', backupPath: folder, startedAt } as const;
  const staged = guarded(() => stageByFile(target, files, about, probe));
  await passWith(staged, dependencies);
  return guarded(() => {
    const kept = placeStaged(staged, probe);
    conclude(target, files);
    return kept;
  });
}

function conclude(target: string, files: readonly Pick<NewFile, 'suffix' | 'sha256'>[]): void {
  const differs = files.find(({ suffix, sha256 }) => sha256File(target + suffix) !== sha256);
  if (differs) throw coded('E_RESTORE_FAILED', `${path.basename(target)}${differs.suffix} holds other bytes.`);
  removeIntent(target);
  sweepIfPossible(target);
}

function filesIn(target: string, folder: string): NewFile[] {
  const name = path.basename(target);
  return (['', ...SIDECARS] as const).flatMap((suffix) => {
    const from = path.join(folder, name + suffix);
    return isThere(from) ? [{ suffix, from, sha256: sha256File(from) }] : [];
  });
}

function requireReplacedFolder(target: string, given: string): string {
  const folder = path.resolve(given);
  const name = path.basename(target);
  if (isReplacedWhole(target, folder)) return folder;
  const message = `${path.basename(folder)} is not a folder with what a restore of ${name} replaced.`;
  throw coded('E_RESTORE_TARGET', message);
}
