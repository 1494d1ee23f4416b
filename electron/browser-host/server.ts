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
  /**
   * For the browser that we start: works once, within a minute. Command lines are readable by other users: where it is
   * used again within that minute, one of the two is not the person, and nobody can tell which. Then the token, and with
   * it `url`, becomes another one.
   */
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
  /** Told, once, that the launch address was used again, and the `url` that is right from now on. */
  readonly onUsedTwice?: (url: string) => void;
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
export async function startServer(options: ServerOptions): Promise<BrowserHost> {
  const { port, files, router, events, onUsedTwice = () => {} } = options;
  let token = newSecret();
  const urlNow = (): string => `http://${host}/#token=${token}`;
  const launch = createLaunch(() => {
    token = newSecret();
    sockets.dropAll();
    onUsedTwice(urlNow());
  });
  const sockets = createSocketServer(router, events);
  const server = http.createServer({
    headersTimeout: 10_000,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 2_000, // Node's own, 30 s, would let a slow request live three times its limit
  });
  server.maxConnections = MAX_CONNECTIONS;
  let host = '';
  server.on('request', (request, response) => void answer(request, response, { host, files, launch, token }));
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
    get token() {
      return token;
    },
    get url() {
      return urlNow();
    },
    launchUrl: `http://${host}/open/${launch.code}`,
    async close() {
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const newSecret = (): string => randomBytes(32).toString('base64url');

interface Launch {
  readonly code: string;
  /** Of who knows the code, whether that is the first use or the one after it. null: the code is wrong, or too old. */
  redeem(pathname: string): 'first' | 'again' | null;
}

function createLaunch(onUsedTwice: () => void): Launch {
  const code = newSecret();
  const until = Date.now() + LAUNCH_LIMIT_MS;
  let uses = 0;
  return {
    code,
    redeem(pathname) {
      if (uses > 1 || Date.now() > until || !sameSecret(pathname, `/open/${code}`)) return null;
      uses += 1;
      if (uses === 1) return 'first';
      onUsedTwice();
      return 'again';
    },
  };
}

/** For a person who comes second: a browser's own page would say that nothing is here. */
const USED_BEFORE =
  'This address was used before, and not by this window: perhaps by another user of this computer. That other window has ' +
  'lost its connection. The terminal that Phasewise was started in shows the address to open now.';

interface Answering {
  readonly host: string;
  readonly files: WindowFiles;
  readonly launch: Launch;
  readonly token: string;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { host, files, launch, token }: Answering,
): Promise<void> {
  const policy = (nonce: string | null) => contentSecurityPolicy(nonce, `'self' ws://${host}`);
  const headers = (nonce: string | null) => ({
    ...securityHeaders,
    'content-security-policy': policy(nonce),
    'x-frame-options': 'DENY',
  });
  const end = (status: number, more: Record<string, string> = {}, text?: string) =>
    void response.writeHead(status, { ...headers(null), connection: 'close', ...more }).end(text);
  try {
    const refusal = refusalOf(request, host);
    if (refusal !== null) return end(refusal);
    const pathname = pathnameOf(request.url ?? '/');
    if (pathname === null) return end(400);
    const launched = request.method === 'GET' ? launch.redeem(pathname) : null;
    if (launched === 'first') return end(303, { location: `/#token=${token}` });
    if (launched === 'again') return end(410, { 'content-type': 'text/plain; charset=utf-8' }, USED_BEFORE);
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
