import { fork } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { root } from '../../build/layout.mjs';
import { nodeBundle } from '../../build/vite-shared.ts';
import type { EngineRequestName, EngineRequests, FromEngine, ToEngine } from '@engine/protocol.ts';

/** Bundles of its own, so that neither a running app nor a test is disturbed. */
const folder = path.join(root, '.vite/bench');

export const bundleOf = (name: 'engine' | 'by-hand' | 'plain-copy'): string => path.join(folder, `${name}.cjs`);

/** What one process took, from its start to its end. */
export interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** Bundles the engine and a script that measures beside it, from the sources as they are. */
export async function buildBundles(): Promise<void> {
  for (const [name, entry] of [
    ['engine', 'electron/engine/process.ts'],
    ['by-hand', 'test/bench/by-hand.ts'],
    ['plain-copy', 'test/bench/plain-copy.ts'],
  ] as const) {
    const config = nodeBundle('engine');
    const lib = { entry: path.join(root, entry), formats: ['cjs' as const], fileName: () => `${name}.cjs` };
    await build({ ...config, configFile: false, logLevel: 'error', build: { ...config.build, outDir: folder, lib } });
  }
}

/** Asks an engine process of its own one thing. @throws Error when it does not answer, or answers with an error. */
export async function measureRequest<K extends EngineRequestName>(
  name: K,
  input: EngineRequests[K]['input'],
): Promise<Measured & { value: EngineRequests[K]['output'] }> {
  const startedAt = performance.now();
  let answer: Answer | undefined;
  const usage = await ended('engine', [], (message, child) => {
    const { type } = message as FromEngine;
    if (type === 'ready') child.send({ type: 'request', id: 1, name, input } satisfies ToEngine);
    if (type === 'answer') {
      answer = message as Answer;
      child.disconnect(); // it then leaves by itself
    }
  });
  if (answer?.result.ok !== true) throw new Error(`${name}: ${answer?.result.error.message ?? 'no answer'}`);
  const value = answer.result.value as EngineRequests[K]['output'];
  return { seconds: (performance.now() - startedAt) / 1_000, ...usage, value };
}

/** An engine process that stays, as the data browser has one. */
export interface StayingEngine {
  /** @throws Error when it answers with an error. */
  ask<K extends EngineRequestName>(name: K, input: EngineRequests[K]['input']): Promise<EngineRequests[K]['output']>;
  end(): Promise<Usage>;
}

/** Ready to be asked. */
export function startEngine(): Promise<StayingEngine> {
  const waiting = new Map<number, (answer: Answer) => void>();
  let lastId = 0;
  return new Promise((resolve) => {
    const usage = ended('engine', [], (message, child) => {
      const received = message as FromEngine;
      if (received.type === 'answer') waiting.get(received.id)?.(received);
      if (received.type !== 'ready') return;
      resolve({
        async ask(name, input) {
          const id = ++lastId;
          const answer = await new Promise<Answer>((answered) => {
            waiting.set(id, answered);
            child.send({ type: 'request', id, name, input } as ToEngine);
          });
          waiting.delete(id);
          if (!answer.result.ok) throw new Error(`${name}: ${answer.result.error.message}`);
          return answer.result.value as EngineRequests[typeof name]['output'];
        },
        end() {
          child.disconnect();
          return usage;
        },
      });
    });
  });
}

type Answer = Extract<FromEngine, { type: 'answer' }>;

/** Runs `by-hand` or `plain-copy` in a process of its own. */
export async function measureScript(name: 'by-hand' | 'plain-copy', args: readonly string[]): Promise<Measured> {
  const startedAt = performance.now();
  const usage = await ended(name, args, () => {});
  return { seconds: (performance.now() - startedAt) / 1_000, ...usage };
}

type Usage = Pick<Measured, 'cpuSeconds' | 'peakMegabytes'>;
type Listener = (message: unknown, child: ReturnType<typeof fork>) => void;

/** Every process notes its own use of resources when it leaves; the system forgets it afterwards. */
function ended(name: string, args: readonly string[], onMessage: Listener): Promise<Usage> {
  const usageFile = path.join(folder, 'usage.json');
  rmSync(usageFile, { force: true });
  return new Promise((resolve, reject) => {
    const child = fork(path.join(folder, `${name}.cjs`), [...args], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // The first as in electron/host/spawn-node.ts.
      execArgv: ['--max-semi-space-size=1', '--require', path.join(root, 'test/bench/usage.cjs')],
      env: { ...process.env, PHASEWISE_BENCH_USAGE: usageFile },
    });
    child.on('message', (message) => onMessage(message, child));
    child.on('exit', (code, signal) => {
      if (code === 0) resolve(JSON.parse(readFileSync(usageFile, 'utf8')) as Usage);
      else reject(new Error(`${name} ended with ${code ?? signal}`));
    });
  });
}
