import { Button } from '@mantine/core';
import type { BrowseCost, BrowseQuery } from '@shared/browse.ts';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { call } from '../../api.ts';
import { changeQuery, consent, orderId } from '../../stores/browse.ts';
import { count } from '../../words/numbers.ts';
import styles from './data.module.css';

/**
 * What a query costs, where that has to be agreed to; null = it costs nothing worth asking about. undefined = asking.
 * While the same order is asked about again, because somebody types a filter, the cost before stays.
 */
export function useCost(handle: string, query: BrowseQuery, isAgreed: boolean): BrowseCost | null | undefined {
  const [known, setKnown] = useState<{ asked: string; order: string; cost: BrowseCost | null }>();
  const asked = JSON.stringify(query);
  const isFree = query.sort.length === 0 || isAgreed;
  useEffect(() => {
    if (isFree) return;
    let isWanted = true;
    const own = JSON.parse(asked) as BrowseQuery;
    void call('browse:cost', { handle, query: own }).then((answer) => {
      // Where nobody can tell, the page itself will say what is wrong.
      const cost = answer.ok && answer.value.needsConsent ? answer.value : null;
      if (isWanted) setKnown({ asked, order: orderId(own), cost });
    });
    return () => {
      isWanted = false;
    };
  }, [handle, asked, isFree]);
  if (isFree) return null;
  if (known?.asked === asked) return known.cost;
  return known?.order === orderId(query) ? (known.cost ?? undefined) : undefined;
}

/** Sorting a big table without an index reads all of it: asked first. */
export function SortQuestion({ handle, query, cost }: { handle: string; query: BrowseQuery; cost: BrowseCost }) {
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // Not from under somebody who types: a space or Enter would begin the sort.
    if (!document.activeElement?.matches('input, textarea')) first.current?.focus();
  }, []);
  const leave = (): void => changeQuery(handle, { sort: [] });
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.preventDefault(); // or it would lead to the page above
    leave();
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Esc is the second button
    <div className={styles.question} role="alertdialog" aria-label="Sort this table?" onKeyDown={onKeyDown}>
      <h2>Sort {count(cost.rows)} rows?</h2>
      <p>
        No index of this table gives this order, so all rows have to be read and sorted first. That may take a while;
        you can stop it at any time. Nothing is changed by it.
      </p>
      <div className={styles.buttons}>
        <Button ref={first} onClick={() => consent(handle, query)}>
          Sort
        </Button>
        <Button variant="default" onClick={leave}>
          Leave it unsorted
        </Button>
      </div>
    </div>
  );
}
