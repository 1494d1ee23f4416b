import { setImmediate } from 'node:timers/promises';
import { coded } from '@shared/errors.ts';
import type { EngineControl } from './protocol.ts';

/** What a person asked for while a run is active. The run looks at it between chunks, where stopping is safe. */
export interface RunControl {
  /** The person's wish; the last one counts, but a cancel stays. */
  request(control: EngineControl): void;
  /**
   * A safe boundary: nothing is open. Lets the process hear messages, waits while paused.
   * @throws CodedError E_CANCELLED when the person asked to stop.
   */
  boundary(onState: (state: 'paused' | 'resumed' | 'cancelling') => void): Promise<void>;
  /**
   * Stands still until somebody resumes or cancels, or `isOver`, asked every second, says that there is no reason any more.
   * Where a person has paused it meanwhile, it stands on: `onState` hears 'paused' again then.
   * @throws CodedError E_CANCELLED; what `isOver` throws.
   */
  hold(onState: (state: 'paused' | 'resumed' | 'cancelling') => void, isOver?: () => boolean): Promise<void>;
  /** For work that may be given up but not paused. Lets the process hear messages. @throws CodedError E_CANCELLED */
  stopPoint(): Promise<void>;
  /** As `stopPoint`, where nothing can be awaited: knows only what was heard before. @throws CodedError E_CANCELLED */
  assertWanted(): void;
}

/** How often whoever stands still looks whether the reason is gone. */
const LOOK_EVERY_MS = 1_000;

/** @param lookEveryMs for tests. */
export function createControl(
  onRequest: (control: EngineControl) => void = () => {},
  lookEveryMs = LOOK_EVERY_MS,
): RunControl {
  /** By a person. */
  let isPaused = false;
  /** By itself. */
  let isHeld = false;
  let isCancelled = false;
  let wake: (() => void) | undefined;
  const assertWanted = (): void => {
    if (isCancelled) throw coded('E_CANCELLED', 'The run was stopped between two steps. What was finished is kept.');
  };
  const isStanding = (): boolean => (isPaused || isHeld) && !isCancelled;
  async function boundary(
    onState: (state: 'paused' | 'resumed' | 'cancelling') => void,
    isOver: () => boolean = () => false,
  ): Promise<void> {
    await setImmediate(); // better-sqlite3 never yields; without this no message would be heard
    if (isStanding()) {
      onState('paused');
      while (isStanding()) {
        // oxlint-disable-next-line no-await-in-loop -- nothing is done meanwhile
        await nextLook();
        if (!isStanding() || !isHeld || !isOver()) continue;
        isHeld = false;
        if (isPaused) onState('paused'); // from now on for another reason
      }
      if (!isCancelled) onState('resumed');
    }
    if (isCancelled) onState('cancelling');
    assertWanted();
  }
  /** A wish, or where it stands still by itself the time to look again. */
  function nextLook(): Promise<void> {
    return new Promise((resolve) => {
      const timer = isHeld ? setTimeout(resolve, lookEveryMs) : undefined;
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
  return {
    boundary,
    async hold(onState, isOver) {
      isHeld = true;
      try {
        await boundary(onState, isOver);
      } finally {
        isHeld = false; // it may have been ended by an error
      }
    },
    assertWanted,
    async stopPoint() {
      await setImmediate();
      assertWanted();
    },
    request(control) {
      if (control === 'cancel') isCancelled = true;
      else isPaused = control === 'pause';
      if (control === 'resume') isHeld = false;
      onRequest(control);
      if (!isStanding()) wake?.();
    },
  };
}
