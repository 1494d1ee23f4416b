// `npm run bench -- --start`: what stands between a double click and a window that answers, part by part. See README.md.
import { execFileSync, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { measureSizes, sizeBudgets, timeBudgets, type Sized } from '../../build/budgets.ts';
import { nodeBundleFile } from '../../build/layout.mjs';
import type { FromEngine, ToEngine } from '@engine/protocol.ts';
import { measureWindow } from './start-window.ts';

const TURNS = 7;

const scratch = mkdtempSync(path.join(tmpdir(), 'phasewise-start-'));
const env = { ...process.env, PHASEWISE_HOME: path.join(scratch, 'home') };
const line = (...cells: readonly string[]): void =>
  console.log(cells.map((cell, at) => (at === 0 ? cell.padEnd(34) : cell.padStart(14))).join(''));
const time = (name: keyof typeof timeBudgets, values: readonly number[]): void =>
  line(name, ms(middle(values)), ms(timeBudgets[name]), ms(Math.max(...values)));

try {
  line(`load ${loadavg()[0]?.toFixed(1)}`, 'measured', 'budget', 'slowest');
  for (const [name, bytes] of Object.entries(measureSizes()) as [Sized, number][])
    line(name, kilobytes(bytes), kilobytes(sizeBudgets[name]));
  const plain = turns(() => requireMain());
  requireMain('--cache', path.join(scratch, 'main'));
  const cached = turns(() => requireMain('--cache', path.join(scratch, 'main')));
  time('main bundle, required', plain);
  line('  with a compile cache', ms(middle(cached)));
  time(
    'engine, ready',
    (await inTurn(() => startEngine({}))).map(({ ready }) => ready),
  );
  time(
    'engine, first answer',
    (await inTurn(() => startEngine({}))).map(({ answer }) => answer),
  );
  const NODE_COMPILE_CACHE = path.join(scratch, 'engine');
  await startEngine({ NODE_COMPILE_CACHE });
  const warm = await inTurn(() => startEngine({ NODE_COMPILE_CACHE }));
  line('  with a compile cache', ms(middle(warm.map(({ answer }) => answer))));
  time('window, interactive', await measureWindow(TURNS));
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}

function requireMain(...flags: readonly string[]): number {
  const script = path.join(import.meta.dirname, 'start-main.cjs');
  const said = execFileSync(process.execPath, [script, nodeBundleFile('main'), ...flags], { env, encoding: 'utf8' });
  const { milliseconds, loadsAddon } = JSON.parse(said) as { milliseconds: number; loadsAddon: boolean };
  if (loadsAddon) throw new Error('The main process loads better-sqlite3, which belongs into engines.');
  return milliseconds;
}

/** From the fork: until the engine says it is ready, and until it has answered about a file that is not there. */
function startEngine(extra: NodeJS.ProcessEnv): Promise<{ ready: number; answer: number }> {
  const startedAt = performance.now();
  const child = fork(nodeBundleFile('engine'), [], {
    ...{ serialization: 'advanced', execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    env: { ...env, ...extra },
  });
  let ready = 0;
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.on('message', ({ type }: FromEngine) => {
      if (type === 'ready') {
        ready = performance.now() - startedAt;
        const request = { type: 'request', id: 1, name: 'browseTables', input: { path: path.join(scratch, 'no.db') } };
        child.send(request as ToEngine);
      }
      if (type === 'answer') {
        const answer = performance.now() - startedAt;
        child.once('exit', () => resolve({ ready, answer }));
        child.disconnect(); // it then leaves by itself, and writes its compile cache
      }
    });
  });
}

function turns(work: () => number): number[] {
  return Array.from({ length: TURNS }, work);
}

async function inTurn<T>(work: () => Promise<T>): Promise<T[]> {
  const values: T[] = [];
  for (let turn = 0; turn < TURNS; turn++) values.push(await work());
  return values;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}
