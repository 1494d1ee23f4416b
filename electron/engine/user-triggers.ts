import { appError, type AppError } from '@shared/errors.ts';
import { isOwnName } from './bookkeeping.ts';
import type { Migration, Pack, Schema } from './migration.ts';
import { nameKey } from './schema.ts';

/**
 * Triggers of other makers on tables that the steps write to. They would run with every row we move: one may wipe
 * another table, skip rows or swallow a record.
 */
export function interferingTriggers(schema: Schema, pack: Pack, steps: readonly Pick<Migration, 'effect'>[]): string[] {
  const written = new Set(
    [
      pack.ledger.table,
      ...steps.flatMap(({ effect }) => [...effect.grows, ...Object.keys(effect.changes), ...(effect.setsAside ?? [])]),
    ].map(nameKey),
  );
  return schema.triggers
    .filter(({ name, table }) => written.has(nameKey(table)) && !isOwnName(name))
    .map(({ name, table }) => `${name} on ${table}`);
}

/** The refusal naming them; null when there are none. */
export function triggerProblem(names: readonly string[]): AppError | null {
  if (names.length === 0) return null;
  const shown = names.slice(0, 10).join(', ');
  const triggers = names.length === 1 ? 'The trigger' : `${names.length} triggers`;
  return appError(
    'E_PREFLIGHT_UNKNOWN_OBJECT',
    `${triggers} ${shown} would run with every row that the upgrade writes.`,
    {
      objects: shown,
      count: names.length,
    },
  );
}
