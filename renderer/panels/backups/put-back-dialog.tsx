import type { ReactNode } from 'react';
import type { AppError } from '@shared/errors.ts';
import { Dialog } from '../../components/dialog.tsx';
import { TypedConfirmation } from '../../components/typed-confirmation.tsx';

interface PutBackProps {
  readonly fileName: string;
  /** What comes back was there until a restore was undone. */
  readonly isOfUndo?: boolean;
  readonly isOpen: boolean;
  /** Where it stays open until they are back: how far that is, and why it failed. */
  readonly isBusy?: boolean;
  readonly progress?: ReactNode;
  readonly error?: AppError | null;
  readonly errorActions?: ReactNode;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before files come back that a restore set aside; keeping the file is the default button. */
export function PutBackDialog(props: PutBackProps) {
  const { fileName, isOfUndo = false, isOpen, isBusy = false, progress, error = null, errorActions } = props;
  const { onConfirm, onClose } = props;
  return (
    <Dialog
      isOpen={isOpen}
      onClose={isBusy ? () => {} : onClose}
      title={`Put the old files of ${fileName} back?`}
      width={540}
    >
      {isOpen && (
        <TypedConfirmation
          fileName={fileName}
          label="Put the old files back"
          busyLabel="Putting them back…"
          keepLabel={error?.code === 'E_DISCONNECTED' ? 'Close' : 'Keep the file as it is'}
          isBusy={isBusy}
          busyWords=""
          error={error}
          errorActions={errorActions}
          onConfirm={onConfirm}
          onKeep={onClose}
        >
          <p>
            <strong>{fileName}</strong> becomes, byte for byte,{' '}
            {isOfUndo
              ? 'what it was until the restore was undone.'
              : 'what the restore replaced: a file that could not be read.'}
          </p>
          <p>What is there now is set aside in the same way, so this can be undone too.</p>
          {isBusy && progress}
        </TypedConfirmation>
      )}
    </Dialog>
  );
}
