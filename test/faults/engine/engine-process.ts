import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Result } from '@shared/errors.ts';
import type { EngineRunEvent, FromEngine, ToEngine } from '@engine/protocol.ts';
import type { Ending, Engine, EngineRequest } from '../flows/flow.ts';

export interface EngineOptions {
  readonly temporaryFolder: string;
  /** Beside what the host gives. */
  readonly nodeArguments?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Loaded before the bundle. */
  readonly preload?: string;
  /** Command that starts it, such as `straced()`. */
  readonly under?: readonly string[];
  /** Told before it is ready. */
  readonly onStart?: (child: Pick<EngineProcess, 'pid' | 'kill'>) => void;
}

export interface EngineProcess extends Engine {
  readonly pid: number;
  readonly isAlive: () => boolean;
  ask(request: EngineRequest, onEvent?: (event: EngineRunEvent) => void): Promise<Ending>;
  kill(signal?: NodeJS.Signals): void;
  /** Also when the process could not be started at all. */
  readonly gone: Promise<string>;
}

/** What Node has compiled of a bundle; a third of every start. Written by an engine that ends by itself. */
const cacheBeside = (bundle: string): string => path.join(path.dirname(bundle), 'compiled');

/** Fills the cache. */
export async function warmUp(bundle: string): Promise<void> {
  const child = fork(bundle, [], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: cacheBeside(bundle) },
  });
  const exited = once(child, 'exit');
  child.once('message', () => child.disconnect());
  // A channel that is closed keeps nothing waiting.
  const waiting = setInterval(() => {}, 1_000);
  await exited.finally(() => clearInterval(waiting));
}

function launch(bundle: string, options: EngineOptions): ChildProcess {
  const [command, ...before] = [...(options.under ?? []), process.execPath];
  const own = ['--max-semi-space-size=1', ...(options.nodeArguments ?? [])];
  return spawn(command, [...before, ...own, ...(options.preload ? ['--require', options.preload] : []), bundle], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: cacheBeside(bundle),
      TMPDIR: options.temporaryFolder,
      SQLITE_TMPDIR: options.temporaryFolder,
      ...options.env,
    },
  });
}

/** Starts the bundle as the host does, and waits until it is ready, or gone. */
export async function startEngine(bundle: string, options: EngineOptions): Promise<EngineProcess> {
  const child = launch(bundle, options);
  let lastWords = '';
  let isGone = false;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-2_000)));
  const gone = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(`${code ?? signal}\n${lastWords}`));
  }).then((why) => {
    isGone = true;
    return why;
  });
  const kill = (signal: NodeJS.Signals = 'SIGKILL'): void => {
    isGone ||= signal === 'SIGKILL'; // as good as
    child.kill(signal);
  };
  options.onStart?.({ pid: child.pid ?? 0, kill });
  let id = 0;
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message: FromEngine) => message.type === 'ready' && resolve());
  });
  await Promise.race([ready, gone]);
  return {
    pid: child.pid ?? 0,
    gone,
    isAlive: () => !isGone,
    kill,
    async ask(request, onEvent) {
      const events: EngineRunEvent[] = [];
      id += 1;
      const asked = id;
      let stopListening = (): void => {};
      const answered = new Promise<Result<unknown>>((resolve) => {
        const listen = (message: FromEngine): void => {
          if (message.type === 'answer' && message.id === asked) resolve(message.result);
          if (message.type !== 'run') return;
          events.push(message.event);
          if (message.event.type === 'state' && message.event.state === 'paused')
            child.send(personOf(events), () => {});
          onEvent?.(message.event);
        };
        child.on('message', listen);
        stopListening = () => child.off('message', listen);
      });
      child.send({ type: 'request', id: asked, ...request } satisfies ToEngine, () => {});
      const end = await Promise.race([answered.then((result) => ({ result })), gone.then((reason) => ({ reason }))]);
      stopListening();
      if ('result' in end) return { kind: 'answered', result: end.result, events };
      return end.reason.startsWith('SIGKILL')
        ? { kind: 'killed', events }
        : { kind: 'died', reason: end.reason, events };
    },
  };
}

/** A run that pauses by itself, for want of space, asks a person: who says to go on, and after two more times gives up. */
function personOf(events: readonly EngineRunEvent[]): ToEngine {
  const pauses = events.filter((event) => event.type === 'state' && event.state === 'paused').length;
  return { type: 'control', control: pauses > 2 ? 'cancel' : 'resume' };
}

/** An engine that is started again when it died; asked one thing after the other, undisturbed. */
export function steadyEngine(bundle: string, options: EngineOptions): Engine & { end(): void } {
  let current: EngineProcess | undefined;
  return {
    async ask(request) {
      if (!current?.isAlive()) current = await startEngine(bundle, options);
      return current.ask(request);
    },
    end: () => current?.kill(),
  };
}
