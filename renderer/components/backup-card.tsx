import { Button } from '@mantine/core';
import {
  IconAlertTriangleFilled,
  IconFolderOpen,
  IconHexagonLetterXFilled,
  IconShieldCheckFilled,
} from '@tabler/icons-react';
import type { BackupRecord } from '@shared/run.ts';
import { bytes } from '../words/numbers.ts';
import { backupMark, type Mark } from '../words/states.ts';
import { dateTime } from '../words/times.ts';
import { shortHash } from '../words/text.ts';
import { CopyButton } from './copy-button.tsx';
import { PathText } from './path-text.tsx';
import styles from './backup-card.module.css';

/** A backup: what it is worth, where it lies, how big it is, and its fingerprint. Green is for one that is good. */
export function BackupCard({ backup, mark = backupMark(backup), what = null, onReveal, extra }: BackupCardProps) {
  const Icon = icons[mark.tone] ?? IconAlertTriangleFilled;
  return (
    <div className={styles.card} role="group" aria-label="Backup" data-tone={mark.tone}>
      <Icon size={22} className={styles.icon} aria-hidden />
      <div className={styles.words}>
        {what !== null && <p className={styles.title}>{what}</p>}
        <p className={what === null ? styles.title : undefined}>
          {mark.tone === 'done' ? 'Backup verified' : `Backup: ${mark.word}`}
          <span className="muted">
            {' '}
            {backup.reason}, {dateTime(backup.createdAt)}, {bytes(backup.sizeBytes)}, SHA-256{' '}
            <span className={styles.hash}>
              <code>{shortHash(backup.sha256)}</code>
              <CopyButton text={backup.sha256} label="Copy SHA-256" />
            </span>
          </span>
        </p>
        <PathText path={backup.path} maxLength={78} />
      </div>
      <div className={styles.actions}>
        {onReveal && backup.state !== 'missing' && (
          <Button variant="default" leftSection={<IconFolderOpen size={14} aria-hidden />} onClick={onReveal}>
            Show in folder
          </Button>
        )}
        {extra}
      </div>
    </div>
  );
}

const icons: Partial<Record<Mark['tone'], typeof IconShieldCheckFilled>> = {
  done: IconShieldCheckFilled,
  blocked: IconHexagonLetterXFilled,
};

interface BackupCardProps {
  readonly backup: BackupRecord;
  /** Where more is known of it than it says itself. */
  readonly mark?: Mark;
  /** Which of several it is. */
  readonly what?: string | null;
  readonly onReveal?: (() => void) | undefined;
  readonly extra?: React.ReactNode;
}
