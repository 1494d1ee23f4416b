import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { FromEngine } from '@engine/protocol.ts';
import { cacheFolder } from '../../../build/layout.mjs';
import { nodeBundle } from '../../../build/vite-shared.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const base = temporaryFolder();
let folder = '';
beforeAll(async () => {
  // Inside node_modules, so that the bundle finds the native module.
  mkdirSync(cacheFolder, { recursive: true });
  folder = mkdtempSync(path.join(cacheFolder, 'engine-spec-'));
  const bundle = nodeBundle('engine');
  await build({
    ...bundle,
    configFile: false,
    logLevel: 'error',
    build: { ...bundle.build, outDir: folder, sourcemap: false },
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
async function start(execArgv: string[] = []): Promise<ChildProcess> {
  const child = fork(path.join(folder, 'engine.cjs'), [], {
    execArgv,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  children.push(child);
  expect(await next(child)).toEqual({ type: 'ready' });
  return child;
}
const next = async (child: ChildProcess): Promise<FromEngine> => ((await once(child, 'message')) as [FromEngine])[0];

it('says that it is ready, and answers under fork with the packs of this version', async () => {
  const child = await start();
  child.send({
    type: 'request',
    id: 7,
    name: 'inspect',
    input: { path: makeDatabase(base, 'CREATE TABLE a (b)'), check: 'schema' },
  });

  expect(await next(child)).toMatchObject({
    type: 'answer',
    id: 7,
    result: { ok: false, error: { code: 'E_FOREIGN_DATABASE' } },
  });
});

it('ends by itself when its host is gone', async () => {
  const child = await start();
  child.disconnect();

  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('reports a bug as fatal and ends', async () => {
  const child = await start();
  const exited = once(child, 'exit');
  child.send(null as never);

  expect(await next(child)).toMatchObject({ type: 'fatal', error: { code: 'E_INTERNAL' } });
  expect(await exited).toEqual([1, null]);
});

it("speaks through Electron's parent port where there is one", async () => {
  const preload = path.join(base, 'parent-port.cjs');
  const standIn = `
    const { EventEmitter } = require('node:events');
    const port = new EventEmitter();
    port.postMessage = (message) => process.send(message);
    process.parentPort = port;
    process.on('message', (data) => port.emit('message', { data }));`;
  writeFileSync(preload, standIn);
  const child = await start(['--require', preload]);
  child.send({ type: 'request', id: 1, name: 'inspect', input: { path: path.join(base, 'gone.db'), check: 'schema' } });

  expect(await next(child)).toMatchObject({ type: 'answer', id: 1, result: { error: { code: 'E_NOT_FOUND' } } });
});
