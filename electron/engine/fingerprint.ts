import { createHash } from 'node:crypto';
import type { MigrationStatus } from '@shared/status.ts';
import { readApplied, readBackfills, readCheckpoints } from './bookkeeping.ts';
import type { Db, Pack, Schema } from './migration.ts';
import { rowCounter } from './row-count.ts';
import { schemaSha256 } from './schema.ts';
import { readLedger } from './status-ledger.ts';

/**
 * Identifies the state that a plan was made for: schema, ledger, our records, which of them no longer hold, the size of
 * every table, user_version.
 * Read through SQLite only, so that a run can ask again under its lock, where the file itself must not be touched.
 * It tells another state cheaply; it does not notice an update that leaves every table's size and every status as it was.
 */
export function fingerprintOf(db: Db, schema: Schema, pack: Pack, statuses: readonly MigrationStatus[]): string {
  const countRows = rowCounter(db);
  const tables = [...schema.tables.values()].filter(({ kind }) => kind === 'table');
  const state = {
    schema: schemaSha256(db),
    userVersion: db.pragma('user_version', { simple: true }),
    ledger: readLedger(db, schema, pack),
    applied: readApplied(db),
    untrue: statuses.filter(({ state }) => state === 'untrue').map(({ id }) => id),
    backfills: readBackfills(db).map(({ id, state, moved, alreadyRight, issueRows }) => [
      id,
      state,
      moved,
      alreadyRight,
      issueRows,
    ]),
    checkpoints: readCheckpoints(db).map(({ phase, reachedAt }) => [phase, reachedAt]),
    tables: tables.map((table) => [table.name, countRows(table).value]),
  };
  return createHash('sha256').update(JSON.stringify(state)).digest('hex');
}
