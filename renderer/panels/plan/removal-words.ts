import type { Plan } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { counted } from '../../words/numbers.ts';
import { listed } from '../../words/text.ts';

/** What a phase that removes something takes out of the file, by name. */
export interface Removals {
  readonly tables: readonly string[];
  readonly columns: readonly { readonly table: string; readonly names: readonly string[] }[];
}

/** The older tables and columns that the file still has. */
export function removalsOf({ tables }: DatabaseStatus): Removals {
  return {
    tables: tables.filter(({ state }) => state === 'legacy').map(({ name }) => name),
    columns: tables
      .filter(({ state }) => state !== 'legacy')
      .map(({ name, columns }) => ({
        table: name,
        names: columns.filter(({ gap, now }) => gap === 'legacy' && now !== null).map((column) => column.name),
      }))
      .filter(({ names }) => names.length > 0),
  };
}

/** "2 older tables and 31 older columns are removed." */
export function removalSentence({ tables, columns }: Removals): string {
  const columnCount = columns.reduce((all, { names }) => all + names.length, 0);
  const parts = [
    ...(tables.length > 0 ? [counted(tables.length, 'older table')] : []),
    ...(columnCount > 0 ? [counted(columnCount, 'older column')] : []),
  ];
  if (parts.length === 0) return 'There are no older tables or columns left; the rules of the new ones are made final.';
  return `${listed(parts)} ${tables.length + columnCount === 1 ? 'is' : 'are'} removed.`;
}

/** Tables that stay although nobody's target names them. */
export function keptSentence({ tables }: DatabaseStatus): string {
  const kept = tables.filter(({ state }) => state === 'unknown' || state === 'approved-extension');
  if (kept.length === 0) return 'Nothing else is removed.';
  const names = kept.slice(0, 4).map(({ name }) => name);
  const more = kept.length - names.length;
  return `Nothing else is removed: ${listed([...names, ...(more > 0 ? [`${more} more`] : [])])} ${kept.length === 1 ? 'stays' : 'stay'} as ${kept.length === 1 ? 'it is' : 'they are'}.`;
}

/** "3 rows stand in the way" */
export function gatingSentence(gating: Plan['gating']): string {
  const rows = gating.reduce((all, { count }) => all + count, 0);
  return `${counted(rows, 'row')} ${rows === 1 ? 'stands' : 'stand'} in the way`;
}
