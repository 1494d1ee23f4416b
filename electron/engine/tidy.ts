import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { coded } from '@shared/errors.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import type { BackupRecord } from '@shared/run.ts';
import { beginRemoval, finishRemoval, realFolder } from './backup-folder.ts';
import { listAllBackups, verifyBackup } from './backups.ts';
import { readRuns, type RunRow } from './bookkeeping.ts';
import { readIntent } from './intent.ts';
import { lookAt } from './look.ts';
import type { Pack } from './migration.ts';
import type { EngineRequests, Needed, Tidied } from './protocol.ts';
import { isThere } from './raw-copy.ts';
import { decideRetention, isOriginal, whyNotRemove, type Stock } from './retention.ts';

/** Deleting backups, always because a person asked for it. */

type Remove = EngineRequests['removeBackup']['input'];
type Tidy = EngineRequests['tidyBackups']['input'];

/** @throws CodedError E_BACKUP_GONE | E_BACKUP_NEEDED with nothing deleted. */
export async function removeBackup(input: Remove, packs: readonly Pack[]): Promise<BackupRecord> {
  const backups = await listAllBackups(input, packs);
  const backup = backups.find((each) => each.path === placeOf(input.backupPath));
  if (!backup) throw coded('E_BACKUP_GONE', `${path.basename(input.backupPath)} is not among the backups.`);
  const why = whyNotRemove(await stockOf(input, backups, { good: 1, hasOriginal: false }), backup);
  if (why !== null) throw coded('E_BACKUP_NEEDED', why, { backup: backup.id });
  deleteBackup(backup);
  return backup;
}

/** @returns what went (or would), and why the rest stays. */
export async function tidyBackups(input: Tidy, packs: readonly Pack[]): Promise<Tidied> {
  const backups = await listAllBackups(input, packs);
  const stock = await stockOf(input, backups, { good: input.keep, hasOriginal: true });
  const shown = input.shown && new Set(input.shown); // compared with what is listed, and never looked for
  const { remove, keep } = decideRetention(shown ? { ...stock, shown } : stock, input.keep);
  if (!input.isTrial) for (const [at, backup] of remove.entries()) deleteBackup(backup, restWords(at, remove.length));
  const freedBytes = remove.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { removed: remove, kept: keep, freedBytes };
}

/**
 * Reads backups again: newest first until as many are good as are wanted, and one in every folder; then, if wanted,
 * oldest first until one from before an upgrade is. The others are not needed to know.
 */
async function stockOf(
  input: Remove | Tidy,
  listed: BackupRecord[],
  wanted: { readonly good: number; readonly hasOriginal: boolean },
): Promise<Stock> {
  const readings = new Map<BackupRecord, BackupRecord>();
  const good = new Set<string>();
  const folders = new Set<string>();
  const readAgain = (backup: BackupRecord): void => {
    if (backup.state === 'missing' || readings.has(backup)) return;
    const reading = readingOf(backup);
    readings.set(backup, reading ?? backup);
    if (reading?.state !== 'verified') return;
    good.add(backup.path);
    folders.add(backup.folder);
  };
  for (const backup of listed) if (good.size < wanted.good || !folders.has(backup.folder)) readAgain(backup);
  for (const backup of wanted.hasOriginal ? listed.filter(isOriginal).toReversed() : []) {
    readAgain(backup);
    if (good.has(backup.path)) break;
  }
  const backups = listed.map((backup) => readings.get(backup) ?? backup);
  const told = input.needed.flatMap((needed) => toldOf(needed, backups));
  const { databasePath } = input;
  const { needed, ...doubts } = await neededByFile(databasePath, backups);
  const byPlace = [...told, ...needed].map(([file, why]): [string, string] => [placeOf(file), why]);
  return { backups, good, needed: new Map(byPlace), databasePath, ...doubts };
}

/** As listed: a note or a journal may know its folder by another name. */
const placeOf = (backup: string): string => path.join(realFolder(path.dirname(backup)), path.basename(backup));

/** By its path, or, of a work that nobody could note it of any more, by the run that made it. */
const toldOf = (needed: Needed, backups: readonly BackupRecord[]): [string, string][] =>
  'backupPath' in needed
    ? [[needed.backupPath, needed.why]]
    : backups.filter(({ runId }) => runId === needed.runId).map(({ path: file }) => [file, needed.why]);

/** What the database itself says: of a restore that was interrupted, and of a run that did not come to its end. */
async function neededByFile(
  database: string,
  backups: readonly BackupRecord[],
): Promise<{ needed: [string, string][] } & Required<Pick<Stock, 'isUnsure' | 'isUnreadableIntent'>>> {
  const found = readIntent(database);
  const intended = found?.isReadable === true ? ofRestore(found.intent, backups) : [];
  const asked = await openRun(database);
  const run = asked === 'unanswered' ? null : asked;
  const made = backups.filter(({ runId }) => run !== null && runId === run.id);
  // Of the same bytes when the run's own was moved away or renamed.
  const same = backups.filter(({ sha256 }) => run !== null && sha256 === run.backupSha256);
  const ofRun = (made.length > 0 ? made : same).map(({ path: backupPath }) => backupPath);
  return {
    needed: [
      ...intended.map((each): [string, string] => [each, 'An interrupted restore needs it.']),
      ...ofRun.map((each): [string, string] => [each, 'The upgrade that stopped in the file goes back to it.']),
    ],
    isUnsure: asked === 'unanswered',
    isUnreadableIntent: found?.isReadable === false,
  };
}

/** By their paths, or, where one was moved away from there, by what it holds or what it is called. */
function ofRestore({ backupPath, sha256, beforePath }: RestoreIntent, backups: readonly BackupRecord[]): string[] {
  const orMoved = (file: string, isIt: (backup: BackupRecord) => boolean): string[] => {
    const isHere = backups.some(({ path: place, state }) => place === placeOf(file) && state !== 'missing');
    return [file, ...(isHere ? [] : backups.filter(isIt).map(({ path: place }) => place))];
  };
  return [
    ...orMoved(backupPath, (each) => each.sha256 === sha256),
    ...(beforePath === null ? [] : orMoved(beforePath, ({ id }) => `${id}.db` === path.basename(beforePath))),
  ];
}

function isGone(file: string): boolean {
  try {
    return !isThere(file);
  } catch {
    return false; // nobody knows
  }
}

/** @returns null when the last run in the file came to its end, or there is no file; unanswered: busy, damaged, … */
async function openRun(database: string): Promise<RunRow | null | 'unanswered'> {
  try {
    const last = await lookAt(database, ({ db }) => readRuns(db).at(-1));
    return last === undefined || last.state === 'migrated' ? null : last;
  } catch {
    return isGone(database) ? null : 'unanswered';
  }
}

/** @returns undefined when it or its manifest could not be read: nobody knows. */
function readingOf({ path: backupPath }: BackupRecord): BackupRecord | undefined {
  try {
    return verifyBackup({ backupPath });
  } catch {
    return undefined;
  }
}

/**
 * Killed at any moment, the backup is whole and listed, or gone from the list; what is left of it then goes with the
 * next backup in that folder (`sweepUnfinished`), as does what could not be removed now.
 */
function deleteBackup({ folder, id }: BackupRecord, rest = ''): void {
  beginRemoval(folder, id);
  try {
    finishRemoval(folder, id);
  } catch (error) {
    const details = { folder, code: errorCode(error) };
    throw coded('E_BACKUP_FOLDER', `${id} could not be deleted.${rest}`, details, { safety: 'backup-only' });
  }
}

/** @param deleted so many of `all` are gone when the next one cannot be deleted. */
const restWords = (deleted: number, all: number): string =>
  all === 1 ? '' : ` Of the ${all} that were to go, ${deleted} had been deleted by then.`;
