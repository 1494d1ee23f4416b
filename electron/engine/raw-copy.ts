import fs from 'node:fs';
import path from 'node:path';
import { isReplacingFolder, replacedPrefix, replacingPrefix } from '@shared/beside.ts';
import { errorWords } from '@shared/error-code.ts';
import { coded, type CodedError } from '@shared/errors.ts';
import { isWal, openEngine } from './connection.ts';
import { assertNotConnected, fsyncFile, fsyncFolder, removeIfPossible, renameWithRetry, sha256File } from './fsync.ts';
import { assertSameBytes } from './same-bytes.ts';
import { fromSqlite } from './sqlite-error.ts';

/** A database and what lies beside it, byte for byte: where it is made, under which names, and when it may go. */

export const SIDECARS = ['-wal', '-journal', '-shm'] as const;
/** What SQLite plays into the database. The rest (`-shm`) it makes anew whenever it likes. */
const PLAYED_IN = ['-wal', '-journal'] as const;

export const isThere = (file: string): boolean => fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;

/**
 * Copies the database and its sidecars byte for byte into a new folder beside it, before SQLite opens it: opening plays
 * a journal back, closing writes a WAL back, and either changes the file.
 * @returns the folder, not yet under the name that says it is kept: see `finalName`. One that a killed restore has
 * left is as good, as long as nothing has changed since.
 */
export function makeRawCopy(target: string): string {
  const folder = path.dirname(target);
  let filling: string | undefined;
  try {
    const left = unfinishedFolders(target).find((each) => holdsTheSame(each, target));
    if (left !== undefined) {
      dropReplaced(left, target);
      // Whoever made it may have been killed before it was on the disk.
      for (const each of [left, folder]) fsyncFolder(each);
      return left;
    }
    filling = fs.mkdtempSync(path.join(folder, replacingPrefix(path.basename(target))));
    copyRaw(target, filling);
    fsyncFolder(folder);
    return filling;
  } catch (error) {
    if (filling !== undefined) removeIfPossible(filling, { recursive: true });
    throw coded('E_RESTORE_TARGET', `What is there could not be kept beside it: ${errorWords(error)}`, { folder });
  }
}

/**
 * For a restore that is refused after a raw copy was made: it goes, unless the file is another by now, but for what
 * SQLite sets in its header. Then it may hold what is nowhere else, and nobody may be told that nothing was changed.
 * @returns the error to be thrown.
 */
export function letRawCopyGo(target: string, raw: string, error: unknown): CodedError {
  const told = fromSqlite(error, `saving ${path.basename(target)}`);
  if (holdsTheSame(raw, target) || holdsTheSameBody(raw, target)) {
    removeIfPossible(raw, { recursive: true });
    return told;
  }
  const kept = keepIfPossible(target, raw);
  const { code, message, details, nextStep } = told.appError;
  const name = path.basename(target);
  const how = mayBeTheOnlyOne(kept, target)
    ? `What lay beside ${name} was played into it or removed by then; how both were before`
    : `How ${name} was before`;
  const words = `${message} ${how} is kept in ${path.basename(kept)}.`;
  return coded(code, words, { ...details, keptIn: kept }, { safety: 'unknown', nextStep });
}

/** Where a folder with copies stays for good. */
export const finalName = (target: string, filling: string): string =>
  path.join(path.dirname(target), replacedPrefix(path.basename(target)) + filling.slice(-6));

/**
 * Beside a raw copy: the file that is being replaced, as SQLite has left it since, with what lay beside it then. An
 * interrupted restore knows it by that; once it is replaced, what counts is what was there at first.
 */
export const REPLACED = '.opened';

/** The file that is being replaced, in the folder where it is kept. */
export function replacedIn(kept: string, target: string): string {
  const first = path.join(kept, path.basename(target));
  return isThere(first + REPLACED) ? first + REPLACED : first;
}

export function dropReplaced(kept: string, target: string): void {
  if (!isThere(kept)) return; // somebody has moved it away: of no matter to the file in its place
  const names = fs.readdirSync(kept).filter((name) => name.startsWith(path.basename(target) + REPLACED));
  for (const name of names) removeIfPossible(path.join(kept, name), { recursive: true });
}

/**
 * Once it is replaced: it goes where SQLite makes the very same of what was there at first. Else another program wrote
 * to it after that was copied, and this is the only place where that still is.
 */
export function dropReplacedIfDerived(kept: string, target: string): void {
  const first = path.join(kept, path.basename(target));
  if (isThere(first + REPLACED) && !isDerived(first)) return;
  dropReplaced(kept, target);
}

function isDerived(first: string): boolean {
  const trial = `${first + REPLACED}.trial`; // a name that goes with the rest, should this be killed
  try {
    fs.rmSync(trial, { recursive: true, force: true });
    fs.mkdirSync(trial, { mode: 0o700 });
    copyRaw(first, trial);
    const made = path.join(trial, path.basename(first));
    playIn(made);
    return ['', ...PLAYED_IN].every((suffix) => bytesOf(made + suffix) === bytesOf(first + REPLACED + suffix));
  } catch {
    return false;
  } finally {
    removeIfPossible(trial, { recursive: true });
  }
}

/** As the lock does, and as it closes again. */
function playIn(file: string): void {
  const db = openEngine(file, { locking: 'exclusive' });
  try {
    db.exec('BEGIN EXCLUSIVE; ROLLBACK');
    if (isWal(db)) db.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}

/** Copies the database and what lies beside it into `folder`, on the disk when it returns. */
export function copyRaw(target: string, folder: string): void {
  for (const suffix of ['', ...SIDECARS].filter((each) => isThere(target + each))) copyWhole(target + suffix, folder);
  fsyncFolder(folder);
}

/** Has its name only when it is whole: a killed process leaves nothing that looks like a copy. */
export function copyWhole(from: string, folder: string, name = path.basename(from)): void {
  const to = path.join(folder, name);
  const filling = `${to}.filling`;
  assertNotConnected(from);
  fs.copyFileSync(from, filling, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
  fs.chmodSync(filling, 0o600);
  fsyncFile(filling);
  if (sha256File(from) !== sha256File(filling)) throw new Error('the old file could not be copied');
  fs.renameSync(filling, to);
}

/**
 * Copies that killed restores left. One with a log or a journal may hold what was there before SQLite played it in, and
 * be the only one: it is kept. One that cannot be removed or renamed stands in nobody's way.
 * @param raw the one that is in use; null = none is.
 */
export function sweepRawCopies(target: string, raw: string | null): void {
  for (const left of unfinishedFolders(target).filter((each) => each !== raw)) {
    if (mayBeTheOnlyOne(left, target)) keepIfPossible(target, left);
    else removeIfPossible(left, { recursive: true });
  }
}

/** The same, but one that is to be kept is left for the next restore, which may still need it. */
export function removeMereCopies(target: string): void {
  for (const left of unfinishedFolders(target))
    if (!mayBeTheOnlyOne(left, target)) removeIfPossible(left, { recursive: true });
}

const mayBeTheOnlyOne = (left: string, target: string): boolean =>
  PLAYED_IN.some((suffix) => isThere(path.join(left, path.basename(target)) + suffix));

function unfinishedFolders(target: string): string[] {
  const folder = path.dirname(target);
  const names = fs.readdirSync(folder).filter((name) => isReplacingFolder(path.basename(target), name));
  return names.map((name) => path.join(folder, name));
}

/** @returns where it is now. Nothing sweeps it under its first name either. */
export function keepIfPossible(target: string, raw: string): string {
  const kept = finalName(target, raw);
  try {
    dropReplaced(raw, target);
    renameWithRetry(raw, kept);
    fsyncFolder(path.dirname(target));
    return kept;
  } catch {
    return isThere(raw) ? raw : kept;
  }
}

/** Nothing has been played in since. Where that cannot be told, something may have been. */
export function holdsTheSame(raw: string, target: string): boolean {
  const copy = path.join(raw, path.basename(target));
  try {
    return ['', ...PLAYED_IN].every((suffix) => bytesOf(copy + suffix) === bytesOf(target + suffix));
  } catch {
    return false;
  }
}

/** Of one with nothing beside it: it was locked, and written to by nobody. */
function holdsTheSameBody(raw: string, target: string): boolean {
  if (mayBeTheOnlyOne(raw, target) || PLAYED_IN.some((suffix) => isThere(target + suffix))) return false;
  try {
    assertSameBytes(path.join(raw, path.basename(target)), target, true);
    return true;
  } catch {
    return false;
  }
}

const bytesOf = (file: string): string | null => (isThere(file) ? sha256File(file) : null);
