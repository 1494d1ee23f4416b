import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { asSubject, fileHolders, holdersOf, othersHolding } from '@engine/lock-holders.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Opens the file and says so with its own process id, on a line. */
const HOLD = `require('node:fs').openSync(process.argv.at(-1), 'r'); console.log(process.pid); setInterval(() => {}, 1000);`;
/** Starts another script, as a host starts its engine. */
const HOST = `const [script, file] = process.argv.slice(-2);
  const child = require('node:child_process').spawn(process.execPath, [script, file], { stdio: ['ignore', 'inherit', 'ignore'] });
  process.on('SIGTERM', () => { child.kill('SIGKILL'); process.exit(); });
  setInterval(() => {}, 1000);`;

const temporary = temporaryFolder();
const started: ChildProcess[] = [];
const parent = Object.getOwnPropertyDescriptor(process, 'ppid');

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGTERM');
  if (parent) Object.defineProperty(process, 'ppid', parent);
});

describe.skipIf(process.platform !== 'linux')('who has a database open', () => {
  it('is not told of an engine that the same host has started: nobody could close it', async () => {
    const { database, engine } = place();
    const pid = await begin([engine, database]);
    asIfStartedBy(process.pid); // an engine is asked: its host is what has started that other one, too

    expect(othersHolding(database)).toEqual([]);
    expect(fileHolders(database)).toEqual([{ pid, name: `Phasewise itself (process ${pid})`, isOwn: true }]);
  });

  it('is not told of the host itself', async () => {
    const { database, other } = place();
    const pid = await begin([other, database]);
    asIfStartedBy(pid);

    expect(othersHolding(database)).toEqual([]);
  });

  it('is told of the engine of another Phasewise, by that name', async () => {
    const { database, engine, host } = place();
    const pid = await begin([host, engine, database]);
    asIfStartedBy(process.pid);

    expect(othersHolding(database)).toEqual([`another Phasewise (process ${pid})`]);
    expect(asSubject(holdersOf(database))).toBe(`Another Phasewise (process ${pid})`);
  });

  it('is told of any other program, also of one that was started beside the engine', async () => {
    const { database, other } = place();
    const pid = await begin([other, database]);
    asIfStartedBy(process.pid);

    expect(othersHolding(database)).toEqual([`node (process ${pid})`]);
  });
});

function asIfStartedBy(pid: number): void {
  Object.defineProperty(process, 'ppid', { value: pid, configurable: true });
}

function place(): { database: string; engine: string; other: string; host: string } {
  const folder = fs.mkdtempSync(path.join(temporary, 'place-'));
  const built = path.join(folder, '.vite', 'build');
  fs.mkdirSync(built, { recursive: true });
  const files = {
    database: path.join(folder, 'project.db'),
    engine: path.join(built, 'engine.cjs'),
    other: path.join(folder, 'other.cjs'),
    host: path.join(folder, 'host.cjs'),
  };
  fs.writeFileSync(files.database, '');
  fs.writeFileSync(files.engine, HOLD);
  fs.writeFileSync(files.other, HOLD);
  fs.writeFileSync(files.host, HOST);
  return files;
}

/** @returns the process that has the file open. */
function begin(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(child);
  return new Promise((resolve) => child.stdout.once('data', (line) => resolve(Number(String(line)))));
}
