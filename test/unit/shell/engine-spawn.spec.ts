import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EngineExit, EngineProcess } from '@host/engine-process.ts';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
vi.stubEnv('ELECTRON_STANDIN_FOLDER', folder);
vi.mock('electron', () => import('../../electron-standin/utility-process.ts'));
const { spawnWithElectron } = await import('../../../electron/shell/engine-spawn.ts');
const { app } = await import('../../electron-standin/lifecycle.ts');

const children: EngineProcess[] = [];
beforeAll(() => app.whenReady());
afterEach(() => children.splice(0).forEach((child) => child.kill()));

/** An engine that is nothing but `code`. */
function engine(name: string, code: string) {
  const file = path.join(folder, `${name}.cjs`);
  writeFileSync(file, code);
  const child = spawnWithElectron(file)();
  children.push(child);
  const exit = new Promise<EngineExit>((resolve) => child.onExit(resolve));
  return { child, exit, isReady: () => new Promise((resolve) => child.onMessage(resolve)) };
}
const BUSY = `process.parentPort.postMessage('ready'); for (;;);`;

describe('an engine as a utility process', () => {
  it('is ended in the middle of what it does', async () => {
    const { child, exit, isReady } = engine('busy', BUSY);
    await isReady();
    child.kill();
    expect((await exit).code).not.toBe(0);
  });

  it('is ended also in the instant before it has started, when Electron cannot end it yet', async () => {
    const { child, exit } = engine('fresh', BUSY);
    expect(child.pid).toBeUndefined();
    child.kill();
    expect((await exit).code).not.toBe(0);
  }, 20_000);

  it('that V8 gives up on ends like any other, with its last words and without an exception here', async () => {
    const failed = vi.fn<(error: unknown) => void>();
    process.on('uncaughtException', failed);
    const words = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
    const { exit } = engine('memory', `process.stderr.write(${JSON.stringify(words)}, () => process.abort())`);

    const { code, lastWords } = await exit;

    process.off('uncaughtException', failed);
    expect([code, lastWords]).toEqual([134, expect.stringContaining(words)]);
    expect(failed).not.toHaveBeenCalled();
  }, 20_000);
});
