import { writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type BrowserHost, startServer } from '../../../electron/browser-host/server.ts';
import { openWindowFiles } from '@host/window-files.ts';
import { MAX_MESSAGE_BYTES } from '@shared/message-size.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { temporaryFolder } from '../../support/temporary.ts';
import { makeFolder, scriptedHost, until } from '../host/scripted-host.ts';

const folder = temporaryFolder();
const house = scriptedHost(folder);
let server: BrowserHost;
let own: string;
/** Of those that were told of a second use. */
const toldAddresses: string[] = [];

beforeAll(async () => {
  const window = makeFolder(folder, 'window', 'assets');
  writeFileSync(path.join(folder, 'secret.txt'), 'a secret beside the window');
  writeFileSync(
    path.join(window, '..', 'index.html'),
    '<meta name="csp-nonce" content="__CSP_NONCE__"><style nonce="__CSP_NONCE__"></style>',
  );
  writeFileSync(path.join(window, 'index.js'), 'export {}');
  const files = openWindowFiles(path.join(folder, 'window'));
  const onUsedTwice = (url: string) => void toldAddresses.push(url);
  server = await startServer({ port: 0, files, router: house.router, events: house.host.events, onUsedTwice });
  own = `127.0.0.1:${server.port}`;
});
afterAll(async () => {
  await server.close();
  house.host.close();
});

/** Sends exactly these bytes; a polite client would repair what is to be tested. */
function raw(head: string[], body = '', localAddress?: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port: server.port, host: '127.0.0.1', ...(localAddress ? { localAddress } : {}) });
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text }));
    socket.on('error', reject);
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  });
}
const get = (target: string, ...headers: string[]) =>
  raw([`GET ${target} HTTP/1.1`, `Host: ${own}`, 'Connection: close', ...headers]);
const statusOf = async (answer: Promise<{ status: number }>) => (await answer).status;

describe('the page', () => {
  it('comes with a fresh nonce, a strict policy and no way to be framed or kept', async () => {
    const [first, second] = [await get('/'), await get('/index.html')];
    const nonces = [first, second].map(({ text }) => /style-src 'self' 'nonce-([\w-]{24})'/.exec(text)?.[1]);
    expect(new Set(nonces).size).toBe(2);
    expect(first.text).toContain(
      `<meta name="csp-nonce" content="${nonces[0] ?? ''}"><style nonce="${nonces[0] ?? ''}">`,
    );
    expect(first.text).not.toContain('__CSP_NONCE__');
    expect(/content-security-policy: (.*)\r\n/i.exec(first.text)?.[1]?.split('; ')).toEqual([
      ...["default-src 'none'", "script-src 'self'", `style-src 'self' 'nonce-${nonces[0]}'`],
      ...["img-src 'self' data: blob:", "font-src 'self'", `connect-src 'self' ws://${own}`],
      ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ]);
    for (const header of [
      'x-content-type-options: nosniff',
      'cross-origin-opener-policy: same-origin',
      'cross-origin-resource-policy: same-origin',
      'cache-control: no-store',
      'referrer-policy: no-referrer',
      'x-frame-options: DENY',
    ]) {
      expect(first.text).toContain(header);
    }
    expect(first.text).not.toMatch(/access-control|set-cookie/i);
  });

  it('and its files need no token, and hold none', async () => {
    const script = await get('/assets/index.js');
    expect(script.status).toBe(200);
    expect(script.text).toContain('text/javascript');
    expect((await get('/')).text).not.toContain(server.token);
  });

  it('is answered to its own name only', async () => {
    const { port } = server;
    const hosts = [
      'evil.test',
      `evil.test:${port}`,
      `localhost:${port}`,
      '127.0.0.1',
      `127.0.0.1.:${port}`,
      `127.0.0.1:${port + 1}`,
      `0.0.0.0:${port}`,
      `[::1]:${port}`,
      `127.0.0.1:${port}@evil.test`,
      `127.1:${port}`,
    ];
    for (const host of hosts)
      expect([host, await statusOf(raw(['GET / HTTP/1.1', `Host: ${host}`, 'Connection: close']))]).toEqual([
        host,
        403,
      ]);
    expect(await statusOf(raw(['GET / HTTP/1.1', 'Connection: close']))).toBe(400); // none
    expect(
      await statusOf(raw(['GET / HTTP/1.1', `Host: ${own}`, 'Host: evil.test', 'Connection: close'])),
    ).toBeGreaterThanOrEqual(400);
    expect(await statusOf(raw(['GET http://evil.test/ HTTP/1.1', `Host: ${own}`, 'Connection: close']))).toBe(400);
    expect(await statusOf(raw(['GET //evil.test/ HTTP/1.1', `Host: ${own}`, 'Connection: close']))).toBe(400);
  });

  it('is answered to its own origin only', async () => {
    for (const origin of [
      'http://evil.test',
      'null',
      `http://localhost:${server.port}`,
      `https://${own}`,
      `http://${own}.evil.test`,
      'chrome-extension://x',
    ]) {
      expect([origin, await statusOf(get('/assets/index.js', `Origin: ${origin}`))]).toEqual([origin, 403]);
    }
    expect(await statusOf(get('/assets/index.js', `Origin: http://${own}`))).toBe(200);
    expect(await statusOf(get('/assets/index.js', `Origin: http://${own}`, 'Origin: http://evil.test'))).toBe(403);
  });

  it('cannot be embedded or fetched by another site, but a link may lead to it', async () => {
    expect(
      await statusOf(
        get('/assets/index.js', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: script'),
      ),
    ).toBe(403);
    expect(
      await statusOf(get('/', 'Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe')),
    ).toBe(403);
    expect(
      await statusOf(get('/', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: document')),
    ).toBe(403);
    expect(
      await statusOf(get('/', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document')),
    ).toBe(200);
  });

  it('knows no method but reading, and takes no body', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
      expect([method, await statusOf(raw([`${method} / HTTP/1.1`, `Host: ${own}`, 'Connection: close']))]).toEqual([
        method,
        405,
      ]);
    }
    expect(
      await statusOf(raw(['GET / HTTP/1.1', `Host: ${own}`, 'Content-Length: 10000000000', 'Connection: close'], 'x')),
    ).toBe(413);
    // What comes behind the head of a refused request is no request.
    expect((await raw(['POST / HTTP/1.1', `Host: ${own}`], 'GET / HTTP/1.1')).text).toMatch(/connection: close/i);
    expect(
      await statusOf(raw(['GET / HTTP/1.1', `Host: ${own}`, `X: ${'x'.repeat(40_000)}`, 'Connection: close'])),
    ).toBeGreaterThanOrEqual(400);
    expect(await statusOf(get(`/${'x'.repeat(2_000)}`))).toBe(400);
    expect(await statusOf(raw(['BREW / COFFEE/1.1', '']))).toBe(400);
  });

  it('is the only thing served: no address leads out of its folder', async () => {
    const ways = [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/../../secret.txt',
      '/..\\secret.txt',
      '/%2e%2e%5csecret.txt',
      '/secret.txt',
      '/assets/',
      '/assets',
      '/index.html%00',
      '/.',
      '//secret.txt',
      '/INDEX.HTML',
      '/etc/passwd',
      '/%252e%252e/secret.txt',
    ];
    for (const way of ways) {
      const { status, text } = await get(way);
      expect([way, status]).toEqual([way, way.startsWith('//') ? 400 : 404]);
      expect(text).not.toContain('a secret');
    }
    expect(await statusOf(get('/%'))).toBe(400);
  });

  it('cannot be reached over another address of this machine', async () => {
    const others = Object.values(os.networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others) {
      const outcome = await new Promise((resolve) => {
        const socket = net.connect({ host: address, port: server.port }, () => resolve('connected'));
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      });
      expect(outcome).not.toBe('connected');
    }
  });
});

describe('the launch address', () => {
  it('works once, and gives the token in the fragment', async () => {
    const { pathname } = new URL(server.launchUrl);
    expect(server.launchUrl).not.toContain(server.token);
    expect(await statusOf(get(`${pathname}x`))).toBe(404);
    const asked = await raw([`HEAD ${pathname} HTTP/1.1`, `Host: ${own}`, 'Connection: close']);
    expect(asked.status).toBe(404); // who only asks whether there is something must not use it up, nor learn the token
    expect(asked.text).not.toContain(server.token);
    const opened = await get(pathname);
    expect(opened.status).toBe(303);
    expect(opened.text).toContain(`location: /#token=${server.token}`);
  });

  it('that is used again ends the session of whoever was first: other users can read command lines', async () => {
    const { pathname } = new URL(server.launchUrl);
    const stolen = server.token;
    expect(await connect(['phasewise.v1', `token.${stolen}`])).toBe('open');
    const ended = closed(sockets.at(-1) as WebSocket);

    const again = await get(pathname);

    expect(again.status).toBe(410);
    expect(again.text).toContain('was used before');
    await ended;
    expect(toldAddresses).toEqual([server.url]);
    expect(server.url).not.toContain(stolen);
    expect(again.text).not.toContain(server.token);
    expect(await connect(['phasewise.v1', `token.${stolen}`])).toBe('403');
    expect(await connect()).toBe('open');
  });

  it('ends no session more than once', async () => {
    const { pathname } = new URL(server.launchUrl);
    const { token } = server;
    expect(await statusOf(get(pathname))).toBe(404);
    expect([server.token, toldAddresses.length]).toEqual([token, 1]);
  });
});

const sockets: WebSocket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});
const good = () => ['phasewise.v1', `token.${server.token}`];
function connect(
  protocols = good(),
  headers: Record<string, string> = { origin: `http://${own}` },
  target = '/channels',
): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://${own}${target}`, protocols, { headers });
    sockets.push(socket);
    socket.on('open', () => resolve('open'));
    socket.on('unexpected-response', (_request, response) => resolve(String(response.statusCode)));
    socket.on('error', () => resolve('refused'));
  });
}
async function connected(): Promise<WebSocket> {
  expect(await connect()).toBe('open');
  const socket = sockets.at(-1);
  if (!socket) throw new Error('no socket');
  return socket;
}
const nextMessage = (socket: WebSocket): Promise<Record<string, unknown>> =>
  new Promise((resolve) =>
    socket.once('message', (data: Buffer) => resolve(JSON.parse(data.toString('utf8')) as Record<string, unknown>)),
  );
const closed = (socket: WebSocket): Promise<number> => new Promise((resolve) => socket.once('close', resolve));

describe('the socket', () => {
  it('opens for our own page that knows the token', async () => {
    const socket = await connected();
    expect(socket.protocol).toBe('phasewise.v1'); // the token is not repeated
    expect(await connect(good().reverse())).toBe('open');
    expect(sockets.at(-1)?.protocol).toBe('phasewise.v1');
  });

  it('opens for nobody else', async () => {
    const origin = { origin: `http://${own}` };
    const attempts: [string, Promise<string>][] = [
      ['foreign origin', connect(good(), { origin: 'http://evil.test' })],
      ['null origin', connect(good(), { origin: 'null' })],
      ['no origin', connect(good(), {})],
      ['localhost origin', connect(good(), { origin: `http://localhost:${server.port}` })],
      ['foreign host', connect(good(), { ...origin, host: 'evil.test' })],
      [
        'rebound host',
        connect(good(), { origin: `http://evil.test:${server.port}`, host: `evil.test:${server.port}` }),
      ],
      ['wrong token', connect(['phasewise.v1', `token.${'x'.repeat(server.token.length)}`], origin)],
      ['short token', connect(['phasewise.v1', 'token.x'], origin)],
      ['no token', connect(['phasewise.v1'], origin)],
      ['no protocol', connect([`token.${server.token}`], origin)],
      ['nothing', connect([], origin)],
      ['token in the address', connect(['phasewise.v1'], origin, `/channels?token=${server.token}`)],
      ['cross-site', connect(good(), { ...origin, 'sec-fetch-site': 'cross-site' })],
    ];
    for (const [what, attempt] of attempts) expect([what, await attempt]).toEqual([what, '403']);
    expect(await connect(good(), origin, '/other')).toBe('404');
    expect(await connect(good(), origin, '/channels?x=1')).toBe('404');
  });

  it('answers calls by their number, whatever their order', async () => {
    const socket = await connected();
    const answers: Record<string, unknown>[] = [];
    socket.on('message', (data: Buffer) => answers.push(JSON.parse(data.toString('utf8')) as Record<string, unknown>));
    socket.send(JSON.stringify({ id: 1, name: 'app:info', input: {} }));
    socket.send(JSON.stringify({ id: 2, name: '__proto__', input: {} }));
    socket.send(JSON.stringify({ id: 3, name: 'database:status', input: { handle: '/etc/passwd' } }));
    await until(() => answers.length === 3);
    const byId = Object.fromEntries(answers.map((answer) => [answer['id'], answer['result']]));
    expect(byId).toMatchObject({
      1: { ok: true, value: { door: 'browser' } },
      2: { ok: false, error: { code: 'E_BAD_REQUEST' } },
      3: { ok: false, error: { code: 'E_UNKNOWN_HANDLE' } },
    });
  });

  it('closes on what is not a call', async () => {
    for (const message of [
      '{',
      '[]',
      'null',
      '"x"',
      '{"name":"app:info"}',
      '{"id":"1"}',
      '{"id":1.5}',
      Buffer.from([1, 2]),
    ]) {
      const socket = await connected();
      const end = closed(socket);
      socket.send(message);
      expect(await end).toBe(1003);
    }
  });

  it('closes on a message larger than any call', async () => {
    const socket = await connected();
    const end = closed(socket);
    socket.send(JSON.stringify({ id: 1, name: 'x'.repeat(MAX_MESSAGE_BYTES), input: {} }));
    expect([1006, 1009]).toContain(await end);
  });

  it('closes on more calls at once than any page makes', async () => {
    const socket = await connected();
    const end = closed(socket);
    const { handle } = house.open('slow');
    for (let id = 0; id < 150; id += 1) socket.send(JSON.stringify({ id, name: 'database:status', input: { handle } }));
    expect(await end).toBe(1008);
  });

  it('tells every tab what happened, and goes on when one is closed during a run', async () => {
    const [first, second] = [await connected(), await connected()];
    const heard = [nextMessage(first), nextMessage(second)];
    const { handle } = house.open('waits');
    expect(await Promise.all(heard)).toMatchObject([
      { event: 'database:opened', payload: { handle } },
      { event: 'database:opened' },
    ]);

    second.send(
      JSON.stringify({
        id: 7,
        name: 'run:start',
        input: { handle, toPhase: 1, fingerprint: 'f1', confirmation: null },
      }),
    );
    await until(() => house.host.runs.get(handle)?.state === 'migrating');
    first.terminate();
    second.terminate();
    const again = await connected(); // a reload
    again.send(JSON.stringify({ id: 1, name: 'run:get', input: { handle } }));

    expect(await nextMessage(again)).toMatchObject({ id: 1, result: { ok: true, value: { state: 'migrating' } } });
    await house.host.runs.cancelAll();
  });

  it('survives refused upgrades whose connections are reset', async () => {
    const head = ['GET /channels HTTP/1.1', `Host: ${own}`, 'Connection: Upgrade', 'Upgrade: websocket', '', ''];
    for (let round = 0; round < 20; round += 1) {
      const socket = net.connect({ port: server.port, host: '127.0.0.1' });
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.write(head.join('\r\n'));
      await new Promise((resolve) => setTimeout(resolve, round % 5));
      socket.resetAndDestroy();
    }
    expect((await connected()).readyState).toBe(WebSocket.OPEN); // vitest fails over an error that nobody heard
  });
});
