import { useEffect, useState } from 'react';
import type { AppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { Dialog } from '../../components/dialog.tsx';
import { TypedConfirmation } from '../../components/typed-confirmation.tsx';
import { isFileGone, look, useDatabases } from '../../stores/databases.ts';
import { restoreAndShow } from '../../stores/recovery.ts';
import { dateTime } from '../../words/times.ts';
import { becomesWords, contentWords, originWords } from './backups-words.ts';
import styles from './backups.module.css';
import { useTold } from './use-told.ts';
import { WorkProgress } from './work-progress.tsx';

interface RestoreProps {
  readonly handle: string;
  readonly fileName: string;
  /** null = closed. */
  readonly backup: BackupRecord | null;
  /** Why it is asked about at all, where that is because something else was refused. */
  readonly why?: AppError | null;
  readonly onClose: () => void;
}

/** Confirmed by typing the file's name; keeping the file is the default button. */
export function RestoreDialog({ handle, fileName, backup, why = null, onClose }: RestoreProps) {
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
          why={why}
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
  readonly why: AppError | null;
  readonly isRestoring: boolean;
  readonly setRestoring: (isRestoring: boolean) => void;
}

function Confirmation({ handle, fileName, backup, why, onClose, isRestoring, setRestoring }: ConfirmationProps) {
  const isGone = useDatabases((state) => isFileGone(state, handle));
  const isUnread = useDatabases((state) => (state.views[handle]?.error ?? null) !== null);
  const isSure = useSureOfGone(handle, isGone);
  const [error, setError] = useState(why);
  useTold(handle, error);
  const origin = originWords(backup, fileName);
  const restore = async (typed: string): Promise<void> => {
    setRestoring(true);
    const failed = await restoreAndShow(handle, backup.id, typed);
    setRestoring(false);
    setError(failed);
    if (!failed) onClose();
  };
  return (
    <TypedConfirmation
      fileName={fileName}
      label="Restore this backup"
      busyLabel="Restoring…"
      keepLabel={error?.code === 'E_DISCONNECTED' ? 'Close' : isGone ? 'Not now' : 'Keep the file as it is'}
      isReady={isSure}
      isBusy={isRestoring}
      busyWords=""
      error={error}
      onConfirm={(typed) => void restore(typed)}
      onKeep={onClose}
    >
      <p>
        <strong>{fileName}</strong> {isGone ? 'comes back as' : 'becomes'} {becomesWords(backup, fileName)}{' '}
        <strong className={styles.date}>{dateTime(backup.createdAt)}</strong> ({contentWords(backup)}). What was done in
        it since then is {isGone ? 'not in that backup' : 'no longer in the file'}.
      </p>
      {origin && <p>That backup was {origin}.</p>}
      {!isSure ? (
        <p role="status">Looking whether the file is still gone…</p>
      ) : isGone ? (
        <p>
          <strong>Nothing is replaced</strong>, and the backup itself stays where it is.
        </p>
      ) : isUnread ? (
        <p>
          <strong>What is replaced is kept first</strong>, as a backup or, where SQLite cannot read it, as files beside
          it, so that this can be undone, too.
        </p>
      ) : (
        <p>
          <strong>What is replaced is backed up first</strong> or, where it is too damaged for that, kept byte for byte
          beside it, so this can be undone.
        </p>
      )}
      {isRestoring && <WorkProgress handle={handle} fileName={fileName} words="Reading the backup" />}
    </TypedConfirmation>
  );
}

/** A file that was gone may be back: that nothing is replaced is promised only after a look. @returns false until then. */
function useSureOfGone(handle: string, isGone: boolean): boolean {
  const [isLooking, setLooking] = useState(isGone);
  useEffect(() => {
    if (isLooking) void look(handle).then(() => setLooking(false));
  }, [handle, isLooking]);
  return !isGone || !isLooking;
}
