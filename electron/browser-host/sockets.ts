import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { EventBus } from '@host/events.ts';
import type { Router } from '@host/router.ts';
import { MAX_MESSAGE_BYTES } from '@shared/message-size.ts';
import { type WebSocket, WebSocketServer } from 'ws';
import { PROTOCOL } from './request-check.ts';

export interface SocketServer {
  /** For an upgrade that passed every check. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Lets go of every tab. What was begun goes on. */
  dropAll(): void;
  close(): void;
}

/** Calls of one tab that may wait for their answers: at most 100 MiB of them. */
const MAX_WAITING = 100;
/** A tab that reads nothing for so long is let go; it connects again when it wakes up, bytes. */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;
const PING_EVERY_MS = 30_000;

/** Close codes of RFC 6455. */
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;
const INTERNAL_ERROR = 1011;

/**
 * The channels over WebSocket: `{id, name, input}` in, `{id, result}` out, `{event, payload}` to every tab. All tabs
 * share the one host; closing a tab ends nothing.
 */
export function createSocketServer(router: Router, events: EventBus): SocketServer {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false, // loopback is fast, and a small message cannot become a huge one
    handleProtocols: () => PROTOCOL,
  });
  const stopListening = events.on((event, payload) => {
    const text = JSON.stringify({ event, payload });
    for (const socket of server.clients) send(socket, text);
  });
  const stopPinging = pingAll(server);
  const dropAll = (): void => {
    for (const socket of server.clients) socket.terminate();
  };
  server.on('connection', (socket) => serve(socket, router));
  return {
    accept: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (accepted) => server.emit('connection', accepted, request)),
    dropAll,
    close() {
      stopListening();
      stopPinging();
      dropAll();
      server.close();
    },
  };
}

function serve(socket: WebSocket, router: Router): void {
  let waiting = 0;
  const asker = {
    get isGone() {
      return socket.readyState !== socket.OPEN;
    },
  };
  socket.on('error', () => socket.terminate()); // e.g. a message over the limit
  socket.on('message', (data, isBinary) => {
    const call = isBinary ? null : parseCall((data as Buffer).toString('utf8'));
    if (call === null) return socket.close(UNSUPPORTED_DATA);
    waiting += 1;
    if (waiting > MAX_WAITING) return socket.close(POLICY_VIOLATION);
    router(call.name, call.input, asker)
      .then((result) => send(socket, JSON.stringify({ id: call.id, result })))
      .catch(() => socket.close(INTERNAL_ERROR)) // an answer that JSON cannot hold must not end the host
      .finally(() => {
        waiting -= 1;
      });
  });
}

function parseCall(text: string): { id: number; name: unknown; input: unknown } | null {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null || Array.isArray(message)) return null;
    const { id, name, input } = message as Record<string, unknown>;
    return Number.isSafeInteger(id) ? { id: id as number, name, input } : null;
  } catch {
    return null;
  }
}

function send(socket: WebSocket, text: string): void {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > MAX_BACKLOG_BYTES) socket.terminate();
  else socket.send(text);
}

/** Lets go of tabs whose computer slept or whose browser died without a word. */
function pingAll(server: WebSocketServer): () => void {
  const answered = new WeakSet<WebSocket>();
  server.on('connection', (socket) => {
    answered.add(socket);
    socket.on('pong', () => answered.add(socket));
  });
  const timer = setInterval(() => {
    for (const socket of server.clients) {
      if (!answered.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, PING_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
