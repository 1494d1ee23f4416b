import type { BrowseCost, BrowseQuery, BrowseTable } from '@shared/browse.ts';
import { useEffect, useRef, useState } from 'react';
import { orderId, refreshRows, viewOf, type BrowseView } from '../../stores/browse.ts';
import { createRowSource, type RowSource } from '../../stores/browse-rows.ts';
import { useCost } from './sort-question.tsx';

export interface Answer {
  /** The rows of the last question that was allowed; null = none yet. They stay while the next one is thought over. */
  readonly source: RowSource | null;
  /** What a person has to agree to first. */
  readonly cost: BrowseCost | null;
}

/** The rows of a query, once it is clear that nobody has to be asked about it. */
export function useAnswer(handle: string, table: BrowseTable, query: BrowseQuery, view: BrowseView): Answer {
  const hasConsent = view.consented.includes(orderId(query));
  const cost = useCost(handle, query, hasConsent);
  const { step } = view;
  const [held, setHeld] = useState<{ step: string | null; source: RowSource } | null>(null);
  // Rows of another step of the way are not shown as those of this one.
  const source = held?.step === step ? held.source : null;
  const asked = JSON.stringify(query);
  const columns = JSON.stringify(table.columns.map(({ name }) => name));
  const isAllowed = cost === null;
  const before = useRef<RowSource | null>(null);
  useEffect(() => {
    if (!isAllowed) return;
    const own = JSON.parse(asked) as BrowseQuery;
    const guess = guessRows(handle, own, before.current);
    const width = (JSON.parse(columns) as string[]).length;
    const next = createRowSource(handle, own, hasConsent, guess, () => void refreshRows(handle), width);
    before.current = next;
    setHeld({ step, source: next });
    // `columns`: cells come in their order, so rows of other columns are other rows.
    return () => next.close();
  }, [handle, step, asked, columns, hasConsent, isAllowed]);

  const answered = useRef(view.asked);
  useEffect(() => {
    if (view.asked !== answered.current) source?.refresh();
    answered.current = view.asked;
  }, [source, view.asked]);
  return { source, cost: cost ?? null };
}

/** Read once: a better guess is no reason to begin anew. Another order has as many rows as the last one. */
function guessRows(handle: string, query: BrowseQuery, before: RowSource | null): number {
  if (before !== null && withoutOrder(before.query) === withoutOrder(query)) return before.state.rows.value;
  if (query.filters.length > 0 || query.find !== null) return 0;
  return viewOf(handle).tables?.find(({ name }) => name === query.table)?.rows?.value ?? 0;
}

const withoutOrder = ({ table, filters, find }: BrowseQuery): string => JSON.stringify([table, filters, find]);
