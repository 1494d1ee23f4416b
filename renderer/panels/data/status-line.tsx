import { Button, VisuallyHidden } from '@mantine/core';
import { useEffect, useState } from 'react';
import { call } from '../../api.ts';
import type { SourceState } from '../../stores/browse-rows.ts';
import { duration } from '../../words/numbers.ts';
import { placeWords } from './cell-words.ts';
import styles from './data.module.css';

interface StatusLineProps {
  readonly handle: string;
  readonly first: number;
  readonly last: number;
  readonly state: SourceState;
  readonly isCopy: boolean;
}

/** A screen reader hears the place once the rows stand still, ms. */
const SETTLED_MS = 700;

/** Which rows are in view, of how many, how long they took, and that nothing here changes them. */
export function StatusLine({ handle, first, last, state, isCopy }: StatusLineProps) {
  const place = placeWords(first, last, state.rows);
  return (
    <div className={styles.status}>
      <span>{place}</span>
      {state.tookMs !== null && <span>{duration(state.tookMs)}</span>}
      {state.isWaiting && <span>Looking…</span>}
      {state.isWaiting && (
        <Button size="compact-xs" variant="default" onClick={() => void call('browse:stop', { handle })}>
          Stop looking
        </Button>
      )}
      <span className={styles.end}>
        {isCopy ? 'A copy of the file is shown, as it was when you opened it. Looking only' : 'Looking only'}
      </span>
      <VisuallyHidden>
        <Settled words={place} />
      </VisuallyHidden>
    </div>
  );
}

function Settled({ words }: { words: string }) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSaid(words), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [words]);
  return <span role="status">{said}</span>;
}
