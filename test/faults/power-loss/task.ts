import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeSource } from '../databases/sources.ts';
import { steadyEngine } from '../engine/engine-process.ts';
import type { Engine, Flow, Scene } from '../flows/flow.ts';
import { readCalls } from './calls.ts';
import { snapshotFolder } from './follow.ts';
import { layOut, modesBelow, type Kept } from './kept.ts';
import { play, type Played, type Recording } from './play.ts';
import { record } from './record.ts';
import { emptyResult, note, type Place, type PowerJob, type PowerResult } from './report.ts';

interface Task {
  readonly job: PowerJob;
  readonly flow: Flow;
  readonly place: Place;
  readonly engine: Engine;
  readonly bundle: string;
  readonly result: PowerResult;
}

/** Records the flow's request on one database, cuts the power everywhere, and looks closer at some of what is left. */
export async function cutThroughFlow(job: PowerJob, flow: Flow, place: Place): Promise<PowerResult> {
  const startedAt = performance.now();
  rmSync(place.folder, { recursive: true, force: true });
  mkdirSync(place.folder, { recursive: true });
  const source = writeSource(path.join(place.folder, 'sources'), job.database);
  const bundle = place.bundles[source.family];
  const engine = steadyEngine(bundle, { temporaryFolder: place.folder });
  const task: Task = { job, flow, place, engine, bundle, result: emptyResult(job) };
  try {
    const scene = await flow.prepare(path.join(place.folder, 'scene'), source, engine);
    await atRest(scene);
    const recording = await recordScene(task, scene);
    const played = play(recording, { ...optionsOf(task), images: job.images });
    add(task.result, played, '');
    const resumed = new Set(spread(played.kept, job.resumed));
    for (const kept of played.kept) await lookCloser(task, recording, kept, resumed.has(kept));
    for (const [nth, kept] of spread(played.kept, job.again).entries()) await cutAgain(task, recording, kept, nth);
  } finally {
    engine.end();
    rmSync(place.folder, { recursive: true, force: true });
  }
  task.result.seconds = (performance.now() - startedAt) / 1_000;
  return task.result;
}

/** Of early and late ones alike. */
const spread = <T>(items: readonly T[], count: number): T[] =>
  items.filter(
    (_, index) => Math.floor(((index + 1) * count) / items.length) > Math.floor((index * count) / items.length),
  );

const optionsOf = ({ job, place }: Task) => ({
  seed: job.seed,
  keep: job.judged,
  scratch: path.join(place.folder, 'judge'),
});

/** An engine answers first and lets go of its locks then; nobody may look while files still go. */
export async function atRest({ sandbox }: Scene): Promise<void> {
  for (let tries = 0; tries < 100 && readdirSync(sandbox.lockFolder).length > 0; tries++) await sleep(10);
}

/** Records what the flow asks of the scene as it lies there. @throws Error when that should end well and did not. */
export async function recordScene(
  { place, flow, bundle }: Pick<Task, 'place' | 'flow' | 'bundle'>,
  scene: Scene,
  mayFail = false,
): Promise<Recording> {
  const before = snapshotFolder(scene.sandbox.folder);
  const earlier = modesBelow(scene.sandbox.folder);
  const trace = path.join(place.folder, 'trace');
  const result = await record(bundle, trace, scene.sandbox.temporaryFolder, flow.request(scene));
  const report = result.ok ? (result.value as { ok?: boolean } | null) : null;
  if (!mayFail && (!result.ok || report?.ok === false))
    throw new Error(`undisturbed, it does not end well: ${JSON.stringify(result).slice(0, 1_000)}`);
  const calls = [...readCalls(trace)];
  rmSync(trace);
  return { scene, calls, before, modes: new Map([...modesBelow(scene.sandbox.folder), ...earlier]) };
}

/** The full oracle over an image, as over what a kill left; then the engine carries on in it. */
async function lookCloser(
  { flow, engine, result }: Task,
  { scene, modes }: Recording,
  { image, where, events }: Kept,
  isResumed: boolean,
): Promise<void> {
  // At its own place: manifests and notes of restores name files by their whole path.
  layOut(image, scene.sandbox.folder, modes);
  const here: Scene = { ...scene, acknowledged: [] };
  note(result, where, flow.judge(here, { kind: 'killed', events }));
  result.judged += 1;
  if (!isResumed) return;
  note(result, `${where}, carried on`, await flow.resume(here, engine));
  await atRest(here);
  note(result, `${where}, carried on to the end`, flow.judgeEnd(here));
  result.resumed += 1;
}

/** The power goes, comes back, and goes again while the engine carries on. */
async function cutAgain(task: Task, { scene, modes }: Recording, { image, where }: Kept, nth: number): Promise<void> {
  layOut(image, scene.sandbox.folder, modes);
  const second = await recordScene(task, scene, true);
  const images = Math.ceil(task.job.images / 4);
  const played = play(second, { ...optionsOf(task), seed: task.job.seed + 1 + nth, images });
  add(task.result, played, `${where}, and again at `);
  const one = played.kept.at(-1);
  if (one) await lookCloser(task, second, { ...one, where: `${where}, and again at ${one.where}` }, true);
}

function add(result: PowerResult, played: Played, where: string): void {
  for (const name of ['operations', 'images', 'different', 'recovered', 'states'] as const)
    result[name] += played[name];
  note(result, where, played.violations);
}
