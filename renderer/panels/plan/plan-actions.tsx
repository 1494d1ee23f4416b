import { Button } from '@mantine/core';
import type { Plan } from '@shared/run.ts';
import { isBlocked } from './plan-words.ts';

interface ActionsProps {
  readonly plan: Plan;
  readonly isStarting: boolean;
  /** The plan on screen speaks of the file as it is, and nothing runs. */
  readonly canStart: boolean;
  readonly onStart: () => void;
  readonly onAgain: () => void;
  readonly onBack: () => void;
}

/** Starting is the obvious step, unless something is removed: then it is staying as one is. */
export function PlanActions({ plan, isStarting, canStart, onStart, onAgain, onBack }: ActionsProps) {
  if (isBlocked(plan)) {
    return (
      <>
        <Button size="sm" variant="default" onClick={onBack}>
          {plan.removesAnything ? 'Keep the old names' : 'Cancel'}
        </Button>
        <Button size="sm" onClick={onAgain}>
          Check again
        </Button>
      </>
    );
  }
  if (plan.removesAnything) {
    return (
      <>
        <Button size="sm" variant="default" disabled={isStarting || !canStart} onClick={onStart}>
          Remove the old names…
        </Button>
        <Button size="sm" onClick={onBack}>
          Keep the old names
        </Button>
      </>
    );
  }
  return (
    <>
      <Button size="sm" variant="default" onClick={onBack}>
        Cancel
      </Button>
      <Button size="sm" disabled={isStarting || !canStart} onClick={onStart}>
        {isStarting ? 'Starting…' : 'Start upgrade'}
      </Button>
    </>
  );
}
