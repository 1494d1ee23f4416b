import { coded } from '@shared/errors.ts';
import type { EngineWork, FromEngine } from './protocol.ts';

/**
 * Where a work begins to change the file. The host hears of it first and answers; until then it may end the process, and
 * rightly say that nothing was changed. From its answer on it does not say that any more, and where `canCancel` is false,
 * the point of no return, it does not end the process either.
 */
export interface Passage {
  /** @throws CodedError E_CANCELLED when the host has gone, or goes before it answers. */
  readonly pass: (work: EngineWork) => Promise<void>;
  /** The host has answered. */
  open(): void;
  /** The host has gone. */
  close(): void;
}

export function createPassage(send: (message: FromEngine) => void): Passage {
  let isClosed = false;
  let waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  const gone = () => coded('E_CANCELLED', 'It was stopped before anything was changed.');
  return {
    pass(work) {
      if (isClosed) return Promise.reject(gone());
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        send({ type: 'work', work: { ...work, asksToProceed: true } });
      });
    },
    open: () => waiting?.resolve(),
    close() {
      isClosed = true;
      waiting?.reject(gone());
    },
  };
}
