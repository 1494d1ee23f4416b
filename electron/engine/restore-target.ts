import fs from 'node:fs';
import path from 'node:path';
import { restoreLockFile } from '@shared/beside.ts';
import { errorCode, errorWords } from '@shared/error-code.ts';
import { type AppError, CodedError, coded, type ErrorCode } from '@shared/errors.ts';
import { takeAppLock, takeLockFile, type AppLock } from './app-lock.ts';
import { sha256Text } from './fsync.ts';
import { passGate } from './gate.ts';
import { identify, isSameFile, orRefuse, requireSafePath } from './identity.ts';

/** What a restore writes to, and the lock that keeps a second one of ours away from it. */

export const lockFolderOf = ({ lockFolder, backupFolder }: { lockFolder?: string; backupFolder: string }): string =>
  lockFolder ?? path.join(backupFolder, '.locks');

/**
 * Two of ours must not replace one file at a time; its inode changes, so its name decides. Two instances may keep their
 * locks in different folders, but the database lies in one: there is a second lock beside it.
 * @throws CodedError E_RUN_ACTIVE, E_DATA_FOLDER, E_RESTORE_TARGET
 */
export function lockRestores(target: string, lockFolder: string): AppLock {
  const own = takeAppLock(lockFolder, {
    ...{ dev: 'restore', ino: sha256Text(target).slice(0, 24) },
    ...{ sizeBytes: 0, mtimeNs: '0' },
  });
  try {
    const beside = lockBeside(target);
    return {
      release: () => {
        try {
          beside?.release();
        } finally {
          own.release();
        }
      },
    };
  } catch (error) {
    own.release();
    throw error;
  }
}

/** @returns null where nothing may be written at all, which is said later, or where the name leaves no room for it. */
function lockBeside(target: string): AppLock | null {
  try {
    return takeLockFile(restoreLockFile(target));
  } catch (error) {
    if (error instanceof CodedError) throw error;
    if (['EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG'].includes(errorCode(error))) return null;
    throw coded('E_RESTORE_TARGET', `Nothing can be written beside ${path.basename(target)}: ${errorWords(error)}`);
  }
}

/** Why a file is not to be written to at all. */
export const READ_ONLY: readonly ErrorCode[] = ['E_READONLY_FILE', 'E_READONLY_DIR', 'E_NETWORK_FS'];

/**
 * Before anything, a lock included, is written beside it. What the gate cannot read is looked at later, and kept.
 * @param reasons those that count.
 * @throws CodedError one of them.
 */
export function refuseFor(reasons: readonly ErrorCode[], target: string): void {
  const found = objectionTo(target);
  if (found !== null && reasons.includes(found.code)) throw new CodedError(found);
}

function objectionTo(target: string): AppError | null {
  try {
    return passGate(target).readOnlyReason;
  } catch (error) {
    return error instanceof CodedError && error.appError.code === 'E_MULTI_LINK' ? error.appError : null;
  }
}

/**
 * @param backup null when what is put back is not a backup file.
 * @throws CodedError E_RESTORE_TARGET; as `orRefuse` for a name that leads nowhere. Looking has changed nothing.
 */
export function resolveTargetFile(given: string, backup: string | null): string {
  requireSafePath(given);
  const absolute = path.resolve(given);
  const folder = path.dirname(absolute);
  const folderStat = orRefuse(folder, () => fs.statSync(folder, { throwIfNoEntry: false }));
  if (!folderStat?.isDirectory()) throw coded('E_RESTORE_TARGET', `The folder ${folder} does not exist.`);
  if (!orRefuse(absolute, () => fs.lstatSync(absolute, { throwIfNoEntry: false })))
    return path.join(
      orRefuse(folder, () => fs.realpathSync(folder)),
      path.basename(absolute),
    );
  const target = fs.existsSync(absolute) ? fs.realpathSync(absolute) : absolute;
  if (!orRefuse(target, () => fs.statSync(target, { throwIfNoEntry: false }))?.isFile())
    throw coded('E_RESTORE_TARGET', `${target} is not a file.`);
  if (backup !== null && fs.existsSync(backup) && isSameFile(identify(target), identify(fs.realpathSync(backup))))
    throw coded('E_RESTORE_TARGET', 'That is the backup itself.');
  return target;
}
