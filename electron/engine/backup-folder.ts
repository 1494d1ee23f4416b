import fs from 'node:fs';
import path from 'node:path';
import { CodedError, coded } from '@shared/errors.ts';
import { needAndFree } from '@shared/sizes.ts';
import { errorCode, fsyncFolder, makeFolder } from './fsync.ts';
import { backupFile, manifestFile } from './manifest.ts';
import type { Db } from './migration.ts';

/** The folder of backups: made, measured, tidied; names in it reserved. */

const SPARE_BYTES = 1 << 20;
const UNFINISHED_MS = 3_600_000;
/** Names as reserveName gives them, and nothing else: the folder may be one where other programs keep their files. */
const UNFINISHED = / \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d .+\.db\.partial(\.scratch|-journal)?$/;

/** @throws CodedError E_BACKUP_FOLDER */
export function prepareFolder(wanted: string): string {
  try {
    makeFolder(path.resolve(wanted));
    fs.accessSync(wanted, fs.constants.W_OK | fs.constants.X_OK);
    return fs.realpathSync(wanted);
  } catch (error) {
    throw coded('E_BACKUP_FOLDER', `The backup folder ${wanted} cannot be used.`, {
      folder: wanted,
      code: errorCode(error),
    });
  }
}

/** Room for the copy and for the scratch restore. @returns it, in bytes. @throws CodedError E_BACKUP_NO_SPACE */
export function requireSpace(db: Db, folder: string): number {
  const pages = db.pragma('page_count', { simple: true }) as number;
  const needBytes = 2 * pages * (db.pragma('page_size', { simple: true }) as number) + SPARE_BYTES;
  const { bavail, bsize } = fs.statfsSync(folder);
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
 * Removes what killed backups left: copies that were never finished and have not been written to for an hour. Finished
 * ones without a manifest are left alone; they are never listed.
 */
export function sweepUnfinished(folder: string, now = Date.now()): void {
  finishRemovals(folder);
  for (const name of fs.readdirSync(folder).filter((each) => UNFINISHED.test(each))) {
    const file = path.join(folder, name);
    const stats = fs.lstatSync(file, { throwIfNoEntry: false });
    if (stats?.isFile() && now - stats.mtimeMs > UNFINISHED_MS) fs.rmSync(file, { force: true });
  }
}

const REMOVING = '.json.removing';

function isManifestOf(file: string, id: string): boolean {
  try {
    const manifest = JSON.parse(fs.readFileSync(file, 'utf8')) as { format?: unknown; id?: unknown };
    return manifest.format === 'phasewise-backup 1' && manifest.id === id;
  } catch {
    return false;
  }
}

/** Deletes what is left of backups whose deletion has begun: their manifests were renamed first. */
export function finishRemovals(folder: string): void {
  const begun = fs.readdirSync(folder).filter((each) => each.endsWith(REMOVING));
  for (const name of begun) {
    const id = name.slice(0, -REMOVING.length);
    if (!isManifestOf(path.join(folder, name), id)) continue; // whose ever it is, it is none of ours
    // A name is given again only when it is free, so with a manifest there is another backup of that name by now.
    if (!fs.existsSync(manifestFile(folder, id)))
      for (const file of [backupFile(folder, id), path.join(folder, `${id}.check.json`)])
        fs.rmSync(file, { force: true });
    fs.rmSync(path.join(folder, name), { force: true });
  }
  if (begun.length > 0) fsyncFolder(folder);
}

/**
 * Takes away what the process that was ended had named as its unfinished copy, with its trial and journal; also when it
 * had its final name already, but no manifest: then it is no backup. Anything of another name is left alone.
 */
export function removeUnfinished(partial: string): void {
  if (!partial.endsWith('.partial') || !UNFINISHED.test(partial)) return;
  const copy = partial.slice(0, -'.partial'.length);
  const trial = `${partial}.scratch`;
  const isBackup = fs.existsSync(manifestFile(path.dirname(copy), path.basename(copy, '.db')));
  for (const file of [partial, trial, ...(isBackup ? [] : [copy])])
    for (const suffix of ['', '-journal', '-wal', '-shm']) fs.rmSync(`${file}${suffix}`, { force: true });
}

/** What the system or SQLite threw, as an error of the backup. */
export function backupError(error: unknown, folder: string): CodedError {
  if (error instanceof CodedError) return error;
  const code = errorCode(error);
  const options = { cause: error };
  const build = (...args: Parameters<typeof coded>) => new CodedError(coded(...args).appError, options);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return build('E_BACKUP_BUSY', 'Another program locks the database.', { code });
  }
  if (['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(code)) {
    return build('E_BACKUP_NO_SPACE', `The disk of ${folder} is full.`, { folder, code });
  }
  if (['EACCES', 'EROFS', 'EPERM', 'ENOENT', 'ENOTDIR'].includes(code)) {
    return build('E_BACKUP_FOLDER', `The backup folder ${folder} cannot be written.`, {
      folder,
      code,
    });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return build('E_BACKUP_UNVERIFIED', `The backup could not be finished: ${reason}.`, { code });
}
