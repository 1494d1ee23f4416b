import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll } from 'vitest';
import { root } from '../../../../build/layout.mjs';
import type { Result } from '@shared/errors.ts';
import type { EngineRequestName, EngineRequests, EngineRunEvent, FromEngine } from '@engine/protocol.ts';
import { bundleInto } from '../../../support/bundle.ts';

/** The built engine as a process of its own that answers many requests, as any user, below any umask. */

/** Inside the repository, so that the bundles find better-sqlite3, and readable by other users. */
const folder = path.join(root, '.vite/inputs');
const bundleOf = (name: string): string => path.join(folder, `${name}.cjs`);
/** A third of every start. Kept by processes that end by themselves, used by all that specs start. */
process.env['NODE_COMPILE_CACHE'] ??= path.join(folder, 'compiled');

/** Another build of the engine to be judged, used as it is: one with a guard taken out must turn these specs red. */
const given = process.env['PHASEWISE_ENGINE'];

/** Bundles the engine as the app's build does, unless the bundle is newer than every source. */
export const buildInputsEngine = (): Promise<void> =>
  given === undefined ? bundleInto(folder, 'engine') : Promise.resolve();
/** The command line, which finds the engine beside itself. @returns what Node is to run. */
export async function buildInputsCli(): Promise<string> {
  await bundleInto(folder, 'engine');
  await bundleInto(folder, 'cli');
  return bundleOf('cli');
}

/** Parts of the app, as its own build makes them, beside `renderer`, where the browser host looks. @returns their folder. */
export async function buildApp(names: readonly ('engine' | 'cli' | 'browser-host')[]): Promise<string> {
  for (const name of names) await bundleInto(folder, name);
  return folder;
}

export interface EngineOptions {
  /** Another user than root, whom mode bits hold back. */
  readonly uid?: number;
  readonly env?: Record<string, string>;
  readonly umask?: number;
  /** A command that starts the command behind it, as `unshare` does. */
  readonly prefix?: readonly string[];
}

export interface Watching {
  readonly limitMs?: number;
  /** Somebody makes room for an upgrade that pauses; where nobody does, it is stopped. */
  readonly makesRoom?: boolean;
  readonly onEvent?: (event: EngineRunEvent) => void;
}

export interface Engine {
  /** @throws when there is no answer in time: a hang is never a correct end here. */
  ask<K extends EngineRequestName>(
    name: K,
    input: EngineRequests[K]['input'],
    watching?: Watching,
  ): Promise<Result<EngineRequests[K]['output']>>;
  /** Of the process that answers next; started if need be. */
  pid(): Promise<number>;
  end(): void;
}

/** Ends with the spec file. */
export function startEngine({ uid, env = {}, umask, prefix = [] }: EngineOptions = {}): Engine {
  let child: ChildProcess | undefined;
  let ready: Promise<void> | undefined;
  let nextId = 1;
  const waiting = new Map<number, { resolve: (result: Result<unknown>) => void; reject: (why: Error) => void }>();
  let watch: Watching['onEvent'];
  let makesRoom = false;
  const onRunEvent = (event: EngineRunEvent): void => {
    watch?.(event);
    // It waits for somebody who makes room or decides.
    if (event.type === 'state' && event.state === 'paused' && !makesRoom)
      child?.send({ type: 'control', control: 'cancel' });
  };
  const start = (): Promise<void> => {
    const before = umask === undefined ? undefined : process.umask(umask);
    const [command, ...args] = [...prefix, process.execPath, given ?? bundleOf('engine')];
    child = spawn(command ?? process.execPath, args, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, ...env },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    if (before !== undefined) process.umask(before);
    child.on('exit', (code, signal) => {
      for (const { reject } of waiting.values()) reject(new Error(`the engine died (${code ?? signal})`));
      waiting.clear();
      ready = undefined;
    });
    const started = child;
    return new Promise((resolve, reject) => {
      started.on('error', reject);
      started.on('exit', () => reject(new Error(`${command} ended before the engine was ready`)));
      started.on('message', (message: FromEngine) => {
        if (message.type === 'ready') resolve();
        if (message.type === 'run') onRunEvent(message.event);
        if (message.type !== 'answer') return;
        waiting.get(message.id)?.resolve(message.result);
        waiting.delete(message.id);
      });
    });
  };
  const end = (): void => void child?.kill('SIGKILL');
  afterAll(end);
  return {
    async ask(name, input, { limitMs = 20_000, onEvent, makesRoom: isRoomMade = false } = {}) {
      watch = onEvent;
      makesRoom = isRoomMade;
      await (ready ??= start());
      const id = nextId++;
      const answer = new Promise<Result<unknown>>((resolve, reject) => waiting.set(id, { resolve, reject }));
      child?.send({ type: 'request', id, name, input });
      const timer = setTimeout(() => {
        waiting.get(id)?.reject(new Error(`${name} gave no answer within ${limitMs} ms`));
        end();
      }, limitMs);
      try {
        return (await answer) as never;
      } finally {
        clearTimeout(timer);
      }
    },
    async pid() {
      await (ready ??= start());
      return child?.pid ?? 0;
    },
    end,
  };
}
