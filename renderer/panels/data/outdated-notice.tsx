import { Button } from '@mantine/core';
import { refreshRows } from '../../stores/browse.ts';
import styles from './data.module.css';

/** The rows come from a copy, and the file has been written to or replaced since it was made. */
export function OutdatedNotice({ handle, onDone }: { handle: string; onDone: () => void }) {
  return (
    <p role="status" className={styles.calm}>
      <span>These rows are old: the file has changed since the copy that is shown was made.</span>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => {
          void refreshRows(handle);
          onDone(); // this button is about to go
        }}
      >
        Show the file as it is now
      </Button>
    </p>
  );
}
