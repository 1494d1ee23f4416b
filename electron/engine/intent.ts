import fs from 'node:fs';
import path from 'node:path';
import { intentFile } from '@shared/beside.ts';
import { errorCode } from '@shared/error-code.ts';
import { coded, type CodedError } from '@shared/errors.ts';
import { type FoundIntent, readRestoreIntent, type RestoreIntent } from '@shared/restore-intent.ts';
import { unreadableNoteStep } from '@shared/restore-note-words.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { fsyncFolder, readText, removeIfPossible, writeFileDurably } from './fsync.ts';
import { holdersOf } from './lock-holders.ts';

/**
 * The note that a restore is under way, beside the database. It is never obeyed blindly: what it names must be names of
 * ours beside this database, and what is put in place is compared with its SHA-256 first.
 */
export type { FoundIntent };

/**
 * Durable when it returns.
 * @throws the system's error; then there is the intent that was there before, or none, as far as the disk still obeys.
 */
export function writeIntent(target: string, intent: RestoreIntent): void {
  setStrangeOneAside(intentFile(target));
  const earlier = readIntent(target);
  try {
    writeFileDurably(intentFile(target), textOf(intent));
  } catch (error) {
    takeBack(target, intent, earlier);
    throw error;
  }
}

const textOf = (intent: RestoreIntent): string => `${JSON.stringify(intent, null, 2)}\n`;

/**
 * It may have its name already, only not for certain: what was never begun must not look interrupted. In the place of one
 * that could not be read it stays: something was begun there.
 */
function takeBack(target: string, intent: RestoreIntent, earlier: FoundIntent | null): void {
  try {
    if (readText(intentFile(target)) !== textOf(intent)) return;
    if (earlier === null) removeIntent(target);
    else if (earlier.isReadable) writeFileDurably(intentFile(target), textOf(earlier.intent));
  } catch {
    // the first error is the one to be told; a note that stays is carried out, or begun anew, like any other
  }
}

/** What is no file cannot be replaced by one; it is nothing of ours, so it is not deleted either. */
function setStrangeOneAside(file: string): void {
  const stats = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stats?.isDirectory()) fs.renameSync(file, `${file} set aside ${Date.now().toString(36)}`);
}

/** The last act of a restore. Drafts of the note, which a killed restore may have left, go with it. */
export function removeIntent(target: string): void {
  const [folder, draft] = [path.dirname(target), `${path.basename(intentFile(target))}.`];
  for (const name of fs.readdirSync(folder))
    if (name.startsWith(draft) && name.endsWith('.tmp')) removeIfPossible(path.join(folder, name));
  fs.rmSync(intentFile(target), { force: true });
  fsyncFolder(folder);
}

/** @returns null when no restore of this database was interrupted. The database itself need not be there. */
export function readIntent(target: string): FoundIntent | null {
  const file = intentFile(target);
  const stats = lookUp(file);
  if (!stats) return null;
  return readRestoreIntent(path.basename(target), stats, () => readText(file));
}

/** The same; null also where it says nothing that could be obeyed. */
export function readableIntent(target: string): RestoreIntent | null {
  const found = readIntent(target);
  return found?.isReadable === true ? found.intent : null;
}

/** Of an undoing: the folder with what comes back. It lies beside the database, wherever both of them are by now. */
export const replacedFolderOf = (target: string, { backupPath }: RestoreIntent): string =>
  path.join(path.dirname(target), path.basename(backupPath));

/** A name that the system does not take, or a folder that may not be entered, holds no intent of ours. */
function lookUp(file: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (['ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE', 'EACCES', 'ELOOP'].includes(errorCode(error))) return undefined;
    throw error;
  }
}

/** Whatever writes to a database asks this first. @throws CodedError E_RESTORE_UNFINISHED */
export function requireNoIntent(target: string): void {
  const found = readIntent(target);
  if (found) throw unfinished(target, found);
}

/**
 * @param found what lies beside `target`.
 * @param isLookedAt what was being put back was looked at just now, and can be; without it nothing is said of it.
 */
export function unfinished(target: string, found: FoundIntent, isLookedAt = false) {
  const name = path.basename(target);
  if (!found.isReadable) {
    const file = path.basename(intentFile(target));
    return coded(
      'E_RESTORE_UNFINISHED',
      `Beside ${name} lies ${file}, which a restore leaves when it is interrupted, but ${found.why}.`,
      { since: found.since, reason: found.why },
      { nextStep: unreadableNoteStep(name) },
    );
  }
  const { way, source, backupPath, startedAt } = found.intent;
  const wanted = path.basename(backupPath);
  const looked = source === 'backup' ? `${wanted} was read again just now: it is whole.` : `${wanted} is still there.`;
  return coded(
    'E_RESTORE_UNFINISHED',
    `Putting ${wanted} back into ${name} was interrupted.${isLookedAt ? ` ${looked}` : ''}`,
    { way, backup: backupPath, startedAt },
  );
}

/**
 * The overwriting is committed, but somebody has come in who keeps it from being concluded. The intent stays.
 * @param safety 'restored' when the new content was compared with the backup, else 'unknown'.
 */
export function held(target: string, safety: 'restored' | 'unknown'): CodedError {
  const holders = holdersOf(target).join(', ');
  const who = holders === '' ? 'another program' : holders;
  const yet = safety === 'restored' ? 'so the restore could not be concluded' : 'so it could not be checked yet';
  const message = `The backup was put back into ${path.basename(target)}, but ${who} has it open, ${yet}.`;
  return coded('E_RESTORE_HELD', message, { holders }, { safety });
}

/** For the status of a database. */
export function unfinishedRestoreOf(target: string): DatabaseStatus['unfinishedRestore'] {
  const found = readIntent(target);
  if (found === null) return null;
  if (!found.isReadable) return { startedAt: found.since, backupPath: '', way: 'in-place' };
  const { startedAt, backupPath, way } = found.intent;
  return { startedAt, backupPath, way };
}
