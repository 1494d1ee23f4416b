import { type AppError, appError, err, type Result, safetyText } from '@shared/errors.ts';
import type {
  EngineControl,
  EngineRequestName,
  EngineRequests,
  EngineRunEvent,
  EngineWork,
  FromEngine,
  ToEngine,
} from '@engine/protocol.ts';
import { afterAwake, type AwakeTimer } from './awake-timer.ts';
import {
  cancelledError,
  diedError,
  type EndedRequest,
  type EngineExit,
  isBeforeChange,
  safetyOf,
  silentError,
} from './ended-request.ts';

export type { EngineExit };

/** A started engine process, whichever way a door starts one. */
export interface EngineProcess {
  readonly pid: number | undefined;
  send(message: ToEngine): void;
  onMessage(listener: (message: FromEngine) => void): void;
  /** Called once, also when the process could not be started. */
  onExit(listener: (exit: EngineExit) => void): void;
  /** At once, whatever it is doing. */
  kill(): void;
}
export type SpawnEngine = () => EngineProcess;

/** Who is told of what happens before the answer. */
export interface AskListeners {
  readonly onRunEvent?: (event: EngineRunEvent) => void;
  readonly onWork?: (work: EngineWork) => void;
  /** It lives, and has nothing else to say. */
  readonly onSign?: () => void;
}

export interface AskOptions extends AskListeners {
  /** ms from sending until the process is killed and E_TIMEOUT is answered; null = however long it takes. May be told later. */
  readonly limitMs: number | null | Promise<number | null>;
  /**
   * ms without a word from it, the computer's sleep left out, until the process is ended in the same way; null = it may be
   * silent for ever. Holds as long as it has changed nothing and is not paused; where there is this, there is no other
   * limit.
   */
  readonly silenceMs?: number | null | Promise<number | null>;
  readonly onExported?: (rows: number, bytes: number) => void;
}

/** A new process has this long to say that it is ready, ms. Usually it takes 50 to 150. */
const START_LIMIT_MS = 30_000;
/** A killed process is usually gone in 5 ms; one that waits for a sick disk is not waited for any longer than this. */
const GONE_LIMIT_MS = 1_000;

interface Pending extends EndedRequest {
  readonly id: number;
  readonly input: unknown;
  readonly options: AskOptions;
  readonly settle: (result: Result<unknown>) => void;
  /** The run has told of its verified backup. */
  hasBackup: boolean;
  /** Its work passed the point of no return. */
  isIrrevocable: boolean;
  isCancelled: boolean;
  /** It said last that it stands still: it waits for room or for a person, however long, and says nothing meanwhile. */
  isPaused: boolean;
  /** As in the options, once that is known. */
  silenceMs: number | null;
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
  #timer: AwakeTimer | undefined;
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
      const isLetThrough = !('asksToProceed' in input && input.asksToProceed);
      const isTrial = 'isTrial' in input && input.isTrial;
      const fresh = {
        hasBackup: false,
        isLetThrough,
        isTrial,
        isIrrevocable: false,
        isCancelled: false,
        isPaused: false,
        silenceMs: null,
      };
      this.#queue.push({ id: this.#nextId++, name, input, options, settle, ...fresh });
      this.#next();
    });
  }

  /** Reaches the request in flight, also when its process is still starting; without a request it does nothing. */
  control(control: EngineControl): void {
    if (!this.#current) return;
    if (this.#ready) this.#process?.send({ type: 'control', control });
    else this.#early.push(control);
  }

  /**
   * Stops the request in flight: asks the engine, and ends its process when it has not answered within `graceMs`. That
   * is safe at any moment before the point of no return; what it leaves open is put right by the request `settle`,
   * which is due when the answer's details say `wasEnded`. Answers E_CANCELLED, once the process is gone.
   * @returns false when there is nothing that could still be stopped.
   */
  cancel(graceMs = 1_500): boolean {
    const request = this.#current;
    if (!request || request.isIrrevocable) return false;
    if (request.isCancelled) return true;
    request.isCancelled = true;
    if (!this.#ready)
      void this.#end(request); // it has not been asked anything yet
    else if (graceMs <= 0) void this.#end(request);
    else {
      this.control('cancel');
      this.#timer?.stop();
      this.#timer = afterAwake(graceMs, () => void this.#end(request));
    }
    return true;
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
    } else if (message.type === 'sign') {
      this.#current?.options.onSign?.();
    } else if (message.type === 'run') {
      if (this.#current && message.event.type === 'backup') this.#current.hasBackup = true;
      this.#current?.options.onRunEvent?.(message.event);
    } else if (message.type === 'work') {
      this.#worked(message.work);
    } else if (message.type === 'export') {
      this.#current?.options.onExported?.(message.rows, message.bytes);
    } else if (message.type === 'answer') {
      if (message.id === this.#current?.id) this.#answer(message.result);
    } else {
      this.#forget()?.kill();
      const safety = this.#current && safetyText[safetyOf(this.#current)];
      this.#answer(err(safety ? { ...message.error, safety } : message.error));
    }
    if (this.#current) this.#current.isPaused = isPause(message);
    this.#heard();
  }

  #worked(work: EngineWork): void {
    const request = this.#current;
    if (!request) return;
    // It waits for us: whoever is being stopped is not let through.
    if (work.asksToProceed === true && request.isCancelled) return void this.#end(request);
    request.isIrrevocable = !work.canCancel;
    if (work.asksToProceed === true) {
      request.isLetThrough = true;
      this.#process?.send({ type: 'proceed' });
    }
    request.options.onWork?.(work);
  }

  #sendCurrent(): void {
    if (!this.#current) return;
    const { id, name, input } = this.#current;
    this.#limit(this.#current);
    this.#process?.send({ type: 'request', id, name, input });
    for (const control of this.#early.splice(0)) this.control(control);
  }

  /** Ends the process in the middle of a request that was cancelled, or has fallen silent. */
  async #end(request: Pending, errorOf = cancelledError): Promise<void> {
    if (request !== this.#current) return;
    if (request.isIrrevocable) return; // it passed that point within the grace: then it is seen through
    const wasAsked = this.#ready;
    const gone = this.#forget();
    // Said before it was ended, and heard only now: its files are named nowhere else.
    gone?.onMessage((message) => tellPartial(message, request.options));
    gone?.kill();
    // A process that still exists holds its locks, and whoever settles the file would find it in use.
    if (gone) await Promise.race([new Promise<void>((resolve) => gone.onExit(() => resolve())), wait(GONE_LIMIT_MS)]);
    if (request === this.#current) this.#answer(err(errorOf(request, wasAsked)));
  }

  #answer(result: Result<unknown>): void {
    this.#timer?.stop();
    const request = this.#current;
    this.#current = null;
    this.#early = [];
    request?.settle(result);
    this.#next();
  }

  #limit(request: Pending): void {
    const { limitMs, silenceMs = null } = request.options;
    this.#timer?.stop(); // that of the start
    // Whoever is being stopped has a clock of its own by now.
    const isMine = (): boolean => request === this.#current && !request.isCancelled;
    const watch = (ms: number | null): void => void (ms !== null && isMine() && this.#watch(ms));
    const listen = (ms: number | null): void => {
      request.silenceMs = ms;
      if (isMine()) this.#heard();
    };
    if (limitMs instanceof Promise) void limitMs.then(watch);
    else watch(limitMs);
    if (silenceMs instanceof Promise) void silenceMs.then(listen);
    else listen(silenceMs);
  }

  /** From each sign of life on it may be silent anew; while it is paused, and from its first change on, for ever. */
  #heard(): void {
    const request = this.#current;
    if (request === null || request.silenceMs === null || request.isCancelled || !this.#ready) return;
    const { silenceMs } = request;
    this.#timer?.stop();
    if (request.isPaused || !isBeforeChange(request)) return;
    this.#timer = afterAwake(silenceMs, () => {
      request.isCancelled = true; // whoever wishes to stop it now comes too late
      void this.#end(request, () => silentError(request, silenceMs));
    });
  }

  #watch(limitMs: number): void {
    this.#timer?.stop();
    this.#timer = afterAwake(limitMs, () => {
      this.#forget()?.kill();
      const message = `There was no answer within ${Math.round(limitMs / 1000)} seconds, so looking was stopped.`;
      const safety = this.#current ? { safety: safetyOf(this.#current) } : {};
      this.#answer(err(appError('E_TIMEOUT', message, { limitMs }, safety)));
    });
  }

  #exited(exit: EngineExit): void {
    this.#forget();
    if (!this.#current) return; // an idle process may go; the next request starts another
    const error = diedError(this.#current, exit);
    this.#onDied(error);
    this.#answer(err(error));
  }

  #forget(): EngineProcess | null {
    this.#timer?.stop();
    const gone = this.#process;
    this.#process = null;
    this.#ready = false;
    return gone;
  }
}

const isPause = (message: FromEngine): boolean =>
  message.type === 'run' && message.event.type === 'state' && message.event.state === 'paused';

function tellPartial(message: FromEngine, { onWork, onRunEvent }: AskListeners): void {
  if (message.type === 'work' && message.work.partial !== undefined) onWork?.(message.work);
  if (message.type === 'run' && message.event.type === 'partial') onRunEvent?.(message.event);
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
