import { useState } from 'react';
import type { AppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { Dialog } from '../../components/dialog.tsx';
import { TypedConfirmation } from '../../components/typed-confirmation.tsx';
import { removeBackup } from '../../stores/backups.ts';
import { bytes } from '../../words/numbers.ts';
import { dateTime } from '../../words/times.ts';
import { describePhase } from './backups-words.ts';
import { useTold } from './use-told.ts';
import { WorkProgress } from './work-progress.tsx';

interface RemoveProps {
  readonly handle: string;
  readonly fileName: string;
  /** null = closed. */
  readonly backup: BackupRecord | null;
  readonly onClose: () => void;
  /** Before it closes: what asked for it has gone with the backup, and cannot have the focus back. */
  readonly onRemoved: (backupId: string) => void;
}

/** Deleting cannot be undone: confirmed by typing the file's name; keeping the backup is the default button. */
export function RemoveDialog({ handle, fileName, backup, onClose, onRemoved }: RemoveProps) {
  const [isRemoving, setRemoving] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  useTold(handle, error);
  const close = (): void => {
    setError(null);
    onClose();
  };
  const remove = async (backupId: string, typed: string): Promise<void> => {
    setRemoving(true);
    const failed = await removeBackup(handle, backupId, typed);
    setRemoving(false);
    if (failed) return setError(failed);
    onRemoved(backupId);
    close();
  };
  return (
    <Dialog
      isOpen={backup !== null}
      onClose={isRemoving ? () => {} : close}
      title="Delete this backup?"
      width={540}
      closesOnClickOutside={false}
    >
      {backup && (
        <TypedConfirmation
          key={backup.id}
          fileName={fileName}
          label="Delete this backup"
          busyLabel="Deleting…"
          keepLabel="Keep the backup"
          isBusy={isRemoving}
          busyWords=""
          error={error}
          onConfirm={(typed) => void remove(backup.id, typed)}
          onKeep={close}
        >
          <p>
            The backup of <strong>{dateTime(backup.createdAt)}</strong> ({backup.reason}; {describePhase(backup)};{' '}
            {bytes(backup.sizeBytes)}) is deleted for good.
          </p>
          <p>
            The database itself is not touched. The newest good backup, and any that something unfinished needs, cannot
            be deleted.
          </p>
          {isRemoving && (
            <WorkProgress handle={handle} fileName={fileName} words="Making sure that another backup is good" />
          )}
        </TypedConfirmation>
      )}
    </Dialog>
  );
}
