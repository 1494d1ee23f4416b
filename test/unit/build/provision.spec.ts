import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { root } from '../../../build/layout.mjs';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

/** A bare clone, as far as the start-up scripts go, and an npm in it that says who it is and never ends. */
function bareClone() {
  const clone = mkdtempSync(path.join(folder, 'clone-'));
  mkdirSync(path.join(clone, 'build'));
  for (const name of ['run.mjs', 'provision.mjs', 'layout.mjs'])
    cpSync(path.join(root, 'build', name), path.join(clone, 'build', name));
  for (const name of ['package.json', 'package-lock.json']) cpSync(path.join(root, name), path.join(clone, name));
  const npm = path.join(clone, 'npm.js');
  const said = path.join(clone, 'npm-is');
  writeFileSync(
    npm,
    `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(said)}, String(process.pid)); setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, ['build/run.mjs', 'nothing.mjs'], {
    cwd: clone,
    env: { ...process.env, npm_execpath: npm },
  });
  children.push(child);
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  const npmPid = () =>
    vi.waitFor(() => Number(readFileSync(said, 'utf8')) || Promise.reject(new Error('not yet')), 20_000);
  return { clone, child, npmPid, words: () => words };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a start that is ended while it installs', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('leaves no npm behind that would empty node_modules later (%s)', async (signal, exitCode) => {
    const { clone, child, npmPid, words } = bareClone();
    const npm = await npmPid();

    child.kill(signal);
    const [code] = (await once(child, 'close')) as [number];

    expect(isAlive(npm)).toBe(false);
    expect(code).toBe(exitCode);
    expect(words()).toMatch(/It was stopped\. Run the command again to go on\.\n$/);
    expect(words()).not.toContain('Check the connection');
    expect(existsSync(path.join(clone, '.vite/provision.lock'))).toBe(false);
  });
});
