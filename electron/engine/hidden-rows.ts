import { appError, CodedError, type AppError } from '@shared/errors.ts';
import { some } from './counted.ts';
import type { Pack, Schema } from './migration.ts';
import { hiddenRows, misledTriggers, mistakenColumns, type HiddenRows } from './row-address.ts';

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
  ...mistakenColumns(schema, columnsMistaken),
];

/** The refusal naming them; null when there are none. */
export function hiddenRowsProblem(hidden: readonly HiddenRows[]): AppError | null {
  if (hidden.length === 0) return null;
  const rows = hidden.filter(({ confuses }) => confuses === 'rows');
  const columns = hidden.filter(({ confuses }) => confuses === 'columns');
  const lead = (found: readonly HiddenRows[], text: string) =>
    found.length === 0 ? [] : [`${text} ${found.map(({ object, why }) => `${object}: ${why}`).join('. ')}.`];
  const message = [
    ...lead(rows, `In ${some(rows.length, 'table')} of this file the upgrade could not tell one row from another.`),
    ...lead(
      columns,
      `${some(columns.length, 'column')} of this file ${columns.length === 1 ? 'has a name' : 'have names'} by which the upgrade asks for columns of other tables.`,
    ),
  ].join(' ');
  const remedy = rows.length === 0 ? '' : ', or make a named table anew as an ordinary one,';
  return appError(
    'E_PREFLIGHT_UNKNOWN_OBJECT',
    message,
    { objects: hidden.map(({ object }) => object).join(', '), count: hidden.length },
    {
      nextStep: `Rename a named column${remedy} with the program that made it, or ask whoever added it; then try again.`,
    },
  );
}

/** For small changes of a file whose triggers are there. @throws CodedError E_PREFLIGHT_UNKNOWN_OBJECT */
export function assertNoTriggerMisled(schema: Schema, { columnsMistaken = {} }: Pick<Pack, 'columnsMistaken'>): void {
  const problem = hiddenRowsProblem(misledTriggers(schema, columnsMistaken));
  if (problem) throw new CodedError(problem);
}
