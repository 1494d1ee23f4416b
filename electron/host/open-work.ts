import type { AppError } from '@shared/errors.ts';
import { wasRefused } from '@shared/run.ts';
import type { Needed } from '@engine/protocol.ts';
import { isSameBackup } from './backup-place.ts';
import type { Work } from './works.ts';

/** A work that a person has to be asked about. */
export interface OpenWork {
  readonly work: Work;
  /** The upgrades that it went on from, newest first, itself included: none of them came to a proven end. */
  readonly chain: readonly Work[];
  /** All that the file went through on the way here, see `partsOf`: the backup of the last of them is the original. */
  readonly parts: readonly Work[];
  /** Another host is doing something smaller on the file right now, so that a look at it may have to wait. */
  readonly isWorkedOn: boolean;
}

/**
 * Of the works of one database, newest first, the one that a person has to be asked about. null: nothing is unfinished,
 * or somebody is going on with it right now. An upgrade or restore goes before lesser works, and is not hidden by them.
 */
export function openWork(works: readonly Work[]): OpenWork | null {
  const chain: Work[] = [];
  let other: Work | null = null;
  let isWorkedOn = false;
  const finishedKinds = new Set<string>();
  for (const [at, work] of works.entries()) {
    if (isBelieved(work, at === 0)) {
      if (isGreat(work)) return null;
      isWorkedOn = true;
      continue;
    }
    const standing = standingOf(work);
    if (standing === 'ends') break;
    if (standing === 'open' && work.kind === 'restore')
      return asOpen(works, chain.length === 0 ? [work] : chain, isWorkedOn);
    if (standing === 'open' && work.kind === 'upgrade') chain.push(work);
    else if (standing === 'open' && !finishedKinds.has(work.kind)) other ??= work;
    if (work.isOver === true) finishedKinds.add(work.kind);
  }
  if (chain.length > 0) return asOpen(works, chain, isWorkedOn);
  return other === null || isWorkedOn ? null : asOpen(works, [other], isWorkedOn);
}

/** @param works in which the chain was found, newest first. @param chain at least one. */
export function asOpen(works: readonly Work[], chain: readonly Work[], isWorkedOn: boolean): OpenWork {
  const work = chain[0] as Work;
  return {
    ...{ work, chain, isWorkedOn },
    /** Found when they are asked for: on the way, folders may have to be looked at. */
    get parts() {
      return work.kind === 'upgrade' ? partsOf(works, work) : chain;
    },
  };
}

/**
 * The upgrades since the last proven one that have made the file what `last` found, newest first, itself included: also
 * those that a person left as they were. What a restore put in leads on to the work that made that backup: the file was
 * then what it had been before that. Any other restore, or another file in its place, ends the row.
 * @param works newest first.
 */
function partsOf(works: readonly Work[], last: Work): Work[] {
  const from = works.findIndex(({ runId }) => runId === last.runId);
  return from < 0 ? [] : partsFrom(works, from);
}

/** The same of all that was begun by the work at `from`. @param works newest first. */
export function partsFrom(works: readonly Work[], from: number): Work[] {
  const parts: Work[] = [];
  for (let at = from; at < works.length; at += 1) {
    const work = works[at] as Work;
    if (work.kind === 'restore' && work.isOver === true) {
      const maker = makerOf(works, at);
      if (maker === null) break;
      at = maker;
      continue;
    }
    if (work.kind !== 'upgrade') continue;
    if (work.isSettled || work.report?.verified === true || work.verdict?.verified === true) break;
    if (work.isClosed && !isGoneOnFrom(work, parts.at(-1))) break;
    parts.push(work);
  }
  return parts;
}

/** Of the works before the restore at `at`, the one that made what that has put in. */
function makerOf(works: readonly Work[], at: number): number | null {
  const restored = works[at]?.started.restores;
  if (restored === undefined) return null;
  const isIts = ({ backupPath }: Work): boolean => backupPath !== null && isSameBackup(backupPath, restored);
  const maker = works.findIndex((work, index) => index > at && isIts(work));
  return maker < 0 ? null : maker;
}

/** What was left may be another file by now; a later part found the steps of this one there, where it could say so. */
function isGoneOnFrom({ applied }: Work, later: Work | undefined): boolean {
  if (later === undefined || later.steps.length === 0) return true;
  const found = new Set(later.steps.filter(({ isApplied }) => isApplied).map(({ migrationId }) => migrationId));
  return applied.every(({ migrationId }) => found.has(migrationId));
}

const isGreat = ({ kind }: Work): boolean => kind === 'upgrade' || kind === 'restore';

/**
 * Whether its process is at work on it. Where only the id of the process is known, which may be another's by now, nothing
 * that was begun on the file since may speak against it, and it must not have been silent for a day.
 */
const isBelieved = ({ isAlive, isSurelyAlive, lastSignAt }: Work, isLatest: boolean): boolean =>
  isAlive && (isSurelyAlive || (isLatest && Date.now() - Date.parse(lastSignAt) < DAY_MS));
const DAY_MS = 24 * 3_600_000;

/**
 * Another process is at an upgrade or a restore of the file. What began before something that `ends` is over, though its
 * process lives and could not note it: a window stays open on a full disk. @param works newest first.
 */
export function isGoneOnWith(works: readonly Work[]): boolean {
  for (const [at, work] of works.entries()) {
    if (isBelieved(work, at === 0)) {
      if (isGreat(work)) return true;
    } else if (standingOf(work) === 'ends') return false;
  }
  return false;
}

/**
 * open: ask about it. ends: it and everything before it is settled. nothing: it says nothing about what was before it.
 *
 * kind    | how it ended                                    | standing
 * upgrade | a verdict said yes                              | ends
 * upgrade | refused, or stopped before there was a backup   | nothing
 * upgrade | stopped, failed, without verdict, without a word | open
 * restore | done                                            | ends
 * restore | refused or failed, with an answer               | nothing (an intent beside the file says more)
 * others  | with an answer                                  | nothing
 * any     | without a word                                  | open
 * any     | closed by a person or a look                    | ends; of lesser works: nothing
 */
function standingOf(work: Work): 'open' | 'ends' | 'nothing' {
  const { kind, report } = work;
  if (work.isClosed) return isGreat(work) ? 'ends' : 'nothing';
  if (kind !== 'upgrade') {
    if (work.isOver === null) return 'open';
    return kind === 'restore' && work.isOver ? 'ends' : 'nothing';
  }
  if (report?.verified === true || work.verdict?.verified === true) return 'ends';
  if (report === null) return 'open';
  const hasBegun = report.backup !== null || work.backupPath !== null;
  return wasRefused(report) || !hasBegun ? 'nothing' : 'open';
}

/** The last of them that says anything was left as it is by a person. @param works newest first. */
export function wasLeft(works: readonly Work[]): boolean {
  const last = works.find((work) => work.isClosed || standingOf(work) !== 'nothing');
  return last !== undefined && last.isClosed && !last.isSettled;
}

/** Why a work has not come to its end. */
export type Cause =
  /** Nobody could write down why: killed, or without power. */
  'without-a-word' | 'engine-died' | 'asked' | 'failed';

export function causeOf({ report }: Work): { cause: Cause; error: AppError | null } {
  const error = report?.error ?? null;
  if (error === null) return { cause: 'without-a-word', error };
  if (error.code === 'E_WORKER_DIED' || error.code === 'E_NO_MEMORY') return { cause: 'engine-died', error };
  return { cause: error.code === 'E_CANCELLED' ? 'asked' : 'failed', error };
}

/**
 * Backups that may be needed still: of every upgrade since the last proven one, also of one that was left as it is, and of
 * every other work that a person is or will be asked about, or somebody is doing right now.
 */
export function backupsInNeed(works: readonly Work[]): Needed[] {
  const proven = works.findIndex(
    (work) => work.kind === 'upgrade' && (work.report?.verified === true || work.verdict?.verified === true),
  );
  const settled = works.findIndex((work) => standingOf(work) === 'ends');
  const since = (end: number) => works.slice(0, end < 0 ? undefined : end);
  return [
    ...since(proven).filter(
      ({ kind, backupPath, report }) => kind === 'upgrade' && (backupPath !== null || report === null),
    ),
    ...since(settled).filter((work, at) => isOpenOther(work, works.slice(0, at))),
  ].map(neededBy);
}

/** No upgrade, and not made good by a later one of its kind. */
const isOpenOther = (work: Work, later: readonly Work[]): boolean =>
  work.kind !== 'upgrade' &&
  standingOf(work) === 'open' &&
  !later.some(({ kind, isOver }) => kind === work.kind && isOver === true);

/** What was killed right behind its backup, and lesser works, have no line that names it: then its run has to tell it. */
const neededBy = ({ kind, runId, backupPath }: Work): Needed => ({
  ...(backupPath === null ? { runId } : { backupPath }),
  why: WHY_NEEDED[kind],
});

const INTERRUPTED = 'A change that was interrupted goes back to it.';
const WHY_NEEDED: Record<Work['kind'], string> = {
  upgrade: 'An upgrade that has not come to a proven end goes back to it.',
  restore: 'An interrupted restore needs it.',
  backup: INTERRUPTED,
  ingest: INTERRUPTED,
  retry: INTERRUPTED,
  clear: INTERRUPTED,
};
