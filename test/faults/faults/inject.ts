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
    ...(fault.effect === 'KILL' ? { onStart: (child) => (watch = killWhenHeld(child, log)) } : {}),
  });
  const isTooEarly = watch?.isHit() ?? false; // a process that has not begun to work is no victim
  const ending = await engine.ask(request);
  watch?.end();
  engine.kill(); // it must not meet the fault on its way out
  if (watch !== undefined) endTracers(log);
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
 * twice in one and the same stop is there, and the process is killed from outside, before the call. However the process
 * has gone, strace goes too: it would wait until the delay is over, and hold up everybody who waits for its end.
 * @param log which strace writes.
 */
function killWhenHeld({ pid, kill }: Pick<EngineProcess, 'pid' | 'kill'>, log: string): Watch {
  const last = new Map<string, string>();
  let [rounds, isHit] = [0, false];
  const timer = setInterval(() => {
    // The main thread, and now and then the others, which count for themselves.
    const threads = isHit || (rounds += 1) % 20 === 0 ? threadsOf(pid) : [String(pid)];
    for (const thread of threads) {
      const stop = stopOf(pid, thread);
      isHit ||= stop !== null && stop === last.get(thread);
      last.set(thread, stop ?? '');
    }
    if (isHit) kill();
    if (isHit || threads.length === 0) endTracers(log);
    if (threads.length === 0) clearInterval(timer);
  }, 3);
  return { isHit: () => isHit, end: () => clearInterval(timer) };
}

/** Every strace that writes this log. Looked for by name: while one begins or ends, nobody is traced by it. */
function endTracers(log: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [program = '', ...rest] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (path.basename(program) === 'strace' && rest.includes(log)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // gone meanwhile
    }
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
function stopOf(pid: number, thread: string): string | null {
  try {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
    const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
    const isTraced = field('State').startsWith('t') && Number(field('TracerPid')) > 0;
    return isTraced ? field('voluntary_ctxt_switches') : null;
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
