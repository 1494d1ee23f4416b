import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEngine, type EngineOptions, type EngineProcess } from '../engine/engine-process.ts';
import type { BeforeState, Ending, EngineRequest, Flow, Scene } from '../flows/flow.ts';
import { stateOf } from '../flows/scene.ts';
import { saidBy } from '../oracles/said.ts';
import type { Fault } from './fault.ts';
import { withFailingCall, withSwitch, type Disturbed } from './inject.ts';
import { withLimit, withPause, withStarvation } from './limits.ts';
import { besideOther, type Meddled } from './other-program.ts';

/** Where engines for one trial come from. */
export interface Victims {
  /** A running engine that has done nothing yet, or nothing but end well. */
  take(): Promise<EngineProcess>;
  /** All that were taken are gone afterwards, or wait with nothing open. */
  done(): Promise<void>;
  readonly bundle: string;
  readonly canTrace: boolean;
  /** Of an undisturbed run of this flow on this database. */
  readonly usualMs: number;
}

export type Outcome = Disturbed &
  Partial<Meddled> & {
    /** The database as the last of several requests found it: "nothing was changed" speaks of that one. */
    readonly found?: BeforeState;
  };

/** Asks for what the flow is about, and lets the fault happen meanwhile. All processes are gone or idle afterwards. */
export async function disturb(flow: Flow, scene: Scene, fault: Fault, victims: Victims): Promise<Outcome> {
  const request = flow.request(scene);
  const scratch = path.dirname(scene.sandbox.folder);
  const options = { temporaryFolder: scene.sandbox.temporaryFolder };
  switch (fault.kind) {
    case 'call': {
      const start = (more: Partial<EngineOptions>) => startEngine(victims.bundle, { ...options, ...more });
      if (victims.canTrace && (fault.call !== 'write' || fault.effect === 'KILL'))
        return withFailingCall(start, request, fault, scratch);
      return withSwitch(start, request, fault, !victims.canTrace);
    }
    case 'pause': {
      const engine = await victims.take();
      return withPause(engine, request, fault, scene.sandbox.file, path.join(scratch, `strace-${engine.pid}`));
    }
    case 'kill-at':
      return killAt(await victims.take(), request, fault.share * victims.usualMs);
    case 'kill-chain':
      return killAgainAndAgain(flow, scene, fault.shares, victims);
    case 'memory':
    case 'file-size':
      return withOwnEngine(victims.bundle, options, (engine) => withLimit(engine, request, fault));
    case 'heap': {
      const nodeArguments = [`--max-old-space-size=${fault.megabytes}`];
      return withOwnEngine(victims.bundle, { ...options, nodeArguments }, async (engine) => {
        const ending = await engine.ask(request);
        return { ending, isHit: ending.kind === 'died', problems: [] };
      });
    }
    case 'starve':
      return withOwnEngine(victims.bundle, options, (engine) => withStarvation(engine, request));
    case 'race':
      return race(flow, scene, fault, victims);
    case 'other':
      return besideOther(await victims.take(), request, fault, scene.sandbox.file);
  }
}

async function withOwnEngine(
  bundle: string,
  options: Parameters<typeof startEngine>[1],
  use: (engine: EngineProcess) => Promise<Outcome>,
): Promise<Outcome> {
  const engine = await startEngine(bundle, options);
  try {
    return await use(engine);
  } finally {
    engine.kill();
    await engine.gone;
  }
}

async function killAt(engine: EngineProcess, request: EngineRequest, ms: number): Promise<Outcome> {
  const timer = setTimeout(() => engine.kill(), ms);
  const ending = await engine.ask(request);
  clearTimeout(timer);
  return { ending, isHit: ending.kind === 'killed', problems: [] };
}

/** Every kill but the last is judged as well. */
async function killAgainAndAgain(
  flow: Flow,
  scene: Scene,
  shares: readonly number[],
  victims: Victims,
): Promise<Outcome> {
  const problems: string[] = [];
  let last: Outcome | undefined;
  let found = scene.before;
  for (const [index, share] of shares.entries()) {
    if (index > 0) found = stateOf(scene.sandbox);
    last = await killAt(await victims.take(), flow.request(scene), share * victims.usualMs);
    if (last.ending.kind !== 'killed') break;
    if (index < shares.length - 1)
      problems.push(...flow.judge(scene, last.ending).map((problem) => `after kill ${index + 1}: ${problem}`));
  }
  if (last === undefined) throw new Error('a chain of no kills');
  return { ...last, isHit: true, problems, found };
}

/** What may come of being second. */
const SECOND = [
  'E_RUN_ACTIVE',
  'E_DB_IN_USE',
  'E_DB_BUSY',
  'E_BACKUP_BUSY',
  'E_NOTHING_TO_DO',
  'E_STATE_CHANGED',
  'E_RESTORE_UNFINISHED',
  'E_PATH_CHANGED',
];
/** The first lets SQLite play a journal into the file while the second copies it: no copy is better than a torn one. */
const TORN_COPY = 'the old file could not be copied';

async function race(
  flow: Flow,
  scene: Scene,
  fault: Extract<Fault, { kind: 'race' }>,
  victims: Victims,
): Promise<Outcome> {
  const options = { temporaryFolder: scene.sandbox.temporaryFolder };
  const engines = await Promise.all([startEngine(victims.bundle, options), startEngine(victims.bundle, options)]);
  const lockFolder = fault.isLockFolderShared
    ? scene.sandbox.lockFolder
    : path.join(scene.sandbox.lockFolder, 'second');
  const second = flow.request({ ...scene, sandbox: { ...scene.sandbox, lockFolder } });
  const asked = [engines[0].ask(flow.request(scene)), sleep(fault.delayMs).then(() => engines[1].ask(second))];
  const endings = await Promise.all(asked);
  for (const engine of engines) engine.kill();
  await Promise.all(engines.map(({ gone }) => gone));
  const [first, other] = byLuck(endings as [Ending, Ending]);
  const said = saidBy(other);
  const isTorn = saidBy(first)?.isSuccess === true && said?.error?.message.includes(TORN_COPY) === true;
  const isExpected = said?.isSuccess === true || SECOND.includes(said?.error?.code ?? '') || isTorn;
  const isTwice = flow.name === 'upgrade' && said?.isSuccess === true;
  return {
    ending: first,
    isHit: true,
    problems: [
      ...(isExpected
        ? []
        : [`the second instance ended with ${said?.error?.code ?? other.kind} ${said?.error?.message ?? ''}`]),
      ...(isTwice ? ['both instances said that they upgraded it'] : []),
    ],
  };
}

/** The one that worked first, if any did. */
const byLuck = ([one, other]: [Ending, Ending]): [Ending, Ending] =>
  saidBy(one)?.isSuccess || !saidBy(other)?.isSuccess ? [one, other] : [other, one];
