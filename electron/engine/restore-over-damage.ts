import fs from 'node:fs';
import path from 'node:path';
import { CodedError, coded, safetyText } from '@shared/errors.ts';
import type { Manifest } from '@shared/manifest.ts';
import { removeIfPossible } from './fsync.ts';
import { identify, isStillThere, isUnchanged, type Identity } from './identity.ts';
import { readableIntent, readIntent } from './intent.ts';
import { PATIENCE_MS } from './journal-mode.ts';
import { lockForMaintenance, type MaintenanceLock } from './lock.ts';
import { finalName, isThere, letRawCopyGo, makeRawCopy } from './raw-copy.ts';
import { quarantineOf } from './restore-file.ts';
import { overwrite, pauseForClock } from './restore-in-place.ts';
import type { RestoreDependencies, RestoreInput } from './restore-request.ts';
import { lockFolderOf } from './restore-target.ts';
import { assertSameBytes } from './same-bytes.ts';
import { readSidecars } from './sidecars.ts';
import { fromSqlite } from './sqlite-error.ts';

/**
 * A restore over a database that SQLite can lock, but not read as a whole: no backup of it can be made, so its bytes are
 * kept. It is overwritten all the same, and not renamed over, so that whoever has it open without a lock notices.
 */

export interface OverDamage {
  /** The folder that keeps what was there, byte for byte. */
  readonly kept: string;
  /** false: SQLite cannot do it. Then nothing of the content is another, and no note says so. */
  readonly isDone: boolean;
}

/**
 * @param target has nothing beside it that SQLite would play in, and was locked a moment ago. The raw copy is made without
 * the lock, which reading the file would drop; that nobody has written in between is seen once it is held again.
 * @throws CodedError as `overwrite`; E_DB_IN_USE | E_DB_BUSY | E_STATE_CHANGED | E_RESTORE_TARGET with nothing touched. Where
 * its note does not stay, neither does a copy, unless the file was taken away.
 */
export async function overwriteDamaged(
  target: string,
  backup: string,
  manifest: Manifest,
  input: RestoreInput,
  dependencies: RestoreDependencies,
): Promise<OverDamage> {
  const found = stateAtRest(target);
  const { walBytes, isJournalHot } = readSidecars(target);
  if (walBytes > 0 || isJournalHot) throw justOpened(target);
  const earlier = keptEarlier(target);
  const kept = earlier ?? makeRawCopy(target);
  try {
    dependencies.probe?.('kept', kept);
    const lock = await lockAsFound(target, found, input, dependencies);
    if (isCutByCommits(lock)) {
      lock.release();
      return { kept, isDone: false };
    }
    await overwrite(target, backup, manifest, { before: null, kept, lock }, dependencies);
    return { kept: finalName(target, kept), isDone: true };
  } catch (error) {
    const is = isThere(kept) ? kept : finalName(target, kept);
    if (isBeyondSqlite(error)) return { kept: is, isDone: false };
    if (isNoted(target, kept)) throw error;
    if (earlier !== null) throw error;
    if (!isStillThere(target, found)) throw letRawCopyGo(target, is, error);
    removeIfPossible(is, { recursive: true });
    throw error;
  }
}

/**
 * What a try that was interrupted has kept, as long as the file is that still, but for what SQLite has set in its header
 * since: a copy of it now would not be what was there at first.
 */
export function keptEarlier(target: string): string | null {
  const intent = readableIntent(target);
  if (intent?.way !== 'in-place') return null;
  const kept = quarantineOf(target, intent);
  if (kept === null) return null;
  try {
    assertSameBytes(path.join(kept, path.basename(target)), target, true);
    return kept;
  } catch {
    return null; // gone, or another program has written to one of them
  }
}

/** Under full vacuum the next commit cuts off what free pages there are, with whatever they hold. */
function isCutByCommits({ db, release }: MaintenanceLock): boolean {
  try {
    return db.pragma('auto_vacuum', { simple: true }) === 1 && db.pragma('freelist_count', { simple: true }) !== 0;
  } catch (error) {
    release();
    throw fromSqlite(error, 'looking for free pages', 'untouched');
  }
}

/** Then nothing was written: a note that lies there is that of an earlier try. */
const isBeyondSqlite = (error: unknown): boolean =>
  error instanceof CodedError && error.appError.code === 'E_CORRUPT' && error.appError.safety !== safetyText.unknown;

/** Whatever is written later has another time than what is returned. */
function stateAtRest(target: string): Identity {
  let found = identify(target);
  const deadline = performance.now() + PATIENCE_MS;
  do {
    pauseForClock(found);
    const now = identify(target);
    if (isUnchanged(found, now)) return now;
    found = now;
  } while (performance.now() < deadline);
  throw coded('E_DB_BUSY', `Another program keeps writing to ${path.basename(target)}.`);
}

async function lockAsFound(
  target: string,
  found: Identity,
  input: RestoreInput,
  { lockWaitMs }: RestoreDependencies,
): ReturnType<typeof lockForMaintenance> {
  const lock = await lockForMaintenance({
    path: target,
    identity: found,
    lockFolder: lockFolderOf(input),
    ...(lockWaitMs === undefined ? {} : { waitMs: lockWaitMs }),
  });
  try {
    // Names only: opening one of these files would drop the lock. What SQLite has played in now is in no copy.
    const log = fs.lstatSync(`${target}-wal`, { throwIfNoEntry: false });
    if (isUnchanged(found, identify(target)) && (log?.size ?? 0) === 0) return lock;
    throw coded('E_STATE_CHANGED', `Another program wrote to ${path.basename(target)} just now.`);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Where that cannot be told, it may be. */
function isNoted(target: string, kept: string): boolean {
  try {
    const note = readIntent(target);
    if (note === null) return false;
    return !note.isReadable || note.intent.quarantine === path.basename(finalName(target, kept));
  } catch {
    return true;
  }
}

const justOpened = (target: string): CodedError =>
  coded('E_DB_IN_USE', `Another program has just opened ${path.basename(target)}.`);
