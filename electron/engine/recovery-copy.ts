import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { CodedError, safetyText, saysUntouched } from '@shared/errors.ts';
import { backupError, freeFolderName, prepareFolder } from './backup-folder.ts';
import { fsyncFolder, readText, removeIfPossible, renameWithRetry, sha256Text } from './fsync.ts';
import type { GatedFile } from './gate.ts';
import { isLogTakenIn, isPlayedInWhole } from './played-in.ts';
import { isLiving, startOf } from './process-life.ts';
import { copyRaw, holdsTheSame } from './raw-copy.ts';
import { readSidecars } from './sidecars.ts';
import { fromSqlite } from './sqlite-error.ts';

/**
 * A hot journal is what a program left that died in the middle of a write; SQLite plays it back at the next opening for
 * writing, and then both are gone. A log is thrown away from where it is damaged, with rows that perhaps somebody could
 * still save from it. So database, journal and log are copied raw first, into a folder among the backups. That of a
 * journal that was played back whole is removed once the run's result is proven; any other stays.
 * @returns the folder; null when there is neither.
 * @throws CodedError E_BACKUP_FOLDER | E_BACKUP_NO_SPACE with nothing changed.
 */
export function keepBeforeRecovery({ path: file, sidecars }: GatedFile, backupFolder: string): string | null {
  // Since the gate the whole file was looked at, which takes long: another program may have begun, or died.
  if (!sidecars.isJournalHot && !isToBeKept(file)) return null;
  const folder = prepareFolder(backupFolder);
  const freeName = () => freeFolderName(folder, { path: file, reason: 'before recovery' }, new Date());
  const filling = `${freeName()}.${ownMark()}.filling`;
  try {
    sweepFillings(folder);
    fs.mkdirSync(filling, { mode: 0o700 });
    copyRaw(file, filling);
    const kept = renamedTo(filling, freeName);
    fsyncFolder(folder);
    return kept;
  } catch (error) {
    removeIfPossible(filling, { recursive: true });
    // The journal went while it was copied: a living program wrote, nobody left it behind. While it lies there, it was
    // something else that went, and nothing may play it back.
    if (errorCode(error) === 'ENOENT' && !isToBeKept(file)) return null;
    throw backupError(error, folder);
  }
}

function isToBeKept(file: string): boolean {
  const sidecars = readSidecars(file);
  return sidecars.isJournalHot || !isLogTakenIn(file, sidecars);
}

/** Another of ours may take the same name in the same second. */
function renamedTo(filling: string, freeName: () => string): string {
  for (let attempt = 1; ; attempt++) {
    const kept = freeName();
    try {
      renameWithRetry(filling, kept);
      return kept;
    } catch (error) {
      if (attempt === 5 || !['EEXIST', 'ENOTEMPTY', 'EPERM'].includes(errorCode(error))) throw error;
    }
  }
}

/** Says whose an unfinished folder is: of which start of which computer, and of which process. */
const ownMark = (): string => `${computer()}-${process.pid}-${startOf(process.pid)}`;

function computer(): string {
  let boot = '';
  try {
    boot = readText('/proc/sys/kernel/random/boot_id');
  } catch {
    // not Linux: the name has to do
  }
  return sha256Text(`${os.hostname()} ${boot}`).slice(0, 8);
}

const FILLING = / before recovery(?: \d+)?(?:\.([0-9a-f]{8})-(\d+)-(\d*))?\.filling$/;
const OLD_MS = 3_600_000;

/**
 * What runs left that were killed. One that may still be at work is let alone: several hosts may share a folder. So is
 * what another user left and nobody else may enter or remove.
 */
function sweepFillings(folder: string): void {
  for (const name of fs.readdirSync(folder)) {
    const match = FILLING.exec(name);
    if (match === null) continue;
    const [, on, pid, startedAt = ''] = match;
    const file = path.join(folder, name);
    const isOurs = on === computer();
    const isLeft = isOurs ? !isAtWork(Number(pid), startedAt) : isOld(file);
    if (isLeft) removeIfPossible(file, { recursive: true });
  }
}

const isAtWork = (pid: number, startedAt: string): boolean => isLiving(pid) && startOf(pid) === startedAt;

/** Of another computer, or from before this one was started again: only the time tells. Copying keeps changing it. */
function isOld(folder: string): boolean {
  try {
    const times = [folder, ...fs.readdirSync(folder).map((name) => path.join(folder, name))].map(
      (file) => fs.lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    );
    return Date.now() - Math.max(...times) > OLD_MS;
  } catch {
    return false; // gone meanwhile, or not ours to look into
  }
}

/**
 * Nobody has opened the file for writing after all: what was copied is still what is there. Where that cannot be told,
 * the copy stays. Never throws: the error because of which it is dropped matters more.
 * @returns whether it stays.
 */
export function dropRecoveryCopy(kept: string | null, { path: file }: GatedFile): boolean {
  if (kept === null) return false;
  if (!holdsTheSame(kept, file)) return true;
  removeIfPossible(kept, { recursive: true });
  return false;
}

/** Where the file is kept as it was found; nothing where there was nothing to be kept. For the answer to a request. */
export interface Kept {
  readonly keptIn?: string;
}

/**
 * For whoever changes little: what SQLite plays in as a whole needs no copy, and what it would leave out is kept.
 * @param work opens the file for writing.
 * @throws CodedError as `keepBeforeRecovery`; whatever `work` throws, which says where the copy is.
 */
export async function keepingWhatIsLost<T extends object>(
  gated: GatedFile,
  backupFolder: string,
  work: () => Promise<T>,
): Promise<T & Kept> {
  // Read again: between the gate and here the whole file was looked at, which takes long.
  const kept = isPlayedInWhole(gated.path) ? null : keepBeforeRecovery(gated, backupFolder);
  try {
    const done = await work();
    // Beside a program that has it open nothing is thrown away.
    return dropRecoveryCopy(kept, gated) && kept !== null ? { ...done, keptIn: kept } : done;
  } catch (error) {
    throw tellingKept(kept, gated, error);
  }
}

/** Whether more was beside the file than SQLite has taken in: then the copy is all there is of it. In doubt it is. */
export function holdsWhatIsLost(kept: string, { path: file }: GatedFile): boolean {
  const copy = path.join(kept, path.basename(file));
  try {
    const { walBytes, isJournalHot } = readSidecars(copy);
    const isReadable = walBytes > 0 || isJournalHot; // else it would not have been made
    return !isReadable || !isPlayedInWhole(copy, { isOurs: true });
  } catch {
    return true;
  }
}

/** @returns the error to be thrown: with the copy dropped where it is not needed, and told of where it is. */
export function tellingKept(kept: string | null, gated: GatedFile, error: unknown): unknown {
  if (kept === null || !dropRecoveryCopy(kept, gated)) return error;
  const told = fromSqlite(error, 'working on the file');
  const { message, details, safety } = told.appError;
  const isLost = holdsWhatIsLost(kept, gated);
  return new CodedError(
    {
      ...told.appError,
      message: `${message} What lay beside ${path.basename(gated.path)} is no longer as it was found; how both were then is kept in ${kept}.`,
      details: { ...details, keptIn: kept },
      safety: isLost && saysUntouched(safety) ? safetyText.kept : safety,
    },
    { cause: told },
  );
}
