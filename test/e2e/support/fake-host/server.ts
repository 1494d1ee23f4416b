// A scripted stand-in for the browser host, for looking at every screen without an engine:
//   node test/e2e/support/fake-host/server.ts [folder of the built window]
// It speaks the real protocol on a real socket; nothing behind it is real. Tests of behaviour use the real host.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import { createScript, type Scene } from './script.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface FakeHost {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the window with the real content security policy and answers its calls from the script of `scene`. Port 0 = any. */
export async function startFakeHost(windowFolder: string, scene: Scene, onPort = 0): Promise<FakeHost> {
  const server = http.createServer((request, response) => void answer(windowFolder, request, response));
  const sockets = new WebSocketServer({ server, path: '/channels', handleProtocols: () => 'phasewise.v1' });
  sockets.on('connection', (socket) => serve(socket, scene));
  await new Promise<void>((resolve) => server.listen(onPort, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/#token=fake`,
    async close() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(socket: WebSocket, scene: Scene): void {
  const script = createScript(scene, (event, payload) => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ event, payload }));
  });
  socket.on('close', () => script.stop());
  socket.on('message', (data) => {
    const { id, name, input } = JSON.parse((data as Buffer).toString()) as {
      id: number;
      name: string;
      input: Record<string, unknown>;
    };
    void script.answer(name, input).then((result) => socket.send(JSON.stringify({ id, result })));
  });
}

async function answer(folder: string, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const name =
    (request.url ?? '/').split('?')[0] === '/'
      ? 'index.html'
      : path.normalize(request.url ?? '').replace(/^[/\\]+/, '');
  const nonce = randomBytes(16).toString('base64url');
  try {
    const body = await readFile(path.join(folder, name));
    const policy = `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data: blob:; connect-src 'self' ws://${request.headers.host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
    response.writeHead(200, {
      'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream',
      'content-security-policy': policy,
    });
    response.end(name === 'index.html' ? String(body).replaceAll('__CSP_NONCE__', nonce) : body);
  } catch {
    response.writeHead(404).end();
  }
}

if (import.meta.main) {
  const folder = path.resolve(process.argv[2] ?? '.vite/renderer/main_window');
  const host = await startFakeHost(folder, { name: 'legacy' });
  console.log(host.url);
}
