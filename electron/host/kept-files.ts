import type { Stats } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canBePutBack, isRecoveryCopy, isReplacedFolder, replacingPrefix } from '@shared/beside.ts';
import { isUnknown } from './drives.ts';
import { namesOn, ownStatsOn } from './on-drives.ts';
import { intentOn } from './restore-note.ts';
import type { Work } from './works.ts';

/** Folders with raw files that were set aside, newest first; none is known of a drive that does not answer. */
export interface KeptFolder {
  readonly folder: string;
  readonly at: string;
}

/**
 * Beside the database: what restores replaced, could only keep as files, and can put back. The last restore's first: in
 * the order of the journals, as far as they name the folders; what no journal names stands among these by its time, and
 * behind one of the same time: a clock may not tell them apart, and the journal knows that it noted the last.
 * @param works newest first.
 */
export async function replacedFolders(database: string, works: readonly Work[]): Promise<KeptFolder[]> {
  const isReplaced = (name: string): boolean => isReplacedFolder(path.basename(database), name);
  const found: KeptFolder[] = [];
  for (const each of await foldersIn(path.dirname(database), isReplaced, madeAt))
    if (await isWhole(database, each.folder)) found.push(each);
  const isOf = ({ folder }: KeptFolder, { setAside }: Work): boolean => setAside === path.basename(folder);
  const noted = works.flatMap((work) => found.filter((each) => isOf(each, work)));
  return found
    .filter((each) => !noted.includes(each))
    .reduce((sorted, each) => {
      const at = sorted.findIndex((other) => other.at < each.at);
      return sorted.toSpliced(at < 0 ? sorted.length : at, 0, each);
    }, noted);
}

/**
 * What the last restore set aside: only that is put back. Whoever offers it asks this too, so that what is offered is not
 * refused. null = nothing. @param works newest first.
 */
export const lastSetAside = async (database: string, works: readonly Work[]): Promise<KeptFolder | null> =>
  (await keptByInterrupted(database)) ?? (await replacedFolders(database, works))[0] ?? null;

/**
 * What an interrupted restore has kept of a damaged file that it was overwriting in place: by its note, under the name
 * that the folder has for good, or is to have. null = nothing that could be put back.
 */
export async function keptByInterrupted(database: string): Promise<KeptFolder | null> {
  const found = await intentOn(database);
  if (!found?.isReadable || found.intent.source !== 'backup' || found.intent.way !== 'in-place') return null;
  const place = await quarantineOn(database, found.intent.quarantine);
  if (place === null || !(await isWhole(database, place.folder))) return null;
  return { ...place, folder: path.join(path.dirname(database), found.intent.quarantine ?? '') };
}

/** Where a folder lies that a note names: it gets its name for good only when the replacing begins. null = it is not there. */
export async function quarantineOn(database: string, quarantine: string | null): Promise<KeptFolder | null> {
  const [beside, name] = [path.dirname(database), path.basename(database)];
  const names = quarantine === null ? [] : [quarantine, replacingPrefix(name) + quarantine.slice(-6)];
  for (const folder of names.map((each) => path.join(beside, each))) {
    const seen = await ownStatsOn(folder);
    if (typeof seen === 'object' && seen.isDirectory()) return { folder, at: new Date(madeAt(seen)).toISOString() };
  }
  return null;
}

/** Whether what a restore of `database` has set aside in `folder` can be put back: a log without its database cannot. */
export async function isWhole(database: string, folder: string): Promise<boolean> {
  const names: string[] = [];
  canBePutBack(path.basename(database), (name) => void names.push(name)); // says what it asks about
  const found = new Map<string, Stats>();
  for (const name of names) {
    const seen = await ownStatsOn(path.join(folder, name));
    if (isUnknown(seen)) return false;
    if (typeof seen === 'object') found.set(name, seen);
  }
  return canBePutBack(path.basename(database), (name) => found.get(name));
}

/**
 * Whether putting back what a restore had set aside has set this aside, by the journals: the restore that names it, else
 * the last one before it that came to an end. @param works newest first.
 */
export function wasSetAsideByUndo(database: string, { folder, at }: KeptFolder, works: readonly Work[]): boolean {
  const latest = new Date(Date.parse(at) + COARSEST_TIME_MS).toISOString();
  const its =
    works.find(({ setAside }) => setAside === path.basename(folder)) ??
    works.find(({ kind, isOver, since }) => kind === 'restore' && isOver === true && since <= latest);
  return isReplacedFolder(path.basename(database), path.basename(its?.started.restores ?? ''));
}

/** Of a folder's time on a FAT disk. */
export const COARSEST_TIME_MS = 2_000;

/** Among the backups: databases with the journal that SQLite was to play back, as they were before. */
export const recoveryCopies = (backupFolder: string): Promise<KeptFolder[]> =>
  foldersIn(backupFolder, isRecoveryCopy, madeAt);

/**
 * The copy that an upgrade begun at `since` (ISO) has made of a file with its journal or log: asked when it has told of its
 * backup. null = none, or on a disk that knows times too coarsely. @param played what SQLite has taken in whole.
 */
export async function recoveryCopyOf(
  database: string,
  backupFolder: string,
  { since, played }: { readonly since: string; readonly played: string | null },
): Promise<string | null> {
  const earliest = new Date(Date.parse(since) - TICK_MS).toISOString();
  for (const { folder, at } of await recoveryCopies(backupFolder)) {
    if (at < earliest || folder === played) continue;
    if (typeof (await ownStatsOn(path.join(folder, path.basename(database)))) === 'object') return folder;
  }
  return null;
}

/** The clock of a disk may be behind by so much. No more: what a run right before this one has kept is not meant. */
const TICK_MS = 100;

/** Once the run that made it was proven. Removes nothing but such a folder; where it cannot, the folder stays listed. */
export async function removeRecoveryCopy(folder: string): Promise<void> {
  if (!isRecoveryCopy(path.basename(folder))) return;
  if (typeof (await ownStatsOn(folder)) !== 'object') return;
  const removed = rm(folder, { recursive: true, force: true }).catch(() => {}); // as above
  await Promise.race([removed, sleep(REMOVED_WITHIN_MS, undefined, { ref: false })]);
}

/** The end of the run is told then, whether the drive has answered or not. */
const REMOVED_WITHIN_MS = 2_000;

/** Folders of backups of other databases beside this one: after a rename its own are among them. */
export async function neighbouringBackupFolders(database: string): Promise<string[]> {
  const found = await foldersIn(
    path.dirname(database),
    (name) => name.endsWith(' backups') && name !== `${path.basename(database)} backups`,
    ({ mtimeMs }) => mtimeMs,
  );
  return found.map(({ folder }) => folder).slice(0, MOST_NEIGHBOURS);
}

const MOST_NEIGHBOURS = 50;

/**
 * When a folder was made, ms: whatever is put into it later moves its last change, and copying it moves its birth. Some
 * disks know no birth.
 */
const madeAt = ({ mtimeMs, birthtimeMs }: Stats): number =>
  birthtimeMs > 0 ? Math.min(mtimeMs, birthtimeMs) : mtimeMs;

/** @param timeOf ms; the latest comes first. None where the folder is gone, or not ours to look into. */
async function foldersIn(
  parent: string,
  isWanted: (name: string) => boolean,
  timeOf: (stats: Stats) => number,
): Promise<KeptFolder[]> {
  const inside = await namesOn(parent);
  const found: KeptFolder[] = [];
  for (const name of typeof inside === 'object' && 'names' in inside ? inside.names.filter(isWanted) : []) {
    const folder = path.join(parent, name);
    const seen = await ownStatsOn(folder);
    if (typeof seen === 'object' && seen.isDirectory())
      found.push({ folder, at: new Date(timeOf(seen)).toISOString() });
  }
  return found.sort((a, b) => b.at.localeCompare(a.at));
}
