import type { BrowseColumn, Filter } from '@shared/browse.ts';
import { filterOf, operators, type Operator } from './filter-words.ts';

/** The one line of a column in the filter row, and the filter that it stands for. */
export interface BoxFilter {
  readonly filter: Exclude<Filter, { operator: 'refers' }>;
  readonly text: string;
}

/** The first filter of a column; further ones stand among the chips only. */
export function boxFilterOf(filters: readonly Filter[], column: string): BoxFilter | null {
  for (const filter of filters)
    if (filter.operator !== 'refers' && filter.column === column) return { filter, text: boxText(filter) };
  return null;
}

/** What a box has to hold for a filter: `1 .. 5`, `a, b`, `status = done`. */
export function boxText(filter: BoxFilter['filter']): string {
  switch (filter.operator) {
    case 'between':
      return `${filter.from} .. ${filter.to}`;
    case 'in':
      return filter.values.join(', ');
    case 'json-equals':
      return `${filter.path} = ${filter.value}`;
    case 'is-null':
    case 'is-not-null':
      return '';
    default:
      return filter.value;
  }
}

/** null while something is missing; an empty box asks for nothing, unless its condition needs no value. */
export function filterOfBox(column: string, operator: Operator, text: string): Filter | null {
  const [first, second] = partsOf(operator, text);
  if (text === '' && valuesOf(operator) > 0) return null;
  return filterOf({ column, operator, first, second });
}

/** Puts a filter in the place of the one that the column's box stands for; null takes it away. */
export function withBoxFilter(filters: readonly Filter[], column: string, next: Filter | null): Filter[] {
  const now = boxFilterOf(filters, column)?.filter;
  if (now === undefined) return next ? [...filters, next] : [...filters];
  return filters.flatMap((filter) => (filter === now ? (next ? [next] : []) : [filter]));
}

/** What people ask of a column first. */
export const usualOperator = ({ type, isSensitive }: BrowseColumn): Operator =>
  isSensitive ? 'is-not-null' : /int|real|num|dec|floa|doub|bool/i.test(type) ? 'equals' : 'contains';

export const valuesOf = (operator: Operator): number =>
  operators.find((each) => each.operator === operator)?.values ?? 1;

/** What to type, where that is not plain. */
export function boxHint(operator: Operator): string {
  switch (operator) {
    case 'between':
      return '1 .. 9';
    case 'in':
      return 'a, b, c';
    case 'json-equals':
      return 'path = value';
    case 'is-null':
    case 'is-not-null':
      return '';
    default:
      return '…';
  }
}

function partsOf(operator: Operator, text: string): [string, string] {
  const sign = operator === 'between' ? '..' : operator === 'json-equals' ? '=' : null;
  const at = sign === null ? -1 : text.indexOf(sign);
  if (sign === null || at < 0) return [text, ''];
  return [text.slice(0, at).trim(), text.slice(at + sign.length).trim()];
}
