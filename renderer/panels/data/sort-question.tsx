import { Button } from '@mantine/core';
import type { BrowseCost, BrowseQuery } from '@shared/browse.ts';
import { useEffect, useRef, useState } from 'react';
import { call } from '../../api.ts';
import { changeQuery, consent } from '../../stores/browse.ts';
import { count } from '../../words/numbers.ts';
import styles from './data.module.css';

/** What a query costs, where that has to be agreed to; null = it costs nothing worth asking about. undefined = asking. */
export function useCost(handle: string, query: BrowseQuery, isAgreed: boolean): BrowseCost | null | undefined {
  const [known, setKnown] = useState<{ asked: string; cost: BrowseCost | null }>();
  const asked = JSON.stringify(query);
  const isFree = query.sort.length === 0 || isAgreed;
  useEffect(() => {
    if (isFree) return;
    let isWanted = true;
    void call('browse:cost', { handle, query: JSON.parse(asked) as BrowseQuery }).then((answer) => {
      // Where nobody can tell, the page itself will say what is wrong.
      if (isWanted) setKnown({ asked, cost: answer.ok && answer.value.needsConsent ? answer.value : null });
    });
    return () => {
      isWanted = false;
    };
  }, [handle, asked, isFree]);
  if (isFree) return null;
  return known?.asked === asked ? known.cost : undefined;
}

/** Sorting a big table without an index reads all of it: asked first. */
export function SortQuestion({ handle, query, cost }: { handle: string; query: BrowseQuery; cost: BrowseCost }) {
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <div className={styles.question} role="alertdialog" aria-label="Sort this table?">
      <h2>Sort {count(cost.rows)} rows?</h2>
      <p>
        No index of this table gives this order, so all rows have to be read and sorted first. That may take a while;
        you can stop it at any time. Nothing is changed by it.
      </p>
      <div className={styles.buttons}>
        <Button ref={first} onClick={() => consent(handle, query)}>
          Sort
        </Button>
        <Button variant="default" onClick={() => changeQuery(handle, { sort: [] })}>
          Leave it unsorted
        </Button>
      </div>
    </div>
  );
}
