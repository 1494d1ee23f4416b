import { appError, CodedError, type AppError } from '@shared/errors.ts';
import { some } from './counted.ts';
import type { Pack, Schema } from './migration.ts';
import { nameKey } from './schema.ts';
import { hiddenRows, misledTriggers, type HiddenRows } from './row-address.ts';

/**
 * Tables whose rows the pack's steps and triggers address by rowid, and that hide it in this file. No step would notice:
 * a trigger that brings one row up to date would write into all that have the same value in a column called rowid. With
 * them, columns that triggers would take for another table's.
 */
export const rowsHidden = (
  schema: Schema,
  { tablesByRowid = [], columnsMistaken = {} }: Pick<Pack, 'tablesByRowid' | 'columnsMistaken'>,
): HiddenRows[] => [
  ...tablesByRowid.flatMap((name) => {
    const table = schema.table(name);
    return (table?.kind === 'table' ? hiddenRows(table) : null) ?? [];
  }),
  ...Object.entries(columnsMistaken).flatMap(([name, columns]) => mistaken(schema, name, columns)),
];

function mistaken(schema: Schema, table: string, columns: readonly string[]): HiddenRows[] {
  const found = schema.table(table)?.columns.filter(({ name }) => columns.includes(nameKey(name))) ?? [];
  const why =
    'it would be taken for the column of that name in another table, and what is meant for one would reach others';
  return found.map(({ name }) => ({ table, object: `column ${table}.${name}`, why }));
}

/** The refusal naming them; null when there are none. */
export function hiddenRowsProblem(hidden: readonly HiddenRows[]): AppError | null {
  if (hidden.length === 0) return null;
  const named = hidden.map(({ object, why }) => `${object}: ${why}`).join('. ');
  return appError(
    'E_PREFLIGHT_UNKNOWN_OBJECT',
    `In ${some(hidden.length, 'table')} of this file the upgrade could not tell one row from another. ${named}.`,
    { objects: hidden.map(({ object }) => object).join(', '), count: hidden.length },
    {
      nextStep:
        'Rename a named column, or make a named table anew as an ordinary one, with the program that made it, or ask whoever added it; then try again.',
    },
  );
}

/** For small changes of a file whose triggers are there. @throws CodedError E_PREFLIGHT_UNKNOWN_OBJECT */
export function assertNoTriggerMisled(schema: Schema): void {
  const problem = hiddenRowsProblem(misledTriggers(schema));
  if (problem) throw new CodedError(problem);
}
