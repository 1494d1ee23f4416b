import { Button } from '@mantine/core';
import { useState } from 'react';
import type { AppError } from '@shared/errors.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { WorkBar } from '../../components/work-bar.tsx';
import { useSession } from '../../stores/session.ts';
import { cancelWork, useWorks, type WorkView } from '../../stores/works.ts';
import { SAFE } from '../frame/stop-reading.tsx';
import styles from './backups.module.css';
import stopStyles from '../frame/stop-reading.module.css';

interface WorkProgressProps {
  readonly handle: string;
  readonly fileName: string;
  /** Until the engine says more. */
  readonly words: string;
}

/** A backup or restore on its way, and the way to stop it while that is still possible. */
export function WorkProgress({ handle, fileName, words }: WorkProgressProps) {
  const work = useWorks((state) => state.byHandle[handle] ?? null);
  const isConnected = useSession((state) => state.connection === 'open');
  const [isStopping, setStopping] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  const stop = async (): Promise<void> => {
    setStopping(true);
    setError(await cancelWork(handle));
    setStopping(false);
  };
  return (
    <div className={styles.work}>
      <WorkBar
        words={isStopping ? 'Stopping…' : `${work?.now ?? words}…`}
        done={typeof work?.fraction === 'number' ? Math.round(work.fraction * 1000) : null}
        total={1000}
      />
      {work && (
        <p className={stopStyles.safety}>
          {!isConnected
            ? 'Not connected: nobody can be asked how it stands. It goes on without this window.'
            : work.canCancel
              ? (safeWords[work.kind] ?? SAFE)
              : 'This is seen through to its end.'}
          {work.canCancel && (
            <Button variant="default" disabled={isStopping || !isConnected} onClick={() => void stop()}>
              Stop
            </Button>
          )}
        </p>
      )}
      {error && <ErrorNotice error={error} subject={fileName} />}
    </div>
  );
}

/** Where that is not all: one may have been interrupted before, and the other does not say how far it is. */
const safeWords: Partial<Record<WorkView['kind'], string>> = {
  restore: 'Safe to stop: it has not begun to replace anything.',
  backups: 'Safe to stop: your database is not touched. A backup that is deleted by then stays deleted.',
};
