import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineProcess } from '../engine/engine-process.ts';
import { attach } from '../engine/strace.ts';
import type { EngineRequest } from '../flows/flow.ts';
import type { Fault } from './fault.ts';
import type { Disturbed } from './inject.ts';
import { meddle, type Meddled } from './other-program.ts';

type Of<K extends Fault['kind']> = Extract<Fault, { kind: K }>;

/** A limit of the system on a running process. */
export async function withLimit(
  engine: EngineProcess,
  request: EngineRequest,
  fault: Of<'memory'> | Of<'file-size'>,
): Promise<Disturbed> {
  const limit =
    fault.kind === 'memory' ? `--as=${addressSpace(engine.pid) + fault.moreBytes}` : `--fsize=${fault.bytes}`;
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(engine.pid), limit], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`prlimit: ${stderr}`);
  const ending = await engine.ask(request);
  const isHit = ending.kind !== 'answered' || JSON.stringify(ending.result).includes('"error"');
  return { ending, isHit, problems: [] };
}

/** Bytes. */
function addressSpace(pid: number): number {
  const [pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return Number(pages) * 4096;
}

/** SIGSTOP at a call, SIGCONT later. Meanwhile another program tries to write: what it is told is committed must stay. */
export async function withPause(
  engine: EngineProcess,
  request: EngineRequest,
  fault: Of<'pause'>,
  file: string,
  log: string,
): Promise<Disturbed & Meddled> {
  const injection = `inject=${fault.call}:signal=SIGSTOP:when=${fault.at}`;
  const tracing = await attach(engine.pid, log, ['-s', '0', '-e', `trace=${fault.call}`, '-e', injection]);
  let isOver = false;
  let isHit = false;
  let meddled: Meddled = { acknowledged: [], removed: [] };
  const ended = engine.ask(request).finally(() => (isOver = true));
  while (!isOver && !isHit) {
    await Promise.race([ended, sleep(10)]);
    isHit = !isOver && tracing.lines().some((line) => line.includes('--- stopped by SIGSTOP'));
  }
  if (isHit) {
    await sleep(fault.ms);
    meddled = meddle(file);
  }
  const problems = isHit && isOver ? ['it answered while it was stopped'] : [];
  engine.kill('SIGCONT');
  const ending = await ended;
  await tracing.end();
  return { ending, isHit, problems, ...meddled };
}

/** A low priority beside two programs that never rest, on one core. */
export async function withStarvation(engine: EngineProcess, request: EngineRequest): Promise<Disturbed> {
  spawnSync('taskset', ['-a', '-p', '1', String(engine.pid)]);
  spawnSync('renice', ['-n', '10', '-p', String(engine.pid)]);
  // They must not outlive a harness that is killed.
  const work = 'const parent = process.ppid; while (process.ppid === parent);';
  const busy = [1, 2].map(() => spawn('taskset', ['1', process.execPath, '-e', work], { stdio: 'ignore' }));
  try {
    return { ending: await engine.ask(request), isHit: true, problems: [] };
  } finally {
    for (const each of busy) each.kill('SIGKILL');
  }
}
