import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { build } from 'vite';
import { beforeAll, expect, it } from 'vitest';
import { isLiving } from '@engine/process-life.ts';
import { aliases } from '../../../build/layout.mjs';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const bundle = path.join(folder, 'orphan.cjs');

beforeAll(async () => {
  const entry = path.resolve(import.meta.dirname, '../../../electron/engine/orphan.ts');
  const lib = { entry, formats: ['cjs' as const], fileName: () => 'orphan.cjs' };
  const rollupOptions = { external: [/^node:/] };
  await build({
    ...{ configFile: false, resolve: { alias: aliases }, logLevel: 'error', ssr: { target: 'node' } },
    build: { lib, rollupOptions, outDir: folder, emptyOutDir: false, ssr: true },
  });
});

/** A host that starts an engine, which is busy in one long statement and hears nothing. @returns both ids. */
function start(): Promise<{ host: number; engine: number }> {
  const engine = `require(${JSON.stringify(bundle)}).endWithParent();
    setTimeout(() => { const end = Date.now() + 30000; while (Date.now() < end); }, 100);`;
  const host = `const { fork } = require('node:child_process');
    require('node:fs').writeFileSync(${JSON.stringify(path.join(folder, 'engine.cjs'))}, ${JSON.stringify(engine)});
    const child = fork(${JSON.stringify(path.join(folder, 'engine.cjs'))}, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true });
    console.log(child.pid);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', host], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve) => {
    child.stdout.once('data', (text: Buffer) => resolve({ host: child.pid ?? 0, engine: Number(String(text)) }));
  });
}

it('A10: an engine in the middle of a long statement is gone within 5 s of its host', { timeout: 20_000 }, async () => {
  const { host, engine } = await start();
  await wait(1_200);
  expect(isLiving(engine)).toBe(true);

  process.kill(host, 'SIGKILL');

  const end = Date.now() + 5_000;
  while (isLiving(engine) && Date.now() < end) await wait(50);
  const isLeft = isLiving(engine);
  if (isLeft) process.kill(engine, 'SIGKILL');
  expect(isLeft).toBe(false);
});
