import fs from 'node:fs';
import path from 'node:path';
import { errorCode, errorWords } from '@shared/error-code.ts';
import { CodedError, coded } from '@shared/errors.ts';
import { needAndFree } from '@shared/sizes.ts';
import { fsyncFolder, makeFolder, removeIfPossible, renameWithRetry } from './fsync.ts';
import { backupFile, manifestFile, readSmall } from './manifest.ts';
import type { Db } from './migration.ts';

/** The folder of backups: made, measured, tidied; names in it reserved. */

const SPARE_BYTES = 1 << 20;
/** A living copy is not written to while it is proved, nor while its computer sleeps. */
const UNFINISHED_MS = 24 * 3_600_000;
/** Names as reserveName gives them, and nothing else: the folder may be one where other programs keep their files. */
const UNFINISHED = / \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d .+\.db\.partial(\.scratch|-journal)?$/;

/** @throws CodedError E_BACKUP_FOLDER, E_BACKUP_NO_SPACE */
export function prepareFolder(wanted: string): string {
  return using(wanted, () => {
    makeFolder(path.resolve(wanted));
    fs.accessSync(wanted, fs.constants.W_OK | fs.constants.X_OK);
    return realFolder(wanted);
  });
}

/**
 * Its one name, with links resolved: a backup that is told by two must not be taken for two. One that is not there, or
 * that the system does not resolve, goes by the name that was given.
 */
export function realFolder(folder: string): string {
  try {
    return fs.realpathSync.native(folder);
  } catch {
    return folder;
  }
}

/** What the system refuses here is about the folder, never about the database. */
function using<T>(folder: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (isFull(errorCode(error))) throw backupError(error, folder);
    throw coded('E_BACKUP_FOLDER', `The backup folder ${folder} cannot be used.`, { folder, code: errorCode(error) });
  }
}

/** Room for the copy and for the scratch restore. @returns it, in bytes. @throws CodedError E_BACKUP_NO_SPACE | E_BACKUP_FOLDER */
export function requireSpace(db: Db, folder: string): number {
  const pages = db.pragma('page_count', { simple: true }) as number;
  const needBytes = 2 * pages * (db.pragma('page_size', { simple: true }) as number) + SPARE_BYTES;
  const { bavail, bsize } = using(folder, () => fs.statfsSync(folder));
  const freeBytes = bavail * bsize;
  if (freeBytes < needBytes) {
    const { need, free } = needAndFree(needBytes, freeBytes);
    throw coded('E_BACKUP_NO_SPACE', `The backup and its trial restore need ${need} but ${folder} has ${free} free.`, {
      ...{ folder, needBytes, freeBytes },
    });
  }
  return needBytes;
}

/**
 * Creates `<id>.db.partial` exclusively (0600). The id is free: no backup of that name exists, none is being made.
 * @param onName told before there is such a file: whoever ends this process right after has to know what it left. Told
 * again where another process was faster: only the last name is ours.
 */
export function reserveName(
  folder: string,
  request: { path: string; reason: string },
  at: Date,
  onName?: (partial: string) => void,
): { id: string; partial: string } {
  const stem = fileSafe(path.basename(request.path).replace(/\.[^.]*$/, ''));
  const base = `${stem} ${timeInName(at)} ${fileSafe(request.reason)}`;
  for (let attempt = 1; attempt < 1_000; attempt++) {
    const id = attempt === 1 ? base : `${base} ${attempt}`;
    const partial = `${backupFile(folder, id)}.partial`;
    const isTaken = (...files: string[]) => files.some((file) => fs.lstatSync(file, { throwIfNoEntry: false }));
    const finished = [backupFile(folder, id), manifestFile(folder, id)];
    if (isTaken(partial, ...finished)) continue; // nothing of another one may be named as ours
    onName?.(partial);
    try {
      fs.closeSync(fs.openSync(partial, 'wx', 0o600));
    } catch (error) {
      if (errorCode(error) === 'EEXIST') continue;
      throw backupError(error, folder);
    }
    if (!isTaken(...finished)) return { id, partial };
    fs.rmSync(partial, { force: true });
  }
  throw coded('E_BACKUP_FOLDER', `No free name for a backup was found in ${folder}.`, { folder });
}

/** A name for a folder that is not there yet. */
export function freeFolderName(folder: string, request: { path: string; reason: string }, at: Date): string {
  const stem = fileSafe(path.basename(request.path).replace(/\.[^.]*$/, ''));
  const base = `${stem} ${timeInName(at)} ${request.reason}`;
  for (let attempt = 1; ; attempt++) {
    const name = path.join(folder, attempt === 1 ? base : `${base} ${attempt}`);
    if (!fs.lstatSync(name, { throwIfNoEntry: false })) return name;
  }
}

/** Without what Windows forbids in names, and short enough that a long name still fits with time and reason. */
const fileSafe = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- control characters are what is being removed
  [...text.replace(/[<>:"/\\|?*\u0000-\u001f\u007f]/g, '_')]
    .slice(0, 40)
    .join('')
    .replace(/[. ]+$/, '')
    .trimStart() || 'database';

/** Local time, as the person's clock shows it. */
function timeInName(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}.${two(at.getMinutes())}.${two(at.getSeconds())}`;
}

/**
 * Removes what killed backups left: copies that were never finished and have not been written to for a day. Finished
 * ones without a manifest are left alone; they are never listed. What cannot be removed stays: it may be another user's.
 * @throws CodedError E_BACKUP_FOLDER when the folder cannot be read: no backup in it could be found again.
 */
export function sweepUnfinished(folder: string, now = Date.now()): void {
  const names = using(folder, () => fs.readdirSync(folder));
  for (const name of names.filter((each) => each.endsWith(REMOVING))) finishIfPossible(folder, name);
  for (const name of names.filter((each) => UNFINISHED.test(each))) {
    const file = path.join(folder, name);
    const stats = using(folder, () => fs.lstatSync(file, { throwIfNoEntry: false }));
    if (stats?.isFile() && now - stats.mtimeMs > UNFINISHED_MS) removeIfPossible(file);
  }
}

const REMOVING = '.json.removing';

function isManifestOf(file: string, id: string): boolean {
  try {
    const manifest = JSON.parse(readSmall(file) ?? '') as { format?: unknown; id?: unknown };
    return manifest.format === 'phasewise-backup 1' && manifest.id === id;
  } catch {
    return false;
  }
}

/** One that cannot be ended now keeps no other from it, and its renamed manifest for the next time. */
function finishIfPossible(folder: string, name: string): void {
  const id = name.slice(0, -REMOVING.length);
  if (!isManifestOf(path.join(folder, name), id)) return; // whose ever it is, it is none of ours
  try {
    finishRemoval(folder, id);
  } catch {
    // as above
  }
}

/** The first act of a deletion, after which the backup is listed no more. @throws the system's error. */
export function beginRemoval(folder: string, id: string): void {
  renameWithRetry(manifestFile(folder, id), path.join(folder, id + REMOVING));
  fsyncFolder(folder);
}

/**
 * Deletes what is left of a backup whose deletion has begun.
 * @throws the system's error where something stays; the renamed manifest stays then too.
 */
export function finishRemoval(folder: string, id: string): void {
  // A name is given again only when it is free, so with a manifest there is another backup of that name by now.
  if (!hasManifest(folder, id))
    for (const file of [backupFile(folder, id), path.join(folder, `${id}.check.json`)])
      fs.rmSync(file, { force: true });
  fs.rmSync(path.join(folder, id + REMOVING), { force: true });
  fsyncFolder(folder);
}

/** @throws the system's error: a disk that does not answer has not said that there is none. */
const hasManifest = (folder: string, id: string): boolean =>
  fs.lstatSync(manifestFile(folder, id), { throwIfNoEntry: false }) !== undefined;

/**
 * Takes away what the process that was ended had named as its unfinished copy, with its trial and journal; also when it
 * had its final name already, but no manifest: then it is no backup. Anything of another name is left alone, and so is
 * what cannot be removed: it stands in nobody's way.
 */
export function removeUnfinished(partial: string): void {
  if (!partial.endsWith('.partial') || !UNFINISHED.test(partial)) return;
  const copy = partial.slice(0, -'.partial'.length);
  const trial = `${partial}.scratch`;
  for (const file of [partial, trial, ...(mayBeBackup(copy) ? [] : [copy])])
    for (const suffix of ['', '-journal', '-wal', '-shm']) removeIfPossible(`${file}${suffix}`);
}

function mayBeBackup(copy: string): boolean {
  try {
    return hasManifest(path.dirname(copy), path.basename(copy, '.db'));
  } catch {
    return true;
  }
}

const isFull = (code: string): boolean => ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(code);

/** What the system or SQLite threw, as an error of the backup. */
export function backupError(error: unknown, folder: string): CodedError {
  if (error instanceof CodedError) return error;
  const code = errorCode(error);
  const options = { cause: error };
  const build = (...args: Parameters<typeof coded>) => new CodedError(coded(...args).appError, options);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return build('E_BACKUP_BUSY', 'Another program locks the database.', { code });
  }
  if (isFull(code)) {
    return build('E_BACKUP_NO_SPACE', `The disk of ${folder} is full.`, { folder, code });
  }
  if (['EACCES', 'EROFS', 'EPERM', 'ENOENT', 'ENOTDIR'].includes(code)) {
    return build('E_BACKUP_FOLDER', `The backup folder ${folder} cannot be written.`, {
      folder,
      code,
    });
  }
  if (code === 'SQLITE_TOOBIG') {
    const message =
      'A value in the database is too large to be compared with its copy, so no backup of it can be proven.';
    return build('E_BACKUP_UNVERIFIED', message, { code }, { nextStep: 'Ask support to look at the file.' });
  }
  return build('E_BACKUP_UNVERIFIED', `The backup could not be finished: ${errorWords(error)}.`, { code });
}
