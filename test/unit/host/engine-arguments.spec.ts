import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { spawnWithNode } from '@host/spawn-node.ts';
import { root } from '../../../build/layout.mjs';
import { scriptedEngine } from './scripted-host.ts';

/** I11: one hardening of Node that the engine must not have. */

const NO_CODE = '--disallow-code-generation-from-strings';

it('I11: better-sqlite3 makes rows with code of its own, and could read none without', () => {
  const script = `const db = new (require('better-sqlite3'))(':memory:');
    try { db.prepare('SELECT 1 AS a').get(); console.log('read'); } catch (error) { console.log(error.name); }`;
  const read = (...args: string[]): string =>
    spawnSync(process.execPath, [...args, '-e', script], { cwd: root, encoding: 'utf8' }).stdout.trim();
  expect([read(), read(NO_CODE)]).toEqual(['read', 'EvalError']);
});

it.skipIf(process.platform !== 'linux')('I11: an engine process is started without it, whatever the host has', () => {
  const before = process.execArgv;
  process.execArgv = [...before, NO_CODE, '--inspect=0'];
  const engine = spawnWithNode(scriptedEngine)();
  process.execArgv = before;
  const commandLine = readFileSync(`/proc/${engine.pid}/cmdline`, 'utf8').split('\0');
  engine.kill();
  expect(commandLine).toContain(scriptedEngine);
  expect(commandLine.filter((part) => /disallow|inspect/.test(part))).toEqual([]);
});
