import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { root } from '../../../build/layout.mjs';
import { temporaryFolder } from '../../support/temporary.ts';
import { randomOf } from '../fuzz/random.ts';
import {
  type RawAnswer,
  type RawOptions,
  type RunningHost,
  readOr,
  sendRaw,
  startBrowserHost,
} from './support/hostile-app.ts';
import { isSoak, LIMIT_MS } from './support/effort.ts';
import { buildApp } from './support/engine.ts';

/** The real browser host as a process of its own, and what other pages, programs and users send to it. */
const isBuilt = existsSync(path.join(root, '.vite/renderer/main_window/index.html'));
const folder = temporaryFolder();
const home = path.join(folder, 'home');
let app: string;
let host: RunningHost;
let own: string;
const env = { ...process.env, HOME: home, PHASEWISE_HOME: path.join(home, 'phasewise'), CI: '1' };

beforeAll(async () => {
  if (!isBuilt) return;
  mkdirSync(home);
  app = await buildApp(['engine', 'browser-host']);
  host = await startBrowserHost(app, [home], env);
  own = `127.0.0.1:${host.port}`;
});
afterAll(() => host?.stop());

const raw = (bytes: string | Buffer, options: RawOptions = {}): Promise<RawAnswer> =>
  sendRaw(host.port, bytes, options);
const request = (method: string, target: string, ...headers: string[]): string =>
  `${method} ${target} HTTP/1.1\r\nHost: ${own}\r\nConnection: close\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`;
const statusOf = async (bytes: string): Promise<number> => (await raw(bytes)).status;

function upgrade(protocols: string[], headers: Record<string, string>, target = '/channels'): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://${own}${target}`, protocols, { headers });
    socket.on('open', () => (socket.terminate(), resolve('open')));
    socket.on('unexpected-response', (_request, response) => resolve(String(response.statusCode)));
    socket.on('error', () => resolve('refused'));
  });
}
const good = (): string[] => ['phasewise.v1', `token.${host.token}`];
function call(name: string, input: object = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${own}/channels`, good(), { headers: { origin: `http://${own}` } });
    socket.on('open', () => socket.send(JSON.stringify({ id: 1, name, input })));
    socket.on(
      'message',
      (data: Buffer) => (socket.terminate(), resolve((JSON.parse(data.toString()) as { result: unknown }).result)),
    );
    socket.on('error', reject);
  });
}
const residentBytes = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${host.process.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;

describe.skipIf(!isBuilt)('the browser host, asked by a page that is not its own', () => {
  it('N01 N02: answers to no other name, and a page that was rebound to this address is told nothing', async () => {
    const { port } = host;
    const names = ['evil.test', `evil.test:${port}`, `localhost:${port}`, `127.0.0.1.:${port}`, `127.0.0.1:${port + 1}`, `0.0.0.0:${port}`, `[::1]:${port}`, `127.1:${port}`, `127.0.0.1:${port}@evil.test`, `EVIL.test:${port}`, ` `, `127.0.0.1:0${port}`]; // prettier-ignore
    for (const name of names) {
      const { status, text } = await raw(
        `GET / HTTP/1.1\r\nHost: ${name}\r\nOrigin: http://${name}\r\nConnection: close\r\n\r\n`,
      );
      expect([name, status >= 400, text.includes('<html')]).toEqual([name, true, false]);
    }
    expect(await statusOf(`GET http://evil.test/ HTTP/1.1\r\nHost: ${own}\r\nConnection: close\r\n\r\n`)).toBe(400);
    expect(
      await statusOf(`GET / HTTP/1.1\r\nHost: ${own}\r\nHost: ${own}\r\nConnection: close\r\n\r\n`),
    ).toBeGreaterThanOrEqual(400);
    expect(await statusOf('GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toBe(400);
  });

  it('N03: no form, no method and no address has an effect', async () => {
    const body = 'a=1';
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json',
    ]) {
      const post = request(
        'POST',
        '/channels',
        `Content-Type: ${type}`,
        `Content-Length: ${body.length}`,
        'X-HTTP-Method-Override: GET',
      );
      expect([type, await statusOf(post + body)]).toEqual([type, 405]);
    }
    for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE', 'CONNECT', 'PROPFIND'])
      expect([method, (await statusOf(request(method, '/'))) >= 400 || method === 'CONNECT']).toEqual([method, true]);
    for (const target of [
      '/channels',
      '/database:openSample',
      '/?name=database:openSample',
      `/channels?token=${host.token}`,
    ])
      expect((await raw(request('GET', target))).text).not.toMatch(/"ok"/);
    expect(await call('database:list')).toEqual({ ok: true, value: [] });
    expect((await raw(request('GET', '/'))).text).not.toMatch(/set-cookie/i);
  });

  it('N04: no preflight is allowed, and no answer speaks of other origins', async () => {
    for (const origin of ['http://evil.test', 'null', 'chrome-extension://x', `http://${own}`]) {
      const { status, text } = await raw(
        request(
          'OPTIONS',
          '/channels',
          `Origin: ${origin}`,
          'Access-Control-Request-Method: POST',
          'Access-Control-Request-Private-Network: true',
        ),
      );
      expect([origin, status >= 400, /access-control/i.test(text)]).toEqual([origin, true, false]);
    }
  });

  it('N05: a socket is opened for its own page with the token alone, whatever else is right', async () => {
    const right = { origin: `http://${own}` };
    const wrong: [string, Promise<string>][] = [
      ['foreign origin', upgrade(good(), { origin: 'http://evil.test' })],
      ['origin null', upgrade(good(), { origin: 'null' })],
      ['origin of the address on another port', upgrade(good(), { origin: 'http://127.0.0.1:1' })],
      ['no origin', upgrade(good(), {})],
      ['no token', upgrade(['phasewise.v1'], right)],
      ['a token of another start', upgrade(['phasewise.v1', `token.${'A'.repeat(43)}`], right)],
      ['the token in the address', upgrade(['phasewise.v1'], right, `/channels?token=${host.token}`)],
      ['the token as a header', upgrade(['phasewise.v1'], { ...right, authorization: `Bearer ${host.token}`, cookie: `token=${host.token}` })],
      ['rebound', upgrade(good(), { origin: `http://evil.test:${host.port}`, host: `evil.test:${host.port}` })],
    ]; // prettier-ignore
    for (const [what, answer] of wrong) expect([what, await answer]).toEqual([what, '403']);
    expect(await upgrade(good(), right, '/other')).toBe('404');
    expect(await upgrade(good(), right)).toBe('open');
  });

  it('N07: nobody listens on any other address, not even of the loopback interface', async () => {
    for (const address of ['127.0.0.2', '127.1.1.1', '::1', '::ffff:127.0.0.2']) {
      expect([address, (await raw(request('GET', '/'), { address, limitMs: 1_000 })).text]).toEqual([address, '']);
    }
    const listening = ['/proc/net/tcp', '/proc/net/tcp6']
      .filter(existsSync)
      .flatMap((file) => readFileSync(file, 'utf8').split('\n'));
    const port = host.port.toString(16).toUpperCase().padStart(4, '0');
    const sockets = listening.filter((line) => line.includes(`:${port} `) && line.includes(' 0A '));
    expect(sockets.map((line) => line.trim().split(/\s+/)[1])).toEqual([`0100007F:${port}`]);
  });
});

describe.skipIf(!isBuilt)('its token', () => {
  it('N08: has 256 bits, is new at every start, and stands in no command line, environment, log or file', async () => {
    expect(Buffer.from(host.token, 'base64url')).toHaveLength(32);
    const again = await startBrowserHost(app, [home], env);
    expect(again.token).not.toBe(host.token);
    expect(again.port).not.toBe(host.port);
    await again.stop();
    await call('database:openSample'); // an engine process is there
    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const texts = processes.flatMap((id) => ['cmdline', 'environ'].map((name) => readOr(`/proc/${id}/${name}`)));
    expect(texts.filter((text) => text.includes(host.token))).toEqual([]);
    expect(host.said().stderr).not.toContain(host.token);
    expect(host.said().stdout.split(host.token)).toHaveLength(2); // once: in the address for the person
    const kept = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const { parentPath, name } of kept)
      expect(readFileSync(path.join(parentPath, name)).includes(host.token)).toBe(false);
    for (const each of ((await call('database:list')) as { value: { handle: string }[] }).value)
      await call('database:close', { handle: each.handle });
  });

  it.skipIf(process.getuid?.() !== 0)('N09: is what another user of this computer lacks', async () => {
    const script = `const s=require('node:net').connect(${host.port},'127.0.0.1');s.on('data',d=>{console.log(String(d).split('\\r\\n')[0]);process.exit()});
      s.write(${JSON.stringify(`GET /channels HTTP/1.1\r\nHost: ${own}\r\nOrigin: http://${own}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: phasewise.v1\r\n\r\n`)});
      try{console.log(require('node:fs').readdirSync(${JSON.stringify(path.join(home, 'phasewise'))}))}catch(e){console.log(e.code)}
      try{console.log(require('node:fs').readFileSync('/proc/${host.process.pid}/environ','utf8').length)}catch(e){console.log(e.code)}`;
    const child = spawn(process.execPath, ['-e', script], { uid: 65_534, gid: 65_534, cwd: '/', env: {} });
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += String(text)));
    await new Promise((resolve) => child.on('close', resolve));
    expect(said.trim().split('\n')).toEqual(['EACCES', 'EACCES', 'HTTP/1.1 403 Refused']);
  });
});

describe.skipIf(!isBuilt)('what is sent to wear it out', () => {
  it('N10: endless bodies, a hundred thousand headers and smuggled requests end with 4xx, and take no memory', async () => {
    const before = residentBytes();
    const wrong = [
      request('GET', '/', 'Content-Length: 10000000000') + 'x'.repeat(1_000_000),
      request('GET', '/', 'Transfer-Encoding: chunked') + `100000\r\n${'x'.repeat(0x100000)}\r\n`.repeat(20),
      request('GET', '/', 'Content-Length: 5', 'Transfer-Encoding: chunked') +
        '0\r\n\r\nGET /index.html HTTP/1.1\r\n\r\n',
      request('GET', '/', 'Content-Length: 1', 'Content-Length: 2') + 'xx',
      request('GET', '/', 'Transfer-Encoding: chunked, identity') + '0\r\n\r\n',
      request('GET', '/', 'Content-Encoding: gzip', 'Content-Length: 20') + '\x1f\x8b',
      request('GET', '/', ...Array.from({ length: 100_000 }, (_, at) => `X-${at}: y`)),
      request('GET', `/${'a'.repeat(100_000)}`),
      `GET / HTTP/1.1\nHost: ${own}\n\n`.replaceAll('\n', '\r'),
      'GET / HTTP/9.9\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    ];
    for (const bytes of wrong)
      expect([bytes.slice(0, 40), await statusOf(bytes)]).toEqual([
        bytes.slice(0, 40),
        expect.toSatisfy((status: number) => status === 0 || status >= 400),
      ]);
    for (const target of [
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets%2f..%2f..',
      '/index.html%00',
      '/.',
      '/\\..\\x',
      '/%ff',
      '/assets/',
    ])
      expect([target, await statusOf(request('GET', target))]).toEqual([
        target,
        expect.toSatisfy((status: number) => status === 404 || status === 400),
      ]);
    expect(residentBytes() - before).toBeLessThan(100_000_000);
    expect(await statusOf(request('GET', '/'))).toBe(200);
  });

  it('N10: connections that never finish, or never close, make room again', async () => {
    const head = `GET /channels HTTP/1.1\r\nHost: ${own}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    const open = Array.from({ length: 200 }, (_, at) => {
      const socket = net.connect({ port: host.port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => {});
      socket.write(at % 2 === 0 ? head : 'BREW\r\n\r\n'); // refused, and then never closed by this end
      return socket;
    });
    await wait(1_500);
    expect(await statusOf(request('GET', '/'))).toBe(200);
    for (const socket of open) socket.destroy();
    const slow = net.connect({ port: host.port, host: '127.0.0.1' });
    const startedAt = Date.now();
    const closed = new Promise((resolve) =>
      slow
        .on('close', resolve)
        .on('error', () => {})
        .resume(),
    );
    slow.write('GET / HTTP/1.1\r\nHost: ');
    const drip = setInterval(() => slow.write('x'), 500);
    await closed;
    clearInterval(drip);
    expect(Date.now() - startedAt).toBeLessThan(14_000);
  });

  it('N11: a port that somebody else has is said, and nobody is sent there', async () => {
    await expect(startBrowserHost(app, ['--port', String(host.port), home], env)).rejects.toThrow(
      /ended with 1: Phasewise could not be opened/,
    );
  });

  it('N12: damaged requests and frames change nothing and end nothing', { timeout: LIMIT_MS }, async () => {
    const seed = Number(process.env['PHASEWISE_SEED'] ?? 1);
    const sound = [
      request('GET', '/'),
      `GET /channels HTTP/1.1\r\nHost: ${own}\r\nOrigin: http://${own}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: phasewise.v1, token.${'x'.repeat(43)}\r\n\r\n\x81\x85abcdefghi`,
    ];
    const count = isSoak ? 200_000 : 600;
    for (let from = 0; from < count; from += 50) {
      const batch = Array.from({ length: 50 }, (_, at) => {
        const random = randomOf(seed, from + at);
        const bytes = Buffer.from(random.pick(sound), 'latin1');
        for (let flip = 0; flip <= random.below(6); flip += 1) bytes[random.below(bytes.length)] = random.below(256);
        return raw(random.isOnce(5) ? bytes.subarray(0, random.below(bytes.length)) : bytes, { limitMs: 300 });
      });
      for (const { status } of await Promise.all(batch)) expect(status).not.toBe(101);
    }
    const frames = isSoak ? 5_000 : 60;
    for (let from = 0; from < frames; from += 60)
      await Promise.all(Array.from({ length: 60 }, (_, at) => sendDamagedFrame(randomOf(seed, 1_000_000 + from + at))));
    expect(await call('database:list')).toEqual({ ok: true, value: [] });
    expect(host.process.exitCode).toBe(null);
  });
});

/** Knows the token, and then speaks nonsense. */
function sendDamagedFrame(random: ReturnType<typeof randomOf>): Promise<void> {
  const head = `GET /channels HTTP/1.1\r\nHost: ${own}\r\nOrigin: http://${own}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ${good().join(', ')}\r\n\r\n`;
  const frame = Buffer.from(Array.from({ length: 2 + random.below(200) }, () => random.below(256)));
  return raw(Buffer.concat([Buffer.from(head), frame]), { limitMs: 200 }).then(({ status }) =>
    expect([101, 0]).toContain(status),
  );
}
