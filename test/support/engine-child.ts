import { fork } from 'node:child_process';
import path from 'node:path';
import type { AppError, Result } from '@shared/errors.ts';
import type { EngineRequestName, EngineRequests, EngineRunEvent, FromEngine, ToEngine } from '@engine/protocol.ts';
import { bundleInto } from './bundle.ts';

/** Inside the repository, so that the bundle finds better-sqlite3; beside the app's own, so that no running app is disturbed. */
const folder = path.resolve(import.meta.dirname, '../../.vite/test');
export const engineBundle = path.join(folder, 'engine.cjs');

/** Bundles the engine exactly as the app's build does, unless the bundle is newer than every source. */
export const buildEngine = (): Promise<void> => bundleInto(folder, 'engine');

/** How one request to a process of its own ended. killed: by us, before it answered. */
export type Ending<T> = { kind: 'answered'; result: Result<T> } | { kind: 'killed' } | { kind: 'died'; reason: string };

export interface Watching {
  /** Called for every run event; `kill` ends the process with SIGKILL, at once. */
  readonly onEvent?: (event: EngineRunEvent, kill: () => void) => void;
  /** Called when the request has been sent. */
  readonly onSent?: (kill: () => void) => void;
}

/** Starts an engine process, asks it one thing, and waits until the process is gone, however it ends. */
export function askOnce<K extends EngineRequestName>(
  name: K,
  input: EngineRequests[K]['input'],
  watching: Watching = {},
): Promise<Ending<EngineRequests[K]['output']>> {
  return new Promise((resolve) => {
    const child = fork(engineBundle, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    let answer: Result<EngineRequests[K]['output']> | undefined;
    let fatal: AppError | undefined;
    let isKilled = false;
    let lastWords = '';
    const kill = (): void => {
      isKilled = child.kill('SIGKILL') || isKilled;
    };
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-2_000)));
    child.on('message', (message: FromEngine) => {
      if (message.type === 'ready') {
        child.send({ type: 'request', id: 1, name, input } satisfies ToEngine);
        watching.onSent?.(kill);
      } else if (message.type === 'run') {
        watching.onEvent?.(message.event, kill);
      } else if (message.type === 'answer') {
        answer = message.result as Result<EngineRequests[K]['output']>;
        child.kill('SIGKILL'); // nothing is open any more
      } else if (message.type === 'fatal') {
        fatal = message.error;
      }
    });
    child.on('close', (code, signal) => {
      if (answer !== undefined) resolve({ kind: 'answered', result: answer });
      else if (isKilled) resolve({ kind: 'killed' });
      else resolve({ kind: 'died', reason: `${code ?? signal} ${fatal?.message ?? ''} ${lastWords}` });
    });
  });
}
