import type { Bridge, ChannelName, EventName, Events, Input, Output } from './channels.ts';
import type { AppError, Result } from './errors.ts';

/** A host as its callers see it: every call answers a Result, no call rejects. */
export interface Client {
  call<K extends ChannelName>(name: K, input: Input<K>): Promise<Result<Output<K>>>;
  /** Listens to one kind of event. Returns a function that stops listening. */
  on<K extends EventName>(name: K, listener: (payload: Events[K]) => void): () => void;
}

/**
 * Gives a transport its types. Answers are not parsed again: host and caller are of one build and the host's tests
 * hold every output against its schema. This file needs no zod at run time.
 * @param lost turns a broken transport into the error value that the caller sees.
 */
export function createClient(bridge: Bridge, lost: (cause: unknown) => AppError): Client {
  return {
    async call<K extends ChannelName>(name: K, input: Input<K>): Promise<Result<Output<K>>> {
      try {
        return (await bridge.call(name, input)) as Result<Output<K>>;
      } catch (cause) {
        return { ok: false, error: lost(cause) };
      }
    },
    on: (name, listener) =>
      bridge.on((happened, payload) => {
        if (happened === name) listener(payload as Events[typeof name]);
      }),
  };
}
