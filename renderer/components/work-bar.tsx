import { Progress } from '@mantine/core';
import { percent } from '../words/numbers.ts';
import styles from './work-bar.module.css';

interface WorkBarProps {
  /** What is happening now. */
  readonly words: string;
  /** Rows; null while nothing can be counted. */
  readonly done: number | null;
  readonly total: number | null;
}

/** Work of a few seconds on the page that asked for it: words, and how far it is. */
export function WorkBar({ words, done, total }: WorkBarProps) {
  const isCounted = done !== null && total !== null && total > 0;
  return (
    <div className={styles.work}>
      <p role="status">{words}</p>
      <Progress.Root size={10}>
        <Progress.Section
          value={isCounted ? percent(done, total) : 100}
          striped={!isCounted}
          animated={!isCounted}
          aria-label="Progress"
          aria-valuetext={words}
        />
      </Progress.Root>
    </div>
  );
}
