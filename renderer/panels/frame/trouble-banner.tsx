import { ActionIcon } from '@mantine/core';
import { IconAlertTriangle, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useSession } from '../../stores/session.ts';
import styles from './connection-banner.module.css';

/** What the window has to say about itself, until somebody has read it. */
export function TroubleBanner() {
  const trouble = useSession((state) => state.info?.trouble ?? null);
  const [isRead, setRead] = useState(false);
  if (trouble === null || isRead) return null;
  return (
    <div className={styles.banner} role="status" data-tone="lost">
      <IconAlertTriangle size={16} aria-hidden />
      <span>{trouble}</span>
      <ActionIcon size={22} aria-label="Hide this message" onClick={() => setRead(true)}>
        <IconX size={13} aria-hidden />
      </ActionIcon>
    </div>
  );
}
