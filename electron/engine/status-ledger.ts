import type { LedgerEntry } from '@shared/status.ts';
import type { AppliedMigration } from './bookkeeping.ts';
import { quoteName, type Db, type Pack, type Schema } from './migration.ts';
import { MOST_ENTRIES } from './sound-ledger.ts';

/** A row of the ledger as it stands in the file. */
export interface LedgerRow {
  readonly version: string;
  readonly note: string;
  readonly appliedAt: string;
}

/** Up to 10,000 entries of a sound ledger, see `requireSoundLedger`. */
export function readLedger(db: Db, schema: Schema, { ledger }: Pack): LedgerRow[] {
  if (!schema.table(ledger.table)) return [];
  const text = (column: string, length: number) =>
    `substr(coalesce(CAST(${quoteName(column)} AS TEXT), ''), 1, ${length})`;
  return db
    .prepare<[number], LedgerRow>(
      `SELECT ${text(ledger.idColumn, 200)} AS version, ${text(ledger.noteColumn, 500)} AS note,
         ${text(ledger.appliedAtColumn, 40)} AS appliedAt
       FROM main.${quoteName(ledger.table)} ORDER BY 1 LIMIT ?`,
    )
    .all(MOST_ENTRIES);
}

/**
 * Says of every entry who wrote it and whether it is true. A marker of the original program is evidence only, also
 * where it bears the name of one of ours.
 * @param isTrue whether one of our migrations holds.
 */
export function describeLedger(
  rows: readonly LedgerRow[],
  pack: Pack,
  recorded: readonly AppliedMigration[],
  isTrue: (id: string) => boolean,
): LedgerEntry[] {
  const byUs = new Set(recorded.map(({ id }) => id));
  const ours = new Set(pack.migrations.map(({ id }) => id));
  const known = new Set(pack.ledger.knownMarkers);
  return rows.map((row) => {
    if (byUs.has(row.version)) return { ...row, source: 'phasewise', state: isTrue(row.version) ? 'true' : 'untrue' };
    // One of our names without our record: somebody else's claim. Our triggers and tables may be gone with the record.
    if (ours.has(row.version))
      return { ...row, source: 'program', state: isTrue(row.version) ? 'evidence-only' : 'untrue' };
    return { ...row, source: known.has(row.version) ? 'program' : 'unknown', state: 'evidence-only' };
  });
}
