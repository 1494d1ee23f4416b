import { type AppError, appError, err, type Result, type Safety, safetyText } from '@shared/errors.ts';
import type {
  EngineControl,
  EngineRequestName,
  EngineRequests,
  EngineRunEvent,
  FromEngine,
  ToEngine,
} from '@engine/protocol.ts';

/** How a process ended. lastWords: the end of what it wrote to stderr, where the door collects that. */
export interface EngineExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lastWords: string;
}

/** A started engine process, whichever way a door starts one. */
export interface EngineProcess {
  send(message: ToEngine): void;
  onMessage(listener: (message: FromEngine) => void): void;
  /** Called once, also when the process could not be started. */
  onExit(listener: (exit: EngineExit) => void): void;
  /** At once, whatever it is doing. */
  kill(): void;
}
export type SpawnEngine = () => EngineProcess;

export interface AskOptions {
  /** ms from sending until the process is killed and E_TIMEOUT is answered; null = however long it takes. */
  readonly limitMs: number | null;
  readonly onRunEvent?: (event: EngineRunEvent) => void;
}

/** A new process has this long to say that it is ready, ms. Usually it takes 50 to 150. */
const START_LIMIT_MS = 30_000;

interface Pending {
  readonly id: number;
  readonly name: EngineRequestName;
  readonly input: unknown;
  readonly options: AskOptions;
  readonly settle: (result: Result<unknown>) => void;
  /** The run has told of its verified backup. */
  hasBackup: boolean;
}

/**
 * One engine process: started at the first request, started again after a death, one request at a time (a process
 * must not look at a file through fs while it also has it open: that drops SQLite's locks). Answers are always values.
 */
export class EngineChild {
  readonly #spawn: SpawnEngine;
  readonly #onDied: (error: AppError) => void;
  #process: EngineProcess | null = null;
  #ready = false;
  #queue: Pending[] = [];
  #early: EngineControl[] = [];
  #current: Pending | null = null;
  #timer: NodeJS.Timeout | undefined;
  #nextId = 1;

  /** @param onDied called when the process ended by itself while it owed an answer. */
  constructor(spawn: SpawnEngine, onDied: (error: AppError) => void = () => {}) {
    this.#spawn = spawn;
    this.#onDied = onDied;
  }

  /** Errors: those of the engine, E_TIMEOUT, E_WORKER_DIED, E_NO_MEMORY, E_RUNTIME_MISMATCH. */
  ask<K extends EngineRequestName>(
    name: K,
    input: EngineRequests[K]['input'],
    options: AskOptions,
  ): Promise<Result<EngineRequests[K]['output']>> {
    return new Promise((resolve) => {
      const settle = resolve as (result: Result<unknown>) => void;
      this.#queue.push({ id: this.#nextId++, name, input, options, settle, hasBackup: false });
      this.#next();
    });
  }

  /** Reaches the request in flight, also when its process is still starting; without a request it does nothing. */
  control(control: EngineControl): void {
    if (!this.#current) return;
    if (this.#ready) this.#process?.send({ type: 'control', control });
    else this.#early.push(control);
  }

  get isBusy(): boolean {
    return this.#current !== null;
  }

  /** Ends the process. Requests that wait answer E_WORKER_DIED; nobody is told of a death. */
  kill(): void {
    const gone = this.#forget();
    const waiting = [this.#current, ...this.#queue.splice(0)];
    this.#current = null;
    gone?.kill();
    for (const request of waiting) request?.settle(err(diedError(request, null)));
  }

  #next(): void {
    if (this.#current || this.#queue.length === 0) return;
    this.#current = this.#queue.shift() ?? null;
    if (this.#process && this.#ready) this.#sendCurrent();
    else this.#start();
  }

  #start(): void {
    const child = this.#tryToSpawn();
    if (child === null) return;
    this.#process = child;
    this.#watch(START_LIMIT_MS);
    child.onMessage((message) => {
      if (child === this.#process) this.#receive(message);
    });
    child.onExit((exit) => {
      if (child === this.#process) this.#exited(exit);
    });
  }

  #tryToSpawn(): EngineProcess | null {
    try {
      return this.#spawn();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#answer(err(appError('E_RUNTIME_MISMATCH', `The engine process could not be started: ${reason}`)));
      return null;
    }
  }

  #receive(message: FromEngine): void {
    if (message.type === 'ready') {
      this.#ready = true;
      this.#sendCurrent();
    } else if (message.type === 'run') {
      if (this.#current && message.event.type === 'backup') this.#current.hasBackup = true;
      this.#current?.options.onRunEvent?.(message.event);
    } else if (message.type === 'answer') {
      if (message.id === this.#current?.id) this.#answer(message.result);
    } else {
      this.#forget()?.kill();
      const safety = this.#current && safetyText[safetyOf(this.#current)];
      this.#answer(err(safety ? { ...message.error, safety } : message.error));
    }
  }

  #sendCurrent(): void {
    if (!this.#current) return;
    const { id, name, input, options } = this.#current;
    this.#watch(options.limitMs);
    this.#process?.send({ type: 'request', id, name, input });
    for (const control of this.#early.splice(0)) this.control(control);
  }

  #answer(result: Result<unknown>): void {
    clearTimeout(this.#timer);
    const request = this.#current;
    this.#current = null;
    this.#early = [];
    request?.settle(result);
    this.#next();
  }

  #watch(limitMs: number | null): void {
    clearTimeout(this.#timer);
    if (limitMs === null) return;
    this.#timer = setTimeout(() => {
      this.#forget()?.kill();
      const seconds = Math.round(limitMs / 1000);
      this.#answer(
        err(
          appError('E_TIMEOUT', `There was no answer within ${seconds} seconds, so looking was stopped.`, { limitMs }),
        ),
      );
    }, limitMs);
  }

  #exited(exit: EngineExit): void {
    this.#forget();
    if (!this.#current) return; // an idle process may go; the next request starts another
    const error = diedError(this.#current, exit);
    this.#onDied(error);
    this.#answer(err(error));
  }

  #forget(): EngineProcess | null {
    clearTimeout(this.#timer);
    const gone = this.#process;
    this.#process = null;
    this.#ready = false;
    return gone;
  }
}

/**
 * What is true of the data when the process is gone. A run changes nothing before it has told of its backup; a restore
 * leaves the old or the whole new file, and only a look can tell which.
 */
function safetyOf({ name, hasBackup }: Pick<Pending, 'name' | 'hasBackup'>): Safety {
  if (name === 'restore') return 'unknown';
  return name === 'run' && hasBackup ? 'whole-step' : 'untouched';
}

function diedError(request: Pick<Pending, 'name' | 'hasBackup'>, exit: EngineExit | null): AppError {
  const { name } = request;
  const override = {
    safety: safetyOf(request),
    ...(name === 'run' || name === 'restore'
      ? {}
      : { nextStep: 'Try again; if it happens again, send the details to support.' }),
  };
  if (exit === null)
    return appError('E_WORKER_DIED', 'It was stopped before it could answer.', { request: name }, override);
  const details = { request: name, exitCode: exit.code, signal: exit.signal };
  if (exit.lastWords.includes('heap out of memory')) {
    return appError('E_NO_MEMORY', 'The engine process ran out of memory and was ended.', details, override);
  }
  return appError(
    'E_WORKER_DIED',
    `The engine process ended (${exit.signal ?? `code ${exit.code ?? 'unknown'}`}).`,
    details,
    override,
  );
}
