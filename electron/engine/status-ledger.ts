import { coded } from '@shared/errors.ts';
import type { LedgerEntry } from '@shared/status.ts';
import type { AppliedMigration } from './bookkeeping.ts';
import { quoteName, type Db, type Pack, type Schema } from './migration.ts';
import { nameKey } from './schema.ts';

/** More entries than any program wrote; reading on would only keep us busy. */
const MOST_ENTRIES = 10_000;

/**
 * The ledger is an ordinary table that keeps what is written into it. A file without one is fine.
 * @throws CodedError E_LEDGER_TAMPERED
 */
export function requireSoundLedger(schema: Schema, { ledger }: Pack): void {
  const table = schema.table(ledger.table);
  if (!table) return;
  const needed = [ledger.idColumn, ledger.noteColumn, ledger.appliedAtColumn].map(nameKey);
  const missing = needed.filter((name) => !schema.column(ledger.table, name));
  const unfillable = table.columns.filter(
    ({ name, notNull, defaultSql }) => notNull && defaultSql === null && !needed.includes(nameKey(name)),
  );
  const triggers = schema.triggers.filter((trigger) => nameKey(trigger.table) === nameKey(ledger.table));
  const problem =
    table.kind !== 'table'
      ? `is a ${table.kind === 'view' ? 'view' : 'virtual table'}, not an ordinary table`
      : missing.length > 0
        ? `has no column ${missing.join(', ')}`
        : unfillable.length > 0
          ? `wants a value in ${unfillable.map(({ name }) => name).join(', ')} that nobody knows`
          : triggers.length > 0
            ? `has a trigger (${triggers.map(({ name }) => name).join(', ')}) that could change what is recorded`
            : null;
  if (problem !== null)
    throw coded('E_LEDGER_TAMPERED', `The list of applied migrations, ${ledger.table}, ${problem}.`);
}

/** A row of the ledger as it stands in the file. */
export interface LedgerRow {
  readonly version: string;
  readonly note: string;
  readonly appliedAt: string;
}

/** @throws CodedError E_LEDGER_TAMPERED when an id is listed twice. */
export function readLedger(db: Db, schema: Schema, { ledger }: Pack): LedgerRow[] {
  if (!schema.table(ledger.table)) return [];
  const text = (column: string, length: number) =>
    `substr(coalesce(CAST(${quoteName(column)} AS TEXT), ''), 1, ${length})`;
  const rows = db
    .prepare<[number], LedgerRow>(
      `SELECT ${text(ledger.idColumn, 200)} AS version, ${text(ledger.noteColumn, 500)} AS note,
         ${text(ledger.appliedAtColumn, 40)} AS appliedAt
       FROM main.${quoteName(ledger.table)} ORDER BY 1 LIMIT ?`,
    )
    .all(MOST_ENTRIES);
  const twice = rows.find((row, index) => row.version === rows[index - 1]?.version);
  if (twice)
    throw coded('E_LEDGER_TAMPERED', `The list of applied migrations names "${twice.version.slice(0, 80)}" twice.`);
  return rows;
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
