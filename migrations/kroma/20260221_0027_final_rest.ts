import { defineMigration, type CanonicalTable } from '@engine/migration.ts';
import { canonical } from './schema/canonical.ts';
import { coreTables } from './schema/canonical-core.ts';
import { assertNothingLate } from './cleanup/came-late.ts';
import { removedIndexes } from './cleanup/final-indexes.ts';
import { makeFinal, turnReferences } from './cleanup/final-rebuild.ts';
import { notFinal } from './cleanup/final-shape.ts';
import { ensureAuditTriggers, outlives } from './cleanup/final-triggers.ts';

/**
 * Gives all other tables their final definition: events, knowledge, conversations. Tables that somebody added and that
 * refer to users or run_job_candidates refer to the new names afterwards.
 * Why: until now sessions and instructions referred to users, which is about to go; every write to them would fail.
 */
const tables: readonly CanonicalTable[] = canonical.filter((table) => !coreTables.includes(table));

export default defineMigration({
  phase: 5,
  kind: 'contract',
  title: 'Make the rules of all other tables final',
  what: [
    'Events, knowledge and conversations get their final columns, references and rules; their old columns are removed.',
    'voice_requests is added where it is missing, and chat_messages gets voice_asset_id.',
    'Tables that somebody added refer to the new names instead of the old ones; their rows stay as they are.',
  ],
  effect: {
    grows: [],
    changes: { chat_messages: ['voice_asset_id'] },
    removesColumns: Object.fromEntries(
      tables.map(({ name, legacyColumns = {} }) => [name, Object.keys(legacyColumns)]),
    ),
    removesIndexes: removedIndexes,
  },
  supersedes: ['20260221_0026_final_core'],

  up(db, { runId }) {
    assertNothingLate(db, runId);
    for (const table of tables) makeFinal(db, table, outlives);
    ensureAuditTriggers(db);
    turnReferences(
      db,
      canonical.map(({ name }) => name),
    );
  },

  shape: (db) => tables.flatMap((table) => notFinal(db, table)),

  // As for the core: SQLite refused to copy a row that breaks a rule, and the engine counts the rows.
  verify: () => [],
});
