import { coded } from '@shared/errors.ts';
import { readApplied, readBackfills, readCheckpoints } from './bookkeeping.ts';
import { evaluateCriteria, phasesUpTo } from './checkpoint.ts';
import { readCheckedRecords, readLedgerIds, supersededIds } from './ledger.ts';
import type { Db, IdentifiedMigration, Pack, Phase } from './migration.ts';
import { sqliteCode } from './sqlite-error.ts';

/** Where a run is to go, and what stands in the file already. Reads only. */

/**
 * @param toPhase null = the last available phase that removes nothing.
 * @throws CodedError E_PHASE_UNAVAILABLE
 */
export function resolveTarget(pack: Pack, toPhase: number | null): number {
  const available = pack.phases.filter(({ isAvailable }) => isAvailable);
  const target =
    toPhase ?? Math.max(...available.filter(({ removesAnything }) => !removesAnything).map(({ number }) => number));
  if (
    phasesUpTo(pack, target).some(({ isAvailable }) => !isAvailable) ||
    !available.some(({ number }) => number === target)
  ) {
    throw coded('E_PHASE_UNAVAILABLE', `Phase ${target} of ${pack.title} is not part of this version.`, {
      phase: target,
    });
  }
  return target;
}

/**
 * Ids that are recorded, but whose shape or data no longer hold, whose backfills are open (a repair was stopped), or
 * that are missing from the list of applied steps. The status says the same of them. One that a later one has replaced
 * is never among them: its shape is gone for good.
 * @throws CodedError as readCheckedRecords.
 */
export function findUntrue(db: Db, pack: Pack): Set<string> {
  const recorded = new Set(readCheckedRecords(db, pack).map(({ id }) => id));
  const listed = new Set(readLedgerIds(db, pack));
  const done = new Set(readBackfills(db).flatMap(({ id, state }) => (state === 'done' ? id : [])));
  const isWhole = ({ id, backfills = [] }: IdentifiedMigration) =>
    listed.has(id) && backfills.every(({ name }) => done.has(`${id}/${name}`));
  const superseded = supersededIds(pack, recorded, readBackfills(db));
  const untrue = pack.migrations.filter(
    (migration) =>
      recorded.has(migration.id) && !superseded.has(migration.id) && !(isWhole(migration) && holds(db, migration)),
  );
  return new Set(untrue.map(({ id }) => id));
}

/** The highest phase whose checkpoint was reached, with all before it, and whose migrations are recorded and true. */
export function phaseReached(db: Db, pack: Pack, untrue: ReadonlySet<string>): number | null {
  const reached = new Set(readCheckpoints(db).map(({ phase }) => phase));
  const recorded = new Set(readCheckedRecords(db, pack).map(({ id }) => id));
  let highest: number | null = null;
  for (const { number } of pack.phases.toSorted((a, b) => a.number - b.number)) {
    const own = pack.migrations.filter(({ phase }) => phase === number);
    if (!reached.has(number) || own.some(({ id }) => !recorded.has(id) || untrue.has(id))) break;
    highest = number;
  }
  return highest;
}

/**
 * The phases that remove something, were begun, and have not come to their end. A program that knows only what they
 * remove may have gone on meanwhile, without a trigger that carries over what it writes.
 */
export function begunRemovals(db: Db, pack: Pack): Phase[] {
  const reached = new Set(readCheckpoints(db).map(({ phase }) => phase));
  const begun = new Set([
    ...readApplied(db).map(({ id }) => id),
    ...readBackfills(db).map(({ migrationId }) => migrationId),
  ]);
  return pack.phases.filter(
    ({ number, removesAnything }) =>
      removesAnything &&
      !reached.has(number) &&
      pack.migrations.some((migration) => migration.phase === number && begun.has(migration.id)),
  );
}

/**
 * A phase that removes something and was begun must be ended: what it took away, the checks of the phases before ask for.
 * @throws CodedError E_INTERRUPTED when the target is below it.
 */
export function refuseBelowBegun(db: Db, pack: Pack, target: number): void {
  const phase = begunRemovals(db, pack).find(({ number }) => number > target);
  if (phase === undefined) return;
  throw coded(
    'E_INTERRUPTED',
    `Phase ${phase.number} (${phase.name}) was begun in this file and has taken away what phase ${target} is checked by.`,
    { phase: phase.number, target },
    {
      safety: 'untouched',
      nextStep: `Go on to phase ${phase.number}, or restore the backup that was made before it.`,
    },
  );
}

/** @throws CodedError E_NOTHING_TO_DO when the target is reached and every exit criterion up to it is met. */
export function refuseWhenReached(db: Db, pack: Pack, reached: number | null, target: number): void {
  if (reached === null || reached < target) return;
  const criteria = phasesUpTo(pack, target).flatMap(({ exitCriteria }) => exitCriteria);
  if (evaluateCriteria(db, criteria, undefined, { mayBeEdited: true }).every(({ state }) => state === 'met')) {
    throw coded(
      'E_NOTHING_TO_DO',
      `The database has reached phase ${reached}, and everything up to phase ${target} holds.`,
      { reached, target },
    );
  }
}

function holds(db: Db, migration: IdentifiedMigration): boolean {
  try {
    return migration.shape(db).length === 0 && migration.verify(db, { mayBeEdited: true }).length === 0;
  } catch (error) {
    const code = sqliteCode(error);
    if (code !== null && code !== 'SQLITE_ERROR') throw error; // what could not be read is not done once more
    return false; // a column or table that it asks about is gone
  }
}
