import type { EventName, Events } from '@shared/channels.ts';

export type EventListener = (name: EventName, payload: unknown) => void;

/** What happened in this host, told to every window, tab or terminal that listens. */
export interface EventBus {
  emit<K extends EventName>(name: K, payload: Events[K]): void;
  /** Returns a function that stops listening. */
  on(listener: EventListener): () => void;
}

export function createEventBus(): EventBus {
  const listeners = new Set<EventListener>();
  return {
    emit(name, payload) {
      for (const listener of [...listeners]) listener(name, payload);
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
