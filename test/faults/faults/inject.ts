import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { startEngine, type EngineOptions, type EngineProcess } from '../engine/engine-process.ts';
import { linesOf, straced } from '../engine/strace.ts';
import type { Ending, EngineRequest } from '../flows/flow.ts';
import type { Fault } from './fault.ts';

export type CallFault = Extract<Fault, { kind: 'call' }>;

export interface Disturbed {
  readonly ending: Ending;
  /** False = the run was over before the fault came: nothing was tried. */
  readonly isHit: boolean;
  /** What was found while it was going on. */
  readonly problems: readonly string[];
}

/** An engine of its own whose n-th call fails, or which is killed before it, by strace. `short` writes nothing and says so. */
export async function withFailingCall(
  start: (options: Partial<EngineOptions>) => Promise<EngineProcess>,
  request: EngineRequest,
  fault: CallFault,
  scratch: string,
): Promise<Disturbed> {
  const log = path.join(scratch, 'strace');
  let watch: Watch | undefined;
  const engine = await start({
    under: straced(log, ['-e', `trace=${fault.call}`, '-e', injection(fault)]),
    ...(fault.effect === 'KILL' ? { onStart: (child) => (watch = killWhenHeld(child)) } : {}),
  });
  const isTooEarly = watch?.isHit() ?? false; // a process that has not begun to work is no victim
  const ending = await engine.ask(request);
  watch?.end();
  const tracer = tracerOf(engine.pid);
  engine.kill(); // it must not meet the fault on its way out
  if (watch !== undefined) endTracer(tracer);
  await engine.gone; // and strace, which holds its stderr
  const isHit = watch?.isHit() ?? linesOf(log, engine.pid).some((line) => line.includes('INJECTED'));
  return { ending, isHit: isHit && !isTooEarly, problems: [] };
}

interface Watch {
  isHit(): boolean;
  end(): void;
}

/**
 * strace cannot send a signal from where --seccomp-bpf holds a call up. It can hold it up for long: a thread that is seen
 * twice in one and the same stop is there, and the process is killed from outside, before the call.
 */
function killWhenHeld({ pid, kill }: Pick<EngineProcess, 'pid' | 'kill'>): Watch {
  const last = new Map<string, string>();
  let [rounds, isHit] = [0, false];
  const timer = setInterval(() => {
    // The main thread, and now and then the others, which count for themselves.
    for (const thread of (rounds += 1) % 20 === 0 ? threadsOf(pid) : [String(pid)]) {
      const stop = stopOf(pid, thread);
      isHit = stop !== null && stop.id === last.get(thread);
      last.set(thread, stop?.id ?? '');
      if (!isHit || stop === null) continue;
      clearInterval(timer);
      kill();
      endTracer(stop.tracer);
      return;
    }
  }, 3);
  return { isHit: () => isHit, end: () => clearInterval(timer) };
}

/** 0 = nobody, or it is gone. */
function tracerOf(pid: number): number {
  try {
    return Number(/^TracerPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** It would wait until the delay is over. */
function endTracer(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, 'SIGKILL');
  } catch {
    // gone with what it traced
  }
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // gone
  }
}

/** Tells one stop from the next by how often the thread has given way; null = it is running, or gone. */
function stopOf(pid: number, thread: string): { id: string; tracer: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
    const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
    const tracer = Number(field('TracerPid'));
    return field('State').startsWith('t') && tracer > 0 ? { id: field('voluntary_ctxt_switches'), tracer } : null;
  } catch {
    return null;
  }
}

// The worker is a bundle elsewhere: it runs in the repository's root.
const switches = path.resolve('test/faults/engine/switches.cjs');

/**
 * The same without strace: an engine of its own whose calls of node:fs fail by themselves, and those into SQLite too where
 * strace cannot help. Also for errors of `write`, which strace cannot tell from messages to the host.
 */
export async function withSwitch(
  start: (options: Partial<EngineOptions>) => Promise<EngineProcess>,
  request: EngineRequest,
  fault: CallFault,
  isSqliteToo: boolean,
): Promise<Disturbed> {
  const { call, effect, at, isPersistent } = fault;
  const env = {
    PHASEWISE_FAULT: `${call} ${effect} ${at} ${isPersistent ? 1 : 0}`,
    PHASEWISE_FAULT_SQLITE: isSqliteToo ? '1' : '0',
  };
  const engine = await start({ env, preload: switches });
  const ending = await engine.ask(request);
  engine.kill();
  const isHit = ending.kind === 'killed' || (await engine.gone).includes('PHASEWISE_FAULT came');
  return { ending, isHit, problems: [] };
}

function injection({ call, effect, at, isPersistent }: CallFault): string {
  const what = effect === 'KILL' ? 'delay_enter=600s' : effect === 'short' ? 'retval=0' : `error=${effect}`;
  return `inject=${call}:${what}:when=${at}${isPersistent ? '+' : ''}`;
}

/**
 * Every call that a request makes, undisturbed, in order and from the start of its process: name and the file it is about.
 * @param names none = it is not traced.
 */
export async function traceCalls(
  bundle: string,
  options: EngineOptions,
  request: EngineRequest,
  names: readonly string[],
  scratch: string,
): Promise<{ calls: { call: string; file: string }[]; ending: Ending; ms: number }> {
  const log = path.join(scratch, 'strace');
  const under = names.length === 0 ? {} : { under: straced(log, ['-y', '-e', `trace=${names.join()}`]) };
  const engine = await startEngine(bundle, { ...options, ...under });
  const startedAt = performance.now();
  const ending = await engine.ask(request);
  const ms = performance.now() - startedAt;
  engine.kill();
  await engine.gone;
  const lines = names.length === 0 ? [] : linesOf(log, engine.pid);
  const calls = lines.flatMap((line) => {
    const [, call, rest = ''] = /^(\w+)\((.*)$/.exec(line) ?? [];
    return call === undefined ? [] : [{ call, file: fileIn(rest) }];
  });
  return { calls, ending, ms };
}

/** What a call is about: the file behind its descriptor, or the path that it names. */
function fileIn(rest: string): string {
  const named = /^(?:AT_FDCWD<[^>]*>, )?"([^"]*)"/.exec(rest)?.[1];
  return named ?? /<([^>]*)>/.exec(rest)?.[1] ?? '';
}
