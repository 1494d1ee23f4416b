import { Button, Group, TextInput } from '@mantine/core';
import { use, useState, type ReactNode } from 'react';
import type { AppError } from '@shared/errors.ts';
import { namesAlike } from '@shared/names-alike.ts';
import { visible } from '../words/text.ts';
import { ErrorNotice } from './error-notice.tsx';
import { FileFolder } from './file-folder.ts';
import styles from './dialog.module.css';

interface ConfirmationProps {
  readonly fileName: string;
  /** What will happen. */
  readonly children: ReactNode;
  /** "Restore this backup", and while it is done "Restoring…". */
  readonly label: string;
  readonly busyLabel: string;
  readonly keepLabel: string;
  /** False while it is being found out what would happen. */
  readonly isReady?: boolean;
  readonly isBusy: boolean;
  /** Said while it is done. */
  readonly busyWords: string;
  readonly error: AppError | null;
  /** What else can be done about it than is done here. */
  readonly errorActions?: ReactNode;
  readonly onConfirm: (typed: string) => void;
  readonly onKeep: () => void;
}

/**
 * Confirmed by typing the file's name, beside the folder that it lies in, since any number of files may be called so;
 * keeping things as they are is the default button, and Enter never confirms.
 */
export function TypedConfirmation(props: ConfirmationProps) {
  const { fileName, children, label, busyLabel, keepLabel, isBusy, busyWords, error, onConfirm, onKeep } = props;
  const { isReady = true, errorActions } = props;
  const [typed, setTyped] = useState('');
  const folder = use(FileFolder);
  return (
    <div className={styles.confirmation}>
      {children}
      <TextInput
        label={
          <>
            To confirm, type <span className={styles.fileName}>{fileName}</span>
          </>
        }
        description={
          // Whole, not a PathText: what that leaves out may be what tells two files apart.
          folder !== null && (
            <>
              Its folder: <span className={styles.folder}>{visible(folder)}</span>
            </>
          )
        }
        descriptionProps={{ className: styles.place }}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        disabled={isBusy}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {error && <ErrorNotice error={error} subject={fileName} actions={errorActions} />}
      <p role="status" className="muted">
        {isBusy ? busyWords : ''}
      </p>
      <Group justify="flex-end">
        <Button
          variant="outline"
          color="stop"
          disabled={!namesAlike(typed, fileName) || !isReady || isBusy}
          onClick={() => onConfirm(typed.trim())}
        >
          {isBusy ? busyLabel : label}
        </Button>
        <Button data-autofocus disabled={isBusy} onClick={onKeep}>
          {keepLabel}
        </Button>
      </Group>
    </div>
  );
}
