// utilityProcess: a forked Node process with a parentPort.
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import { app, lifecycle } from './lifecycle.ts';

interface ForkOptions {
  env?: NodeJS.ProcessEnv;
  execArgv?: string[];
  cwd?: string;
  stdio?: 'pipe' | 'ignore' | 'inherit';
  serviceName?: string;
}

const running = new Set<ChildProcess>();
/** Ends all of them as a crash would. */
export const crashAll = () => running.forEach((child) => child.kill('SIGSEGV'));

class UtilityProcess extends EventEmitter {
  readonly #child: ChildProcess;
  /** From `spawn` to `exit`. */
  pid: number | undefined;

  constructor(modulePath: string, args: string[], options: ForkOptions) {
    super();
    const stdio = options.stdio ?? 'inherit';
    this.#child = fork(modulePath, args, {
      serialization: 'advanced',
      execArgv: ['--import', new URL('./utility-child.mjs', import.meta.url).href, ...(options.execArgv ?? [])],
      env: options.env ?? process.env,
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      stdio: ['ignore', stdio, stdio, 'ipc'],
    });
    this.#child.on('spawn', () => {
      this.pid = this.#child.pid;
      this.emit('spawn');
    });
    this.#child.on('message', (message) => this.emit('message', message));
    this.#child.stderr?.on('data', (said: Buffer) => {
      // V8's last words. Where they are not read here, nobody is told.
      if (said.includes('FATAL ERROR:')) this.emit('error', 'FatalError', 'v8', '{"environmentVariables":{}}');
    });
    // Not at its 'exit', which may come before what it said last.
    this.#child.on('close', (code, signal) => {
      running.delete(this.#child);
      this.pid = undefined;
      const exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
      if (exitCode !== 0) app.emit('child-process-gone', {}, this.#gone(exitCode, signal, options.serviceName));
      this.emit('exit', exitCode);
    });
    running.add(this.#child);
  }

  #gone = (exitCode: number, signal: NodeJS.Signals | null, serviceName = 'Node Utility Process') => ({
    type: 'Utility' as const,
    reason: signal === null ? 'abnormal-exit' : signal === 'SIGKILL' ? 'killed' : 'crashed',
    exitCode,
    serviceName,
    name: serviceName,
  });

  get stdout() {
    return this.#child.stdout;
  }
  get stderr() {
    return this.#child.stderr;
  }
  postMessage(message: unknown, transfer?: unknown[]) {
    if (transfer && transfer.length > 0) throw new Error('the stand-in cannot transfer message ports');
    if (this.#child.connected) this.#child.send(message as object);
  }
  kill = () => this.pid !== undefined && this.#child.kill();
}

export const utilityProcess = {
  fork(modulePath: string, args: string[] = [], options: ForkOptions = {}) {
    if (!lifecycle.isReady) throw new Error('utilityProcess cannot be created before app is ready.');
    return new UtilityProcess(modulePath, args, options);
  },
};
