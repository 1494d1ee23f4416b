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
  /** Stands still until somebody resumes or cancels. @throws CodedError E_CANCELLED */
  hold(onState: (state: 'paused' | 'resumed' | 'cancelling') => void): Promise<void>;
  /** For work that may be given up but not paused. Lets the process hear messages. @throws CodedError E_CANCELLED */
  stopPoint(): Promise<void>;
  /** As `stopPoint`, where nothing can be awaited: knows only what was heard before. @throws CodedError E_CANCELLED */
  assertWanted(): void;
}

export function createControl(onRequest: (control: EngineControl) => void = () => {}): RunControl {
  let isPaused = false;
  let isCancelled = false;
  let wake: (() => void) | undefined;
  const assertWanted = (): void => {
    if (isCancelled) throw coded('E_CANCELLED', 'The run was stopped between two steps. What was finished is kept.');
  };
  async function boundary(onState: (state: 'paused' | 'resumed' | 'cancelling') => void): Promise<void> {
    await setImmediate(); // better-sqlite3 never yields; without this no message would be heard
    if (isPaused && !isCancelled) {
      onState('paused');
      // oxlint-disable-next-line no-unmodified-loop-condition -- request() changes it while we wait
      while (isPaused && !isCancelled) await new Promise<void>((resolve) => (wake = resolve));
      if (!isCancelled) onState('resumed');
    }
    if (isCancelled) onState('cancelling');
    assertWanted();
  }
  return {
    boundary,
    hold(onState) {
      isPaused = true;
      return boundary(onState);
    },
    assertWanted,
    async stopPoint() {
      await setImmediate();
      assertWanted();
    },
    request(control) {
      if (control === 'cancel') isCancelled = true;
      else isPaused = control === 'pause';
      onRequest(control);
      if (isCancelled || !isPaused) wake?.();
    },
  };
}
