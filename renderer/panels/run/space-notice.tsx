import { Button } from '@mantine/core';
import { IconAlertTriangleFilled, IconShieldCheckFilled } from '@tabler/icons-react';
import type { RunSnapshot } from '@shared/run.ts';
import { cancelRun, resumeRun } from '../../stores/runs.ts';
import { spaceFacts } from './run-words.ts';
import styles from './run.module.css';

/** The run paused by itself. Nothing failed: what is missing, in numbers, and the two ways on. */
export function SpaceNotice({
  handle,
  attention,
  isConnected,
}: {
  handle: string;
  isConnected: boolean;
  attention: NonNullable<RunSnapshot['attention']>;
}) {
  return (
    <div role="status" className={styles.attention}>
      <h2>
        <IconAlertTriangleFilled size={18} aria-hidden />
        Paused: {attention.title.toLowerCase()}
        <code>{attention.code}</code>
      </h2>
      <p className={styles.calm}>
        <IconShieldCheckFilled size={16} aria-hidden />
        {attention.safety}
      </p>
      {/* Measured again every second: whoever is being read to has heard it once, and hears when it goes on. */}
      <p aria-live="off">{attention.message}</p>
      <dl aria-live="off">
        {spaceFacts(attention).map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p>
        <strong>What to do:</strong> {attention.nextStep}
      </p>
      <div className={styles.ways}>
        <Button size="sm" disabled={!isConnected} onClick={() => void resumeRun(handle)}>
          Resume
        </Button>
        <Button size="sm" variant="default" disabled={!isConnected} onClick={() => void cancelRun(handle)}>
          Stop safely
        </Button>
      </div>
    </div>
  );
}
