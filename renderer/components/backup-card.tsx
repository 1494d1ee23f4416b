import { Button } from '@mantine/core';
import { IconFolderOpen, IconShieldCheckFilled } from '@tabler/icons-react';
import type { BackupRecord } from '@shared/run.ts';
import { bytes } from '../words/numbers.ts';
import { dateTime } from '../words/times.ts';
import { shortHash } from '../words/text.ts';
import { CopyButton } from './copy-button.tsx';
import { PathText } from './path-text.tsx';
import styles from './backup-card.module.css';

/** A verified backup, as reassurance: what, where, how big, and its fingerprint. */
export function BackupCard({ backup, what = null, onReveal, extra }: BackupCardProps) {
  return (
    <div className={styles.card} role="group" aria-label="Backup">
      <IconShieldCheckFilled size={22} className={styles.icon} aria-hidden />
      <div className={styles.words}>
        {what !== null && <p className={styles.title}>{what}</p>}
        <p className={what === null ? styles.title : undefined}>
          {backup.verified ? 'Backup verified' : 'Backup not verified'}
          <span className="muted">
            {' '}
            {backup.reason}, {dateTime(backup.createdAt)}, {bytes(backup.sizeBytes)}, SHA-256{' '}
            <code>{shortHash(backup.sha256)}</code>
          </span>
          <CopyButton text={backup.sha256} label="Copy SHA-256" />
        </p>
        <PathText path={backup.path} maxLength={78} />
      </div>
      <div className={styles.actions}>
        {onReveal && (
          <Button variant="default" leftSection={<IconFolderOpen size={14} aria-hidden />} onClick={onReveal}>
            Show in folder
          </Button>
        )}
        {extra}
      </div>
    </div>
  );
}

interface BackupCardProps {
  readonly backup: BackupRecord;
  /** Which of several it is. */
  readonly what?: string | null;
  readonly onReveal?: (() => void) | undefined;
  readonly extra?: React.ReactNode;
}
