import { Button, type ButtonProps } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useSession } from '../../stores/session.ts';
import { type Reading, stopReading } from '../../stores/works.ts';
import styles from './stop-reading.module.css';

/** Of a work that has changed nothing yet, and of what only reads. */
export const SAFE = 'Safe to stop: nothing of your database has been changed.';

export interface ReadingProps {
  readonly handle: string;
  readonly reading: Reading;
}

/** Where something is read that takes long: the call that asked for it says how it ended. */
export function StopLine(reading: ReadingProps) {
  return (
    <p className={styles.safety}>
      {SAFE}
      <StopReading {...reading} />
    </p>
  );
}

/** For as long as it goes on: once stopped, it ends within two seconds, and this with it. */
export function StopReading({ handle, reading, ...button }: ReadingProps & Pick<ButtonProps, 'size'>) {
  const isConnected = useSession((state) => state.connection === 'open');
  const [isStopping, setStopping] = useState(false);
  const isPressed = useRef(false);
  useEffect(
    () => () => {
      if (isPressed.current && document.activeElement === document.body)
        document.getElementById('main')?.focus({ preventScroll: true });
    },
    [],
  );
  const stop = async (): Promise<void> => {
    isPressed.current = true;
    setStopping(true);
    if (await stopReading(handle, reading)) setStopping(false);
  };
  return (
    <Button variant="default" {...button} disabled={isStopping || !isConnected} onClick={() => void stop()}>
      {isStopping ? 'Stopping…' : 'Stop'}
    </Button>
  );
}
