import { Dialog } from '../../components/dialog.tsx';
import { TypedConfirmation } from '../../components/typed-confirmation.tsx';

interface PutBackProps {
  readonly fileName: string;
  /** What comes back was there until a restore was undone. */
  readonly isOfUndo?: boolean;
  readonly isOpen: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before files come back that a restore set aside; keeping the file is the default button. */
export function PutBackDialog({ fileName, isOfUndo = false, isOpen, onConfirm, onClose }: PutBackProps) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={`Put the old files of ${fileName} back?`} width={540}>
      {isOpen && (
        <TypedConfirmation
          fileName={fileName}
          label="Put the old files back"
          busyLabel="Putting them back…"
          keepLabel="Keep the file as it is"
          isBusy={false}
          busyWords=""
          error={null}
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
        </TypedConfirmation>
      )}
    </Dialog>
  );
}
