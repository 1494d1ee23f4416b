import { coded } from '@shared/errors.ts';
import type { FromEngine } from './protocol.ts';

/**
 * The point of no return of a restore. The host hears of it first and answers; until then it may end the process, and
 * rightly say that nothing was replaced. From its answer on it does not do that any more.
 */
export interface Passage {
  /** @throws CodedError E_CANCELLED when the host has gone, or goes before it answers. */
  readonly pass: () => Promise<void>;
  /** The host has answered. */
  open(): void;
  /** The host has gone. */
  close(): void;
}

export function createPassage(send: (message: FromEngine) => void): Passage {
  let isClosed = false;
  let waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  const gone = () => coded('E_CANCELLED', 'It was stopped before anything was replaced.');
  return {
    pass() {
      if (isClosed) return Promise.reject(gone());
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        send({ type: 'work', work: { stage: 'replacing', fraction: null, canCancel: false, asksToProceed: true } });
      });
    },
    open: () => waiting?.resolve(),
    close() {
      isClosed = true;
      waiting?.reject(gone());
    },
  };
}
