import { Button, Group, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { AppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { restoreBackup } from '../../stores/backups.ts';
import { goTo } from '../../stores/route.ts';
import { dateTime } from '../../words/times.ts';
import { describePhase, isConfirmed } from './backups-words.ts';
import styles from './backups.module.css';

interface RestoreProps {
  readonly handle: string;
  readonly fileName: string;
  /** null = closed. */
  readonly backup: BackupRecord | null;
  readonly onClose: () => void;
}

/** Confirmed by typing the file's name; keeping the file is the default button, and Enter never restores. */
export function RestoreDialog({ handle, fileName, backup, onClose }: RestoreProps) {
  const [isRestoring, setRestoring] = useState(false);
  return (
    <Dialog
      isOpen={backup !== null}
      onClose={isRestoring ? () => {} : onClose}
      title={`Restore ${fileName}?`}
      width={540}
      closesOnClickOutside={false}
    >
      {backup && (
        <Confirmation
          key={backup.id}
          handle={handle}
          fileName={fileName}
          backup={backup}
          onClose={onClose}
          isRestoring={isRestoring}
          setRestoring={setRestoring}
        />
      )}
    </Dialog>
  );
}

interface ConfirmationProps extends RestoreProps {
  readonly backup: BackupRecord;
  readonly isRestoring: boolean;
  readonly setRestoring: (isRestoring: boolean) => void;
}

function Confirmation({ handle, fileName, backup, onClose, isRestoring, setRestoring }: ConfirmationProps) {
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<AppError | null>(null);
  const restore = async (): Promise<void> => {
    setRestoring(true);
    const failed = await restoreBackup(handle, backup.id, typed.trim());
    setRestoring(false);
    setError(failed);
    if (failed) return;
    onClose();
    goTo(handle, 'backups');
  };
  return (
    <div className={styles.dialog}>
      <p>
        <strong>{fileName}</strong> becomes what it was on <strong>{dateTime(backup.createdAt)}</strong> (
        {backup.reason}; {describePhase(backup)}). What was done in it since then is no longer in the file.
      </p>
      <p>
        <strong>What is replaced is backed up first</strong>, so this can be undone in the same way.
      </p>
      <TextInput
        label={`To confirm, type ${fileName}`}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        disabled={isRestoring}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {error && <ErrorNotice error={error} subject={fileName} />}
      <p role="status" className="muted">
        {isRestoring ? 'Backing up what will be replaced, then putting the backup back…' : ''}
      </p>
      <Group justify="flex-end">
        <Button
          variant="outline"
          color="stop"
          disabled={!isConfirmed(typed, fileName) || isRestoring}
          onClick={() => void restore()}
        >
          {isRestoring ? 'Restoring…' : 'Restore this backup'}
        </Button>
        <Button data-autofocus disabled={isRestoring} onClick={onClose}>
          Keep the file as it is
        </Button>
      </Group>
    </div>
  );
}
