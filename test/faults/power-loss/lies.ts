import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createRandom } from '../../../migrations/kroma/sample/random.ts';
import { writeSource } from '../databases/sources.ts';
import { steadyEngine } from '../engine/engine-process.ts';
import type { Flow } from '../flows/flow.ts';
import { follow } from './follow.ts';
import { play } from './play.ts';
import { emptyResult, note, type Place, type PowerJob, type PowerResult } from './report.ts';
import { atRest, recordScene } from './task.ts';

/** Flushes just before the cut that only said that they had happened. */
const MOST_LIES = 3;
const CUTS = 40;

/**
 * A disk that lies about its last flushes, under a write-ahead log. The newest steps may be missing, and that is all that
 * is forgiven: what is there must be sound, and a state that was committed.
 */
export async function behindALyingDisk(job: PowerJob, flow: Flow, place: Place): Promise<PowerResult> {
  const startedAt = performance.now();
  rmSync(place.folder, { recursive: true, force: true });
  mkdirSync(place.folder, { recursive: true });
  const result = emptyResult(job);
  const source = writeSource(path.join(place.folder, 'sources'), job.database);
  const bundle = place.bundles[source.family];
  const engine = steadyEngine(bundle, { temporaryFolder: place.folder });
  try {
    const scene = await flow.prepare(path.join(place.folder, 'scene'), source, engine);
    await atRest(scene);
    const recording = await recordScene({ place, flow, bundle }, scene);
    const flushes = countFlushes(recording);
    const random = createRandom(job.seed);
    for (let cut = 0; cut < CUTS; cut++) {
      const untilFlush = random.int(2, flushes);
      const lies = random.int(1, MOST_LIES);
      const played = play(recording, {
        ...{
          seed: job.seed + cut,
          images: Math.ceil(job.images / CUTS),
          keep: 0,
          scratch: path.join(place.folder, 'judge'),
        },
        ...{ untilFlush, lies: (flush) => flush >= untilFlush - lies, isAckBinding: false },
      });
      for (const name of ['images', 'different', 'recovered', 'states'] as const) result[name] += played[name];
      result.operations += 1;
      note(result, `cut after flush ${untilFlush}, the last ${lies} of them lies`, played.violations);
    }
  } finally {
    engine.end();
    rmSync(place.folder, { recursive: true, force: true });
  }
  result.seconds = (performance.now() - startedAt) / 1_000;
  return result;
}

const countFlushes = ({ calls, before, scene }: Parameters<typeof play>[0]): number =>
  [...follow(calls, before(), scene.sandbox.folder)].reduce(
    (most, step) => (step.kind === 'changed' ? Math.max(most, step.flush) : most),
    0,
  );
