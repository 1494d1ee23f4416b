import type { BrowseColumn, Filter } from '@shared/browse.ts';
import { useLayoutEffect, useRef, useState } from 'react';
import { changeFilters } from '../../../stores/browse.ts';
import { boxFilterOf, filterOfBox, usualOperator, valuesOf, withBoxFilter } from './box-filter.ts';
import type { Operator } from './filter-words.ts';

const TYPING_PAUSE_MS = 500;

/** What stands in the box of a column, and what it asks for a moment after somebody has typed it. */
export function useFilterBox(handle: string, column: BrowseColumn, filters: readonly Filter[]) {
  const found = boxFilterOf(filters, column.name);
  const said = JSON.stringify(found?.filter ?? null);
  const [heard, setHeard] = useState(said);
  const [operator, setOperator] = useState<Operator>(found?.filter.operator ?? usualOperator(column));
  const [text, setText] = useState(found?.text ?? '');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  if (said !== heard) {
    setHeard(said);
    // A chip was removed, or another filter added: the box says what holds. What was typed here says it in its own words.
    if (said !== asks(column.name, operator, text)) {
      setText(found?.text ?? '');
      if (found) setOperator(found.filter.operator);
      else if (valuesOf(operator) === 0) setOperator(usualOperator(column)); // it could not be typed in
    }
  }
  // What holds is newer than what waits to be asked. At once: what is typed next is newer than both.
  useLayoutEffect(() => () => clearTimeout(timer.current), [said]);

  const ask = (by: Operator, value: string): void => {
    clearTimeout(timer.current);
    // Half a range is not a filter yet: what held goes on until there is one, or the box is empty.
    if (asks(column.name, by, value) === null) return;
    const next = filterOfBox(column.name, by, value);
    changeFilters(handle, (now) => withBoxFilter(now, column.name, next));
  };
  return {
    found,
    operator,
    text,
    type(value: string): void {
      setText(value);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => ask(operator, value), TYPING_PAUSE_MS);
    },
    ask: () => ask(operator, text),
    choose(next: Operator): void {
      const value = valuesOf(next) === 0 ? '' : text;
      setOperator(next);
      setText(value);
      if (valuesOf(next) === 0 || value !== '') ask(next, value);
    },
    clear: () => changeFilters(handle, (now) => withBoxFilter(now, column.name, null)),
  };
}

/** The filter that a text stands for, in the form that filters are compared in; null = it is none yet. */
function asks(column: string, operator: Operator, text: string): string | null {
  const filter = filterOfBox(column, operator, text);
  return filter === null && text !== '' ? null : JSON.stringify(filter);
}
