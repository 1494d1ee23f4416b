import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createRandom, type Random } from '../../../migrations/kroma/sample/random.ts';
import { writeSource } from '../databases/sources.ts';
import { steadyEngine } from '../engine/engine-process.ts';
import type { Flow } from '../flows/flow.ts';
import { follow } from './follow.ts';
import { imageOf, shaOf, type Image } from './image.ts';
import { createRecovery } from './recover.ts';
import { emptyResult, note, type Place, type PowerJob, type PowerResult } from './report.ts';
import { atRest, recordScene } from './task.ts';

/**
 * Half a page of the write-ahead log holds something else: recovery must end at a state that was committed, or SQLite must
 * say that the file is damaged. Not while the log is being written back: then the log is the only whole copy.
 */
export async function tearPages(job: PowerJob, flow: Flow, place: Place): Promise<PowerResult> {
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
    const { calls, before } = await recordScene({ place, flow, bundle }, scene);
    const name = path.relative(scene.sandbox.folder, scene.sandbox.file);
    const recovery = createRecovery(path.join(place.folder, 'judge'));
    const random = createRandom(job.seed);
    const disk = before();
    const committed = new Set<string>();
    let isWrittenBack = false;
    const whole = (image: Image, end: string) => image.files.get(name + end);
    for (const step of follow(calls, disk, scene.sandbox.folder)) {
      if (step.kind === 'said') continue;
      if (step.file === scene.sandbox.file && step.written !== null) isWrittenBack = true;
      if (step.file.endsWith('-wal') && step.written?.at === 0) isWrittenBack = false; // begun anew
      if (step.written !== null && !step.file.endsWith('-wal')) continue;
      result.operations += 1;
      const image = imageOf(disk, 'all', random);
      const parts = ['', '-journal', '-wal'].map((end) => whole(image, end));
      committed.add(recovery.of(parts[0], parts[1], parts[2]).content);
      const [main, journal, log] = parts;
      if (isWrittenBack || log === undefined || log.bytes.length < 2 * PAGE) continue;
      if (!random.chance(Math.min(1, job.images / 1_500))) continue;
      for (const how of ['zero', 'noise', 'older'] as const) {
        const bytes = torn(log.bytes, how, random);
        const found = recovery.of(main, journal, { bytes, sha: shaOf(bytes) });
        result.images += 1;
        if (found.problems.length === 0 && !committed.has(found.content))
          note(result, `operation ${result.operations}, half a page of the log is ${how}`, [
            'the database is sound and in a state that was never committed',
          ]);
      }
    }
    result.recovered = recovery.counts.recovered;
    result.states = recovery.counts.states;
    result.different = result.images;
  } finally {
    engine.end();
    rmSync(place.folder, { recursive: true, force: true });
  }
  result.seconds = (performance.now() - startedAt) / 1_000;
  return result;
}

const PAGE = 512;
/** Another half page somewhere behind the header of the file. */
function torn(bytes: Buffer, how: 'zero' | 'noise' | 'older', random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const from = random.int(1, Math.max(1, Math.floor(bytes.length / PAGE) - 1)) * PAGE;
  const half = copy.subarray(from, from + PAGE / 2);
  if (how === 'noise') for (let at = 0; at < half.length; at++) half[at] = random.int(0, 255);
  else if (how === 'zero') half.fill(0);
  else copy.copy(half, 0, Math.max(0, from - PAGE), from - PAGE + half.length);
  return copy;
}
