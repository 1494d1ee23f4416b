import { defineMigration, quoteName, type CanonicalTable } from '@engine/migration.ts';
import { coreTables } from './schema/canonical-core.ts';
import { assertNothingLate } from './cleanup/came-late.ts';
import { removedIndexes } from './cleanup/final-indexes.ts';
import { makeFinal } from './cleanup/final-rebuild.ts';
import { notFinal } from './cleanup/final-shape.ts';
import { ensureAuditTriggers, outlives } from './cleanup/final-triggers.ts';
import { canonicalToLegacy } from './triggers/mirror-triggers.ts';

/**
 * Gives the tables of the core their final definition: NOT NULL, defaults, unique rules, references and lists of words
 * as the canonical schema has them, and no old column.
 * Why: none of this can be added to a table as it stands. Rows keep their rowids, columns and rules that the owner of
 * the file added keep their text. A table that has its final definition is left alone.
 */
const tables: readonly CanonicalTable[] = coreTables;

export default defineMigration({
  phase: 5,
  kind: 'contract',
  title: 'Make the rules of the core final',
  what: [
    'Projects, storage, secrets, exports, snapshots, runs, jobs, candidates and files get their final columns, references and rules.',
    'Their old columns are removed; what they said is in the new columns or among the issue rows.',
    'Columns, rules, indexes and triggers that somebody added stay.',
  ],
  effect: { grows: [], changes: {}, removesColumns: oldColumns(tables), removesIndexes: removedIndexes },
  up(db, { runId }) {
    assertNothingLate(db, runId);
    // The old columns go now, so nothing can follow any more.
    for (const name of canonicalToLegacy(db)) db.exec(`DROP TRIGGER ${quoteName(name)}`);
    for (const table of tables) makeFinal(db, table, outlives);
    // Between here and the next step the list of events still has its old columns, exports no longer have theirs.
    ensureAuditTriggers(db);
  },

  shape: (db) => tables.flatMap((table) => notFinal(db, table)),

  // The rules themselves are the proof: SQLite refused to copy a row that breaks one. The engine counts the rows.
  verify: () => [],
});

function oldColumns(of: readonly CanonicalTable[]): Record<string, string[]> {
  return Object.fromEntries(of.map(({ name, legacyColumns = {} }) => [name, Object.keys(legacyColumns)]));
}
