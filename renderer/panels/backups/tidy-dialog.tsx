import { Button, NumberInput } from '@mantine/core';
import { useState } from 'react';
import type { Output } from '@shared/channels.ts';
import type { AppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { TypedConfirmation } from '../../components/typed-confirmation.tsx';
import { tidyBackups, tryTidying } from '../../stores/backups.ts';
import { bytes, counted } from '../../words/numbers.ts';
import { describeOne } from './backups-words.ts';
import styles from './backups.module.css';
import { useTold } from './use-told.ts';
import { WorkProgress } from './work-progress.tsx';

interface TidyProps {
  readonly handle: string;
  readonly fileName: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  /** Before it closes: what asked for it may have gone with the last but one backup. If not, it has the focus back. */
  readonly onTidied: () => void;
}

const USUAL_KEEP = 5;

/** First how many good ones to keep, then exactly what would go and why the rest stays, and only then the deletion. */
export function TidyDialog({ isOpen, onClose, ...props }: TidyProps) {
  const [isBusy, setBusy] = useState(false);
  return (
    <Dialog
      isOpen={isOpen}
      onClose={isBusy ? () => {} : onClose}
      title="Tidy up backups"
      width={600}
      closesOnClickOutside={false}
    >
      {isOpen && <Steps {...props} onClose={onClose} isBusy={isBusy} setBusy={setBusy} />}
    </Dialog>
  );
}

type StepsProps = Omit<TidyProps, 'isOpen'> & { readonly isBusy: boolean; readonly setBusy: (isBusy: boolean) => void };

function Steps({ handle, fileName, onClose, onTidied, isBusy, setBusy }: StepsProps) {
  const [typed, setTyped] = useState<number | string>(USUAL_KEEP);
  const keep = Number(typed); // cleared = 0, which keeps none
  const [trial, setTrial] = useState<Output<'backup:tidy'> | null>(null);
  const [error, setError] = useState<AppError | null>(null);
  useTold(handle, error);
  const look = async (): Promise<void> => {
    setBusy(true);
    const tried = await tryTidying(handle, keep);
    setBusy(false);
    setTrial(tried.ok ? tried.value : null);
    setError(tried.ok ? null : tried.error);
  };
  const tidy = async (shown: readonly BackupRecord[]): Promise<void> => {
    setBusy(true);
    const failed = await tidyBackups(handle, keep, shown);
    setBusy(false);
    setError(failed);
    if (failed) return;
    onTidied();
    onClose();
  };
  if (trial === null || trial.removed.length === 0) {
    return (
      <div className={styles.tidy}>
        <p>Nothing is ever deleted by itself. The newest good backups stay, and whatever else is still needed.</p>
        <NumberInput
          label="How many good backups to keep"
          min={1}
          max={999}
          allowDecimal={false}
          clampBehavior="strict"
          value={typed}
          disabled={isBusy}
          onChange={(value) => {
            setTyped(value);
            setTrial(null);
          }}
        />
        {error && <ErrorNotice error={error} subject={fileName} />}
        {isBusy && (
          <WorkProgress
            handle={handle}
            fileName={fileName}
            words="Reading the newest backups again, to be sure that they are good"
          />
        )}
        <p role="status" className="muted">
          {trial ? 'Then none would go: each of them stays for a reason.' : ''}
        </p>
        {trial && <Kept kept={trial.kept} />}
        <div className={styles.buttons}>
          <Button variant="default" disabled={isBusy} onClick={onClose}>
            Close
          </Button>
          <Button disabled={isBusy || !Number.isInteger(keep) || keep < 1} onClick={() => void look()}>
            See what would go
          </Button>
        </div>
      </div>
    );
  }
  return (
    <TypedConfirmation
      fileName={fileName}
      label={`Delete ${counted(trial.removed.length, 'backup')}`}
      busyLabel="Deleting…"
      keepLabel="Keep them all"
      isBusy={isBusy}
      busyWords=""
      error={error}
      onConfirm={() => void tidy(trial.removed)}
      onKeep={onClose}
    >
      <h3>
        {counted(trial.removed.length, 'backup')} would be deleted for good; that frees {bytes(trial.freedBytes)}
      </h3>
      <ul className={styles.short} aria-label="Would be deleted">
        {trial.removed.map((backup) => (
          <li key={backup.path}>{describeOne(backup)}</li>
        ))}
      </ul>
      <Kept kept={trial.kept} />
      {isBusy && (
        <WorkProgress
          handle={handle}
          fileName={fileName}
          words="Reading the ones that stay again, then deleting the others"
        />
      )}
    </TypedConfirmation>
  );
}

function Kept({ kept }: Pick<Output<'backup:tidy'>, 'kept'>) {
  return (
    <>
      <h3>{counted(kept.length, 'backup')} would stay</h3>
      <ul className={styles.short} aria-label="Would stay">
        {kept.map(({ backup, why }) => (
          <li key={backup.path}>
            {describeOne(backup)}
            <br />
            <span className="muted">{why}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
