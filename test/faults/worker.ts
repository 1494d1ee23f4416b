import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { writeSource } from './databases/sources.ts';
import type { Source } from './databases/source.ts';
import { bundlesIn, type Bundles } from './engine/bundle-files.ts';
import { startEngine, steadyEngine, type EngineOptions, type EngineProcess } from './engine/engine-process.ts';
import { calls } from './faults/fault.ts';
import { traceCalls, withFailingCall } from './faults/inject.ts';
import { flowNamed } from './flows/all.ts';
import type { Ending, Engine, EngineRequest, Flow } from './flows/flow.ts';
import { interruptWith } from './flows/recovery.ts';
import type { FromWorker, Job, Profile, ToWorker } from './protocol.ts';
import { sandboxAt, type Sandbox } from './sandbox.ts';
import { isReusable, runTrial } from './trial.ts';

/** A process of the harness: does one trial after the other, in a folder of its own. */
const [, , folder = '', bundleFolder = '', tracing = ''] = process.argv;
const canTrace = tracing === 'strace';
mkdirSync(folder, { recursive: true });
const sandbox = sandboxAt(path.join(folder, 'scene'));
const bundles: Bundles = bundlesIn(bundleFolder);
const options = { temporaryFolder: sandbox.temporaryFolder };

const sources = new Map<string, Source>();
function sourceNamed(name: string): Source {
  const source = sources.get(name) ?? writeSource(path.join(folder, 'sources'), name);
  sources.set(name, source);
  return source;
}

const helpers = { kroma: steadyEngine(bundles.kroma, options), shop: steadyEngine(bundles.shop, options) };
const profiles = new Map<string, Profile>();

/** Kills at a write of the undisturbed request; by time where nothing may be traced. */
interruptWith(async (flow, source, prepare, share) => {
  // First, because it needs the same folder.
  const { points, usualMs } = await profileOf(flow, source);
  const scene = await prepare();
  const start = (more: Partial<EngineOptions> = {}) => startEngine(bundles[source.family], { ...options, ...more });
  const writes = points['pwrite64'] ?? [];
  const at = writes[Math.floor(share * writes.length)] ?? NEVER;
  const kill = { kind: 'call', call: 'pwrite64', effect: 'KILL', at, isPersistent: false } as const;
  const { ending } = canTrace
    ? await withFailingCall(start, flow.request(scene), kill, folder)
    : await killAt(await start(), flow.request(scene), share * usualMs);
  for (const event of ending.events) if (event.type === 'applied') scene.acknowledged.push(event.migrationId);
  return scene;
});

async function killAt(engine: EngineProcess, request: EngineRequest, ms: number): Promise<{ ending: Ending }> {
  const timer = setTimeout(() => engine.kill(), ms);
  const ending = await engine.ask(request);
  clearTimeout(timer);
  engine.kill();
  await engine.gone;
  return { ending };
}

/** More calls than any run makes; strace counts no further. */
const NEVER = 65_534;

/** How long a run takes that is not traced: most of it. */
const SHARE_OF_TRACED = 0.8;

async function profileOf(flow: Flow, source: Source): Promise<Profile> {
  const key = `${flow.name} ${source.name}`;
  const known = profiles.get(key);
  if (known) return known;
  const bundle = bundles[source.family];
  const helper: Engine = helpers[source.family];
  const scene = await flow.prepare(sandbox.folder, source, helper);
  await flow.leave?.(); // what is counted is a request that does its work
  const names = canTrace ? calls : [];
  const { calls: traced, ending, ms } = await traceCalls(bundle, options, flow.request(scene), names, folder);
  const usualMs = canTrace ? ms * SHARE_OF_TRACED : ms;
  const points = canTrace ? Object.fromEntries(calls.map((call) => [call, placesOf(call, traced)])) : guessedPoints;
  const profile = {
    flow: flow.name,
    database: source.name,
    usualMs,
    events: ending.events.length,
    fileBytes: source.bytes,
    points,
  };
  profiles.set(key, profile);
  return profile;
}

/** Without strace nobody counts; what comes too late is reported as such. */
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const guessedPoints = {
  ...{
    pwrite64: upTo(60),
    fsync: upTo(20),
    ftruncate: upTo(2),
    unlink: upTo(4),
    rename: upTo(2),
    openat: upTo(12),
    mkdir: upTo(2),
    link: upTo(1),
    write: upTo(6),
  },
  ...{ copy_file_range: upTo(2), pread64: upTo(12) },
};

/** Starting a process opens files as well, and messages to the host are written: only ours can be disturbed. */
function placesOf(call: string, traced: readonly { call: string; file: string }[]): number[] {
  const ofCall = traced.filter((each) => each.call === call);
  return ofCall.flatMap(({ file }, index) => (file.startsWith(sandbox.folder) ? [index + 1] : []));
}

const idle: Partial<Record<Source['family'], EngineProcess>> = {};

async function attempt(job: Job): Promise<FromWorker> {
  const flow = flowNamed(job.flow);
  const source = sourceNamed(job.database);
  const { usualMs } = await profileOf(flow, source);
  const bundle = bundles[source.family];
  const taken: EngineProcess[] = [];
  const take = async (): Promise<EngineProcess> => {
    const waiting = idle[source.family];
    delete idle[source.family];
    const engine = waiting?.isAlive() ? waiting : await startEngine(bundle, options);
    taken.push(engine);
    return engine;
  };
  const result = await runTrial(flow, source, job, {
    folder: sandbox.folder,
    helper: helpers[source.family],
    victims: { take, bundle, canTrace, usualMs, done: () => putAway(taken, source.family) },
  });
  return { type: 'result', job, result };
}

/** Before the scene is looked at: nobody may have its files open. */
async function putAway(taken: EngineProcess[], family: Source['family']): Promise<void> {
  for (const engine of taken.splice(0)) {
    if (idle[family] === undefined && isReusable(engine, { sandbox: sandbox as Sandbox })) idle[family] = engine;
    else {
      engine.kill();
      await engine.gone;
    }
  }
}

const say = (message: FromWorker): void => void process.send?.(message);

async function handle(message: ToWorker): Promise<void> {
  if (message.type === 'end') return process.exit(0);
  const what = JSON.stringify(message);
  try {
    if (message.type === 'profiles') {
      for (const each of message.profiles) profiles.set(`${each.flow} ${each.database}`, each);
      return say({ type: 'ready' });
    }
    if (message.type === 'trial') return say(await attempt(message.job));
    say({ type: 'profile', profile: await profileOf(flowNamed(message.flow), sourceNamed(message.database)) });
  } catch (error) {
    say({ type: 'failed', what, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

process.on('message', (message) => void handle(message as ToWorker));
process.on('disconnect', () => process.exit(0));
say({ type: 'ready' });
