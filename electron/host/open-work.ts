import type { AppError } from '@shared/errors.ts';
import { wasRefused } from '@shared/run.ts';
import type { Work } from './works.ts';

/** A work that a person has to be asked about. */
export interface OpenWork {
  readonly work: Work;
  /** The upgrades that it went on from, newest first, itself included: none of them came to a proven end. */
  readonly chain: readonly Work[];
}

/**
 * Of the works of one database, newest first, the one that a person has to be asked about. null: nothing is unfinished,
 * or somebody is working on it right now. An upgrade or restore goes before lesser works.
 */
export function openWork(works: readonly Work[]): OpenWork | null {
  const chain: Work[] = [];
  let other: Work | null = null;
  const finishedKinds = new Set<string>();
  for (const work of works) {
    if (work.isAlive) return null;
    const standing = standingOf(work);
    if (standing === 'ends') break;
    if (standing === 'open' && work.kind === 'restore') return chain.length === 0 ? alone(work) : { ...first(chain) };
    if (standing === 'open' && work.kind === 'upgrade') chain.push(work);
    else if (standing === 'open' && !finishedKinds.has(work.kind)) other ??= work;
    if (work.isOver === true) finishedKinds.add(work.kind);
  }
  if (chain.length > 0) return first(chain);
  return other && alone(other);
}

const alone = (work: Work): OpenWork => ({ work, chain: [work] });
const first = (chain: readonly Work[]): OpenWork => ({ work: chain[0] as Work, chain });

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
  const isGreat = kind === 'upgrade' || kind === 'restore';
  if (work.isClosed) return isGreat ? 'ends' : 'nothing';
  if (kind !== 'upgrade') {
    if (work.isOver === null) return 'open';
    return kind === 'restore' && work.isOver ? 'ends' : 'nothing';
  }
  if (report?.verified === true || work.verdict?.verified === true) return 'ends';
  if (report === null) return 'open';
  const hasBegun = report.backup !== null || work.backupPath !== null;
  return wasRefused(report) || !hasBegun ? 'nothing' : 'open';
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

/** Backups that may be needed still: of every upgrade, also of one that was left as it is, since the last proven one. */
export function backupsInNeed(works: readonly Work[]): { backupPath: string; why: string }[] {
  const proven = works.findIndex(
    (work) => work.kind === 'upgrade' && (work.report?.verified === true || work.verdict?.verified === true),
  );
  return works
    .slice(0, proven < 0 ? undefined : proven)
    .flatMap(({ kind, backupPath }) =>
      kind === 'upgrade' && backupPath !== null
        ? [{ backupPath, why: 'An upgrade that has not come to a proven end goes back to it.' }]
        : [],
    );
}
