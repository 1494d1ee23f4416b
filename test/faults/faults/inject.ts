import path from 'node:path';
import { startEngine, type EngineOptions, type EngineProcess } from '../engine/engine-process.ts';
import { attach } from '../engine/strace.ts';
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

/** Lets the n-th call of a running engine fail, by strace. `short` writes nothing and says so. */
export async function withFailingCall(
  engine: EngineProcess,
  request: EngineRequest,
  fault: CallFault,
  scratch: string,
): Promise<Disturbed> {
  const log = path.join(scratch, `strace-${engine.pid}`);
  const tracing = await attach(engine.pid, log, ['-s', '0', '-e', `trace=${fault.call}`, '-e', injection(fault)]);
  const ending = await engine.ask(request);
  if (fault.isPersistent) engine.kill(); // it must not meet the fault once more on its way out
  await tracing.end();
  const isHit =
    fault.effect === 'KILL' ? ending.kind === 'killed' : tracing.lines().some((line) => line.includes('INJECTED'));
  return { ending, isHit, problems: [] };
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
  const what = effect === 'KILL' ? 'signal=SIGKILL' : effect === 'short' ? 'retval=0' : `error=${effect}`;
  return `inject=${call}:${what}:when=${at}${isPersistent ? '+' : ''}`;
}

/**
 * Every call that a request makes, undisturbed, in order: name and the file it is about.
 * @param names none = it is not traced.
 */
export async function traceCalls(
  bundle: string,
  options: EngineOptions,
  request: EngineRequest,
  names: readonly string[],
  scratch: string,
): Promise<{ calls: { call: string; file: string }[]; ending: Ending; ms: number }> {
  const engine = await startEngine(bundle, options);
  const log = path.join(scratch, `strace-${engine.pid}`);
  const tracing =
    names.length === 0 ? undefined : await attach(engine.pid, log, ['-s', '0', '-y', '-e', `trace=${names.join()}`]);
  const startedAt = performance.now();
  const ending = await engine.ask(request);
  const ms = performance.now() - startedAt;
  await tracing?.end();
  engine.kill();
  await engine.gone;
  const lines = tracing?.lines() ?? [];
  const calls = lines.flatMap((line) => {
    const [, call, rest = ''] = /^(\w+)\((.*)$/.exec(line) ?? [];
    return call === undefined ? [] : [{ call, file: /<([^>]*)>/.exec(rest)?.[1] ?? '' }];
  });
  return { calls, ending, ms };
}
