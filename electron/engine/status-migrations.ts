import type { MigrationState, MigrationStatus } from '@shared/status.ts';
import { readApplied, readBackfills, type AppliedMigration, type BackfillRow } from './bookkeeping.ts';
import { inOrder, supersededIds } from './ledger.ts';
import type { Db, IdentifiedMigration, Pack } from './migration.ts';
import { sqliteCode } from './sqlite-error.ts';
import type { LedgerRow } from './status-ledger.ts';
import { begunRemovals } from './target.ts';

/** What the file claims about migrations: to be held against the shape that is really there. */
export interface Claims {
  readonly recorded: readonly AppliedMigration[];
  readonly ledgerIds: ReadonlySet<string>;
  readonly backfills: readonly BackfillRow[];
}

/** The claims of an open database. */
export const readClaims = (db: Db, ledger: readonly LedgerRow[]): Claims => ({
  recorded: readApplied(db),
  ledgerIds: new Set(ledger.map(({ version }) => version)),
  backfills: readBackfills(db),
});

/**
 * The state of every migration, in order.
 *
 * recorded by us | in the ledger | shape holds, backfills done | state
 * yes            | yes           | yes                          | applied
 * yes            | any           | otherwise                    | untrue
 * no             | any           | a backfill was begun         | started
 * no             | yes           | shape does not hold          | claimed
 * no             | any           | otherwise                    | pending
 *
 * One that a recorded migration supersedes is applied, whatever its shape is now.
 *
 * @param withData also asks the proofs that scan rows.
 */
export function migrationStatuses(db: Db, pack: Pack, claims: Claims, withData: boolean): MigrationStatus[] {
  const superseded = supersededIds(
    pack,
    claims.recorded.map(({ id }) => id),
    claims.backfills,
  );
  return inOrder(pack).map((migration) => {
    const record = claims.recorded.find(({ id }) => id === migration.id);
    const isSuperseded = superseded.has(migration.id);
    const shape = isSuperseded ? [] : shapeFindings(db, migration);
    const isAsked = record !== undefined && !isSuperseded;
    const findings = isAsked
      ? [...shape, ...recordFindings(migration, claims), ...(withData ? dataFindings(db, migration) : [])]
      : shape;
    return {
      id: migration.id,
      title: migration.title,
      phase: migration.phase,
      kind: migration.kind,
      state: stateOf(migration, claims, record !== undefined, findings.length === 0),
      appliedAt: record?.appliedAt ?? null,
      durationMs: record?.durationMs ?? null,
      findings,
    };
  });
}

/**
 * As a plan asks: the proofs that scan rows only where a phase that removes something was begun. There a program that
 * knows the old names may have gone on, and the run does again what no longer holds of the rows. Its cost is that of
 * the question with which every run begins.
 */
export const plannedStatuses = (db: Db, pack: Pack, claims: Claims): MigrationStatus[] =>
  migrationStatuses(db, pack, claims, begunRemovals(db, pack).length > 0);

function stateOf({ id }: IdentifiedMigration, claims: Claims, isRecorded: boolean, holds: boolean): MigrationState {
  if (isRecorded) return holds ? 'applied' : 'untrue';
  if (claims.backfills.some(({ migrationId }) => migrationId === id)) return 'started';
  return claims.ledgerIds.has(id) && !holds ? 'claimed' : 'pending';
}

/** Empty = the schema part holds. */
export function shapeFindings(db: Db, migration: IdentifiedMigration): string[] {
  return asking(() => migration.shape(db));
}

function dataFindings(db: Db, migration: IdentifiedMigration): string[] {
  return asking(() => migration.verify(db, { mayBeEdited: true }).map(({ what, count }) => `${what}: ${count}`));
}

function recordFindings({ id, backfills = [] }: IdentifiedMigration, claims: Claims): string[] {
  const done = new Set(claims.backfills.filter(({ state }) => state === 'done').map((row) => row.id));
  const undone = backfills.filter(({ name }) => !done.has(`${id}/${name}`));
  return [
    ...(claims.ledgerIds.has(id) ? [] : ['it is missing from the list of applied migrations']),
    ...undone.map(({ title }) => `${title} is not finished`),
  ];
}

/** A question about a table or column that is gone is itself a finding; damage is not, it ends the look. */
function asking(question: () => string[]): string[] {
  try {
    return question();
  } catch (error) {
    if (sqliteCode(error) !== 'SQLITE_ERROR') throw error;
    return [error instanceof Error ? error.message : String(error)];
  }
}
