import { Button } from '@mantine/core';
import type { AppError } from '@shared/errors.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { isNotice } from '../../words/errors.ts';
import styles from './data.module.css';

interface RowsTroubleProps {
  readonly error: AppError;
  readonly onRetry: () => void;
  /** The button that had the focus is about to go. */
  readonly onDone: () => void;
}

/** Why rows are missing: one calm line for what somebody asked for or has to wait for, all three parts for the rest. */
export function RowsTrouble({ error, onRetry, onDone }: RowsTroubleProps) {
  const retry = (
    <Button
      size="compact-sm"
      variant="default"
      onClick={() => {
        onRetry();
        onDone();
      }}
    >
      Try again
    </Button>
  );
  if (!isNotice(error))
    return (
      <div className={styles.notice}>
        <ErrorNotice error={error} actions={retry} />
      </div>
    );
  return (
    <p role="status" className={styles.calm}>
      <span>
        {error.code === 'E_CANCELLED'
          ? 'You stopped looking. Nothing was changed.'
          : `${error.message} The rows come back by themselves when it is over.`}
      </span>
      {retry}
    </p>
  );
}
