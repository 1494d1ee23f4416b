import type { BrowseColumn, Filter } from '@shared/browse.ts';
import { shownName } from '../../../words/text.ts';

/** What may be asked of a column, in the words of the menu, and how many values it takes. */
export const operators = [
  { operator: 'equals', title: 'is', sign: '=', values: 1 },
  { operator: 'differs', title: 'is not', sign: '≠', values: 1 },
  { operator: 'contains', title: 'contains', sign: 'has', values: 1 },
  { operator: 'starts-with', title: 'starts with', sign: 'begins', values: 1 },
  { operator: 'less', title: 'is less than', sign: '<', values: 1 },
  { operator: 'greater', title: 'is greater than', sign: '>', values: 1 },
  { operator: 'between', title: 'is between', sign: '..', values: 2 },
  { operator: 'in', title: 'is one of', sign: 'in', values: 1 },
  { operator: 'json-equals', title: 'has in its JSON', sign: '{}', values: 2 },
  { operator: 'is-null', title: 'is NULL', sign: 'NULL', values: 0 },
  { operator: 'is-not-null', title: 'is not NULL', sign: 'not NULL', values: 0 },
] as const;
export type Operator = (typeof operators)[number]['operator'];

/** Of hidden values nothing may be asked that would tell what they are. */
export const operatorsOf = ({
  isSensitive,
}: Pick<BrowseColumn, 'isSensitive'>): readonly (typeof operators)[number][] =>
  isSensitive ? operators.filter(({ values }) => values === 0) : operators;

/** What a person is typing: not a filter yet where a value is missing. */
export interface Draft {
  readonly column: string;
  readonly operator: Operator;
  readonly first: string;
  readonly second: string;
}

/** null while something is missing. A list is separated by commas; `a, b` holds two values. */
export function filterOf({ column, operator, first, second }: Draft): Filter | null {
  switch (operator) {
    case 'is-null':
    case 'is-not-null':
      return { operator, column };
    case 'between':
      return first === '' || second === '' ? null : { operator, column, from: first, to: second };
    case 'json-equals':
      return first === '' ? null : { operator, column, path: first, value: second };
    case 'in': {
      const values = first
        .split(',')
        .map((value) => value.trim())
        .filter((value) => value !== '');
      return values.length === 0 ? null : { operator, column, values };
    }
    case 'equals':
    case 'differs':
      return { operator, column, value: first };
    default:
      return first === '' ? null : { operator, column, value: first };
  }
}

/** The sentence of a chip: `status is done`. */
export function filterWords(filter: Filter): string {
  if (filter.operator === 'refers') return `${filter.columns.map(shownName).join(', ')} of the row you came from`;
  const title = operators.find(({ operator }) => operator === filter.operator)?.title ?? filter.operator;
  return [shownName(filter.column), title, ...valuesOf(filter)].join(' ');
}

function valuesOf(filter: Filter): string[] {
  switch (filter.operator) {
    case 'between':
      return [`${shown(filter.from)} and ${shown(filter.to)}`];
    case 'in':
      return [filter.values.map(shown).join(', ')];
    case 'json-equals':
      return [`${filter.path} = ${shown(filter.value)}`];
    case 'is-null':
    case 'is-not-null':
    case 'refers':
      return [];
    default:
      return [shown(filter.value)];
  }
}

const shown = (value: string): string =>
  value === '' ? 'empty text' : value.length > 40 ? `${value.slice(0, 40)}…` : value;
