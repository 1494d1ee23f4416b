import type { AppError } from '@shared/errors.ts';
import type { Plan } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { Dialog } from '../../components/dialog.tsx';
import { TypedConfirmation } from '../../components/typed-confirmation.tsx';
import { removalSentence, removalsOf } from './removal-words.ts';

interface RemovalProps {
  readonly isOpen: boolean;
  readonly plan: Plan;
  readonly status: DatabaseStatus;
  readonly isStarting: boolean;
  readonly error: AppError | null;
  readonly onConfirm: (typed: string) => void;
  readonly onClose: () => void;
}

/** The last word before something is removed. */
export function RemovalDialog({ isOpen, plan, status, isStarting, error, onConfirm, onClose }: RemovalProps) {
  return (
    <Dialog
      isOpen={isOpen}
      onClose={isStarting ? () => {} : onClose}
      title={`Remove the old names from ${status.file.name}?`}
      width={540}
      closesOnClickOutside={false}
    >
      <TypedConfirmation
        fileName={status.file.name}
        label="Remove the old names"
        busyLabel="Starting…"
        keepLabel="Keep the old names"
        isBusy={isStarting}
        busyWords="Looking once more whether everything is as the plan says…"
        error={error}
        onConfirm={onConfirm}
        onKeep={onClose}
      >
        <p>
          {removalSentence(removalsOf(status))} {plan.olderPrograms}
        </p>
        <p>
          <strong>A backup is made and proved first</strong>, so this can be undone by restoring it.
        </p>
      </TypedConfirmation>
    </Dialog>
  );
}
