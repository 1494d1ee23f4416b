import { existsSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { ok } from '@shared/errors.ts';
import { createBrowsing } from '@host/browsing.ts';
import { createBusy } from '@host/busy.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { EngineProcess } from '@host/engine-process.ts';
import type { Asker } from '@host/router.ts';
import type { FromEngine, ToEngine } from '@engine/protocol.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createSocketServer } from '../../../electron/browser-host/sockets.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, codeOf, must, scriptedHost, until } from './scripted-host.ts';

/** Two tabs look at one database through one process: what one of them gives up is not given up for the other. */

const folder = temporaryFolder();
const database = { path: '/a.db' } as OpenEntry;
const [here, there]: Asker[] = [{ isGone: false }, { isGone: false }];
const gone: Asker = { isGone: true };

/** A data browser whose processes answer when the spec says so. */
function setUp() {
  const processes: { readonly asked: string[]; answer: (value: unknown) => void }[] = [];
  const spawn = (): EngineProcess => {
    const asked: string[] = [];
    const ids: number[] = [];
    let tell: (message: FromEngine) => void = () => {};
    const answer = (value: unknown) => tell({ type: 'answer', id: ids.at(-1) ?? 0, result: ok(value) });
    processes.push({ asked, answer });
    return {
      pid: 1,
      send(message: ToEngine) {
        if (message.type !== 'request') return;
        asked.push(message.name);
        ids.push(message.id);
      },
      onMessage(listener) {
        tell = listener;
        setImmediate(() => listener({ type: 'ready' }));
      },
      onExit: () => {},
      kill: () => {},
    };
  };
  const busy = createBusy();
  const browsing = createBrowsing({ spawn, busy });
  const ask = (asker?: Asker, name: 'browseTables' | 'browseSizes' = 'browseTables') =>
    browsing.ask(database, name, {}, asker);
  const isAsked = (at: number, ...names: string[]) => until(() => processes[at]?.asked.join() === names.join());
  return { browsing, busy, processes, ask, isAsked };
}

describe('what is looked for', () => {
  it('is given up for the tab that stops it, and looked for again for any other', async () => {
    const { browsing, processes, ask, isAsked } = setUp();
    const [ours, theirs] = [ask(here), ask(there, 'browseSizes')];
    await isAsked(0, 'browseTables');

    browsing.stop(database, here);

    expect(codeOf(await ours)).toBe('E_CANCELLED');
    await isAsked(1, 'browseSizes');
    processes[1]?.answer({ t: 4096 });
    expect(must(await theirs)).toEqual({ t: 4096 });
  });

  it('goes on in its order for a tab that has asked for more than one thing', async () => {
    const { browsing, processes, ask, isAsked } = setUp();
    const theirs = [ask(there, 'browseSizes'), ask(there)];
    await isAsked(0, 'browseSizes');

    browsing.stop(database, here);

    await isAsked(1, 'browseSizes');
    processes[1]?.answer(1);
    await isAsked(1, 'browseSizes', 'browseTables');
    processes[1]?.answer(2);
    expect((await Promise.all(theirs)).map(must)).toEqual([1, 2]);
  });

  it('is given up where nobody waits for it any more', async () => {
    const { browsing, processes, ask, isAsked } = setUp();
    const left = ask(gone);
    await isAsked(0, 'browseTables');

    browsing.stop(database, here);

    expect(codeOf(await left)).toBe('E_CANCELLED');
    expect(processes).toHaveLength(1);
  });

  it('is given up for the only window there is, which has no name', async () => {
    const { browsing, ask, isAsked } = setUp();
    const asked = ask();
    await isAsked(0, 'browseTables');

    browsing.stop(database);

    expect(codeOf(await asked)).toBe('E_CANCELLED');
  });

  it('is not looked for again while something needs the file', async () => {
    const { browsing, busy, ask, isAsked } = setUp();
    const theirs = ask(there);
    await isAsked(0, 'browseTables');

    browsing.stop(database, here);
    must(busy.take(database.path, 'upgrade'));

    expect(codeOf(await theirs)).toBe('E_RUN_ACTIVE');
  });
});

it('tabs of a browser are told apart by their connection', async () => {
  const { router, host, open } = closedAfter(scriptedHost(folder));
  const { handle, path: file } = open('endless');
  const server = http.createServer();
  const sockets = createSocketServer(router, host.events);
  server.on('upgrade', (request, socket, head) => sockets.accept(request, socket as Socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    sockets.close();
    server.close();
  });
  const tab = async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, ['phasewise.v1']);
    const answers: unknown[] = [];
    socket.on('message', (data: Buffer) => answers.push(JSON.parse(data.toString('utf8'))));
    await new Promise((resolve) => socket.once('open', resolve));
    const call = (id: number, name: string) => socket.send(JSON.stringify({ id, name, input: { handle } }));
    return { call, answers };
  };
  const [one, other] = [await tab(), await tab()];
  const isAsked = () => until(() => existsSync(`${file}.asked`));
  one.call(1, 'browse:tables');
  await isAsked();
  rmSync(`${file}.asked`);

  other.call(7, 'browse:stop');

  await isAsked(); // once more
  await until(() => other.answers.length > 0);
  expect([one.answers, other.answers]).toEqual([[], [{ id: 7, result: ok({}) }]]);
  one.call(2, 'browse:stop');
  await until(() => one.answers.length > 1);
  const cancelled = expect.objectContaining({ code: 'E_CANCELLED' }) as unknown;
  expect(one.answers).toEqual(
    expect.arrayContaining([
      { id: 1, result: { ok: false, error: cancelled } },
      { id: 2, result: ok({}) },
    ]),
  );
});
