import fs from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { coded, type CodedError } from '@shared/errors.ts';
import { fsyncFolder, removeIfPossible, renameWithRetry } from './fsync.ts';

/**
 * Gives a finished copy the name of a database that is missing. Not by renaming, which would silently replace a file that
 * another program has made there in the meantime: by a second name (hard link), which fails then, and taking the first
 * one away. Killed in between, both names lead to the same content.
 * @throws CodedError E_STATE_CHANGED when there is a file by now; it is left alone. The system's error.
 */
export function placeWhereNothingIs(copy: string, target: string): void {
  try {
    fs.linkSync(copy, target);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw appeared(target);
    return placeByReserving(copy, target);
  }
  fsyncFolder(path.dirname(target));
  fs.rmSync(copy, { force: true });
}

/**
 * Killed between the two names and then written to by another program, there is nothing left to finish of the placing;
 * but a file with two names is refused wherever it is looked at.
 */
export function takeFirstNameAway(copy: string, target: string): void {
  const [first, second] = [copy, target].map((file) => fs.lstatSync(file, { bigint: true, throwIfNoEntry: false }));
  if (!first?.isFile() || first.ino !== second?.ino || first.dev !== second.dev) return;
  fs.rmSync(copy, { force: true });
  fsyncFolder(path.dirname(target));
}

/**
 * For file systems without hard links: an empty file takes the name, if it is free, and the copy replaces that. Whoever
 * opens the empty file in these milliseconds is noticed when it has written to it, and not in the last few microseconds.
 */
function placeByReserving(copy: string, target: string): void {
  const reserved = reserve(target);
  try {
    if (!isStill(reserved, target)) throw appeared(target);
    renameWithRetry(copy, target);
  } catch (error) {
    if (isStill(reserved, target)) removeIfPossible(target);
    throw error;
  }
}

function reserve(target: string): fs.Stats {
  let handle;
  try {
    handle = fs.openSync(target, 'wx', 0o600);
  } catch (error) {
    throw errorCode(error) === 'EEXIST' ? appeared(target) : error;
  }
  try {
    return fs.fstatSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

function isStill(reserved: fs.Stats, target: string): boolean {
  const stats = fs.lstatSync(target, { throwIfNoEntry: false });
  return stats?.ino === reserved.ino && stats.dev === reserved.dev && stats.size === 0;
}

const appeared = (target: string): CodedError =>
  coded('E_STATE_CHANGED', `A file named ${path.basename(target)} has just been made there by another program.`);
