import { randomBytes } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { EventBus } from '@host/events.ts';
import type { Router } from '@host/router.ts';
import { contentSecurityPolicy, securityHeaders, type WindowFiles } from '@host/window-files.ts';
import { refusalOf, sameSecret, upgradeRefusalOf } from './request-check.ts';
import { createSocketServer } from './sockets.ts';

export interface BrowserHost {
  readonly port: number;
  /** For the person: the page and, in the fragment, which browsers never send, the token. */
  readonly url: string;
  /** For the browser that we start: works once, within a minute. Command lines are readable by other users. */
  readonly launchUrl: string;
  readonly token: string;
  close(): Promise<void>;
}

export interface ServerOptions {
  /** 0 = any free port. */
  readonly port: number;
  readonly files: WindowFiles;
  readonly router: Router;
  readonly events: EventBus;
}

const LAUNCH_LIMIT_MS = 60_000;
/** For the other end to read why it was refused, ms. */
const LINGER_MS = 500;
/** Open connections, pages and sockets together: several tabs, no flood. */
const MAX_CONNECTIONS = 128;

/**
 * Serves the window and its channels on the loopback interface, to whoever knows the token of this start.
 * @throws NodeJS.ErrnoException when the port cannot be had (EADDRINUSE, EACCES).
 */
export async function startServer({ port, files, router, events }: ServerOptions): Promise<BrowserHost> {
  const token = randomBytes(32).toString('base64url');
  const launch = createLaunch(token);
  const sockets = createSocketServer(router, events);
  const server = http.createServer({
    headersTimeout: 10_000,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 2_000, // Node's own, 30 s, would let a slow request live three times its limit
  });
  server.maxConnections = MAX_CONNECTIONS;
  let host = '';
  server.on('request', (request, response) => void answer(request, response, { host, files, launch }));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = upgradeRefusalOf(request, host, token);
    socket.on('error', () => socket.destroy()); // Node has taken its own listener away: a reset would end this process
    if (refusal === null) sockets.accept(request, socket, head);
    else endSoon(socket, `HTTP/1.1 ${refusal} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  server.on('clientError', (_error, socket) => {
    endSoon(socket, 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  await listen(server, port);
  const bound = (server.address() as AddressInfo).port;
  host = `127.0.0.1:${bound}`;
  return {
    port: bound,
    token,
    url: `http://${host}/#token=${token}`,
    launchUrl: `http://${host}/open/${launch.code}`,
    async close() {
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Launch {
  readonly code: string;
  /** The page's address with the token for the one who knows the code, once. */
  redeem(pathname: string): string | null;
}

function createLaunch(token: string): Launch {
  const code = randomBytes(32).toString('base64url');
  const until = Date.now() + LAUNCH_LIMIT_MS;
  let isSpent = false;
  return {
    code,
    redeem(pathname) {
      if (isSpent || Date.now() > until || !sameSecret(pathname, `/open/${code}`)) return null;
      isSpent = true;
      return `/#token=${token}`;
    },
  };
}

interface Answering {
  readonly host: string;
  readonly files: WindowFiles;
  readonly launch: Launch;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { host, files, launch }: Answering,
): Promise<void> {
  const policy = (nonce: string | null) => contentSecurityPolicy(nonce, `'self' ws://${host}`);
  const headers = (nonce: string | null) => ({
    ...securityHeaders,
    'content-security-policy': policy(nonce),
    'x-frame-options': 'DENY',
  });
  const end = (status: number, more: Record<string, string> = {}) =>
    void response.writeHead(status, { ...headers(null), connection: 'close', ...more }).end();
  try {
    const refusal = refusalOf(request, host);
    if (refusal !== null) return end(refusal);
    const pathname = pathnameOf(request.url ?? '/');
    if (pathname === null) return end(400);
    const launched = request.method === 'GET' ? launch.redeem(pathname) : null;
    if (launched !== null) return end(303, { location: launched });
    const file = await files(pathname);
    if (file === null) return end(404);
    response.writeHead(200, {
      ...headers(file.nonce),
      'content-type': file.type,
      'content-length': String(file.body.length),
    });
    response.end(request.method === 'HEAD' ? undefined : file.body);
  } catch {
    if (!response.headersSent) end(500);
    else response.destroy();
  }
}

/** Says `last` and closes, also when the other end never does: half-open connections would use up the places there are. */
function endSoon(socket: Duplex, last: string): void {
  if (!socket.writable) return void socket.destroy();
  socket.end(last);
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** The decoded path of a request target; null when it is not one. */
function pathnameOf(target: string): string | null {
  try {
    return decodeURIComponent(target.split(/[?#]/, 1)[0] ?? '/');
  } catch {
    return null;
  }
}

/** 127.0.0.1 and nothing else: no other machine, no other address of this one. */
const listen = (server: http.Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
