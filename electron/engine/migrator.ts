import { Umzug, MigrationError } from 'umzug';
import { applyMigration } from './apply.ts';
import { assertRecorded, inOrder, readCheckedRecords } from './ledger.ts';
import type { IdentifiedMigration } from './migration.ts';
import type { RunSession } from './session.ts';

/**
 * Umzug supplies names, order and events. It has no transaction, no checksum and ignores ids it does not know, so the
 * storage given to it refuses what Umzug would let pass, and the record is written with the step, not by Umzug.
 */
export interface Migrator {
  /** Ids that still have to be applied, in order. @throws CodedError as readCheckedRecords. */
  pending(): Promise<string[]>;
  /** Applies these, one after the other. @throws the step's CodedError. */
  apply(ids: readonly string[]): Promise<void>;
}

export function createMigrator(
  session: RunSession,
  onApplied: (migration: IdentifiedMigration, ms: number) => void,
): Migrator {
  const { db, pack, untrue } = session;
  const umzug = new Umzug({
    migrations: inOrder(pack).map((migration) => ({
      name: migration.id,
      up: async () => {
        await session.boundary(migration);
        const startedAt = performance.now();
        await applyMigration(session, migration);
        onApplied(migration, Math.round(performance.now() - startedAt));
      },
    })),
    storage: {
      executed: async () =>
        readCheckedRecords(db, pack)
          .map(({ id }) => id)
          .filter((id) => !untrue.has(id)),
      logMigration: async ({ name }) => {
        const migration = pack.migrations.find(({ id }) => id === name);
        if (!migration) throw new Error(`${name} is not a migration of ${pack.id}`);
        assertRecorded(db, pack, migration);
      },
      unlogMigration: async () => {
        throw new Error('a migration is never unrecorded: going back is restoring the backup');
      },
    },
    logger: undefined,
  });
  return {
    pending: async () => (await umzug.pending()).map(({ name }) => name),
    apply: async (ids) => {
      try {
        if (ids.length > 0) await umzug.up({ migrations: [...ids] });
      } catch (error) {
        throw error instanceof MigrationError && error.cause !== undefined ? error.cause : error;
      }
    },
  };
}
