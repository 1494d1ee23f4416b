import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type BrowserHost, startServer } from '../../../electron/browser-host/server.ts';
import { createEventBus } from '@host/events.ts';
import type { Router } from '@host/router.ts';
import { openWindowFiles } from '@host/window-files.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { temporaryFolder } from '../../support/temporary.ts';

/** What keeps one page, one program or one answer from taking the whole host along. */

const folder = temporaryFolder();
const servers: BrowserHost[] = [];
const open: { destroy(): void }[] = [];

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const each of open.splice(0)) each.destroy();
  for (const server of servers.splice(0)) await server.close();
});

const echo: Router = (_name, input) => Promise.resolve({ ok: true, value: input });

async function serve(router = echo) {
  const window = mkdtempSync(path.join(folder, 'window-'));
  writeFileSync(path.join(window, 'index.html'), '<p>here</p>');
  writeFileSync(path.join(window, 'index.js'), 'export {}');
  const events = createEventBus();
  const server = await startServer({ port: 0, files: openWindowFiles(window), router, events });
  servers.push(server);
  const own = `127.0.0.1:${server.port}`;
  return { window, server, events, own, url: `http://${own}` };
}

/** A page's socket; it does not answer pings where `autoPong` is false. */
async function connected({ server, own, url }: Awaited<ReturnType<typeof serve>>, autoPong = true): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${own}/channels`, ['phasewise.v1', `token.${server.token}`], {
    ...{ origin: url, autoPong },
  });
  open.push({ destroy: () => socket.terminate() });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return socket;
}
const closed = (socket: WebSocket): Promise<number> => new Promise((resolve) => socket.once('close', resolve));
const answerTo = (socket: WebSocket, call: object): Promise<unknown> => {
  const answer = new Promise((resolve) =>
    socket.once('message', (data: Buffer) => resolve(JSON.parse(data.toString('utf8')))),
  );
  socket.send(JSON.stringify(call));
  return answer;
};

describe('the launch address', () => {
  it('is worth nothing after a minute, used or not', async () => {
    const { server, url } = await serve();
    const startedAt = Date.now();
    const status = async () => (await fetch(server.launchUrl, { redirect: 'manual' })).status;
    vi.spyOn(Date, 'now').mockReturnValue(startedAt + 61_000);
    expect(await status()).toBe(404);
    vi.restoreAllMocks();
    expect(await status()).toBe(303); // it was the time
    expect((await fetch(url)).status).toBe(200);
  });
});

describe('the page', () => {
  it('says 500 of a file that cannot be read any more, and goes on', async () => {
    const { window, url } = await serve();
    rmSync(path.join(window, 'index.js'));
    const answer = await fetch(`${url}/index.js`);
    expect([answer.status, answer.headers.get('x-content-type-options')]).toEqual([500, 'nosniff']);
    expect((await fetch(url)).status).toBe(200);
  });

  it('has as many connections as several tabs need, and no more', async () => {
    const { server } = await serve();
    const sockets = Array.from({ length: 140 }, () => net.connect({ port: server.port, host: '127.0.0.1' }));
    open.push(...sockets);
    const ended = new Set<net.Socket>();
    for (const socket of sockets) {
      socket.on('error', () => {});
      socket.once('close', () => ended.add(socket));
    }
    await vi.waitFor(() => expect(ended.size).toBe(12), 5_000);
  });
});

describe('the socket', () => {
  it('is closed over an answer that cannot be sent; everybody else goes on', async () => {
    const house = await serve((_name, input) => Promise.resolve({ ok: true, value: { input, much: 1n } }));
    const [socket, other] = [await connected(house), await connected(house)];
    const end = closed(socket);
    socket.send(JSON.stringify({ id: 1, name: 'x', input: {} }));
    expect(await end).toBe(1011);
    expect(other.readyState).toBe(WebSocket.OPEN);
  });

  it('takes any number of calls one after the other', async () => {
    const socket = await connected(await serve());
    for (let id = 0; id < 150; id += 1) {
      expect(await answerTo(socket, { id, name: 'x', input: { id } })).toEqual({
        id,
        result: { ok: true, value: { id } },
      });
    }
  });

  it('takes a filter by a long list', async () => {
    const socket = await connected(await serve());
    const values = Array.from({ length: 1_000 }, (_, at) => `${at} `.padEnd(900, 'x'));
    expect(await answerTo(socket, { id: 1, name: 'x', input: { values } })).toMatchObject({ id: 1 });
  });

  it('packs nothing: a small message cannot become a huge one', async () => {
    expect((await connected(await serve())).extensions).toBe('');
  });

  it('takes text only, also where bytes would be a call', async () => {
    const socket = await connected(await serve());
    const end = closed(socket);
    socket.send(Buffer.from(JSON.stringify({ id: 1, name: 'x', input: {} })));
    expect(await end).toBe(1003);
  });

  it('is let go of where nobody reads what is told', async () => {
    const house = await serve();
    const [asleep, awake] = [await connected(house), await connected(house)];
    awake.on('message', () => {});
    asleep.pause();
    const name = 'x'.repeat(4 * 1024 * 1024);
    const opened = { handle: 'h', name, folder: '/' };
    let heard = 0;
    awake.on('message', () => (heard += 1));
    for (let told = 1; told <= 30; told += 1) {
      house.events.emit('database:opened', opened);
      await vi.waitFor(() => expect(heard).toBe(told), 10_000);
    }
    const end = closed(asleep);
    asleep.resume();
    expect(await end).toBe(1006);
    expect(awake.readyState).toBe(WebSocket.OPEN);
  });

  it('is let go of where nobody answers any more', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    const house = await serve();
    const [dead, alive] = [await connected(house, false), await connected(house)];
    const end = closed(dead);
    const pinged = new Promise((resolve) => alive.once('ping', resolve));
    vi.advanceTimersByTime(30_000);
    await pinged;
    await answerTo(alive, { id: 1, name: 'x', input: {} }); // behind its answer to the ping
    vi.advanceTimersByTime(30_000);
    expect(await end).toBe(1006);
    expect(await answerTo(alive, { id: 2, name: 'x', input: {} })).toMatchObject({ id: 2 });
  });
});

describe('the end of the host', () => {
  it('waits for no page: sockets and unfinished requests are ended', async () => {
    const house = await serve();
    const socket = await connected(house);
    const slow = net.connect({ port: house.server.port, host: '127.0.0.1' });
    open.push(slow);
    slow.on('error', () => {}); // a reset is an end like another
    await new Promise((resolve) => slow.once('connect', resolve));
    slow.write(`GET / HTTP/1.1\r\nHost: ${house.own}\r\n`);
    expect((await fetch(house.url)).status).toBe(200); // behind what was sent before it

    const startedAt = Date.now();
    await Promise.all([closed(socket), new Promise((resolve) => slow.once('close', resolve)), house.server.close()]);
    servers.length = 0;
    expect(Date.now() - startedAt).toBeLessThan(5_000); // not as long as a request may take
  });
});
