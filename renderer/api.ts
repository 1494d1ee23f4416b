import type { Bridge, ChannelName, EventName, Events, Input, Output } from '@shared/channels.ts';
import { appError, err, type Result } from '@shared/errors.ts';
import { MAX_MESSAGE_BYTES } from '@shared/message-size.ts';

/**
 * The only file that talks to the host: through the preload script's bridge in Electron, through a WebSocket on the
 * page's own origin in the browser host. Both answer every call with a Result and send the same events.
 */
/** refused: Phasewise is there, but does not know the token of this tab. */
export type Connection = 'connecting' | 'open' | 'lost' | 'refused';

declare global {
  interface Window {
    readonly phasewise?: Bridge;
  }
}

/** Whether this is a window of the app, not a page of a browser. Known before the host has said anything. */
export const isDesktop = (): boolean => window.phasewise !== undefined;

const TOKEN_KEY = 'phasewise.token';
const RETRY_MS = [300, 700, 1_500, 3_000] as const;

const connectionListeners = new Set<(connection: Connection) => void>();
let bridge: Bridge | null = null;
let isFirstArrival = false;

/** Takes the token out of the address bar and connects. Call once, before anything else of this module. */
export function connect(): void {
  bridge = window.phasewise ?? socketBridge(`${location.origin.replace(/^http/, 'ws')}/channels`, takeToken());
  if (window.phasewise) queueMicrotask(() => tell('open')); // after the caller has begun to listen
}

/** One call over a channel. Never throws: a lost connection is the error E_DISCONNECTED. */
export async function call<K extends ChannelName>(name: K, input: Input<K>): Promise<Result<Output<K>>> {
  if (bridge === null) return err(disconnected());
  return (await bridge.call(name, input)) as Result<Output<K>>;
}

/** @returns a function that stops listening. */
export function onEvent<K extends EventName>(name: K, listener: (payload: Events[K]) => void): () => void {
  if (bridge === null) return () => {};
  return bridge.on((event, payload) => {
    if (event === name) listener(payload as Events[K]);
  });
}

export function onConnection(listener: (connection: Connection) => void): () => void {
  connectionListeners.add(listener);
  return () => connectionListeners.delete(listener);
}

/** Electron opens what was dropped; elsewhere null: a browser gives no path and nothing is uploaded. */
export async function openDropped(file: File): Promise<Result<Output<'database:openFile'>> | null> {
  if (!bridge?.openDropped) return null;
  return (await bridge.openDropped(file)) as Result<Output<'database:openFile'>>;
}

/** True once, in a page that was opened by the start of the browser host rather than reloaded. */
export function takeFirstArrival(): boolean {
  const isFirst = isFirstArrival;
  isFirstArrival = false;
  return isFirst;
}

function tell(connection: Connection): void {
  for (const listener of connectionListeners) listener(connection);
}

/** The token comes once in the fragment, which no server sees, and then lives as long as the tab. */
function takeToken(): string {
  const given = /^#token=([\w-]+)/.exec(location.hash)?.[1];
  if (given !== undefined) {
    isFirstArrival = true;
    sessionStorage.setItem(TOKEN_KEY, given);
    history.replaceState(null, '', `${location.pathname}#/`);
  }
  return given ?? sessionStorage.getItem(TOKEN_KEY) ?? 'none';
}

/** Every step is in the file as a whole or not at all, with or without a window. */
const disconnected = (): ReturnType<typeof appError> => ({
  ...appError(
    'E_DISCONNECTED',
    'Phasewise does not answer. What is under way goes on or, if Phasewise was closed, is asked about at its next start.',
  ),
  safety: 'Losing the connection harms nothing: whatever is under way can be carried through.',
});

const tooLong = (): ReturnType<typeof appError> =>
  appError('E_BAD_REQUEST', 'A list or a text in what was asked for is too long to be sent.', undefined, {
    nextStep: 'Use a shorter list or text.',
  });

/** A socket that never opened does not say why: whoever serves the page, but not the socket, knows another token. */
const whyShut = (): Promise<'refused' | 'lost'> =>
  fetch('/', { method: 'HEAD', cache: 'no-store' }).then(
    ({ ok }) => (ok ? 'refused' : 'lost'),
    () => 'lost',
  );

interface Waiting {
  readonly request: string;
  answer(result: Result<unknown>): void;
}

function socketBridge(url: string, token: string): Bridge {
  const listeners = new Set<(name: string, payload: unknown) => void>();
  const waiting = new Map<number, Waiting>();
  let socket: WebSocket | null = null;
  let nextId = 1;
  let attempt = 0;

  const open = (): void => {
    const current = new WebSocket(url, ['phasewise.v1', `token.${token}`]);
    socket = current;
    let wasOpen = false;
    current.addEventListener('open', () => {
      [attempt, wasOpen] = [0, true];
      for (const { request } of waiting.values()) current.send(request); // asked before the socket was up
      tell('open');
    });
    current.addEventListener('message', (message) => receive(String(message.data)));
    current.addEventListener('close', () => {
      for (const { answer } of waiting.values()) answer(err(disconnected()));
      waiting.clear();
      if (wasOpen) tell('lost');
      else void whyShut().then((connection) => socket?.readyState !== WebSocket.OPEN && tell(connection));
      setTimeout(open, RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)]);
    });
  };

  const receive = (text: string): void => {
    const message = JSON.parse(text) as { id?: number; result?: Result<unknown>; event?: string; payload?: unknown };
    if (message.event !== undefined) {
      for (const listener of listeners) listener(message.event, message.payload);
    } else if (message.id !== undefined && message.result) {
      waiting.get(message.id)?.answer(message.result);
      waiting.delete(message.id);
    }
  };

  open();
  return {
    call(name, input) {
      if (socket === null || socket.readyState > WebSocket.OPEN) return Promise.resolve(err(disconnected()));
      const id = nextId++;
      const request = JSON.stringify({ id, name, input });
      if (new TextEncoder().encode(request).length > MAX_MESSAGE_BYTES) return Promise.resolve(err(tooLong()));
      return new Promise((answer) => {
        waiting.set(id, { request, answer });
        if (socket?.readyState === WebSocket.OPEN) socket.send(request);
      });
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
